/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often a translation was used. */
#include "core/nat.h"

#include "common/names.h"
#include "core/core.h"
#include "core/operations.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* Returns: (transfer full): what its rules are known by */
char *
netns_nat_get_comment (const NetnsNat *nat)
{
  return g_strconcat ("nat ", nat->base.name, NULL);
}

/**
 * netns_nat_read_counters:
 * @core: the service
 * @caller: uid that asks for it
 * @nat: a translation
 * @error: `NotFound`
 *
 * The result of the plan is for netns_nat_count().
 *
 * Returns: (transfer full) (nullable): the plan for method Nat.GetCounters
 */
NetnsPlan *
netns_nat_read_counters (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, nat->base.namespace_name, error);

  if (namespace == NULL)
    return NULL;
  netns_plan_use_namespace (plan, namespace);
  if (nat->base.owner == caller)
    netns_plan_add_reach (plan, NETNS_REACH_OWN);
  else
    netns_core_add_foreign (plan, namespace->name, nat->base.owner);
  netns_plan_add (plan, &netns_operation_counters_read, namespace->name, "{'commands': <%s>}",
                  "{\"nftables\": [{\"list\": {\"chain\": {\"family\": \"inet\", \"table\": \"" NETNS_TABLE
                  "\", \"name\": \"postrouting\"}}}]}");
  return g_steal_pointer (&plan);
}

static void
count_rule (JsonObject *rule, guint64 *packets, guint64 *bytes)
{
  JsonArray *expressions = json_object_get_array_member (rule, "expr");

  for (guint i = 0; i < json_array_get_length (expressions); i++) {
    JsonObject *expression = json_array_get_object_element (expressions, i);
    JsonObject *counter
      = json_object_has_member (expression, "counter") ? json_object_get_object_member (expression, "counter") : NULL;

    if (counter == NULL)
      continue;
    *packets += (guint64) json_object_get_int_member (counter, "packets");
    *bytes += (guint64) json_object_get_int_member (counter, "bytes");
  }
}

/**
 * netns_nat_count:
 * @nat: a translation
 * @list: what the kernel has for the plan of netns_nat_read_counters()
 * @packets: (out): packets that began a connection
 * @bytes: (out): bytes of these
 */
void
netns_nat_count (const NetnsNat *nat, const char *list, guint64 *packets, guint64 *bytes)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *comment = netns_nat_get_comment (nat);
  JsonArray *items;

  *packets = *bytes = 0;
  if (!json_parser_load_from_data (parser, list, -1, NULL))
    return;
  items = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "nftables");
  for (guint i = 0; i < json_array_get_length (items); i++) {
    JsonObject *item = json_array_get_object_element (items, i);
    JsonObject *rule = json_object_has_member (item, "rule") ? json_object_get_object_member (item, "rule") : NULL;

    if (rule != NULL && strcmp (json_object_get_string_member_with_default (rule, "comment", ""), comment) == 0)
      count_rule (rule, packets, bytes);
  }
}
