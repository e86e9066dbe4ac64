/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taps: links whose far end is a program, which rtnetlink cannot make. */
#pragma once

#include "common/grant.h"

#include <glib.h>

gboolean netns_tap_create (const NetnsGrant *grant, int namespace_fd, const char *name, guint owner, GError **error);
