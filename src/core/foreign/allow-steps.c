/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/allow-steps.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/plan/run.h"
#include "core/ruleset/nft-json.h"
#include "kernel/link.h"
#include "kernel/nft-helper.h"
#include "kernel/route.h"

#include <string.h>
#include <sys/socket.h>

/* Chains that others leave to users: Docker's since 17.06, and those of `ufw route`. Only what iptables has words for may
 * stand there, else `iptables -L` fails, and with it the program that owns the chain: so links and a verdict, no more. */
static const struct {
  int family; /* also that of nf_tables, whose numbers of IPv4 and IPv6 are the same (linux/netfilter.h) */
  const char *family_name;
  const char *chain;
} user_chains[] = {
  { AF_INET,  "ip",  "DOCKER-USER"       },
  { AF_INET,  "ip",  "ufw-user-forward"  },
  { AF_INET6, "ip6", "DOCKER-USER"       },
  { AF_INET6, "ip6", "ufw6-user-forward" },
};
#define USER_TABLE "filter"
/* The firewall without a chain for other programs' rules, but with an own API. */
#define FIREWALLD "inet firewalld "

/* Returns: (transfer floating): a(sss), the chains that rules of ours can be in: family, table, name */
GVariant *
netns_allow_print_chains (void)
{
  g_auto (GVariantBuilder) chains = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sss)"));

  for (gsize i = 0; i < G_N_ELEMENTS (user_chains); i++)
    g_variant_builder_add (&chains, "(sss)", user_chains[i].family_name, USER_TABLE, user_chains[i].chain);
  return g_variant_builder_end (&chains);
}

/* Returns: whether a namespace has any of them */
gboolean
netns_allow_has_chain (NetnsNft *nft)
{
  for (gsize i = 0; i < G_N_ELEMENTS (user_chains); i++)
    if (netns_nft_has_chain (nft, (guint8) user_chains[i].family, USER_TABLE, user_chains[i].chain))
      return TRUE;
  return FALSE;
}

/* @blocked_by_firewalld: whether the step failed because of its rules, which it could change */
typedef struct {
  gboolean blocked_by_firewalld;
} Kept;

/* Whether nobody but root can hold up whoever reads the rules: netnsd-nft is in the user namespace that the network
 * namespace belongs to, whose root can stop it, and make rules that take long to list. */
static gboolean
is_readable (NetnsRun *run, const NetnsStep *step, gboolean *readable, GError **error)
{
  int fd;

  *readable = *step->namespace_name == '\0';
  return *readable
         || (netns_run_get_fd (run, step->namespace_name, &fd, error) && netns_nsfs_is_ours (fd, readable, error));
}

/* The worker waits for the answer, and all users for the worker. @parameter: floating */
static GVariant *
ask (NetnsRun *run, NetnsStep *step, const NetnsNftQuery *query, GVariant *parameter, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameter);
  gboolean readable;
  int fd;

  if (!is_readable (run, step, &readable, error) || !netns_run_get_any_fd (run, step->namespace_name, &fd, error))
    return NULL;
  if (readable)
    return netns_nft_helper_ask (query, fd, owned, NULL, error);
  netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED,
                "Firewalls in namespace “%s” can be neither checked nor cured: it belongs to another user namespace, "
                "whose owner could hold up the service while it reads them",
                step->namespace_name);
  return NULL;
}

/* The rules are in the network's own namespace, which may get another name. */
static char *
comment_for (const NetnsFirewallAllow *allow)
{
  g_autofree char *place = NULL;

  return g_strconcat (NETNS_ALLOW_COMMENT, netns_name_split_network (allow->network, &place), NULL);
}

