/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a multicast socket with NETLINK_LISTEN_ALL_NSID: events of all namespaces that have an id here. */
#pragma once

#include "kernel/cleanup.h"

#define NETNS_DATAGRAM_SIZE                                                                                            \
  (64 * 1024) /* dumps arrive in parts of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c) */

/**
 * NetnsDatagramFunc:
 * @header: a message
 * @nsid: id of the namespace that it is about, NETNS_NSID_NONE for the socket's own
 * @is_event: whether it went to a group, and is no answer
 * @data: of whoever listens
 */
typedef void (*NetnsDatagramFunc) (const struct nlmsghdr *header, int nsid, gboolean is_event, gpointer data);

NetnsNlSock *netns_datagram_open (int protocol, const int *groups, int receive_buffer, const char *what,
                                  GError **error);
int netns_datagram_receive (int fd, char *buffer, NetnsDatagramFunc func, gpointer data);
