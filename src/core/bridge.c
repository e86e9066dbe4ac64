/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/bridge.h"

#include "common/error.h"
#include "core/core.h"
#include "core/operations.h"

#include <string.h>

/* Hundredths of a second, from IEEE 802.1D-1998, 8.10.2, which the kernel insists on while the protocol is on
 * (br_set_forward_delay() in net/bridge/br_stp.c). */
#define FORWARD_DELAY_MIN 200
#define FORWARD_DELAY_MAX 3000
#define AGEING_TIME_MAX   100000000
#define COST_MAX          65535 /* BR_MAX_PATH_COST */

static const char *const bridge_keys[]
  = { "stp", "vlan-filtering", "forward-delay", "ageing-time", "multicast-snooping", NULL };
static const char *const port_keys[] = { "cost", "hairpin", "isolated", "learning", NULL };

static gboolean
check_number (GVariant *options, const char *key, const char *unit, guint32 min, guint32 max, GError **error)
{
  guint32 value;

  if (!g_variant_lookup (options, key, "u", &value) || (value >= min && value <= max))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is %u to %u%s, not %u", key, min, max, unit,
               value);
  return FALSE;
}

/**
 * netns_bridge_check_options:
 * @info: (nullable): a bridge, %NULL for one that is to be made
 * @options: options of a bridge, with whatever else
 * @error: `InvalidArgument`
 *
 * With the protocol off, forwarding may begin at once; with it on, a loop must have time to be found.
 *
 * Returns: whether they make sense
 */
gboolean
netns_bridge_check_options (const NetnsLinkInfo *info, GVariant *options, GError **error)
{
  gboolean stp = info != NULL && info->bridge.stp;
  guint32 delay = info != NULL ? info->bridge.forward_delay : FORWARD_DELAY_MIN;

  g_variant_lookup (options, "stp", "b", &stp);
  if (!check_number (options, "ageing-time", " hundredths of a second", 0, AGEING_TIME_MAX, error)
      || !check_number (options, "forward-delay", " hundredths of a second", 0, FORWARD_DELAY_MAX, error))
    return FALSE;
  g_variant_lookup (options, "forward-delay", "u", &delay);
  if (!stp || (delay >= FORWARD_DELAY_MIN && delay <= FORWARD_DELAY_MAX))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "With the spanning tree protocol the forward delay is %d to %d hundredths of a second, not %u; set option"
               " “forward-delay” too",
               FORWARD_DELAY_MIN, FORWARD_DELAY_MAX, delay);
  return FALSE;
}

/* What else may be among @options belongs to other steps. */
static void
plan_keys (NetnsPlan *plan, const char *namespace_name, const char *link, guint index, const char *const *keys,
           GVariant *options)
{
  g_auto (GVariantDict) parameters = G_VARIANT_DICT_INIT (NULL);
  gboolean any = FALSE;

  for (; *keys != NULL; keys++) {
    g_autoptr (GVariant) value = g_variant_lookup_value (options, *keys, NULL);

    if (value == NULL)
      continue;
    g_variant_dict_insert_value (&parameters, *keys, value);
    any = TRUE;
  }
  if (!any)
    return;
  if (link != NULL)
    g_variant_dict_insert (&parameters, "link", "s", link);
  else
    g_variant_dict_insert (&parameters, "index", "u", index);
  netns_plan_add (plan, &netns_operation_bridge_set, namespace_name, "%@a{sv}", g_variant_dict_end (&parameters));
}

/**
 * netns_bridge_plan_options:
 * @plan: the plan that makes a bridge
 * @namespace_name: where
 * @link: its name
 * @options: options of a bridge, with whatever else
 *
 * Adds the step that sets them, if there are any.
 */
void
netns_bridge_plan_options (NetnsPlan *plan, const char *namespace_name, const char *link, GVariant *options)
{
  plan_keys (plan, namespace_name, link, 0, bridge_keys, options);
}

/**
 * netns_bridge_set_options:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a bridge
 * @options: options of a bridge
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Bridge.SetOptions
 */
NetnsPlan *
netns_bridge_set_options (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GVariant *options,
                          GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *link = netns_link_use (core, plan, caller, target, error);

  if (link == NULL || !netns_bridge_check_options (&link->info, options, error))
    return NULL;
  plan_keys (plan, target->namespace_name, NULL, target->index, bridge_keys, options);
  return g_steal_pointer (&plan);
}

/**
 * netns_bridge_port_set_options:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a port of a bridge
 * @options: options of a port
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method BridgePort.SetOptions
 */
NetnsPlan *
netns_bridge_port_set_options (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GVariant *options,
                               GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL
      || !check_number (options, "cost", "", 1, COST_MAX, error))
    return NULL;
  plan_keys (plan, target->namespace_name, NULL, target->index, port_keys, options);
  return g_steal_pointer (&plan);
}

/**
 * netns_bridge_list_forwarding_entries:
 * @core: the service
 * @caller: uid that asks
 * @target: a bridge
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Bridge.ListForwardingEntries
 */
NetnsPlan *
netns_bridge_list_forwarding_entries (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_forwarding_entries_list, target->namespace_name, "{'index': <%u>}",
                  target->index);
  return g_steal_pointer (&plan);
}
