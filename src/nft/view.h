/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ruleset of one namespace as the kernel has it, in a form that can be walked: chains with their rules, no matter who
 * made them. A snapshot. */
#pragma once

#include "nft/attributes.h"
#include "nft/texts.h"

#include <netinet/in.h> /* before linux/in.h, which knows it */

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netlink.h>

/**
 * NetnsChain:
 * @family: NFPROTO_* of its table
 * @table: its table
 * @name: its name
 * @is_base: whether packets come by at a hook of the kernel; else other chains jump to it
 * @hook: NF_INET_PRE_ROUTING and so on, for a base chain
 * @type: filter, nat or route, for a base chain; else empty
 * @drops: whether its policy is to drop, for a base chain
 * @priority: for a base chain
 * @rules: (element-type NetnsRule): its rules, in order
 * @accepts: (nullable): a link all of whose packets it is taken to accept before its first rule
 */
typedef struct {
  guint8 family;
  const char *table;
  const char *name;
  gboolean is_base;
  guint hook;
  const char *type;
  gboolean drops;
  int priority;
  GPtrArray *rules;
  const char *accepts;
} NetnsChain;

/**
 * NetnsExpression:
 * @name: what it is, such as `cmp`
 * @data: (nullable): its attributes
 */
typedef struct {
  const char *name;
  struct nlattr *data;
} NetnsExpression;

/**
 * NetnsRule:
 * @chain: where it is
 * @handle: its number in its table
 * @comment: what nft shows as its comment, empty for none
 * @expressions: (element-type NetnsExpression): what it does, in order
 */
typedef struct {
  const NetnsChain *chain;
  guint64 handle;
  char *comment;
  GArray *expressions;
} NetnsRule;

/**
 * NetnsElement:
 * @key: (nullable): as many bytes as keys of its set have, %NULL if it is none that this service knows
 * @end: (nullable): the last key, if it is an interval that says so itself
 * @flags: NFT_SET_ELEM_*
 * @data: (nullable): what a map has for it
 */
typedef struct {
  const guint8 *key;
  const guint8 *end;
  guint32 flags;
  struct nlattr *data;
} NetnsElement;

/**
 * NetnsSet:
 * @family: of its table
 * @table: its table
 * @name: its name; the kernel makes one for a set that belongs to a rule
 * @flags: NFT_SET_*
 * @key_length: bytes of a key
 * @leads: whether it is a map of verdicts
 * @fields: (element-type guint): bytes of the parts of its keys, if these are intervals each
 * @elements: (nullable) (element-type NetnsElement): as listed, %NULL if they are not known
 * @ranges: (nullable): for netns_lookup(), its keys as ranges
 * @too_large: whether it has too many elements to be read
 */
typedef struct {
  guint8 family;
  const char *table;
  const char *name;
  guint32 flags;
  guint key_length;
  gboolean leads;
  GArray *fields;
  GArray *elements;
  GArray *ranges;
  gboolean too_large;
} NetnsSet;

typedef struct _NetnsFirewallView NetnsFirewallView;

NetnsFirewallView *netns_firewall_view_new (void);
NetnsFirewallView *netns_firewall_view_read (GError **error);
void netns_firewall_view_take (NetnsFirewallView *view, struct nlmsghdr *message);
void netns_firewall_view_sort (NetnsFirewallView *view);
void netns_firewall_view_free (NetnsFirewallView *view);
const GPtrArray *netns_firewall_view_get_chains (const NetnsFirewallView *view);
const NetnsChain *netns_firewall_view_find_chain (const NetnsFirewallView *view, guint8 family, const char *table,
                                                  const char *name);
gboolean netns_firewall_view_accept (NetnsFirewallView *view, guint8 family, const char *table, const char *name,
                                     const char *link);
NetnsSet *netns_firewall_view_find_set (NetnsFirewallView *view, const NetnsChain *chain, const char *name);
guint8 netns_family_parse (const char *word);
const char *netns_family_print (guint8 family);
const char *netns_chain_print_hook (const NetnsChain *chain);
gboolean netns_chain_is_ours (const NetnsChain *chain);
gboolean netns_chain_is_on_path (const NetnsChain *chain);
char *netns_firewall_view_get_text (const NetnsFirewallView *view, const NetnsRule *rule);
char *netns_firewall_view_describe_rule (const NetnsFirewallView *view, const NetnsRule *rule);
char *netns_chain_describe_policy (const NetnsChain *chain);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFirewallView, netns_firewall_view_free)
