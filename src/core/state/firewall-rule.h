/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule of the firewall that users give a namespace: what AddRule() takes, checked and in one form. */
#pragma once

#include <gio/gio.h>

/* In the order of netns_firewall_chains. */
typedef enum {
  NETNS_FIREWALL_INPUT,
  NETNS_FIREWALL_FORWARD,
  NETNS_FIREWALL_OUTPUT,
  NETNS_FIREWALL_N_CHAINS,
} NetnsFirewallChain;

extern const char *const netns_firewall_chains[NETNS_FIREWALL_N_CHAINS + 1];

gboolean netns_firewall_parse_chain (const char *name, NetnsFirewallChain *chain, GError **error);
const char *netns_firewall_rule_get (GVariant *rule, const char *key);
const char **netns_firewall_rule_get_list (GVariant *rule, const char *key);
NetnsFirewallChain netns_firewall_rule_get_chain (GVariant *rule);
GVariant *netns_firewall_rule_check (GVariant *rule, guint64 handle, GError **error);
gboolean netns_firewall_parse_ports (const char *text, guint *first, guint *last, GError **error);
