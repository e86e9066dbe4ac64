/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firewall that users give a namespace: policies and rules for what comes in, goes out and goes through. One for each
 * namespace that has any; it lives as long as the namespace. */
#pragma once

#include "core/definition.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

/* In the order of netns_firewall_chains. */
typedef enum {
  NETNS_FIREWALL_INPUT,
  NETNS_FIREWALL_FORWARD,
  NETNS_FIREWALL_OUTPUT,
  NETNS_FIREWALL_N_CHAINS,
} NetnsFirewallChain;

extern const char *const netns_firewall_chains[NETNS_FIREWALL_N_CHAINS + 1];

/**
 * NetnsFirewall:
 * @base: its name is the cookie of the namespace
 * @drop: the policies: whether what no rule matches is dropped
 * @rules: (element-type GVariant): a{sv}, keys of AddRule() and `handle` t; those of one chain in their order
 * @last_handle: the last one given; none is given twice
 */
typedef struct {
  NetnsDefinition base;
  gboolean drop[NETNS_FIREWALL_N_CHAINS];
  GPtrArray *rules;
  guint64 last_handle;
} NetnsFirewall;

extern const NetnsDefinitionClass netns_firewall_class;

gboolean netns_firewall_is_empty (const NetnsFirewall *firewall);
const NetnsFirewall *netns_firewall_find (NetnsCore *core, const NetnsNamespace *namespace);
NetnsPlan *netns_firewall_set_policy (NetnsCore *core, guint caller, const char *namespace_name, const char *chain,
                                      const char *policy, GError **error);
NetnsPlan *netns_firewall_add_rule (NetnsCore *core, guint caller, const char *namespace_name, GVariant *rule,
                                    guint *handle, GError **error);
NetnsPlan *netns_firewall_remove_rule (NetnsCore *core, guint caller, const char *namespace_name, guint64 handle,
                                       GError **error);
NetnsPlan *netns_firewall_read (NetnsCore *core, guint caller, const char *namespace_name, GError **error);
GVariant *netns_firewall_list (NetnsCore *core, const char *namespace_name, const char *ruleset, GError **error);

/* firewall-rule.c: what a rule says */
gboolean netns_firewall_parse_chain (const char *name, NetnsFirewallChain *chain, GError **error);
NetnsFirewallChain netns_firewall_rule_get_chain (GVariant *rule);
GVariant *netns_firewall_rule_check (GVariant *rule, guint64 handle, GError **error);
GVariant *netns_firewall_rule_to_statements (GVariant *rule, gboolean for_people);

/* ruleset-firewall.c: and what becomes of all of them */
void netns_ruleset_add_firewall (GVariantBuilder *commands, const NetnsFirewall *firewall);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFirewall, netns_definition_free)
