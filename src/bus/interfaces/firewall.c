/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Firewall, on the objects of namespaces. */
#include "bus/interfaces/pass.h"
#include "core/foreign/firewall-list.h"
#include "core/ruleset/firewall-plan.h"
#include "introspection.h"

NETNS_PASS_2 (set_policy, netns_firewall_set_policy, object->namespace->name, "(&s&s)", const char *, const char *)
NETNS_PASS_1 (remove_rule, netns_firewall_remove_rule, object->namespace->name, "(t)", guint64)

static NetnsPlan *
add_rule (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) rule = NULL;

  g_variant_get (call->parameters, "(@a{sv})", &rule);
  return netns_firewall_add_rule (call->core, call->uid, object->namespace->name, rule, &call->number, error);
}

static GVariant *
rule_added (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(t)", (guint64) call->number);
}

static NetnsPlan *
read_ruleset (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_firewall_read (call->core, call->uid, object->namespace->name, &netns_query_ruleset, error);
}

/* When the rules have been read, the namespace may be gone, and another one, of another user, have its name. */
static NetnsPlan *
read_rules (NetnsCall *call, const NetnsObject *object, GError **error)
{
  call->cookie = object->namespace->cookie;
  return netns_firewall_read (call->core, call->uid, object->namespace->name, &netns_query_rules, error);
}

typedef struct {
  NetnsCall *call;
  NetnsDoneFunc done;
  gpointer data;
} AfterPlan;

static void
on_listed (GVariant *list, const GError *error, gpointer data)
{
  g_autofree AfterPlan *after = data;

  if (list != NULL)
    netns_plan_set_result (after->call->plan, list);
  after->done (error, after->data);
}

static void
list_rules (NetnsCall *call, NetnsDoneFunc done, gpointer data)
{
  AfterPlan *after = g_new (AfterPlan, 1);

  *after = (AfterPlan) { call, done, data };
  netns_firewall_list (call->core, call->uid, call->cookie, netns_plan_get_result (call->plan), on_listed, after);
}

static const NetnsMethod methods[] = {
  { "SetPolicy", set_policy, NULL },
  { "AddRule", add_rule, rule_added },
  { "RemoveRule", remove_rule, NULL },
  { "ListRules", read_rules, netns_call_reply_result, .after_plan = list_rules },
  { "GetRuleset", read_ruleset, netns_call_reply_answer },
  { NULL, NULL, NULL },
};

NETNS_GETTER (get_ruleset_error, g_variant_new_string (netns_core_get_ruleset_error (core, object->namespace)))

static const NetnsProperty properties[] = {
  { "RulesetError", NETNS_CORE_RULESET_ERROR, get_ruleset_error },
  { NULL },
};

const NetnsInterface netns_interface_firewall = { &netns_firewall_interface, methods, properties };
