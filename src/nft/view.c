/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/view.h"

#include "common/error.h"
#include "common/names.h"
#include "nft/dump.h"
#include "nft/library.h"

#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <unistd.h>

/* Somebody may change rules all the time. */
#define ELEMENTS_MAX (2 * 1024 * 1024) /* bytes, of a set: about 100,000 elements */
#define ATTEMPTS     8

/* NFTNL_UDATA_RULE_COMMENT of libnftnl: what nft puts beside a rule is type, length and value. */
#define COMMENT 0

struct _NetnsFirewallView {
  int fd; /* to read elements of sets with when they are asked for: there can be very many */
  NetnsTexts *texts;
  GPtrArray *messages; /* struct nlmsghdr, which all the rest points into */
  GPtrArray *chains;   /* NetnsChain, base chains by priority */
  GHashTable *by_name; /* family, table and name -> NetnsChain */
  GHashTable *sets;    /* the same of a set -> NetnsSet */
};

static void
free_rule (gpointer data)
{
  NetnsRule *rule = data;

  g_array_unref (rule->expressions);
  g_free (rule->comment);
  g_free (rule);
}

static void
free_chain (gpointer data)
{
  NetnsChain *chain = data;

  g_ptr_array_unref (chain->rules);
  g_free (chain);
}

static void
free_set (gpointer data)
{
  NetnsSet *set = data;

  g_array_unref (set->fields);
  g_clear_pointer (&set->elements, g_array_unref);
  g_clear_pointer (&set->ranges, g_array_unref);
  g_free (set);
}

static char *
key_for (guint8 family, const char *table, const char *name)
{
  return g_strdup_printf ("%u\n%s\n%s", family, table, name);
}

static void
take_chain (NetnsFirewallView *view, guint8 family, struct nlattr **found)
{
  NETNS_ATTRIBUTES (hook, found[NFTA_CHAIN_HOOK], NFTA_HOOK_MAX);
  NetnsChain *chain = g_new0 (NetnsChain, 1);

  chain->family = family;
  chain->table = netns_attribute_get_text (found[NFTA_CHAIN_TABLE]);
  chain->name = netns_attribute_get_text (found[NFTA_CHAIN_NAME]);
  chain->is_base = hook[NFTA_HOOK_HOOKNUM] != NULL;
  chain->hook = netns_attribute_get_number (hook[NFTA_HOOK_HOOKNUM], 0);
  chain->type = netns_attribute_get_text (found[NFTA_CHAIN_TYPE]);
  chain->drops = netns_attribute_get_number (found[NFTA_CHAIN_POLICY], NF_ACCEPT) == NF_DROP;
  chain->priority = (int) netns_attribute_get_number (hook[NFTA_HOOK_PRIORITY], 0);
  chain->rules = g_ptr_array_new_with_free_func (free_rule);
  g_ptr_array_add (view->chains, chain);
  g_hash_table_replace (view->by_name, key_for (family, chain->table, chain->name), chain);
}

static char *
read_comment (struct nlattr *beside)
{
  guint length;
  const guint8 *bytes = netns_attribute_get_bytes (beside, &length);

  for (guint at = 0; at + 2 <= length && at + 2u + bytes[at + 1] <= length; at += 2u + bytes[at + 1])
    if (bytes[at] == COMMENT)
      return g_strndup ((const char *) bytes + at + 2, bytes[at + 1]);
  return g_strdup ("");
}

static void
take_rule (NetnsFirewallView *view, guint8 family, struct nlattr **found)
{
  g_autofree char *key = key_for (family, netns_attribute_get_text (found[NFTA_RULE_TABLE]),
                                  netns_attribute_get_text (found[NFTA_RULE_CHAIN]));
  NetnsChain *chain = g_hash_table_lookup (view->by_name, key);
  struct nlattr *item;
  NetnsRule *rule;
  int left;

  if (chain == NULL)
    return;
  rule = g_new0 (NetnsRule, 1);
  rule->chain = chain;
  rule->handle = netns_attribute_get_number64 (found[NFTA_RULE_HANDLE]);
  rule->comment = read_comment (found[NFTA_RULE_USERDATA]);
  rule->expressions = g_array_new (FALSE, FALSE, sizeof (NetnsExpression));
  if (found[NFTA_RULE_EXPRESSIONS] != NULL)
    nla_for_each_nested (item, found[NFTA_RULE_EXPRESSIONS], left)
    {
      NETNS_ATTRIBUTES (parts, item, NFTA_EXPR_MAX);
      NetnsExpression expression = { netns_attribute_get_text (parts[NFTA_EXPR_NAME]), parts[NFTA_EXPR_DATA] };

      g_array_append_val (rule->expressions, expression);
    }
  g_ptr_array_add (chain->rules, rule);
}

