/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/rules-reconciler.h"

#include "common/error.h"
#include "common/names.h"
#include "core/foreign/allow-question.h"
#include "core/foreign/firewalld.h"
#include "core/network/network-firewall.h"
#include "core/ruleset/desired.h"
#include "core/ruleset/listing.h"
#include "core/ruleset/rules-steps.h"

#include <string.h>

/* Others who change rules on and on must not keep ours from being added. */
#define QUESTIONS_MAX 5

struct _NetnsRulesReconciler {
  NetnsReconciler base;
  NetnsRestoredFunc restored;
  gpointer data;
  GHashTable *suspects; /* nsid -> NetnsRulesChanges */
  GQueue order; /* nsid: the host's first; a user who flushes an own table all the time must not delay others */
  GHashTable *allowed; /* keys of networks that firewalls of others may stand in the way of again, as a set */
  NetnsAllowQuestion *question; /* for one of them, under way or answered, else NULL */
  NetnsPlan *asked; /* what it is about, while it is under way, else NULL */
  char *known; /* the network that @question is for, else NULL */
  guint changes; /* of ours in chains of others, when it was asked */
  guint questions; /* how often it was asked for that network */
  GPtrArray *what; /* what the plan is for */
  char *key; /* the network that it allows again, else NULL */
  char *trusting; /* a network for which firewalld was asked, and what it is then tried once more for; else NULL */
  int nsid; /* of the namespace that it is for */
};

/* A namespace whose rules are read, to find out whether ours are still there. */
typedef struct {
  NetnsRulesReconciler *rules;
  int nsid;
  char *commands; /* what made them */
} Check;

static void suspect (NetnsRulesReconciler *rules, const NetnsNamespace *namespace, guint changes);

static NetnsNamespace *
find_by_nsid (NetnsRulesReconciler *rules, gpointer nsid)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (rules->base.core));

  for (guint i = 0; i < namespaces->len; i++)
    if (((NetnsNamespace *) g_ptr_array_index (namespaces, i))->nsid == GPOINTER_TO_INT (nsid))
      return g_ptr_array_index (namespaces, i);
  return NULL;
}

/* News of it were lost: looks first, and leaves the rules alone if all seem to be there. */
static void
plan_check (NetnsPlan *plan, const NetnsNamespace *namespace, const char *commands)
{
  netns_listing_plan (plan, namespace->name, &netns_query_compare, g_variant_new ("(s)", commands));
}

/* For the first of those that are suspected and want rules; %NULL if there is none. */
static NetnsPlan *
plan_rules (NetnsRulesReconciler *rules)
{
  while (!g_queue_is_empty (&rules->order)) {
    gpointer key = g_queue_pop_head (&rules->order);
    NetnsNamespace *namespace = find_by_nsid (rules, key);
    guint changes = GPOINTER_TO_UINT (g_hash_table_lookup (rules->suspects, key));
    g_autofree char *commands = NULL;
    NetnsPlan *plan;

    g_hash_table_remove (rules->suspects, key);
    if (namespace == NULL)
      continue;
    g_clear_pointer (&rules->what, g_ptr_array_unref);
    rules->what = netns_desired_name_rules (rules->base.core, namespace->name);
    if (rules->what->len == 0)
      continue;
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, namespace);
    rules->nsid = namespace->nsid;
    commands = netns_desired_print_rules (rules->base.core, namespace->name);
    if (changes & NETNS_RULES_OURS)
      netns_plan_rules_restore (plan, namespace->name, &(NetnsRulesRestore) { .commands = commands });
    else
      plan_check (plan, namespace, commands);
    return plan;
  }
  return NULL;
}

static void
forget_question (NetnsRulesReconciler *rules)
{
  g_clear_pointer (&rules->question, netns_allow_question_free);
  g_clear_pointer (&rules->known, g_free);
}

/* What its firewall does is known now, unless there is an error. */
static void
on_asked (const GError *error, gpointer data)
{
  NetnsRulesReconciler *rules = data;
  const NetnsNetwork *network
    = g_hash_table_lookup (netns_core_get_definitions (rules->base.core, &netns_network_class), rules->known);

  g_clear_pointer (&rules->asked, netns_plan_free);
  if (error != NULL) {
    g_autofree char *name = network ? netns_network_print (network) : g_strdup (rules->known);

    g_message ("Cannot restore the rules of network %s: %s", name, error->message);
    forget_question (rules);
  }
  netns_reconciler_mark (&rules->base);
}

/* Returns: (transfer full) (nullable): the next network to allow again, first the one whose firewall is known; if that has
 * changed since it was asked for, its turn comes once more */
static char *
take_allowed (NetnsRulesReconciler *rules)
{
  GHashTableIter iter;
  char *key = NULL;

  if (rules->known != NULL)
    return g_strdup (rules->known);
  g_hash_table_iter_init (&iter, rules->allowed);
  if (g_hash_table_iter_next (&iter, (gpointer *) &key, NULL))
    g_hash_table_iter_steal (&iter);
  return key;
}

/* What was seen before others made a change, or in the middle of one of ours, which may have been undone, is no answer. None
 * of ours is under way now. Returns: whether @plan can run; else it will be made once more */
