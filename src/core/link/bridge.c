/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/bridge.h"

#include "common/error.h"
#include "common/options.h"
#include "core/link/bridge-steps.h"
#include "core/link/loops.h"
#include "core/ruleset/desired.h"
#include "core/service/auth-scope.h"

/* Hundredths of a second, from IEEE 802.1D-1998, 8.10.2, which the kernel insists on while the protocol is on
 * (br_set_forward_delay() in net/bridge/br_stp.c). */
#define FORWARD_DELAY_MIN 200
#define FORWARD_DELAY_MAX 3000

/* Whether options make sense together, for a bridge or, without @info, for one that is to be made. With the protocol
 * off, forwarding may begin at once; with it on, a loop must have time to be found. Error: `InvalidArgument`. */
gboolean
netns_bridge_check_options (const NetnsLinkInfo *info, GVariant *options, GError **error)
{
  gboolean stp = info != NULL && info->bridge.stp;
  guint32 delay = info != NULL ? info->bridge.forward_delay : FORWARD_DELAY_MIN;

  g_variant_lookup (options, "stp", "b", &stp);
  g_variant_lookup (options, "forward-delay", "u", &delay);
  if (!stp || (delay >= FORWARD_DELAY_MIN && delay <= FORWARD_DELAY_MAX))
    return TRUE;
  return netns_refuse (
    error, NETNS_ERROR_INVALID_ARGUMENT,
    "With the spanning tree protocol the forward delay must be between %d and %d hundredths of a second, "
    "not %u; set option “forward-delay”, too",
    FORWARD_DELAY_MIN, FORWARD_DELAY_MAX, delay);
}

/* Adds the step that sets those of @options that are of a bridge or a port, if there are any. */
void
netns_bridge_plan_options (NetnsPlan *plan, const char *namespace_name, const NetnsLinkRef *link, GVariant *options)
{
  NetnsBridgeSettings settings = { .link = *link };

  netns_bridge_settings_read (&settings, options);
  if (settings.given != 0)
    netns_plan_bridge_set (plan, namespace_name, &settings);
}

static NetnsPlan *
set_options (NetnsCore *core, guint caller, NetnsLink *link, const NetnsOptionInfo *table, GVariant *options,
             GError **error)
{
  NetnsPlan *plan;

  if (!netns_options_check (table, NULL, options, error) || !netns_bridge_check_options (&link->info, options, error))
    return NULL;
  plan = netns_link_plan_new (core, caller, link, error);
  if (plan != NULL)
    netns_bridge_plan_options (plan, link->namespace->name, &(NetnsLinkRef) { .index = link->info.index }, options);
  return plan;
}

/* A loop takes the time of the whole machine. Errors: `AccessDenied`, `InvalidArgument`, `Loop`. */
static gboolean
check_loops (NetnsCore *core, guint caller, NetnsLink *bridge, GVariant *options, GError **error)
{
  gboolean stp = bridge->info.bridge.stp, allowed = netns_loops_are_allowed (core, bridge);

  if (g_variant_lookup (options, "allow-loop", "b", &allowed)
      && (!netns_core_check_named (bridge->namespace, error)
          || (caller != 0
              && !netns_refuse (error, NETNS_ERROR_ACCESS_DENIED, "Only root can set option “allow-loop”"))))
    return FALSE;
  g_variant_lookup (options, "stp", "b", &stp);
  return stp || allowed || !netns_loops_are_broken_by (core, bridge) || netns_loops_check_bridge (core, bridge, error);
}

static void
plan_permit (NetnsCore *core, NetnsPlan *plan, const NetnsLink *bridge, GVariant *options)
{
  g_autoptr (NetnsLoopPermit) permit = netns_loop_permit_new (bridge);
  gboolean had = netns_loops_are_allowed (core, bridge), allowed = had;

  g_variant_lookup (options, "allow-loop", "b", &allowed);
  if (allowed != had)
    netns_desired_replace (core, plan, had ? &permit->base : NULL, allowed ? &permit->base : NULL);
}

/* The plan for method Bridge.SetOptions. Errors: `InvalidArgument`, `AccessDenied`, `Loop`. */
NetnsPlan *
netns_bridge_set_options (NetnsCore *core, guint caller, NetnsLink *bridge, GVariant *options, GError **error)
{
  NetnsPlan *plan = set_options (core, caller, bridge, netns_options_bridge_set_options, options, error);

  if (plan != NULL && !check_loops (core, caller, bridge, options, error))
    g_clear_pointer (&plan, netns_plan_free);
  if (plan != NULL)
    plan_permit (core, plan, bridge, options);
  return plan;
}

/* The plan for method BridgePort.SetOptions. Error: `InvalidArgument`. */
NetnsPlan *
netns_bridge_port_set_options (NetnsCore *core, guint caller, NetnsLink *port, GVariant *options, GError **error)
{
  return set_options (core, caller, port, netns_options_bridge_port_set_options, options, error);
}

/* The plan for method Bridge.ListForwardingEntries. */
NetnsPlan *
netns_bridge_list_forwarding_entries (NetnsCore *core, guint caller, NetnsLink *bridge, GError **error)
{
  NetnsPlan *plan = netns_link_plan_new (core, caller, bridge, error);

  if (plan != NULL)
    netns_plan_forwarding_entries_list (plan, bridge->namespace->name, &(NetnsLinkRef) { .index = bridge->info.index });
  return plan;
}
