/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rule-events.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define RECEIVE_SIZE   (64 * 1024)
#define RECEIVE_BUFFER (4 * 1024 * 1024) /* some thousand rules at once, as programs for clusters write them */
/* The table's name is the first attribute of all messages but that of a new generation (enum nft_table_attributes,
 * nft_chain_attributes ... in linux/netfilter/nf_tables.h). */
#define TABLE_ATTRIBUTE 1

struct _NetnsRulesSocket {
  NetnsNlSock *socket;
  char *table;
  NetnsRulesEventFunc func;
  gpointer data;
  GHashTable *open; /* nsid -> what its transaction has touched so far, as Touched */
  char *buffer;
};

typedef enum {
  TOUCHED_TABLE = 1 << 0,
  TOUCHED_OTHER = 1 << 1,
} Touched;

static guint
touched_by (NetnsRulesSocket *rules, const struct nlmsghdr *header)
{
  const struct nfgenmsg *body = nlmsg_data (header);
  const struct nlattr *name = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, TABLE_ATTRIBUTE);

  if (name == NULL)
    return 0;
  return body->nfgen_family == NFPROTO_INET && nla_strcmp (name, rules->table) == 0 ? TOUCHED_TABLE : TOUCHED_OTHER;
}

/* The last message of each transaction says who did it (nf_tables_gen_notify() in net/netfilter/nf_tables_api.c). */
static void
end_transaction (NetnsRulesSocket *rules, const struct nlmsghdr *header, int nsid)
{
  const struct nlattr *name
    = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof (struct nfgenmsg), NFTA_GEN_PROC_NAME);
  guint touched = GPOINTER_TO_UINT (g_hash_table_lookup (rules->open, GINT_TO_POINTER (nsid)));
  g_autofree char *program = name ? g_strndup (nla_data (name), (gsize) nla_len (name)) : g_strdup ("");
  const NetnsRulesEvent event
    = { nsid, (touched & TOUCHED_TABLE) != 0, (touched & TOUCHED_OTHER) != 0, program };

  g_hash_table_remove (rules->open, GINT_TO_POINTER (nsid));
  if (touched != 0)
    rules->func (&event, rules->data);
}

static void
take_message (NetnsRulesSocket *rules, const struct nlmsghdr *header, int nsid)
{
  gpointer key = GINT_TO_POINTER (nsid);
  guint touched;

  if (NFNL_SUBSYS_ID (header->nlmsg_type) != NFNL_SUBSYS_NFTABLES
      || !nlmsg_valid_hdr ((struct nlmsghdr *) header, sizeof (struct nfgenmsg)))
    return;
  if (NFNL_MSG_TYPE (header->nlmsg_type) == NFT_MSG_NEWGEN) {
    end_transaction (rules, header, nsid);
    return;
  }
  touched = GPOINTER_TO_UINT (g_hash_table_lookup (rules->open, key)) | touched_by (rules, header);
  g_hash_table_insert (rules->open, key, GUINT_TO_POINTER (touched));
}

static int
message_nsid (struct msghdr *message)
{
  int nsid = NETNS_NSID_NONE;

  for (struct cmsghdr *control = CMSG_FIRSTHDR (message); control; control = CMSG_NXTHDR (message, control))
    if (control->cmsg_level == SOL_NETLINK && control->cmsg_type == NETLINK_LISTEN_ALL_NSID)
      memcpy (&nsid, CMSG_DATA (control), sizeof nsid);
  return nsid;
}