/* The link by which packets of @subnet leave: where there is a gateway, there may be routing rules for its packets. */
static gboolean
find_way_out (NetnsNetlink *netlink, const NetnsAddress *subnet, guint *index, GError **error)
{
  NetnsAddress gateway = *subnet;

  netns_address_add (&gateway, 1);
  return netns_rtnl_route_find_uplink (netlink, subnet->family, &gateway, index, error)
         && (*index != 0 || netns_rtnl_route_find_uplink (netlink, subnet->family, NULL, index, error));
}

/* @uplink: (out) (nullable): the link that packets leave by, %NULL if it may be any */
static gboolean
find_uplink (NetnsRun *run, NetnsStep *step, const NetnsAddress *subnet, char **uplink, GError **error)
{
  const char *named = ((const NetnsFirewallAllow *) step->parameter)->uplink;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index;

  if (*named != '\0') {
    *uplink = g_strdup (named);
    return TRUE;
  }
  if (netlink == NULL || !find_way_out (netlink, subnet, &index, error)
      || (index != 0 && !netns_rtnl_link_get (netlink, index, &info, error)))
    return FALSE;
  *uplink = netns_validate_link_name (info.name, NULL) ? g_strdup (info.name) : NULL;
  return TRUE;
}

static GVariant *
passage_value (const char *in, const char *out, const char *source, const char *destination, int family,
               gboolean is_answer)
{
  return g_variant_new ("(ssssub)", in, out, source, destination, (guint) family, is_answer);
}

/**
 * Block:
 * @rule: what keeps packets of one family from getting out, or replies from coming in, empty for none
 * @protocols: which packets, such as `TCP and UDP`, empty for all
 * @is_certain: whether it surely does, or it is not known what it does
 */
typedef struct {
  char *rule;
  char *protocols;
  gboolean is_certain;
} Block;

static void
clear_block (Block *block)
{
  g_clear_pointer (&block->rule, g_free);
  g_clear_pointer (&block->protocols, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Block, clear_block)

/* @there: (out) (optional): which of user_chains there are, `ab`
 *
 * Returns: whether the firewall could be read */
static gboolean
find_block (NetnsRun *run, NetnsStep *step, const NetnsAddress *subnet, const char *uplink, Block *block,
            GVariant **there, GError **error)
{
  const char *bridge = ((const NetnsFirewallAllow *) step->parameter)->bridge, *link = uplink ? uplink : "";
  char text[NETNS_ADDRESS_MAX_TEXT];
  g_auto (GVariantBuilder) passages = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ssssub)"));
  g_autoptr (GVariant) answer = NULL;

  netns_address_print (subnet, text);
  g_variant_builder_add_value (&passages, passage_value (bridge, link, text, "", subnet->family, FALSE));
  g_variant_builder_add_value (&passages, passage_value (link, bridge, "", text, subnet->family, TRUE));
  answer = ask (run, step, &netns_query_passages,
                g_variant_new ("(a(ssssub)@a(sss))", &passages, netns_allow_print_chains ()), error);
  if (answer == NULL)
    return FALSE;
  clear_block (block);
  g_variant_get (answer, "(ssb@ab)", &block->rule, &block->protocols, &block->is_certain, there);
  return TRUE;
}

/* First keys of a rule in a chain for other programs' rules. */
#define IN_CHAIN(user_chain)                                                                                           \
  "family", netns_nft_text (user_chains[user_chain].family_name), "table", netns_nft_text (USER_TABLE), "chain",       \
    netns_nft_text (user_chains[user_chain].chain)

static void
add_rule (GVariantBuilder *commands, gsize user_chain, const char *key, const char *bridge, const char *comment)
{
  netns_nft_add (commands, "insert",
                 netns_nft_object ("rule", IN_CHAIN (user_chain), "comment", netns_nft_text (comment), "expr",
                                   netns_nft_list (netns_nft_match_link (key, bridge), netns_nft_statement ("counter"),
                                                   netns_nft_statement ("accept")),
                                   NULL));
}

static gboolean
apply (NetnsRun *run, NetnsNft *nft, GVariantBuilder *commands, GError **error)
{
  g_autofree char *json = netns_nft_print (commands);

  return netns_nft_apply (netns_run_get_grant (run), nft, "", json, error);
}

