/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/allow-steps.h"

#include "common/error.h"
#include "common/names.h"
#include "core/plan/run.h"
#include "core/ruleset/nft-json.h"

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
/* Between a look at rules and their removal lie some milliseconds, in which others may change theirs. */
#define LOOKS_MAX 5

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

/* Returns: (transfer full): the comment of our rules; they are in the network's own namespace, which may get another name */
char *
netns_allow_print_comment (const NetnsFirewallAllow *allow)
{
  g_autofree char *place = NULL;

  return g_strconcat (NETNS_ALLOW_COMMENT, netns_name_split_network (allow->network, &place), NULL);
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

static gint changes; /* atomic, for the worker makes them */

/* Returns: how many changes of rules in chains of others were tried; only when no plan runs it stays the same */
guint
netns_allow_count_changes (void)
{
  return (guint) g_atomic_int_get (&changes);
}

/* Both ways: what our own table refuses to come in stays refused. */
static gboolean
add_rules (NetnsRun *run, const NetnsStep *step, guint chains, GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *comment = netns_allow_print_comment (allow);
  g_autofree char *json = NULL;

  if (nft == NULL || chains == 0)
    return nft != NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (user_chains); i++)
    if (chains & 1u << i) {
      add_rule (&commands, i, "oifname", allow->bridge, comment);
      add_rule (&commands, i, "iifname", allow->bridge, comment);
    }
  json = netns_nft_print (&commands);
  g_atomic_int_inc (&changes);
  return netns_nft_apply (netns_run_get_grant (run), nft, "", json, error);
}

/* @blocked_by_firewalld: whether the step failed because of its rules, which it could change */
typedef struct {
  gboolean blocked_by_firewalld;
} Blocked;

static gboolean
check_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;

  ((Blocked *) step->kept)->blocked_by_firewalld = allow->firewalld;
  return allow->blocked == NULL || netns_refuse (error, NETNS_ERROR_BLOCKED_BY_FIREWALL, "%s", allow->blocked);
}

/* The result says whether a rule was added. */
static gboolean
allow_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  guint chains = ((const NetnsFirewallAllow *) step->parameter)->chains;

  netns_run_set_result (run, g_variant_new_boolean (chains != 0));
  return add_rules (run, step, chains, error);
}

/* @chains: bits of user_chains that rules were removed from */
typedef struct {
  guint chains;
} Removed;

/* Whether a rule that was found is in one of the chains that were named, which is the only place where it is removed. */
static gboolean
find_user_chain (const char *family, const char *table, const char *chain, guint *user_chain)
{
  for (*user_chain = 0; *user_chain < G_N_ELEMENTS (user_chains); ++*user_chain)
    if (g_str_equal (user_chains[*user_chain].family_name, family) && g_str_equal (USER_TABLE, table)
        && g_str_equal (user_chains[*user_chain].chain, chain))
      return TRUE;
  return FALSE;
}

/* Commands that remove the rules that were found, as far as they are still there. Returns: whether that was found out */
static gboolean
list_removals (NetnsNft *nft, const NetnsFirewallAllow *allow, GVariantBuilder *commands, guint *chains, GError **error)
{
  g_autofree char *comment = netns_allow_print_comment (allow);
  const char *rest, *family, *table, *chain;
  guint64 handle;
  GVariantIter iter;

  *chains = 0;
  g_variant_iter_init (&iter, allow->rules);
  while (g_variant_iter_next (&iter, "(&s&s&s&st)", &rest, &family, &table, &chain, &handle)) {
    guint user_chain;
    gboolean found;

    if (*rest != '\0' /* of another network */ || !find_user_chain (family, table, chain, &user_chain))
      continue;
    if (!netns_nft_find_rule (nft, (guint8) user_chains[user_chain].family, table, chain, handle, comment, &found,
                              error))
      return FALSE;
    if (!found)
      continue;
    *chains |= 1u << user_chain;
    netns_nft_add (commands, "delete",
                   netns_nft_object ("rule", IN_CHAIN (user_chain), "handle", g_variant_new_uint64 (handle), NULL));
  }
  return TRUE;
}

