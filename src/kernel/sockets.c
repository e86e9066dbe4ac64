/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sock_diag(7) tells, to a socket that was made inside. What this kernel cannot tell about (a family without its
 * module) is left out. */
#include "kernel/sockets.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/netns.h"

#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

static guint64
read_inode (struct nlmsghdr *header)
{
  const struct inet_diag_msg *inet = nlmsg_data (header);
  const struct unix_diag_msg *local = nlmsg_data (header);
  const struct netlink_diag_msg *netlink = nlmsg_data (header);
  const struct packet_diag_msg *packet = nlmsg_data (header);
  gsize size = (gsize) nlmsg_datalen (header);

  if (size == 0)
    return 0;
  switch (inet->idiag_family) { /* of each the first byte */
  case AF_INET:
  case AF_INET6:
    return size >= sizeof *inet ? inet->idiag_inode : 0;
  case AF_UNIX:
    return size >= sizeof *local ? local->udiag_ino : 0;
  case AF_NETLINK:
    return size >= sizeof *netlink ? netlink->ndiag_ino : 0;
  case AF_PACKET:
    return size >= sizeof *packet ? packet->pdiag_ino : 0;
  default:
    return 0;
  }
}

static int
take_socket (struct nl_msg *message, void *data)
{
  guint64 inode = read_inode (nlmsg_hdr (message));

  if (inode != 0)
    g_hash_table_add (data, GSIZE_TO_POINTER (inode));
  return NL_OK;
}

static void
dump (struct nl_sock *socket, void *request, gsize size)
{
  if (nl_send_simple (socket, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request, size) >= 0)
    nl_recvmsgs_default (socket);
}

static void
dump_inet (struct nl_sock *socket)
{
  static const guint8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_RAW, IPPROTO_SCTP, IPPROTO_UDPLITE, IPPROTO_DCCP };
  static const guint8 families[] = { AF_INET, AF_INET6 };

  for (gsize family = 0; family < G_N_ELEMENTS (families); family++)
    for (gsize protocol = 0; protocol < G_N_ELEMENTS (protocols); protocol++) {
      struct inet_diag_req_v2 request = { .sdiag_family = families[family],
                                          .sdiag_protocol = protocols[protocol],
                                          .idiag_states = G_MAXUINT32 };

      dump (socket, &request, sizeof request);
    }
}

static void
dump_all (struct nl_sock *socket)
{
  struct unix_diag_req local = { .sdiag_family = AF_UNIX, .udiag_states = G_MAXUINT32 };
  struct netlink_diag_req netlink = { .sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL };
  struct packet_diag_req packet = { .sdiag_family = AF_PACKET };

  dump_inet (socket);
  dump (socket, &local, sizeof local);
  dump (socket, &netlink, sizeof netlink);
  dump (socket, &packet, sizeof packet);
}

static NetnsNlSock *
open_diagnosis (int fd, GError **error)
{
  g_autoptr (NetnsNlSock) socket = nl_socket_alloc ();
  int result;

  if (!netns_nsfs_enter (fd, error))
    return NULL;
  result = nl_connect (socket, NETLINK_SOCK_DIAG);
  netns_nsfs_leave ();
  if (result >= 0)
    return g_steal_pointer (&socket);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot ask for the sockets of a namespace: %s",
               nl_geterror (result));
  return NULL;
}

/**
 * netns_sockets_list:
 * @fd: a namespace
 * @error: `KernelRefused`
 *
 * For the thread that enters namespaces. Sockets that no process has (any more) have no inode and are left out.
 *
 * Returns: (transfer full) (nullable) (element-type gsize): the inodes of all sockets that were made inside
 */
GHashTable *
netns_sockets_list (int fd, GError **error)
{
  g_autoptr (GHashTable) inodes = g_hash_table_new (NULL, NULL);
  g_autoptr (NetnsNlSock) socket = open_diagnosis (fd, error);

  if (socket == NULL)
    return NULL;
  nl_socket_modify_cb (socket, NL_CB_VALID, NL_CB_CUSTOM, take_socket, inodes);
  dump_all (socket);
  return g_steal_pointer (&inodes);
}

static int
take_orphan (struct nl_msg *message, void *data)
{
  const struct inet_diag_msg *found = nlmsg_data (nlmsg_hdr (message));
  struct inet_diag_req_v2 request = { .sdiag_protocol = IPPROTO_TCP };

  if ((gsize) nlmsg_datalen (nlmsg_hdr (message)) < sizeof *found || found->idiag_inode != 0
      || found->idiag_state == TCP_TIME_WAIT)
    return NL_OK;
  request.sdiag_family = found->idiag_family;
  request.idiag_states = 1u << found->idiag_state;
  request.id = found->id;
  g_array_append_val ((GArray *) data, request);
  return NL_OK;
}

/**
 * netns_sockets_destroy_orphans:
 * @grant: who may do it
 * @fd: a namespace that is about to end
 *
 * Ends TCP connections that no process has any more: the kernel would keep the namespace for minutes, to tell the other
 * end that they are closed. A kernel that cannot (INET_DIAG_DESTROY) does so.
 */
void
netns_sockets_destroy_orphans (const NetnsGrant *grant, int fd)
{
  g_autoptr (GArray) orphans = g_array_new (FALSE, FALSE, sizeof (struct inet_diag_req_v2));
  g_autoptr (NetnsNlSock) socket = open_diagnosis (fd, NULL);
  static const guint8 families[] = { AF_INET, AF_INET6 };

  if (socket == NULL)
    return;
  nl_socket_modify_cb (socket, NL_CB_VALID, NL_CB_CUSTOM, take_orphan, orphans);
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    struct inet_diag_req_v2 request
      = { .sdiag_family = families[i], .sdiag_protocol = IPPROTO_TCP, .idiag_states = G_MAXUINT32 };

    dump (socket, &request, sizeof request);
  }
  for (guint i = 0; i < orphans->len; i++)
    if (nl_send_simple (socket, SOCK_DESTROY, 0, &g_array_index (orphans, struct inet_diag_req_v2, i),
                        sizeof (struct inet_diag_req_v2)) >= 0)
      nl_wait_for_ack (socket);
}
