/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uses sock_diag(7) with a socket that was created in the namespace. Families that this kernel cannot list (without
 * their module) are left out. */
#include "kernel/sockets.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/descriptors.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"

#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/**
 * Listing:
 * @inodes: (element-type gsize): of sockets with a process
 * @orphans: (nullable) (element-type inet_diag_req_v2): TCP connections without one
 * @protocol: what is being listed, of IPv4 or IPv6, else 0
 */
typedef struct {
  GHashTable *inodes;
  GArray *orphans;
  guint8 protocol;
} Listing;

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

/* Whether it is a TCP connection without a process, which keeps the namespace. */
static gboolean
is_orphan (const struct inet_diag_msg *inet, guint8 protocol)
{
  return protocol == IPPROTO_TCP && inet->idiag_inode == 0 && inet->idiag_state != TCP_TIME_WAIT;
}

static void
note_orphan (const struct inet_diag_msg *inet, GArray *orphans)
{
  const struct inet_diag_req_v2 request = {
    .sdiag_family = inet->idiag_family,
    .sdiag_protocol = IPPROTO_TCP,
    .idiag_states = 1u << inet->idiag_state,
    .id = inet->id,
  };

  g_array_append_val (orphans, request);
}

static int
take_socket (struct nl_msg *message, void *data)
{
  struct nlmsghdr *header = nlmsg_hdr (message);
  const struct inet_diag_msg *inet = nlmsg_data (header);
  const Listing *listing = data;
  guint64 inode = read_inode (header);

  if (inode != 0)
    g_hash_table_add (listing->inodes, GSIZE_TO_POINTER (inode));
  if (listing->orphans != NULL && (gsize) nlmsg_datalen (header) >= sizeof *inet && is_orphan (inet, listing->protocol))
    note_orphan (inet, listing->orphans);
  return NL_OK;
}

static void
dump (struct nl_sock *socket, void *request, gsize size)
{
  if (nl_send_simple (socket, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, request, size) >= 0)
    nl_recvmsgs_default (socket);
}

static void
dump_inet (struct nl_sock *socket, Listing *listing)
{
  static const guint8 protocols[]
    = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_RAW, IPPROTO_SCTP, IPPROTO_UDPLITE, IPPROTO_DCCP };
  static const guint8 families[] = { AF_INET, AF_INET6 };

  for (gsize family = 0; family < G_N_ELEMENTS (families); family++)
    for (gsize protocol = 0; protocol < G_N_ELEMENTS (protocols); protocol++) {
      struct inet_diag_req_v2 request
        = { .sdiag_family = families[family], .sdiag_protocol = protocols[protocol], .idiag_states = G_MAXUINT32 };

      listing->protocol = protocols[protocol];
      dump (socket, &request, sizeof request);
    }
  listing->protocol = 0;
}

static void
dump_all (struct nl_sock *socket, Listing *listing)
{
  struct unix_diag_req local = { .sdiag_family = AF_UNIX, .udiag_states = G_MAXUINT32 };
  struct netlink_diag_req netlink = { .sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL };
  struct packet_diag_req packet = { .sdiag_family = AF_PACKET };

  dump_inet (socket, listing);
  dump (socket, &local, sizeof local);
  dump (socket, &netlink, sizeof netlink);
  dump (socket, &packet, sizeof packet);
}

static NetnsNlSock *
open_diagnosis (int fd, GError **error)
{
  g_autoptr (NetnsNlSock) socket = nl_socket_alloc ();
  g_auto (NetnsVisit) visit = FALSE;
  int result;

  if (!netns_visit (&visit, fd, error))
    return NULL;
  result = netns_netlink_connect (socket, NETLINK_SOCK_DIAG);
  if (result >= 0)
    return g_steal_pointer (&socket);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot ask for the sockets of a namespace: %s",
               nl_geterror (result));
  return NULL;
}

static GHashTable *
list_sockets (int fd, GArray *orphans, GError **error)
{
  g_autoptr (GHashTable) inodes = g_hash_table_new (NULL, NULL);
  g_autoptr (NetnsNlSock) socket = open_diagnosis (fd, error);
  Listing listing = { inodes, orphans, 0 };

  if (socket == NULL)
    return NULL;
  nl_socket_modify_cb (socket, NL_CB_VALID, NL_CB_CUSTOM, take_socket, &listing);
  dump_all (socket, &listing);
  for (guint i = 0; orphans != NULL && i < orphans->len; i++)
    if (nl_send_simple (socket, SOCK_DESTROY, 0, &g_array_index (orphans, struct inet_diag_req_v2, i),
                        sizeof (struct inet_diag_req_v2))
        >= 0)
      nl_wait_for_ack (socket);
  return g_steal_pointer (&inodes);
}

/**
 * netns_sockets_list:
 * @fd: a namespace
 * @error: `KernelRefused`
 *
 * For a thread that may enter namespaces. Sockets without a process have no inode and are left out.
 *
 * Returns: (transfer full) (nullable) (element-type gsize): the inodes of all sockets that were made inside
 */
GHashTable *
netns_sockets_list (int fd, GError **error)
{
  return list_sockets (fd, NULL, error);
}

/**
 * netns_sockets_destroy_orphans:
 * @grant: who may do it
 * @fd: a namespace that is about to end
 *
 * Ends TCP connections without a process: otherwise the kernel keeps the namespace for minutes, to tell the other side
 * that they are closed. A kernel without INET_DIAG_DESTROY keeps it.
 *
 * Returns: (transfer full) (element-type gsize): the inodes of all other sockets, as far as they can be listed
 */
GHashTable *
netns_sockets_destroy_orphans (const NetnsGrant *grant, int fd)
{
  g_autoptr (GArray) orphans = g_array_new (FALSE, FALSE, sizeof (struct inet_diag_req_v2));
  GHashTable *inodes = list_sockets (fd, orphans, NULL);

  return inodes ? inodes : g_hash_table_new (NULL, NULL);
}

/**
 * netns_sockets_open_namespace:
 * @pid: a process
 * @fd: the number of a socket of it
 * @uid: whose process it is
 * @error: `NamespaceGone`, `KernelRefused`
 *
 * Never waits for others: if the process closes the socket meanwhile, a thread that may hang closes what is left.
 *
 * Returns: a descriptor of the namespace that the socket was made in, -1 on error
 */
int
netns_sockets_open_namespace (guint pid, int fd, guint uid, GError **error)
{
  netns_autofd int pidfd = (int) syscall (SYS_pidfd_open, pid, 0);
  int *socket = g_new (int, 1), namespace_fd = -1, type;
  socklen_t size = sizeof type;

  *socket = pidfd >= 0 ? (int) syscall (SYS_pidfd_getfd, pidfd, fd, 0) : -1;
  if (*socket < 0) {
    g_free (socket);
  } else {
    /* The number can be that of anything by now, and a file of FUSE answers when it likes. */
    if (getsockopt (*socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
      namespace_fd = ioctl (*socket, SIOCGSKNS);
    netns_descriptors_close (netns_descriptors_new (socket, 1), uid);
  }
  if (namespace_fd < 0)
    netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE, "Process %u no longer has a socket in that namespace", pid);
  return namespace_fd;
}
