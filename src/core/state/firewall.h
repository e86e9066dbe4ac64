/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firewall that users give a namespace: policies and rules for what comes in, goes out and goes through. One for each
 * namespace that has any; it lives as long as the namespace. */
#pragma once

#include "core/state/definition.h"
#include "core/state/firewall-rule.h"

/* The changes of a firewall. */
typedef enum {
  NETNS_FIREWALL_RULES = 1 << 0, /* or policies */
} NetnsFirewallChanges;

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

GPtrArray *netns_firewall_rules_new (void);
gboolean netns_firewall_is_empty (const NetnsFirewall *firewall);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFirewall, netns_definition_free)
