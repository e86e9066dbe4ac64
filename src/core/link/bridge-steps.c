/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/bridge-steps.h"

#include "common/error.h"
#include "core/plan/run.h"

/* Takes options of a bridge or of a port, of the right types, out of a{sv} with whatever else; @settings are zeros
 * before. */
void
netns_bridge_settings_read (NetnsBridgeSettings *settings, GVariant *values)
{
  for (guint i = 0; i < NETNS_BRIDGE_N_OPTIONS; i++) {
    gboolean flag;

    if (netns_bridge_options[i].is_flag && g_variant_lookup (values, netns_bridge_options[i].key, "b", &flag))
      settings->values[i] = flag;
    else if (netns_bridge_options[i].is_flag
             || !g_variant_lookup (values, netns_bridge_options[i].key, "u", &settings->values[i]))
      continue;
    settings->given |= 1u << i;
  }
}

static gboolean
set_one (NetnsRun *run, NetnsNetlink *netlink, guint index, const NetnsBridgeSettings *settings, guint option,
         GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if ((settings->given & 1u << option) == 0)
    return TRUE;
  /* One that is so already is left alone: a kernel without VLAN filtering refuses even to switch it off. */
  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  return netns_bridge_option_get (&info, option) == settings->values[option]
         || netns_rtnl_bridge_set (netns_run_get_grant (run), netlink, index, option, settings->values[option], error);
}

/* The forward delay has limits while the spanning tree protocol is on, so that goes off first and on last. */
static gboolean
set_all (NetnsRun *run, NetnsNetlink *netlink, guint index, const NetnsBridgeSettings *settings, GError **error)
{
  gboolean stp = settings->values[NETNS_BRIDGE_STP] != 0;

  if (!stp && !set_one (run, netlink, index, settings, NETNS_BRIDGE_STP, error))
    return FALSE;
  for (guint i = 0; i < NETNS_BRIDGE_N_OPTIONS; i++)
    if (i != NETNS_BRIDGE_STP && !set_one (run, netlink, index, settings, i, error))
      return FALSE;
  return !stp || set_one (run, netlink, index, settings, NETNS_BRIDGE_STP, error);
}

/* A kernel that was built without an option may take it and do nothing. Times it rounds to its own clock. */
static gboolean
check_flags (NetnsNetlink *netlink, guint index, const NetnsBridgeSettings *settings, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  for (guint i = 0; i < NETNS_BRIDGE_N_OPTIONS; i++) {
    if ((settings->given & 1u << i) == 0 || !netns_bridge_options[i].is_flag
        || netns_bridge_option_get (&info, i) == settings->values[i])
      continue;
    return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED, "Link “%s”: this kernel cannot change option “%s”",
                         info.name, netns_bridge_options[i].key);
  }
  return TRUE;
}

static gboolean
set_options (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsBridgeSettings *settings = step->parameter;
  NetnsBridgeSettings *before = step->kept;
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  before->link.index = index;
  before->given = settings->given;
  for (guint i = 0; i < NETNS_BRIDGE_N_OPTIONS; i++)
    before->values[i] = netns_bridge_option_get (&info, i);
  if (set_all (run, netlink, index, settings, error) && check_flags (netlink, index, settings, error))
    return TRUE;
  set_all (run, netlink, index, before, NULL);
  return FALSE;
}

static gboolean
restore_options (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsBridgeSettings *before = step->kept;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL && set_all (run, netlink, before->link.index, before, error);
}

#define VALUE(text, option) { text, NETNS_FIELD_UINT32, offsetof (NetnsBridgeSettings, values[option]) }

static const NetnsField fields[] = {
  NETNS_LINK_REF_FIELDS,
  { "given", NETNS_FIELD_UINT32, offsetof (NetnsBridgeSettings, given) },
  VALUE ("stp", NETNS_BRIDGE_STP),
  VALUE ("vlan-filtering", NETNS_BRIDGE_VLAN_FILTERING),
  VALUE ("forward-delay", NETNS_BRIDGE_FORWARD_DELAY),
  VALUE ("ageing-time", NETNS_BRIDGE_AGEING_TIME),
  VALUE ("multicast-snooping", NETNS_BRIDGE_MULTICAST_SNOOPING),
  VALUE ("ignore-reserved", NETNS_BRIDGE_IGNORE_RESERVED),
  VALUE ("cost", NETNS_BRIDGE_PORT_COST),
  VALUE ("hairpin", NETNS_BRIDGE_PORT_HAIRPIN),
  VALUE ("isolated", NETNS_BRIDGE_PORT_ISOLATED),
  VALUE ("learning", NETNS_BRIDGE_PORT_LEARNING),
  { NULL }
};

const NetnsOperation netns_operation_bridge_set = {
  .name = "bridge-set",
  .execute = set_options,
  .undo = restore_options,
  .parameter = NETNS_RECORD (NetnsBridgeSettings, fields),
  .kept = NETNS_RECORD (NetnsBridgeSettings, fields),
  .refresh = netns_link_ref_refresh,
};

static gboolean
list_entries (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(saysb)"));
  g_autoptr (GArray) entries = NULL;
  g_autoptr (GHashTable) names = NULL;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0)
    return FALSE;
  entries = netns_rtnl_bridge_list_entries (netlink, index, error);
  names = entries ? netns_link_ref_list_names (netlink, error) : NULL;
  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    const NetnsForwardingEntry *entry = &g_array_index (entries, NetnsForwardingEntry, i);
    const char *link = g_hash_table_lookup (names, GUINT_TO_POINTER (entry->link));
    g_autofree char *mac = netns_print_mac (entry->mac);
    g_autofree char *vlan = entry->vlan ? g_strdup_printf ("%u", entry->vlan) : g_strdup ("");

    g_variant_builder_add (&rows, "(s^aysb)", mac, link ? link : "", vlan, entry->stays);
  }
  netns_run_set_result (run, g_variant_builder_end (&rows));
  return TRUE;
}

const NetnsOperation netns_operation_forwarding_entries_list = {
  .name = "forwarding-entries-list",
  .execute = list_entries,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsLinkRef, netns_link_ref_fields),
};
