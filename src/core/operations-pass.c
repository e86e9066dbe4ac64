/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look whether firewalls of others let the packets of a network through, and where their makers left a chain to
 * users for that, tell them to. */
#include "core/operations.h"

#include "common/error.h"
#include "core/firewall-view.h"
#include "core/firewall-walk.h"
#include "core/rule-words.h"
#include "core/step.h"
#include "kernel/firewalld.h"

#include <string.h>
#include <sys/socket.h>

/* Chains that others leave to users: Docker's since 17.06, and those of `ufw route`. Only what iptables has words for may
 * stand there, else `iptables -L` fails, and with it the program that owns the chain: so links and a verdict, no more. */
static const struct {
  int family;
  const char *family_name;
  const char *chain;
} doors[] = {
  { AF_INET, "ip", "DOCKER-USER" },
  { AF_INET, "ip", "ufw-user-forward" },
  { AF_INET6, "ip6", "DOCKER-USER" },
  { AF_INET6, "ip6", "ufw6-user-forward" },
};
#define DOOR_TABLE "filter"
/* The one that leaves no chain to others, but can be told by its own means. */
#define FIREWALLD  "inet firewalld "

static NetnsFirewallView *
look (NetnsNft *nft, GError **error)
{
  g_autofree char *ruleset = netns_nft_list_ruleset (nft, error);

  return ruleset ? netns_firewall_view_new (ruleset, error) : NULL;
}

static char *
comment_for (NetnsStep *step)
{
  return g_strconcat ("netnsd network ", netns_step_get_string (step, "network"), NULL);
}

/* What keeps packets of one family from getting out, or answers from coming in. */
static char *
find_block (NetnsStep *step, const NetnsFirewallView *view, const NetnsAddress *subnet)
{
  const char *bridge = netns_step_get_string (step, "bridge");
  const char *uplink
    = netns_step_get_string (step, subnet->family == AF_INET ? "uplink4" : "uplink6");
  const NetnsPassage out = { bridge, *uplink ? uplink : NULL, .source = *subnet, .family = subnet->family };
  const NetnsPassage in
    = { *uplink ? uplink : NULL, bridge, .destination = *subnet, .family = subnet->family, .is_answer = TRUE };
  char *block = netns_firewall_view_find_block (view, &out);

  return block ? block : netns_firewall_view_find_block (view, &in);
}

static void
add_rule (GVariantBuilder *commands, gsize door, const char *key, const char *bridge, const char *comment)
{
  g_variant_builder_add_parsed (
    commands,
    "{'insert': <{'rule': <{'family': <%s>, 'table': <'" DOOR_TABLE "'>, 'chain': <%s>, 'comment': <%s>, 'expr': <["
    "{'match': <{'op': <'=='>, 'left': <{'meta': <{'key': <%s>}>}>, 'right': <%s>}>}, {'counter': <@ms nothing>},"
    " {'accept': <@ms nothing>}]>}>}>}",
    doors[door].family_name, doors[door].chain, comment, key, bridge);
}

static gboolean
apply (NetnsRun *run, NetnsNft *nft, GVariantBuilder *commands, GError **error)
{
  g_autoptr (GVariant) document
    = g_variant_ref_sink (g_variant_new_parsed ("{'nftables': <%@aa{sv}>}", g_variant_builder_end (commands)));
  g_autofree char *json = json_gvariant_serialize_data (document, NULL);

  return netns_nft_apply (netns_run_get_grant (run), nft, json, error);
}

/* Both ways: what our own table refuses to come in stays refused. */
static gboolean
open_door (NetnsRun *run, NetnsStep *step, NetnsNft *nft, gsize door, GError **error)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  const char *bridge = netns_step_get_string (step, "bridge");
  g_autofree char *comment = comment_for (step);

  add_rule (&commands, door, "oifname", bridge, comment);
  add_rule (&commands, door, "iifname", bridge, comment);
  return apply (run, nft, &commands, error);
}

/* Adds what removes our rules of this network from all doors; returns how many these are. */
static guint
list_rules (NetnsStep *step, const NetnsFirewallView *view, GVariantBuilder *commands)
{
  g_autofree char *comment = comment_for (step);
  guint count = 0;

  for (gsize door = 0; door < G_N_ELEMENTS (doors); door++) {
    const NetnsChain *chain
      = netns_firewall_view_find_chain (view, doors[door].family_name, DOOR_TABLE, doors[door].chain);

    for (guint i = 0; chain != NULL && i < chain->rules->len; i++) {
      JsonObject *rule = g_ptr_array_index (chain->rules, i);

      if (strcmp (netns_rule_get_text (rule, "comment"), comment) != 0)
        continue;
      g_variant_builder_add_parsed (commands,
                                    "{'delete': <{'rule': <{'family': <%s>, 'table': <'" DOOR_TABLE
                                    "'>, 'chain': <%s>, 'handle': <%x>}>}>}",
                                    doors[door].family_name, doors[door].chain,
                                    json_object_get_int_member (rule, "handle"));
      count++;
    }
  }
  return count;
}

