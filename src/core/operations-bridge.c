/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that change bridges and their ports, or look at what they have learned. */
#include "core/operations.h"

#include "common/error.h"
#include "core/step.h"
#include "kernel/bridge.h"

static const struct {
  const char *key;
  NetnsBridgeOption option;
  gboolean is_flag;
} options[] = {
  { "stp", NETNS_BRIDGE_STP, TRUE },
  { "vlan-filtering", NETNS_BRIDGE_VLAN_FILTERING, TRUE },
  { "forward-delay", NETNS_BRIDGE_FORWARD_DELAY, FALSE },
  { "ageing-time", NETNS_BRIDGE_AGEING_TIME, FALSE },
  { "multicast-snooping", NETNS_BRIDGE_MULTICAST_SNOOPING, TRUE },
  { "cost", NETNS_BRIDGE_PORT_COST, FALSE },
  { "hairpin", NETNS_BRIDGE_PORT_HAIRPIN, TRUE },
  { "isolated", NETNS_BRIDGE_PORT_ISOLATED, TRUE },
  { "learning", NETNS_BRIDGE_PORT_LEARNING, TRUE },
};

/* All options, those that are not @given being of no concern. */
typedef struct {
  gboolean given[G_N_ELEMENTS (options)];
  guint32 values[G_N_ELEMENTS (options)];
} Values;

static void
read_values (NetnsStep *step, Values *values)
{
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    values->given[i] = netns_step_has (step, options[i].key);
    values->values[i] = options[i].is_flag ? (guint32) netns_step_get_boolean (step, options[i].key)
                                           : netns_step_get_uint32 (step, options[i].key);
  }
}

static gboolean
set_one (NetnsRun *run, NetnsNetlink *netlink, guint index, const Values *values, gsize i, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!values->given[i])
    return TRUE;
  /* One that is so already is left alone: a kernel without VLAN filtering refuses even to switch it off. */
  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  return netns_bridge_option_get (&info, options[i].option) == values->values[i]
         || netns_rtnl_bridge_set (netns_run_get_grant (run), netlink, index, options[i].option, values->values[i],
                                   error);
}

/* The forward delay has limits while the spanning tree protocol is on, so that goes off first and on last. */
static gboolean
set_values (NetnsRun *run, NetnsNetlink *netlink, guint index, const Values *values, GError **error)
{
  G_STATIC_ASSERT (NETNS_BRIDGE_STP == 0);

  if (values->values[0] == 0 && !set_one (run, netlink, index, values, 0, error))
    return FALSE;
  for (gsize i = 1; i < G_N_ELEMENTS (options); i++)
    if (!set_one (run, netlink, index, values, i, error))
      return FALSE;
  return values->values[0] == 0 || set_one (run, netlink, index, values, 0, error);
}

/* A kernel that was built without an option may take it and do nothing. Times it rounds to its own clock. */
static gboolean
check_flags (NetnsNetlink *netlink, guint index, const Values *values, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    if (!values->given[i] || !options[i].is_flag
        || netns_bridge_option_get (&info, options[i].option) == values->values[i])
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "Link “%s”: this kernel cannot change option “%s”",
                 info.name, options[i].key);
    return FALSE;
  }
  return TRUE;
}

static void
remember (NetnsStep *step, guint index, const Values *before)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{su}"));

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (before->given[i])
      g_variant_builder_add (&values, "{su}", options[i].key, before->values[i]);
  netns_step_remember (step, g_variant_new ("(ua{su})", index, &values));
}

static gboolean
set_options (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  Values wanted = { 0 }, before = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  read_values (step, &wanted);
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++) {
    before.given[i] = wanted.given[i];
    before.values[i] = netns_bridge_option_get (&info, options[i].option);
  }
  if (set_values (run, netlink, index, &wanted, error) && check_flags (netlink, index, &wanted, error)) {
    remember (step, index, &before);
    return TRUE;
  }
  set_values (run, netlink, index, &before, NULL);
  return FALSE;
}

static gboolean
restore_options (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autoptr (GVariant) values = NULL;
  Values before = { 0 };
  guint index;

  if (netlink == NULL)
    return FALSE;
  g_variant_get (step->undo, "(u@a{su})", &index, &values);
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    before.given[i] = g_variant_lookup (values, options[i].key, "u", &before.values[i]);
  return set_values (run, netlink, index, &before, error);
}

/* Quiet: the kernel announces what becomes of links that are up (netdev_state_change() in net/core/dev.c). */
const NetnsOperation netns_operation_bridge_set = { "bridge-set", set_options, restore_options, TRUE };

static const char *
name_of (GArray *links, guint index)
{
  for (guint i = 0; i < links->len; i++)
    if (g_array_index (links, NetnsLinkInfo, i).index == index)
      return g_array_index (links, NetnsLinkInfo, i).name;
  return "";
}

static gboolean
list_entries (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(saysb)"));
  g_autoptr (GArray) entries = NULL, links = NULL;
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0)
    return FALSE;
  entries = netns_rtnl_bridge_list_entries (netlink, index, error);
  links = entries ? netns_rtnl_link_list (netlink, error) : NULL;
  if (links == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    const NetnsForwardingEntry *entry = &g_array_index (entries, NetnsForwardingEntry, i);
    g_autofree char *mac = netns_print_mac (entry->mac);
    g_autofree char *vlan = entry->vlan ? g_strdup_printf ("%u", entry->vlan) : g_strdup ("");

    g_variant_builder_add (&rows, "(s^aysb)", mac, name_of (links, entry->link), vlan, entry->stays);
  }
  netns_run_set_result (run, g_variant_builder_end (&rows));
  return TRUE;
}

static gboolean
undo_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_forwarding_entries_list
  = { "forwarding-entries-list", list_entries, undo_nothing };