static void
read_fields (NetnsSet *set, struct nlattr *description)
{
  NETNS_ATTRIBUTES (parts, description, NFTA_SET_DESC_MAX);
  struct nlattr *item;
  int left;

  if (parts[NFTA_SET_DESC_CONCAT] != NULL)
    nla_for_each_nested (item, parts[NFTA_SET_DESC_CONCAT], left)
    {
      NETNS_ATTRIBUTES (field, item, NFTA_SET_FIELD_MAX);
      guint length = netns_attribute_get_number (field[NFTA_SET_FIELD_LEN], 0);

      g_array_append_val (set->fields, length);
    }
}

static void
take_set (NetnsFirewallView *view, guint8 family, struct nlattr **found)
{
  const char *table = netns_attribute_get_text (found[NFTA_SET_TABLE]),
             *name = netns_attribute_get_text (found[NFTA_SET_NAME]);
  g_autofree char *key = key_for (family, table, name);
  NetnsSet *set;

  if (g_hash_table_contains (view->sets, key))
    return;
  set = g_new0 (NetnsSet, 1);
  set->family = family;
  set->table = table;
  set->name = name;
  set->flags = netns_attribute_get_number (found[NFTA_SET_FLAGS], 0);
  set->key_length = netns_attribute_get_number (found[NFTA_SET_KEY_LEN], 0);
  set->leads = netns_attribute_get_number (found[NFTA_SET_DATA_TYPE], 0) == NFT_DATA_VERDICT;
  set->fields = g_array_new (FALSE, FALSE, sizeof (guint));
  read_fields (set, found[NFTA_SET_DESC]);
  g_hash_table_insert (view->sets, g_steal_pointer (&key), set);
}

/* Returns: (nullable): a key of the right length */
static const guint8 *
get_key (const NetnsSet *set, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_DATA_MAX);
  guint length;
  const guint8 *key = netns_attribute_get_bytes (parts[NFTA_DATA_VALUE], &length);

  return length >= set->key_length ? key : NULL;
}

static void
take_elements (NetnsFirewallView *view, guint8 family, struct nlattr **found)
{
  g_autofree char *key = key_for (family, netns_attribute_get_text (found[NFTA_SET_ELEM_LIST_TABLE]),
                                  netns_attribute_get_text (found[NFTA_SET_ELEM_LIST_SET]));
  NetnsSet *set = g_hash_table_lookup (view->sets, key);
  struct nlattr *item;
  int left;

  if (set == NULL || found[NFTA_SET_ELEM_LIST_ELEMENTS] == NULL)
    return;
  if (set->elements == NULL)
    set->elements = g_array_new (FALSE, FALSE, sizeof (NetnsElement));
  nla_for_each_nested (item, found[NFTA_SET_ELEM_LIST_ELEMENTS], left)
  {
    NETNS_ATTRIBUTES (parts, item, NFTA_SET_ELEM_MAX);
    NetnsElement element = { get_key (set, parts[NFTA_SET_ELEM_KEY]), get_key (set, parts[NFTA_SET_ELEM_KEY_END]),
                             netns_attribute_get_number (parts[NFTA_SET_ELEM_FLAGS], 0), parts[NFTA_SET_ELEM_DATA] };

    g_array_append_val (set->elements, element);
  }
}

#define ATTRIBUTES_MAX 32

/**
 * netns_firewall_view_take:
 * @view: a picture
 * @message: of the kernel: a chain, a rule of a chain that was taken before, a set, or elements of such a set; what else it
 *   may be is passed over
 *
 * Adds it.
 */
void
netns_firewall_view_take (NetnsFirewallView *view, struct nlmsghdr *message)
{
  static const struct {
    int type;
    void (*take) (NetnsFirewallView *view, guint8 family, struct nlattr **found);
  } types[] = {
    { NFT_MSG_NEWCHAIN,   take_chain    },
    { NFT_MSG_NEWRULE,    take_rule     },
    { NFT_MSG_NEWSET,     take_set      },
    { NFT_MSG_NEWSETELEM, take_elements }
  };
  const guint header = NLMSG_LENGTH (sizeof (struct nfgenmsg));
  struct nlattr *found[ATTRIBUTES_MAX + 1];
  struct nlmsghdr *copy;

  G_STATIC_ASSERT (NFTA_CHAIN_MAX <= ATTRIBUTES_MAX && NFTA_RULE_MAX <= ATTRIBUTES_MAX
                   && NFTA_SET_MAX <= ATTRIBUTES_MAX);
  if (message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES || message->nlmsg_len < header)
    return;
  copy = g_memdup2 (message, message->nlmsg_len);
  g_ptr_array_add (view->messages, copy);
  nla_parse (found, ATTRIBUTES_MAX, (struct nlattr *) (void *) ((guint8 *) copy + header),
             (int) (copy->nlmsg_len - header), NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == (copy->nlmsg_type & 0xff))
      types[i].take (view, ((struct nfgenmsg *) NLMSG_DATA (copy))->nfgen_family, found);
}