static gboolean
remove_rules (NetnsRun *run, NetnsNft *nft, NetnsStep *step, GError **error)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  Removed *removed = step->kept;
  g_autofree char *json = NULL;
  guint32 generation;

  if (!netns_nft_get_generation (nft, &generation, error)
      || !list_removals (nft, step->parameter, &commands, &removed->chains, error))
    return FALSE;
  if (removed->chains == 0)
    return TRUE;
  json = netns_nft_print (&commands);
  g_atomic_int_inc (&changes);
  return netns_nft_apply_at (netns_run_get_grant (run), nft, generation, json, error);
}

/* A look that was outdated when its removals came to the kernel is made again. */
static gboolean
forget_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsFirewallAllow *allow = step->parameter;
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);

  if (nft == NULL || allow->rules == NULL)
    return nft != NULL;
  for (guint looks = 1;; looks++) {
    g_autoptr (GError) failure = NULL;

    if (remove_rules (run, nft, step, &failure))
      return TRUE;
    if (looks == LOOKS_MAX || !g_error_matches (failure, NETNS_ERROR, NETNS_ERROR_BUSY)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  }
}

static gboolean
take_back_forgetting (NetnsRun *run, NetnsStep *step, GError **error)
{
  return add_rules (run, step, ((const Removed *) step->kept)->chains, error);
}

static const NetnsField blocked_fields[] = {
  { "blocked-by-firewalld", NETNS_FIELD_BOOLEAN, offsetof (Blocked, blocked_by_firewalld) },
  { NULL }
};

static const NetnsField removed_fields[] = {
  { "chains", NETNS_FIELD_UINT32, offsetof (Removed, chains) },
  { NULL }
};

/* What is asked for differs where these say so. */
#define ASKED .change = 1

static const NetnsField fields[] = {
  { "network", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, network), ASKED },
  { "bridge", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, bridge), ASKED },
  { "uplink", NETNS_FIELD_TEXT, offsetof (NetnsFirewallAllow, uplink), ASKED },
  { "subnets", NETNS_FIELD_ADDRESSES, offsetof (NetnsFirewallAllow, subnets), ASKED },
  { "cure", NETNS_FIELD_BOOLEAN, offsetof (NetnsFirewallAllow, cure), ASKED },
  { "known", NETNS_FIELD_BOOLEAN, offsetof (NetnsFirewallAllow, known) },
  { "blocked", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsFirewallAllow, blocked) },
  { "firewalld", NETNS_FIELD_BOOLEAN, offsetof (NetnsFirewallAllow, firewalld) },
  { "chains", NETNS_FIELD_UINT32, offsetof (NetnsFirewallAllow, chains) },
  { "rules", NETNS_FIELD_VARIANT, offsetof (NetnsFirewallAllow, rules) },
  { NULL }
};

const NetnsOperation netns_operation_firewall_allow = {
  .name = "firewall-allow",
  .execute = check_network,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsFirewallAllow, fields),
  .kept = NETNS_RECORD (Blocked, blocked_fields),
};
const NetnsOperation netns_operation_firewall_insert = {
  .name = "firewall-insert",
  .execute = allow_network,
  .parameter = NETNS_RECORD (NetnsFirewallAllow, fields),
};
const NetnsOperation netns_operation_firewall_disallow = {
  .name = "firewall-disallow",
  .execute = forget_network,
  .undo = take_back_forgetting,
  .parameter = NETNS_RECORD (NetnsFirewallAllow, fields),
  .kept = NETNS_RECORD (Removed, removed_fields),
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

  return step != NULL && ((const Blocked *) step->kept)->blocked_by_firewalld
           ? ((const NetnsFirewallAllow *) step->parameter)->bridge
           : NULL;
}

/* Returns: whether a plan that was done has removed rules from chains of others, which need not have been there any longer */
gboolean
netns_firewall_has_removed (NetnsPlan *plan)
{
  const NetnsStep *step = find_step (plan, &netns_operation_firewall_disallow);

  return step != NULL && ((const Removed *) step->kept)->chains != 0;
}

/* Returns: (transfer none) (nullable): of a plan that was done: the link of the host that firewalld may trust for a network that
 * is not allowed any longer */
const char *
netns_firewall_find_disallowed (NetnsPlan *plan)
{
  const NetnsStep *step = find_step (plan, &netns_operation_firewall_disallow);

  return step != NULL && *step->namespace_name == '\0' ? ((const NetnsFirewallAllow *) step->parameter)->bridge : NULL;
}
