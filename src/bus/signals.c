/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/signals.h"

#include "bus/call/authority.h"
#include "bus/tree/class.h"
#include "common/names.h"
#include "core/foreign/foreign-firewalls.h"
#include "core/forward/forward-reconciler.h"
#include "core/namespace/dns-reconciler.h"
#include "core/network/drift.h"
#include "core/network/guard-reconciler.h"
#include "core/network/leftover-reconciler.h"
#include "core/network/loop-reconciler.h"
#include "core/network/revival-reconciler.h"
#include "core/network/rules-reconciler.h"
#include "core/network/uplink-reconciler.h"

struct _NetnsSignals {
  NetnsCore *core;
  GDBusConnection *connection;
  NetnsGrant *grant;
  NetnsRulesReconciler *rules;
  NetnsLeftoverReconciler *leftovers;
  NetnsDnsReconciler *dns;
  NetnsDrift *drift;
  NetnsForwardReconciler *forwards;
  NetnsGuardReconciler *guard;
  NetnsLoopReconciler *loops;
  NetnsRevivalReconciler *revival;
  NetnsUplinkReconciler *uplinks;
  NetnsForeignFirewalls *foreign;
};

static void
on_restored (const char *const *what, gpointer data)
{
  const NetnsSignals *signals = data;
  g_autofree char *list = g_strjoinv (", ", (char **) what);

  g_message ("Rules changed externally; restored: %s", list);
  netns_interface_emit (signals->connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "RulesRestored",
                        g_variant_new ("(@as)", netns_texts_to_variant (what)));
}

static void
emit_drifted (const NetnsSignals *signals, const char *path, GVariant *expected, GVariant *found)
{
  netns_interface_emit (signals->connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "Drifted",
                        g_variant_new ("(o@a{sv}@a{sv})", path, expected, found));
}

static void
on_leftovers (const NetnsNamespace *namespace, const char *const *what, gpointer data)
{
  g_autofree char *list = g_strjoinv (", ", (char **) what);
  g_autofree char *path = netns_path_for_namespace (namespace->name);

  g_message ("Removed rules in namespace “%s” that belong to nothing: %s",
             *namespace->name != '\0' ? namespace->name : "@host", list);
  emit_drifted (data, path, g_variant_new_parsed ("{'Rules': <@as []>}"),
                g_variant_new_parsed ("{'Rules': <%@as>}", netns_texts_to_variant (what)));
}

static void
on_drifted (NetnsDefinition *definition, GVariant *expected, GVariant *found, gpointer data)
{
  const NetnsSignals *signals = data;
  const NetnsObject object = netns_object_for_definition (definition);
  g_autofree char *path = netns_object_get_path (&object);

  emit_drifted (signals, path, expected, found);
}

static void
on_loop (NetnsLink *port, const char *const *bridges, const char *cut, gpointer data)
{
  const NetnsSignals *signals = data;
  g_autofree char *path = netns_link_get_object_path (port);
  g_auto (GVariantBuilder) expected = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantBuilder) found = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&expected, "{sv}", "Loop", g_variant_new_strv (NULL, 0));
  g_variant_builder_add (&found, "{sv}", "Loop", g_variant_new_strv (bridges, -1));
  g_variant_builder_add (&found, "{sv}", "SetDown", g_variant_new_string (cut));
  emit_drifted (signals, path, g_variant_builder_end (&expected), g_variant_builder_end (&found));
}

/* What was changed is not said, here and below: in the namespace of another user it takes action inspect to know. */
static void
tell_rules_changed (NetnsDefinition *definition, gpointer data)
{
  const NetnsSignals *signals = data;
  NetnsNamespace *namespace = NULL;
  g_autofree char *path = NULL;

  if (definition->class == &netns_firewall_class) {
    namespace = netns_definition_find_namespace (definition, netns_core_get_mirror (signals->core));
  }
  if (namespace == NULL || namespace->name == NULL)
    return;
  path = netns_path_for_namespace (namespace->name);
  netns_interface_emit (signals->connection, path, NETNS_INTERFACE_FIREWALL, "RulesChanged", NULL);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  if (changes != 0)
    tell_rules_changed (definition, data);
}

/* As SetSysctl() takes it: dots for slashes, and the other way round in the name of a link. */
static GVariant *
new_setting (const char *path)
{
  g_autofree char *key = g_strdup (path);

  for (char *c = key; *c != '\0'; c++)
    *c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
  return netns_text_to_variant (key);
}

static void
on_told (NetnsNamespace *namespace, const NetnsNews *news, gpointer data)
{
  const NetnsSignals *signals = data;
  const NetnsLink *link = news->rate_limit_of ? netns_namespace_get_link (namespace, news->rate_limit_of) : NULL;
  g_autofree char *path = link ? netns_link_get_object_path (link) : netns_path_for_namespace (namespace->name);

  if (link != NULL)
    netns_interface_emit (signals->connection, path, NETNS_INTERFACE_LINK, "RateLimitChanged", NULL);
  if (news->setting != NULL)
    netns_interface_emit (signals->connection, path, NETNS_INTERFACE_NAMESPACE, "SysctlChanged",
                          g_variant_new ("(@s)", new_setting (news->setting)));
}

static const NetnsCoreObserver observer = {
  .definition_added = tell_rules_changed,
  .definition_removed = tell_rules_changed,
  .definition_changed = on_definition_changed,
  .told = on_told,
};

/* Returns: (transfer full): who looks after the things of the service, settled, from now on */
NetnsSignals *
netns_signals_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsSignals *signals = g_new0 (NetnsSignals, 1);

  signals->core = core;
  signals->connection = g_object_ref (connection);
  netns_core_observe (core, &observer, signals);
  signals->grant = netns_authority_grant_service ();
  signals->rules = netns_rules_reconciler_new (core, signals->grant, on_restored, signals);
  signals->leftovers = netns_leftover_reconciler_new (core, signals->grant, on_leftovers, signals);
  signals->dns = netns_dns_reconciler_new (core, signals->grant);
  signals->forwards = netns_forward_reconciler_new (core, signals->grant);
  signals->guard = netns_guard_reconciler_new (core, signals->grant);
  signals->loops = netns_loop_reconciler_new (core, signals->grant, on_loop, signals);
  signals->revival = netns_revival_reconciler_new (core, signals->grant);
  signals->uplinks = netns_uplink_reconciler_new (core, signals->grant, on_drifted, signals);
  signals->drift = netns_drift_new (core, on_drifted, signals);
  signals->foreign = netns_foreign_firewalls_new (core);
  return signals;
}

/* No signals must be sent afterwards. */
void
netns_signals_free (NetnsSignals *signals)
{
  g_clear_pointer (&signals->foreign, netns_foreign_firewalls_free);
  g_clear_pointer (&signals->drift, netns_drift_free);
  g_clear_pointer (&signals->uplinks, netns_uplink_reconciler_free);
  g_clear_pointer (&signals->revival, netns_revival_reconciler_free);
  g_clear_pointer (&signals->loops, netns_loop_reconciler_free);
  g_clear_pointer (&signals->guard, netns_guard_reconciler_free);
  g_clear_pointer (&signals->forwards, netns_forward_reconciler_free);
  g_clear_pointer (&signals->dns, netns_dns_reconciler_free);
  g_clear_pointer (&signals->leftovers, netns_leftover_reconciler_free);
  g_clear_pointer (&signals->rules, netns_rules_reconciler_free);
  g_clear_pointer (&signals->grant, netns_grant_free);
  g_object_unref (signals->connection);
  g_free (signals);
}