static void
on_message (struct nlmsghdr *message, gpointer view)
{
  netns_firewall_view_take (view, message);
}

static int
compare_chains (gconstpointer a, gconstpointer b)
{
  const NetnsChain *first = *(NetnsChain *const *) a, *second = *(NetnsChain *const *) b;

  return (first->priority > second->priority) - (first->priority < second->priority);
}

/* When all chains were taken. */
void
netns_firewall_view_sort (NetnsFirewallView *view)
{
  g_ptr_array_sort (view->chains, compare_chains);
}

/* Returns: (transfer full): one without anything */
NetnsFirewallView *
netns_firewall_view_new (void)
{
  NetnsFirewallView *view = g_new0 (NetnsFirewallView, 1);

  view->fd = -1;
  view->texts = netns_texts_new ("");
  view->messages = g_ptr_array_new_with_free_func (g_free);
  view->chains = g_ptr_array_new_with_free_func (free_chain);
  view->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  view->sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_set);
  return view;
}

/* @list: the ruleset as libnftables lists it as text, with handles */
static void
take_texts (NetnsFirewallView *view, const char *list)
{
  netns_texts_free (view->texts);
  view->texts = netns_texts_new (list);
}

static gboolean
read_once (NetnsFirewallView *view, gboolean *changed, GError **error)
{
  g_autofree char *texts = NULL;

  if (!netns_dump_run (view->fd, &(NetnsDump) { NFT_MSG_GETCHAIN }, on_message, view, changed, error)
      || !netns_dump_run (view->fd, &(NetnsDump) { NFT_MSG_GETRULE }, on_message, view, changed, error)
      || !netns_dump_run (view->fd, &(NetnsDump) { NFT_MSG_GETSET }, on_message, view, changed, error))
    return FALSE;
  texts = netns_library_list ("ruleset", NETNS_LIBRARY_TEXT, error);
  if (texts == NULL)
    return FALSE;
  take_texts (view, texts);
  netns_firewall_view_sort (view);
  return TRUE;
}

static char *
find_text (const NetnsFirewallView *view, const NetnsRule *rule)
{
  return netns_texts_find (view->texts, netns_family_print (rule->chain->family), rule->chain->table, rule->handle,
                           rule->comment);
}

/* One that was made between the two lists has none. */
static gboolean
has_all_texts (const NetnsFirewallView *view)
{
  for (guint i = 0; i < view->chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (view->chains, i);

    for (guint j = 0; j < chain->rules->len; j++) {
      g_autofree char *text = find_text (view, g_ptr_array_index (chain->rules, j));

      if (text == NULL)
        return FALSE;
    }
  }
  return TRUE;
}

/**
 * netns_firewall_view_read:
 * @error: `KernelRefused`
 *
 * Returns: (transfer full) (nullable): the rules of this namespace
 */
NetnsFirewallView *
netns_firewall_view_read (GError **error)
{
  for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
    g_autoptr (NetnsFirewallView) view = netns_firewall_view_new ();
    gboolean changed = FALSE;

    view->fd = netns_dump_open (error);
    if (view->fd < 0 || !read_once (view, &changed, error))
      return NULL;
    if (!changed && (attempt == ATTEMPTS || has_all_texts (view)))
      return g_steal_pointer (&view);
  }
  return netns_refuse_null (error, NETNS_ERROR_KERNEL_REFUSED, "The rules keep changing while they are read");
}

void
netns_firewall_view_free (NetnsFirewallView *view)
{
  g_ptr_array_unref (view->chains);
  g_hash_table_unref (view->by_name);
  g_hash_table_unref (view->sets);
  g_ptr_array_unref (view->messages);
  netns_texts_free (view->texts);
  if (view->fd >= 0)
    close (view->fd);
  g_free (view);
}

/* Returns: (transfer none) (element-type NetnsChain): all chains, by priority */
const GPtrArray *
netns_firewall_view_get_chains (const NetnsFirewallView *view)
{
  return view->chains;
}

/* Returns: (transfer none) (nullable): the chain of that name */
const NetnsChain *
netns_firewall_view_find_chain (const NetnsFirewallView *view, guint8 family, const char *table, const char *name)
{
  g_autofree char *key = key_for (family, table, name);

  return g_hash_table_lookup (view->by_name, key);
}

/* From now on the chain of that name is taken to accept all packets from and to a link before its first rule. @link must
 * outlive the view. Returns: whether there is such a chain */
gboolean
netns_firewall_view_accept (NetnsFirewallView *view, guint8 family, const char *table, const char *name,
                            const char *link)
{
  NetnsChain *chain = (NetnsChain *) netns_firewall_view_find_chain (view, family, table, name);

  if (chain != NULL)
    chain->accepts = link;
  return chain != NULL;
}