/* Takes in one datagram. Returns 0, or the errno: EAGAIN when there is none. */
static int
receive (NetnsRulesSocket *rules)
{
  struct iovec vector = { .iov_base = rules->buffer, .iov_len = RECEIVE_SIZE };
  struct sockaddr_nl sender;
  char control[CMSG_SPACE (sizeof (int))] __attribute__ ((aligned (__alignof__ (struct cmsghdr))));
  struct msghdr message = {
    .msg_name = &sender,
    .msg_namelen = sizeof sender,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = control,
    .msg_controllen = sizeof control,
  };
  ssize_t received = recvmsg (nl_socket_get_fd (rules->socket), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  int nsid, remaining;

  if (received < 0)
    return errno;
  if (sender.nl_pid != 0) /* some process sent this, not the kernel */
    return 0;
  nsid = message_nsid (&message);
  remaining = (int) received;
  for (struct nlmsghdr *header = (struct nlmsghdr *) rules->buffer; nlmsg_ok (header, remaining);
       header = nlmsg_next (header, &remaining))
    take_message (rules, header, nsid);
  return 0;
}

static gboolean
set_up (NetnsRulesSocket *rules, GError **error)
{
  int fd = nl_socket_get_fd (rules->socket), size = RECEIVE_BUFFER, on = 1, result;

  fcntl (fd, F_SETFD, FD_CLOEXEC);
  /* Root of a user namespace gets no more than everybody (net.core.rmem_max). */
  if ((setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0
       && (errno != EPERM || setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) < 0))
      || setsockopt (fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) < 0) {
    netns_error_set_errno (error, errno, "Cannot set up the socket for news of firewalls");
    return FALSE;
  }
  result = nl_socket_add_membership (rules->socket, NFNLGRP_NFTABLES);
  if (result == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot listen to news of firewalls: %s",
               nl_geterror (result));
  return FALSE;
}

/**
 * netns_rules_socket_new:
 * @table: name of the table of family inet to tell apart from all others
 * @func: called for each transaction, from within netns_rules_socket_drain() only
 * @data: for @func
 * @error: `KernelRefused`, also from a kernel without nf_tables
 *
 * Returns: (transfer full) (nullable): a socket in the calling thread's namespace
 */
NetnsRulesSocket *
netns_rules_socket_new (const char *table, NetnsRulesEventFunc func, gpointer data, GError **error)
{
  g_autoptr (NetnsRulesSocket) rules = g_new0 (NetnsRulesSocket, 1);
  int result;

  rules->table = g_strdup (table);
  rules->func = func;
  rules->data = data;
  rules->open = g_hash_table_new (NULL, NULL);
  rules->buffer = g_malloc (RECEIVE_SIZE);
  rules->socket = nl_socket_alloc ();
  result = nl_connect (rules->socket, NETLINK_NETFILTER);
  if (result < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot open the socket for news of firewalls: %s",
                 nl_geterror (result));
    return NULL;
  }
  return set_up (rules, error) ? g_steal_pointer (&rules) : NULL;
}

void
netns_rules_socket_free (NetnsRulesSocket *rules)
{
  g_clear_pointer (&rules->socket, nl_socket_free);
  g_hash_table_unref (rules->open);
  g_free (rules->table);
  g_free (rules->buffer);
  g_free (rules);
}

/**
 * netns_rules_socket_get_fd:
 * @rules: the socket
 *
 * Returns: a descriptor to poll for G_IO_IN; netns_rules_socket_drain() is then due
 */
int
netns_rules_socket_get_fd (const NetnsRulesSocket *rules)
{
  return nl_socket_get_fd (rules->socket);
}

/**
 * netns_rules_socket_drain:
 * @rules: the socket
 * @overrun: (out): whether news were lost; nobody knows then what changed where
 * @error: another error than an overrun
 *
 * Takes in what is queued, without waiting.
 *
 * Returns: whether the socket still works
 */
gboolean
netns_rules_socket_drain (NetnsRulesSocket *rules, gboolean *overrun, GError **error)
{
  *overrun = FALSE;
  for (;;) {
    int error_number = receive (rules);

    if (error_number == EAGAIN)
      return TRUE;
    if (error_number == ENOBUFS) {
      *overrun = TRUE;
      g_hash_table_remove_all (rules->open);
    } else if (error_number != 0 && error_number != EINTR) {
      netns_error_set_errno (error, error_number, "Cannot read news of firewalls");
      return FALSE;
    }
  }
}
