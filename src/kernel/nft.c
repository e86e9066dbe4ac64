/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands with names in them are JSON: in the language of nft a link's name can be a keyword, and a stranger's name a command.
 *
 * Before it changes anything, libnftables reads all sets that there are (nft_cache_update() in its src/cache.c), which can
 * take long, and does not survive some that others can make. So it is not in this process: netnsd-nft says in an empty
 * namespace what message it would send. */
#include "kernel/nft.h"
#include "common/error.h"
#include "kernel/netlink.h"
#include "kernel/nft-compiler.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <string.h>

#define CANNOT_CHANGE "Cannot change the firewall"

struct _NetnsNft {
  NetnsNetlink *netlink; /* to nf_tables of the namespace */
};

/**
 * netns_nft_new:
 * @namespace_fd: a namespace, -1 for the host's
 * @error: `KernelRefused`
 *
 * In the worker.
 *
 * Returns: (transfer full) (nullable): the firewall of that namespace, to be changed; it keeps the namespace alive
 */
NetnsNft *
netns_nft_new (int namespace_fd, GError **error)
{
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new_for (namespace_fd, NETLINK_NETFILTER, error);
  NetnsNft *nft;

  if (netlink == NULL)
    return NULL;
  nft = g_new0 (NetnsNft, 1);
  nft->netlink = g_steal_pointer (&netlink);
  return nft;
}

/**
 * netns_nft_free:
 * @nft: (transfer full): a firewall
 *
 * Leaves its rules as they are.
 */
void
netns_nft_free (NetnsNft *nft)
{
  g_clear_pointer (&nft->netlink, netns_netlink_free);
  g_free (nft);
}

static NetnsMessage *
ask_for (int type, guint8 family)
{
  const struct nfgenmsg body = { .nfgen_family = family, .version = NFNETLINK_V0 };

  return netns_request_new (NFNL_SUBSYS_NFTABLES << 8 | type, 0, &body, sizeof body);
}

static void
ignore (const struct nlmsghdr *header, gpointer data)
{
}

/* Whether there is a table of that name, or a chain in it; nothing else of the kernel's answer is looked at. What cannot be
 * found out is not there. In the worker. */
gboolean
netns_nft_has_table (NetnsNft *nft, guint8 family, const char *table)
{
  g_autoptr (NetnsMessage) question = ask_for (NFT_MSG_GETTABLE, family);

  netns_request_put_string (question, NFTA_TABLE_NAME, table);
  return netns_netlink_get (nft->netlink, question, ignore, NULL, NULL, "Cannot look for a table");
}

gboolean
netns_nft_has_chain (NetnsNft *nft, guint8 family, const char *table, const char *chain)
{
  g_autoptr (NetnsMessage) question = ask_for (NFT_MSG_GETCHAIN, family);

  netns_request_put_string (question, NFTA_CHAIN_TABLE, table);
  netns_request_put_string (question, NFTA_CHAIN_NAME, chain);
  return netns_netlink_get (nft->netlink, question, ignore, NULL, NULL, "Cannot look for a chain");
}

typedef struct {
  GByteArray *data; /* as the kernel keeps it */
  gboolean found;
} Comment;

static void
compare_comment (const struct nlmsghdr *header, gpointer data)
{
  Comment *comment = data;
  struct nlattr *attribute = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof (struct nfgenmsg), NFTA_RULE_USERDATA);

  comment->found = attribute != NULL && (guint) nla_len (attribute) == comment->data->len
                   && memcmp (nla_data (attribute), comment->data->data, comment->data->len) == 0;
}

/**
 * netns_nft_find_rule:
 * @nft: a firewall
 * @family: that of @table
 * @table: a table
 * @chain: a chain in it
 * @handle: the number of a rule in it
 * @comment: its comment, of at most 127 bytes
 * @found: (out): whether that rule is there, has that comment, and nothing else for user space
 * @error: `KernelRefused`
 *
 * The numbers of a table that is made anew begin again, so a number alone says nothing. In the worker.
 *
 * Returns: whether that was found out
 */
gboolean
netns_nft_find_rule (NetnsNft *nft, guint8 family, const char *table, const char *chain, guint64 handle,
                     const char *comment, gboolean *found, GError **error)
{
  /* NFTNL_UDATA_RULE_COMMENT and the length of the text with its end (rule_parse_udata_cb() in libnftnl) */
  const guint8 head[] = { 0, (guint8) (strlen (comment) + 1) };
  g_autoptr (NetnsMessage) question = ask_for (NFT_MSG_GETRULE, family);
  g_autoptr (GByteArray) data = g_byte_array_new ();
  g_autoptr (GError) failure = NULL;
  const guint64 number = GUINT64_TO_BE (handle);
  Comment wanted = { .data = data };

  g_byte_array_append (data, head, sizeof head);
  g_byte_array_append (data, (const guint8 *) comment, head[1]);
  netns_request_put_string (question, NFTA_RULE_TABLE, table);
  netns_request_put_string (question, NFTA_RULE_CHAIN, chain);
  netns_request_put (question, NFTA_RULE_HANDLE, sizeof number, &number);
  if (!netns_netlink_get (nft->netlink, question, compare_comment, &wanted, &failure, "Cannot look for a rule")
      && netns_netlink_get_errno (nft->netlink) != ENOENT) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  *found = wanted.found;
  return TRUE;
}