/* The elements of a set that somebody changes all the time stay unknown, and those of one that has very many. */
static void
read_elements (NetnsFirewallView *view, NetnsSet *set)
{
  const NetnsDump dump = { NFT_MSG_GETSETELEM, set->family, set->table, set->name, ELEMENTS_MAX };

  for (int attempt = 1; attempt <= ATTEMPTS && !set->too_large; attempt++) {
    g_autoptr (GError) error = NULL;
    gboolean changed = FALSE;

    set->elements = g_array_new (FALSE, FALSE, sizeof (NetnsElement));
    if (netns_dump_run (view->fd, &dump, on_message, view, &changed, &error) && !changed)
      return;
    g_clear_pointer (&set->elements, g_array_unref);
    set->too_large = g_error_matches (error, NETNS_ERROR, NETNS_ERROR_TOO_LARGE);
  }
  if (set->too_large) {
    close (view->fd);
    view->fd = netns_dump_open (NULL);
  }
}

/* Returns: (transfer none) (nullable): a set or map in the table of @chain, with its elements */
NetnsSet *
netns_firewall_view_find_set (NetnsFirewallView *view, const NetnsChain *chain, const char *name)
{
  g_autofree char *key = key_for (chain->family, chain->table, name);
  NetnsSet *set = g_hash_table_lookup (view->sets, key);

  if (set != NULL && set->elements == NULL && !set->too_large && view->fd >= 0)
    read_elements (view, set);
  return set;
}

/* ---- words */

static const struct {
  guint8 family;
  const char *word;
} families[] = {
  { NFPROTO_INET,   "inet"   },
  { NFPROTO_IPV4,   "ip"     },
  { NFPROTO_IPV6,   "ip6"    },
  { NFPROTO_ARP,    "arp"    },
  { NFPROTO_BRIDGE, "bridge" },
  { NFPROTO_NETDEV, "netdev" },
};

/* Returns: NFPROTO_UNSPEC for a word that nft does not have */
guint8
netns_family_parse (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (strcmp (families[i].word, word) == 0)
      return families[i].family;
  return NFPROTO_UNSPEC;
}

const char *
netns_family_print (guint8 family)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (families[i].family == family)
      return families[i].word;
  return "unknown";
}

/* Returns: the word for its hook, empty if it has none */
const char *
netns_chain_print_hook (const NetnsChain *chain)
{
  static const char *const hooks[]
    = { "prerouting", "input", "forward", "output", "postrouting", "ingress" },
    *const arp_hooks[] = { "input", "output", "forward" }, *const device_hooks[] = { "ingress", "egress" };

  if (!chain->is_base)
    return "";
  if (chain->family == NFPROTO_ARP)
    return chain->hook < G_N_ELEMENTS (arp_hooks) ? arp_hooks[chain->hook] : "";
  if (chain->family == NFPROTO_NETDEV)
    return chain->hook < G_N_ELEMENTS (device_hooks) ? device_hooks[chain->hook] : "";
  return chain->hook < G_N_ELEMENTS (hooks) ? hooks[chain->hook] : "";
}

gboolean
netns_chain_is_ours (const NetnsChain *chain)
{
  return chain->family == NFPROTO_INET && strcmp (chain->table, NETNS_TABLE) == 0;
}

/* Returns: whether packets that are forwarded come there */
gboolean
netns_chain_is_on_path (const NetnsChain *chain)
{
  return chain->is_base
         && (chain->family == NFPROTO_INET || chain->family == NFPROTO_IPV4 || chain->family == NFPROTO_IPV6)
         && (chain->hook == NF_INET_PRE_ROUTING || chain->hook == NF_INET_FORWARD
             || chain->hook == NF_INET_POST_ROUTING);
}

/* Returns: (transfer full): a rule in nft's own words; empty for one that was made a moment ago */
char *
netns_firewall_view_get_text (const NetnsFirewallView *view, const NetnsRule *rule)
{
  char *text = find_text (view, rule);

  return text ? text : g_strdup ("");
}

/* Returns: (transfer full): such as `ip filter DOCKER-USER: iifname "lan" drop` */
char *
netns_firewall_view_describe_rule (const NetnsFirewallView *view, const NetnsRule *rule)
{
  g_autofree char *words = netns_firewall_view_get_text (view, rule);

  return g_strdup_printf ("%s %s %s: %s", netns_family_print (rule->chain->family), rule->chain->table,
                          rule->chain->name, words);
}

/* Returns: (transfer full): such as `ip filter FORWARD: policy drop` */
char *
netns_chain_describe_policy (const NetnsChain *chain)
{
  return g_strdup_printf ("%s %s %s: policy %s", netns_family_print (chain->family), chain->table, chain->name,
                          chain->drops ? "drop" : "accept");
}
