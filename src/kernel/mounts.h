/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mount namespace that everybody else lives in. This process can have one of its own, as most restrictions of systemd
 * make it: what is mounted there nobody else sees. */
#pragma once

#include <glib.h>

gboolean netns_mounts_use (const char *path, GError **error);
void netns_mounts_drop_copies (int namespace_fd);
gboolean netns_mounts_are_foreign (void);
guint64 netns_mounts_get_inode (void);
char *netns_mounts_path (const char *path);
int netns_mounts_open_table (GError **error);

/* A stay of the calling thread in that mount namespace, which ends with the scope of the variable. */
typedef gboolean NetnsMountsVisit;

gboolean netns_mounts_visit (NetnsMountsVisit *visit, GError **error);
void netns_mounts_visit_end (NetnsMountsVisit *visit);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsMountsVisit, netns_mounts_visit_end)
