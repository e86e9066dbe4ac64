/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From root to the user that a command runs as, and nothing of the service left on it. */
#pragma once

#include <glib.h>

void netns_identity_reset_signals (void);
gboolean netns_identity_reset_limits (GError **error);
gboolean netns_identity_become (guint uid, guint gid, const guint32 *groups, gsize n_groups, GError **error);
