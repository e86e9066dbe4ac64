/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals with the rights of somebody: the rule of kill(2), which is about the real and the saved uid of a process, and about
 * user namespaces. */
#pragma once

#include "common/grant.h"

#include <glib.h>

gboolean netns_termination_is_allowed (guint uid, const int *pidfds, guint n_pidfds, gboolean *allowed, GError **error);
gboolean netns_termination_signal (const NetnsGrant *grant, guint uid, const int *pidfds, guint n_pidfds, int number,
                                   GError **error);