/* Both ways: what our own table refuses to come in stays refused. */
static gboolean
allow_in_chain (NetnsRun *run, const NetnsFirewallAllow *allow, NetnsNft *nft, gsize user_chain, GError **error)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *comment = comment_for (allow);

  add_rule (&commands, user_chain, "oifname", allow->bridge, comment);
  add_rule (&commands, user_chain, "iifname", allow->bridge, comment);
  return apply (run, nft, &commands, error);
}

/* Adds commands that remove our rules of this network from all foreign chains; returns their number. */
static guint
remove_rules (GVariant *answer, GVariantBuilder *commands)
{
  g_autoptr (GVariant) rules = g_variant_get_child_value (answer, 0);
  const char *family, *table, *chain;
  guint64 handle;
  GVariantIter iter;

  g_variant_iter_init (&iter, rules);
  while (g_variant_iter_next (&iter, "(&s&s&st)", &family, &table, &chain, &handle))
    netns_nft_add (commands, "delete",
                   netns_nft_object ("rule", "family", netns_nft_text (family), "table", netns_nft_text (table),
                                     "chain", netns_nft_text (chain), "handle", g_variant_new_uint64 (handle), NULL));
  return (guint) g_variant_n_children (rules);
}

static gboolean
find_and_remove_rules (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *comment = comment_for (allow);
  g_autoptr (GVariant) rules = nft ? ask (run, step, &netns_query_find_rules,
                                          g_variant_new ("(s@a(sss))", comment, netns_allow_print_chains ()), error)
                                   : NULL;

  return rules != NULL && (remove_rules (rules, &commands) == 0 || apply (run, nft, &commands, error));
}

/* Removes our rules of this network from all foreign chains. Where they cannot be read there are none, because then
 * allow_network() had failed. */
static gboolean
forget_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  gboolean readable;

  return is_readable (run, step, &readable, error) && (!readable || find_and_remove_rules (run, step, error));
}

/* Advice for firewalls without a chain for other programs' rules. */
static char *
advise (const NetnsFirewallAllow *allow, const Block *block)
{
  if (g_str_has_prefix (block->rule, FIREWALLD))
    return g_strdup_printf ("; allow them with “firewall-cmd --zone=trusted --add-interface=%s”", allow->bridge);
  return g_strdup (allow->cure ? "; it has no chain for rules of others, so change it by hand" : "");
}

static gboolean
set_blocked (const NetnsFirewallAllow *allow, const Block *block, GError **error)
{
  g_autofree char *advice = advise (allow, block);

  const char *space = *block->protocols != '\0' ? " " : "";

  if (block->is_certain)
    return netns_refuse (error, NETNS_ERROR_BLOCKED_BY_FIREWALL,
                         "Another firewall blocks %s%spackets of network “%s”: %s%s", block->protocols, space,
                         allow->network, block->rule, advice);
  return netns_refuse (error, NETNS_ERROR_BLOCKED_BY_FIREWALL,
                       "Cannot tell whether another firewall blocks %s%spackets of network “%s”: %s%s",
                       block->protocols, space, allow->network, block->rule, advice);
}

/* @added: whether rules were added, which must go if the step fails. */
static gboolean
allow_family (NetnsRun *run, NetnsStep *step, NetnsNft *nft, const NetnsAddress *subnet, gboolean *added,
              GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;
  g_auto (Block) block = { 0 };
  g_autofree char *uplink = NULL;
  g_autoptr (GVariant) there = NULL;

  if (!find_uplink (run, step, subnet, &uplink, error)
      || !find_block (run, step, subnet, uplink, &block, &there, error))
    return FALSE;
  for (gsize i = 0; *block.rule != '\0' && allow->cure && i < G_N_ELEMENTS (user_chains); i++) {
    gboolean is_there;

    g_variant_get_child (there, i, "b", &is_there);
    if (user_chains[i].family != subnet->family || !is_there)
      continue;
    if (!allow_in_chain (run, allow, nft, i, error))
      return FALSE;
    *added = TRUE;
    if (!find_block (run, step, subnet, uplink, &block, NULL, error))
      return FALSE;
  }
  if (*block.rule != '\0' && allow->cure && *step->namespace_name == '\0' && g_str_has_prefix (block.rule, FIREWALLD))
    ((Kept *) step->kept)->blocked_by_firewalld = TRUE;
  return *block.rule == '\0' || set_blocked (allow, &block, error);
}