static gboolean
answer (NetnsRulesReconciler *rules, NetnsPlan *plan)
{
  gboolean changed = rules->known != NULL
                     && (rules->changes != netns_allow_count_changes ()
                         || (rules->questions < QUESTIONS_MAX && g_hash_table_contains (rules->allowed, rules->known)));
  gboolean answered = !changed && netns_allow_question_answer (rules->question, plan);

  rules->questions = rules->known && !answered ? rules->questions + 1 : 0;
  forget_question (rules);
  if (answered)
    return TRUE;
  g_hash_table_remove (rules->allowed, rules->key);
  rules->changes = netns_allow_count_changes ();
  rules->known = g_strdup (rules->key);
  rules->asked = plan;
  rules->question
    = netns_allow_question_ask (rules->base.core, NETNS_UID_NOBODY, plan, rules->base.grant, on_asked, rules);
  return FALSE;
}

/* For a network whose rules in foreign firewalls may have been lost; %NULL if there is none. */
static NetnsPlan *
plan_allow (NetnsRulesReconciler *rules)
{
  GHashTable *networks = netns_core_get_definitions (rules->base.core, &netns_network_class);
  NetnsMirror *mirror = netns_core_get_mirror (rules->base.core);
  char *key;

  while (rules->asked == NULL && (key = take_allowed (rules)) != NULL) {
    const NetnsNetwork *network = g_hash_table_lookup (networks, key);
    NetnsNamespace *namespace
      = network && network->cured ? netns_mirror_get_namespace (mirror, network->base.namespace_name) : NULL;
    g_autofree char *name = NULL;
    NetnsPlan *plan;

    g_free (rules->key);
    rules->key = key;
    if (namespace == NULL) {
      forget_question (rules);
      continue;
    }
    name = netns_network_print (network);
    g_clear_pointer (&rules->what, g_ptr_array_unref);
    rules->what = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (rules->what, g_strconcat ("network ", name, NULL));
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, namespace);
    netns_network_plan_allow (plan, namespace, network, TRUE);
    netns_network_plan_insert (plan, namespace, network);
    if (answer (rules, plan))
      return plan;
  }
  return NULL;
}

/* The desired state is read now, when no call is about to change it. */
static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsRulesReconciler *rules = (NetnsRulesReconciler *) reconciler;
  NetnsPlan *next = plan_rules (rules);

  g_clear_pointer (&rules->key, g_free);
  if (next == NULL)
    next = plan_allow (rules);
  if (g_hash_table_size (rules->suspects) > 0
      || (rules->asked == NULL && (rules->known != NULL || g_hash_table_size (rules->allowed) > 0)))
    netns_reconciler_mark (reconciler);
  return next;
}

/* A change of ours meanwhile makes what was read worthless. Where others made rules that cannot be read, ours are made
 * again rather than given up. */
static void
on_checked (GVariant *answer, const GError *error, gpointer data)
{
  g_autofree Check *check = data;
  g_autofree char *commands = check->commands, *now = NULL;
  NetnsRulesReconciler *rules = check->rules;
  NetnsNamespace *namespace = find_by_nsid (rules, GINT_TO_POINTER (check->nsid));
  gboolean same = FALSE;

  if (namespace == NULL)
    return;
  netns_listing_note (rules->base.core, namespace, error);
  if (answer != NULL)
    g_variant_get (answer, "(b)", &same);
  else
    g_message ("Cannot check the rules in namespace “%s”: %s", namespace->name, error->message);
  now = netns_desired_print_rules (rules->base.core, namespace->name);
  if (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_LIMITS_EXCEEDED) || (!same && strcmp (now, commands) != 0))
    suspect (rules, namespace, NETNS_RULES_LOST);
  else if (!same)
    suspect (rules, namespace, NETNS_RULES_OURS);
}

/* While others have their turn, at the expense of whose namespace it is. */
static void
check (NetnsRulesReconciler *rules, NetnsPlan *plan, GVariant *parameter)
{
  NetnsCore *core = rules->base.core;
  const NetnsNamespace *namespace = find_by_nsid (rules, GINT_TO_POINTER (rules->nsid));
  Check *check;

  if (namespace == NULL)
    return;
  check = g_new (Check, 1);
  check->rules = rules;
  check->nsid = rules->nsid;
  g_variant_get (parameter, "(s)", &check->commands);
  netns_listing_read (core, netns_owners_get (netns_core_get_owners (core), namespace),
                      netns_plan_steal_descriptor (plan), &netns_query_compare, parameter, on_checked, check);
}

static void
on_trusted (const GError *error, gpointer data)
{
  NetnsRulesReconciler *rules = data;

  if (error != NULL) {
    g_message ("%s", error->message);
    g_clear_pointer (&rules->trusting, g_free);
    return;
  }
  if (rules->trusting == NULL) /* it was tried again meanwhile */
    return;
  g_hash_table_add (rules->allowed, g_strdup (rules->trusting));
  netns_reconciler_mark (&rules->base);
}