static void
take_generation (const struct nlmsghdr *header, gpointer data)
{
  struct nlattr *attribute = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof (struct nfgenmsg), NFTA_GEN_ID);

  if (attribute != NULL && nla_len (attribute) == sizeof (guint32))
    *(guint32 *) data = GUINT32_FROM_BE (nla_get_u32 (attribute));
}

/**
 * netns_nft_get_generation:
 * @nft: a firewall
 * @generation: (out): a number, another one after each change of its rules, whoever made it; not 0
 * @error: `KernelRefused`
 *
 * In the worker.
 *
 * Returns: whether the kernel said it
 */
gboolean
netns_nft_get_generation (NetnsNft *nft, guint32 *generation, GError **error)
{
  g_autoptr (NetnsMessage) question = ask_for (NFT_MSG_GETGEN, NFPROTO_UNSPEC);

  *generation = 0;
  return netns_netlink_get (nft->netlink, question, take_generation, generation, error, "Cannot look at the firewall")
         && (*generation != 0
             || netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED,
                              "Cannot look at the firewall: the kernel does not say whether it changes"));
}

/* Returns: (transfer full) (nullable): the same transaction, which the kernel refuses at another generation
 * (nfnetlink_rcv_batch()) */
static GBytes *
tie_to_generation (GBytes *message, guint32 generation, GError **error)
{
  const struct nlattr head = { .nla_len = NLA_HDRLEN + sizeof generation, .nla_type = NFNL_BATCH_GENID };
  const guint32 number = GUINT32_TO_BE (generation);
  const guint begin = NLMSG_LENGTH (sizeof (struct nfgenmsg));
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  if (size <= begin || ((const struct nlmsghdr *) data)->nlmsg_len != begin)
    return netns_refuse_null (error, NETNS_ERROR_KERNEL_REFUSED,
                              CANNOT_CHANGE ": netnsd-nft did not answer with a transaction");
  g_byte_array_append (bytes, data, begin);
  g_byte_array_append (bytes, (const guint8 *) &head, sizeof head);
  g_byte_array_append (bytes, (const guint8 *) &number, sizeof number);
  ((struct nlmsghdr *) bytes->data)->nlmsg_len = bytes->len;
  g_byte_array_append (bytes, data + begin, (guint) (size - begin));
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/* @generation: 0 for any */
static gboolean
compile_and_send (const NetnsGrant *grant, NetnsNft *nft, guint32 generation, const char *frame, const char *commands,
                  GError **error)
{
  g_autoptr (GBytes) compiled = netns_nft_compile (frame, commands, error);
  g_autoptr (GBytes) message = NULL;

  if (compiled == NULL) {
    g_prefix_error (error, CANNOT_CHANGE ": ");
    return FALSE;
  }
  message = generation != 0 ? tie_to_generation (compiled, generation, error) : g_bytes_ref (compiled);
  return message != NULL
         && netns_netlink_change_batch (grant, nft->netlink, g_bytes_get_data (message, NULL),
                                        g_bytes_get_size (message), error, CANNOT_CHANGE);
}

/* If it is not JSON, libnftables tries it as commands in its own language (nft_run_cmd_from_buffer()); none of these
 * begins with a brace. */
static gboolean
check_json (const char *commands, GError **error)
{
  return *commands == '{' || netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Firewall rules must be a JSON object");
}

/**
 * netns_nft_apply:
 * @grant: who may do it
 * @nft: a firewall
 * @frame: commands that make the sets and maps in which @commands change elements, empty for none; they are there already
 * @commands: JSON as libnftables-json(5) describes it, which names nothing else that the commands themselves do not make,
 *   but chains to put rules in, and rules by their handles
 * @error: `InvalidArgument` (no JSON object), `NotSupported`, `KernelRefused`, with the words of libnftables or of the
 *   kernel
 *
 * One transaction: all of it or nothing.
 *
 * Returns: whether it was done
 */
gboolean
netns_nft_apply (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *commands, GError **error)
{
  return (*frame == '\0' || check_json (frame, error)) && check_json (commands, error)
         && compile_and_send (grant, nft, 0, frame, commands, error);
}

/**
 * netns_nft_apply_at:
 * @grant: who may do it
 * @nft: a firewall
 * @generation: what netns_nft_get_generation() said before the look that @commands are made of
 * @commands: as for netns_nft_apply()
 * @error: as of that, and `Busy`, if the rules were changed since
 *
 * For what is named by a number, as rules are, which means something else when others have made their table anew.
 *
 * Returns: whether it was done
 */
gboolean
netns_nft_apply_at (const NetnsGrant *grant, NetnsNft *nft, guint32 generation, const char *commands, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (!check_json (commands, error))
    return FALSE;
  if (compile_and_send (grant, nft, generation, "", commands, &failure))
    return TRUE;
  if (netns_netlink_get_errno (nft->netlink) == ERESTART)
    return netns_refuse (error, NETNS_ERROR_BUSY, CANNOT_CHANGE ": others change it all the time; try again");
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* As netns_nft_apply(), of commands in the language of nft(8), for what JSON cannot say; nothing in them comes from
 * others. */
gboolean
netns_nft_apply_script (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *script, GError **error)
{
  return compile_and_send (grant, nft, 0, frame, script, error);
}
