/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From root to the user that a command runs as, and nothing of the service left on it. */
#pragma once

#include <glib.h>

void netns_identity_reset_signals (void);
gboolean netns_identity_reset_limits (GError **error);
gboolean netns_identity_keep_capabilities (guint32 effective, guint32 permitted);
gboolean netns_identity_set_groups (guint gid, const guint32 *groups, gsize n_groups, GError **error);
gboolean netns_identity_become (guint uid, guint gid, GError **error);
