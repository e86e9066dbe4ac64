/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Firewall, on the objects of namespaces. */
#include "core/firewall.h"
#include "bus/interface.h"
#include "bus/options.h"
#include "introspection.h"

static NetnsPlan *
set_policy (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *chain, *policy;

  g_variant_get (call->parameters, "(&s&s)", &chain, &policy);
  return netns_firewall_set_policy (call->core, call->uid, object->namespace->name, chain, policy, error);
}

static NetnsPlan *
add_rule (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "chain", "s" },         { "protocol", "s" },           { "source", "s" },            { "destination", "s" },
        { "source-ports", "as" }, { "destination-ports", "as" }, { "connection-state", "as" }, { "in-link", "s" },
        { "out-link", "s" },      { "action", "s" },             { "comment", "s" },           { "position", "u" },
        { NULL, NULL } };
  g_autoptr (GVariant) rule = NULL;

  g_variant_get (call->parameters, "(@a{sv})", &rule);
  if (!netns_options_check (rule, known, error))
    return NULL;
  return netns_firewall_add_rule (call->core, call->uid, object->namespace->name, rule, &call->number, error);
}

static GVariant *
rule_added (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(t)", (guint64) call->number);
}

static NetnsPlan *
remove_rule (NetnsCall *call, const NetnsObject *object, GError **error)
{
  guint64 handle;

  g_variant_get (call->parameters, "(t)", &handle);
  return netns_firewall_remove_rule (call->core, call->uid, object->namespace->name, handle, error);
}

/* The reply has no object any more, and needs to know of which namespace it speaks. */
static NetnsPlan *
read_ruleset (NetnsCall *call, const NetnsObject *object, GError **error)
{
  call->text = g_strdup (object->namespace->name);
  return netns_firewall_read (call->core, call->uid, object->namespace->name, error);
}

static GVariant *
rules_listed (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *ruleset = g_variant_get_string (netns_plan_get_result (call->plan), NULL);
  GVariant *list = netns_firewall_list (call->core, call->text, ruleset, error);

  return list ? g_variant_new ("(@aa{sv})", list) : NULL;
}

static GVariant *
ruleset_read (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@s)", netns_plan_get_result (call->plan));
}

static const NetnsMethod methods[] = {
  { "SetPolicy", set_policy, NULL },
  { "AddRule", add_rule, rule_added },
  { "RemoveRule", remove_rule, NULL },
  { "ListRules", read_ruleset, rules_listed },
  { "GetRuleset", read_ruleset, ruleset_read },
  { NULL, NULL, NULL },
};

static const NetnsProperty properties[] = { { NULL, NULL, 0 } };

const NetnsInterface netns_interface_firewall = { &netns_firewall_interface, methods, properties };
