/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to the rtnetlink of one namespace, for requests. It keeps the namespace alive, so it lives no longer
 * than the plan that needs it. */
#pragma once

#include "common/grant.h"

#include <glib.h>
#include <netlink/msg.h>

typedef struct _NetnsNetlink NetnsNetlink;
typedef void (*NetnsMessageFunc) (const struct nlmsghdr *header, gpointer data);

int netns_netlink_connect (struct nl_sock *socket, int protocol);
NetnsNetlink *netns_netlink_new_for (int namespace_fd, int protocol, GError **error);
NetnsNetlink *netns_netlink_new (int namespace_fd, GError **error);
NetnsNetlink *netns_netlink_new_beside (const NetnsNetlink *netlink, GError **error);
void netns_netlink_free (NetnsNetlink *netlink);
guint64 netns_netlink_get_cookie (const NetnsNetlink *netlink);
int netns_netlink_get_errno (const NetnsNetlink *netlink);
gboolean netns_netlink_change (const NetnsGrant *grant, NetnsNetlink *netlink, struct nl_msg *message, GError **error,
                               const char *format, ...) G_GNUC_PRINTF (5, 6);
gboolean netns_netlink_change_batch (const NetnsGrant *grant, NetnsNetlink *netlink, gconstpointer batch, gsize size,
                                     GError **error, const char *what);
gboolean netns_netlink_get (NetnsNetlink *netlink, struct nl_msg *message, NetnsMessageFunc func, gpointer data,
                            GError **error, const char *format, ...) G_GNUC_PRINTF (6, 7);
gboolean netns_netlink_dump (NetnsNetlink *netlink, struct nl_msg *message, NetnsMessageFunc func, gpointer data,
                             gboolean *interrupted, GError **error);
GArray *netns_netlink_list (NetnsNetlink *netlink, struct nl_msg *message, guint most, gsize size,
                            NetnsMessageFunc func, const char *what, GError **error);
/* No grant: the id that the host has for a namespace is the watcher's own book-keeping, not a setting. */
int netns_netlink_assign_nsid (NetnsNetlink *netlink, int namespace_fd, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNetlink, netns_netlink_free)
