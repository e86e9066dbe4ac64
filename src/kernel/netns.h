/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network namespaces as files: nsfs, /run/netns, and entering one for a moment. */
#pragma once

#include "common/grant.h"

#include <glib.h>

/* Netlink's answer for "no id", and this service's own word for the host namespace. */
#define NETNS_NSID_NONE (-1)

/**
 * NetnsFileId:
 * @device: device of nsfs
 * @inode: inode, which lsns and /proc/PID/ns/net show
 *
 * What finds a namespace, for as long as it lives. The kernel gives an inode to the next namespace at once: over
 * time only the cookie (netns_netlink_get_cookie()) tells two apart.
 */
typedef struct {
  guint64 device;
  guint64 inode;
} NetnsFileId;

int netns_nsfs_open (const char *path, GError **error);
gboolean netns_nsfs_is_network (int fd, GError **error);
gboolean netns_nsfs_get_maker (int fd, guint *uid, GError **error);
gboolean netns_nsfs_is_ours (int fd, gboolean *ours, GError **error);
const char *netns_nsfs_describe_type (mode_t mode);
gboolean netns_nsfs_identify (int fd, NetnsFileId *id, GError **error);
gboolean netns_netns_make_folder (GError **error);
int netns_nsfs_make (const NetnsGrant *grant, GError **error);
int netns_nsfs_create (const NetnsGrant *grant, const char *name, GError **error);
gboolean netns_nsfs_delete (const NetnsGrant *grant, const char *name, GError **error);
gboolean netns_nsfs_unmount (const NetnsGrant *grant, const char *name, GError **error);
gboolean netns_nsfs_mount (const NetnsGrant *grant, int fd, const char *name, GError **error);
gboolean netns_nsfs_attach (const NetnsGrant *grant, int fd, const char *name, GError **error);
gboolean netns_nsfs_rename (const NetnsGrant *grant, const char *name, const char *new_name, GError **error);

/* A stay of the calling thread in another namespace, which ends with the scope of the variable: TRUE while it is there. */
typedef gboolean NetnsVisit;

gboolean netns_visit (NetnsVisit *visit, int fd, GError **error);
void netns_visit_end (NetnsVisit *visit);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsVisit, netns_visit_end)
