/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/rule-events.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/datagram.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

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
  return (body->nfgen_family == NFPROTO_INET || body->nfgen_family == NFPROTO_BRIDGE)
             && nla_strcmp (name, rules->table) == 0
           ? TOUCHED_TABLE
           : TOUCHED_OTHER;
}

/* The last message of each transaction says who did it (nf_tables_gen_notify() in net/netfilter/nf_tables_api.c). */
static void
end_transaction (NetnsRulesSocket *rules, const struct nlmsghdr *header, int nsid)
{
  const struct nlattr *name
    = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof (struct nfgenmsg), NFTA_GEN_PROC_NAME);
  guint touched = GPOINTER_TO_UINT (g_hash_table_lookup (rules->open, GINT_TO_POINTER (nsid)));
  g_autofree char *program = name ? g_strndup (nla_data (name), (gsize) nla_len (name)) : g_strdup ("");
  const NetnsRulesEvent event = { nsid, (touched & TOUCHED_TABLE) != 0, (touched & TOUCHED_OTHER) != 0, program };

  g_hash_table_remove (rules->open, GINT_TO_POINTER (nsid));
  if (touched != 0)
    rules->func (&event, rules->data);
}

static void
take_message (const struct nlmsghdr *header, int nsid, gboolean is_event, gpointer data)
{
  NetnsRulesSocket *rules = data;
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

/**
 * netns_rules_socket_new:
 * @table: name of the tables of families inet and bridge to tell apart from all others
 * @func: called for each transaction, from within netns_rules_socket_drain() only
 * @data: for @func
 * @error: `KernelRefused`, also from a kernel without nf_tables
 *
 * Returns: (transfer full) (nullable): a socket in the calling thread's namespace
 */
NetnsRulesSocket *
netns_rules_socket_new (const char *table, NetnsRulesEventFunc func, gpointer data, GError **error)
{
  static const int groups[] = { NFNLGRP_NFTABLES, 0 };
  g_autoptr (NetnsRulesSocket) rules = g_new0 (NetnsRulesSocket, 1);

  rules->table = g_strdup (table);
  rules->func = func;
  rules->data = data;
  rules->open = g_hash_table_new (NULL, NULL);
  rules->buffer = g_malloc (NETNS_DATAGRAM_SIZE);
  rules->socket
    = netns_datagram_open (NETLINK_NETFILTER, groups, RECEIVE_BUFFER, "the socket for firewall events", error);
  return rules->socket ? g_steal_pointer (&rules) : NULL;
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

/* Returns: a descriptor to poll for G_IO_IN; netns_rules_socket_drain() is then due */
int
netns_rules_socket_get_fd (const NetnsRulesSocket *rules)
{
  return nl_socket_get_fd (rules->socket);
}

/* Takes in what is queued, without waiting. @overrun: (out): whether events were lost; anything may have changed then
 * Returns: whether the socket still works; @error says of another error than an overrun */
gboolean
netns_rules_socket_drain (NetnsRulesSocket *rules, gboolean *overrun, GError **error)
{
  *overrun = FALSE;
  for (;;) {
    int error_number = netns_datagram_receive (nl_socket_get_fd (rules->socket), rules->buffer, take_message, rules);

    if (error_number == EAGAIN)
      return TRUE;
    if (error_number == ENOBUFS) {
      *overrun = TRUE;
      g_hash_table_remove_all (rules->open);
    } else if (error_number != 0 && error_number != EINTR)
      return netns_error_set_errno (error, error_number, "Cannot read firewall events");
  }
}
