/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libnftables lists of one namespace, in a form that can be walked: chains with their rules, whoever made them. A
 * picture of one moment. */
#pragma once

#include <json-glib/json-glib.h>

/**
 * NetnsChain:
 * @family: its table's family: ip, ip6, inet, bridge ...
 * @table: its table
 * @name: its name
 * @hook: (nullable): where packets come by, %NULL unless it is a base chain
 * @type: (nullable): filter, nat or route, for a base chain
 * @policy: (nullable): accept or drop, for a base chain
 * @priority: for a base chain
 * @rules: (element-type JsonObject): its rules, in order
 */
typedef struct {
  const char *family;
  const char *table;
  const char *name;
  const char *hook;
  const char *type;
  const char *policy;
  gint64 priority;
  GPtrArray *rules;
} NetnsChain;

typedef struct _NetnsFirewallView NetnsFirewallView;

NetnsFirewallView *netns_firewall_view_new (const char *ruleset, GError **error);
void netns_firewall_view_free (NetnsFirewallView *view);
const GPtrArray *netns_firewall_view_get_chains (const NetnsFirewallView *view);
const NetnsChain *netns_firewall_view_find_chain (const NetnsFirewallView *view, const char *family, const char *table,
                                                  const char *name);
JsonArray *netns_firewall_view_find_set (const NetnsFirewallView *view, const NetnsChain *chain, const char *name);
gboolean netns_chain_is_ours (const NetnsChain *chain);
char *netns_chain_describe_rule (const NetnsChain *chain, JsonObject *rule);
char *netns_chain_describe_policy (const NetnsChain *chain);
GPtrArray *netns_firewall_view_list_drops (const NetnsFirewallView *view);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFirewallView, netns_firewall_view_free)