/* Takes our rules of this network out of all doors. When the kernel refuses to list rules, libnftables 1.0.6 gives a list
 * without them and no error: so where none seem to be left, look again. */
static gboolean
close_doors (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  guint count = 0;

  for (int attempt = 0; nft != NULL && attempt < 2 && count == 0; attempt++) {
    g_autoptr (NetnsFirewallView) view = look (nft, error);

    if (view == NULL)
      return FALSE;
    count = list_rules (step, view, &commands);
  }
  return nft != NULL && (count == 0 || apply (run, nft, &commands, error))
         && (*step->namespace_name != '\0'
             || netns_firewalld_forget (netns_run_get_grant (run), netns_step_get_string (step, "bridge"), error));
}

/* What to do where no chain is left to others. */
static char *
advise (NetnsStep *step, const char *block, gboolean cure)
{
  if (g_str_has_prefix (block, FIREWALLD))
    return g_strdup_printf ("; “firewall-cmd --zone=trusted --add-interface=%s” lets them",
                            netns_step_get_string (step, "bridge"));
  return g_strdup (cure ? "; there is no chain that it leaves to others, change it there" : "");
}

static gboolean
set_blocked (NetnsStep *step, const char *block, gboolean cure, GError **error)
{
  g_autofree char *advice = advise (step, block, cure);

  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BLOCKED_BY_FIREWALL,
               "A firewall of somebody else's keeps the packets of network “%s” from getting through, at %s%s",
               netns_step_get_string (step, "network"), block, advice);
  return FALSE;
}

/* After a door was opened. */
static gboolean
look_again (NetnsStep *step, NetnsNft *nft, const NetnsAddress *subnet, char **block, GError **error)
{
  g_autoptr (NetnsFirewallView) view = look (nft, error);

  if (view == NULL)
    return FALSE;
  g_free (*block);
  *block = find_block (step, view, subnet);
  return TRUE;
}

/* @opened: whether rules were added, which must go if the step fails. */
static gboolean
pass_family (NetnsRun *run, NetnsStep *step, NetnsNft *nft, const NetnsAddress *subnet, gboolean *opened, GError **error)
{
  gboolean cure = netns_step_get_boolean (step, "cure");
  g_autoptr (NetnsFirewallView) view = look (nft, error);
  g_autofree char *block = NULL;

  if (view == NULL)
    return FALSE;
  block = find_block (step, view, subnet);
  for (gsize door = 0; block != NULL && cure && door < G_N_ELEMENTS (doors); door++) {
    if (doors[door].family != subnet->family
        || !netns_firewall_view_find_chain (view, doors[door].family_name, DOOR_TABLE, doors[door].chain))
      continue;
    if (!open_door (run, step, nft, door, error))
      return FALSE;
    *opened = TRUE;
    if (!look_again (step, nft, subnet, &block, error))
      return FALSE;
  }
  if (block != NULL && cure && *step->namespace_name == '\0' && g_str_has_prefix (block, FIREWALLD)) {
    g_autoptr (GError) told_error = NULL;

    if (!netns_firewalld_trust (netns_run_get_grant (run), netns_step_get_string (step, "bridge"), &told_error)) {
      g_message ("%s", told_error->message);
      return set_blocked (step, block, cure, error);
    }
    *opened = TRUE;
    if (!look_again (step, nft, subnet, &block, error))
      return FALSE;
  }
  return block == NULL || set_blocked (step, block, cure, error);
}

/* The result says whether a rule was added. */
static gboolean
pass_network (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);
  g_autofree const char **subnets = NULL;
  gboolean opened = FALSE, done = nft != NULL;

  g_variant_lookup (step->parameters, "subnets", "^a&s", &subnets);
  for (guint i = 0; done && subnets != NULL && subnets[i] != NULL; i++) {
    NetnsAddress subnet;

    done = netns_address_parse (subnets[i], &subnet, error) && pass_family (run, step, nft, &subnet, &opened, error);
  }
  if (done)
    netns_run_set_result (run, g_variant_new_boolean (opened));
  else if (opened)
    close_doors (run, step, NULL);
  return done;
}

/* A check has added nothing, and there may be an older network's rules of that name: only a cure is taken back. */
static gboolean
take_back_pass (NetnsRun *run, NetnsStep *step, GError **error)
{
  return !netns_step_get_boolean (step, "cure") || close_doors (run, step, error);
}

const NetnsOperation netns_operation_firewall_pass = { "firewall-pass", pass_network, take_back_pass };
const NetnsOperation netns_operation_firewall_unpass = { "firewall-unpass", close_doors, pass_network };