/* One after another, and each once: who is not trusted then, is not so by this. */
static void
ask_firewalld (NetnsRulesReconciler *rules, NetnsPlan *plan)
{
  const char *link = netns_firewall_find_blocked_by_firewalld (plan);
  gboolean again = g_strcmp0 (rules->trusting, rules->key) == 0;

  if (again)
    g_clear_pointer (&rules->trusting, g_free);
  if (link == NULL || rules->key == NULL || again || rules->trusting != NULL)
    return;
  rules->trusting = g_strdup (rules->key);
  netns_firewalld_trust (rules->base.grant, link, on_trusted, rules);
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  NetnsRulesReconciler *rules = (NetnsRulesReconciler *) reconciler;
  GVariant *result = netns_plan_get_result (plan), *parameter;

  if (netns_plan_get_query (plan, &parameter) != NULL) {
    if (error == NULL)
      check (rules, plan, parameter);
    return;
  }
  ask_firewalld (rules, plan);
  g_ptr_array_add (rules->what, NULL);
  if (error != NULL)
    g_message ("Cannot restore the rules of %s: %s", (char *) rules->what->pdata[0], error->message);
  else if (result != NULL && g_variant_get_boolean (result))
    rules->restored ((const char *const *) rules->what->pdata, rules->data);
}

/* Two programs that both insist on their rules must not keep the machine busy: after the pause it is our turn again. */
static const NetnsReconcilerClass class = { .pause = 200 * G_TIME_SPAN_MILLISECOND,
                                            .plan = plan_next,
                                            .done = on_done };

static void
suspect (NetnsRulesReconciler *rules, const NetnsNamespace *namespace, guint changes)
{
  gpointer key = GINT_TO_POINTER (namespace->nsid);

  if (!g_hash_table_contains (rules->suspects, key) && namespace->source == NETNS_SOURCE_HOST)
    g_queue_push_head (&rules->order, key);
  else if (!g_hash_table_contains (rules->suspects, key))
    g_queue_push_tail (&rules->order, key);
  changes |= GPOINTER_TO_UINT (g_hash_table_lookup (rules->suspects, key));
  g_hash_table_insert (rules->suspects, key, GUINT_TO_POINTER (changes));
  netns_reconciler_mark (&rules->base);
}

static void
suspect_allowed (NetnsRulesReconciler *rules, const NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) networks
    = netns_core_list_definitions (rules->base.core, &netns_network_class, namespace->name);

  for (guint i = 0; i < networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (networks, i);

    if (!network->cured)
      continue;
    g_hash_table_add (rules->allowed, g_strdup (network->base.name));
    netns_reconciler_mark (&rules->base);
  }
}

static void
on_rules_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  if (changes & (NETNS_RULES_OURS | NETNS_RULES_LOST))
    suspect (data, namespace, changes & (NETNS_RULES_OURS | NETNS_RULES_LOST));
  if ((changes & NETNS_RULES_OTHERS) && (changes & NETNS_RULES_BY_US) == 0)
    suspect_allowed (data, namespace);
}

/* Its firewall was read before it was made, and may have changed since. */
static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  NetnsRulesReconciler *rules = data;

  if (definition->class != &netns_network_class || !((const NetnsNetwork *) definition)->cured)
    return;
  g_hash_table_add (rules->allowed, g_strdup (definition->name));
  netns_reconciler_mark (&rules->base);
}

static const NetnsObserver mirror_observer = { .rules_changed = on_rules_changed };
static const NetnsCoreObserver core_observer = { .definition_added = on_definition_added };

/* Checks at once whether all rules are there: they may have been flushed while the service did not run. @grant must
 * live as long as this. */
NetnsRulesReconciler *
netns_rules_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsRestoredFunc restored, gpointer data)
{
  NetnsRulesReconciler *rules = g_new0 (NetnsRulesReconciler, 1);
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);

  netns_reconciler_init (&rules->base, &class, core, grant);
  rules->restored = restored;
  rules->data = data;
  rules->suspects = g_hash_table_new (NULL, NULL);
  g_queue_init (&rules->order);
  rules->allowed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  netns_mirror_observe (mirror, &mirror_observer, rules);
  netns_core_observe (core, &core_observer, rules);
  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) what = netns_desired_name_rules (core, ((NetnsNamespace *) namespaces->pdata[i])->name);

    if (what->len > 0)
      suspect (rules, namespaces->pdata[i], NETNS_RULES_LOST);
    suspect_allowed (rules, namespaces->pdata[i]);
  }
  return rules;
}

/* Nothing must change afterwards. */
void
netns_rules_reconciler_free (NetnsRulesReconciler *rules)
{
  netns_reconciler_clear (&rules->base);
  g_clear_pointer (&rules->question, netns_allow_question_free);
  g_clear_pointer (&rules->asked, netns_plan_free);
  g_clear_pointer (&rules->what, g_ptr_array_unref);
  g_hash_table_unref (rules->suspects);
  g_queue_clear (&rules->order);
  g_hash_table_unref (rules->allowed);
  g_free (rules->key);
  g_free (rules->known);
  g_free (rules->trusting);
  g_free (rules);
}