/* The result says whether a rule was added. */
static gboolean
allow_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  gboolean added = FALSE, done = nft != NULL;

  for (guint i = 0; done && i < allow->subnets->len; i++)
    done = allow_family (run, step, nft, &g_array_index (allow->subnets, NetnsAddress, i), &added, error);
  if (done)
    netns_run_set_result (run, g_variant_new_boolean (added));
  else if (added)
    forget_network (run, step, NULL);
  return done;
}

/* A check has added nothing, and there may be an older network's rules of that name: only a cure is taken back. */
static gboolean
take_back_allow (NetnsRun *run, NetnsStep *step, GError **error)
{
  return !((const NetnsFirewallAllow *) step->parameter)->cure || forget_network (run, step, error);
}

static const NetnsField kept_fields[] = {
  { "blocked-by-firewalld", NETNS_FIELD_BOOLEAN, offsetof (Kept, blocked_by_firewalld) },
  { NULL }
};

static const NetnsField fields[] = {
  { "network", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, network) },
  { "bridge", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, bridge) },
  { "uplink", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, uplink) },
  { "subnets", NETNS_FIELD_ADDRESSES, offsetof (NetnsFirewallAllow, subnets) },
  { "cure", NETNS_FIELD_BOOLEAN, offsetof (NetnsFirewallAllow, cure) },
  { NULL }
};

const NetnsOperation netns_operation_firewall_allow = {
  .name = "firewall-allow",
  .execute = allow_network,
  .undo = take_back_allow,
  .parameter = NETNS_RECORD (NetnsFirewallAllow, fields),
  .kept = NETNS_RECORD (Kept, kept_fields),
};
const NetnsOperation netns_operation_firewall_disallow = {
  .name = "firewall-disallow",
  .execute = forget_network,
  .undo = allow_network,
  .parameter = NETNS_RECORD (NetnsFirewallAllow, fields),
  .kept = NETNS_RECORD (Kept, kept_fields),
};

static const NetnsStep *
find_step (NetnsPlan *plan, const NetnsOperation *operation)
{
  GPtrArray *steps = netns_plan_get_steps (plan);

  for (guint i = 0; i < steps->len; i++)
    if (((const NetnsStep *) g_ptr_array_index (steps, i))->operation == operation)
      return g_ptr_array_index (steps, i);
  return NULL;
}

/* Returns: (transfer none) (nullable): of a plan that failed because of rules of firewalld: the link that this should trust */
const char *
netns_firewall_find_blocked_by_firewalld (NetnsPlan *plan)
{
  const NetnsStep *step = find_step (plan, &netns_operation_firewall_allow);

  return step != NULL && ((const Kept *) step->kept)->blocked_by_firewalld
           ? ((const NetnsFirewallAllow *) step->parameter)->bridge
           : NULL;
}

/* Returns: (transfer none) (nullable): of a plan that was done: the link of the host that firewalld may trust for a network that
 * is not allowed any longer */
const char *
netns_firewall_find_disallowed (NetnsPlan *plan)
{
  const NetnsStep *step = find_step (plan, &netns_operation_firewall_disallow);

  return step != NULL && *step->namespace_name == '\0' ? ((const NetnsFirewallAllow *) step->parameter)->bridge : NULL;
}
