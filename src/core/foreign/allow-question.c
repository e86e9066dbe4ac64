/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/allow-question.h"

#include "common/error.h"
#include "common/later.h"
#include "common/validate.h"
#include "core/plan/run.h"
#include "kernel/background.h"
#include "kernel/link.h"
#include "kernel/nft-helper.h"
#include "kernel/route.h"

#include <string.h>

/* The firewall without a chain for other programs' rules, but with an own API. */
#define FIREWALLD "inet firewalld "

/**
 * NetnsAllowQuestion:
 * @plan: what it is about, while it is asked
 * @grant: who may run it
 * @steps: (element-type NetnsStep): copies of those that must know something
 * @done: called when they do
 * @data: for @done
 * @error: why not
 * @source: says so, when nobody could look
 */
struct _NetnsAllowQuestion {
  NetnsPlan *plan;
  const NetnsGrant *grant;
  GPtrArray *steps;
  NetnsDoneFunc done;
  gpointer data;
  GError *error;
  GSource *source;
};

/* ---- in the background */

/* Whether nobody but root can hold up whoever reads the rules: netnsd-nft is in the user namespace that the network
 * namespace belongs to, whose root can stop it, and make rules that take long to list. */
static gboolean
is_readable (NetnsRun *run, const NetnsStep *step, gboolean *readable, GError **error)
{
  int fd;

  *readable = *step->namespace_name == '\0';
  return *readable
         || (netns_run_get_fd (run, step->namespace_name, &fd, error) && netns_nsfs_is_ours (fd, readable, error));
}

/* @parameter: floating */
static GVariant *
ask (NetnsRun *run, const NetnsStep *step, GCancellable *cancellable, const NetnsNftQuery *query, GVariant *parameter,
     GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameter);
  int fd;

  return netns_run_get_any_fd (run, step->namespace_name, &fd, error)
           ? netns_nft_helper_ask (query, fd, owned, cancellable, error)
           : NULL;
}

/* The link by which packets of @subnet leave: where there is a gateway, there may be routing rules for its packets. */
static gboolean
find_way_out (NetnsNetlink *netlink, const NetnsAddress *subnet, guint *index, GError **error)
{
  NetnsAddress gateway = *subnet;

  netns_address_add (&gateway, 1);
  return netns_rtnl_route_find_uplink (netlink, subnet->family, &gateway, index, error)
         && (*index != 0 || netns_rtnl_route_find_uplink (netlink, subnet->family, NULL, index, error));
}

/* @uplink: (out) (nullable): the link that packets leave by, %NULL if it may be any */
static gboolean
find_uplink (NetnsRun *run, const NetnsStep *step, const NetnsAddress *subnet, char **uplink, GError **error)
{
  const char *named = ((const NetnsFirewallAllow *) step->parameter)->uplink;
  NetnsNetlink *netlink;
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index;

  if (*named != '\0') {
    *uplink = g_strdup (named);
    return TRUE;
  }
  netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (netlink == NULL || !find_way_out (netlink, subnet, &index, error)
      || (index != 0 && !netns_rtnl_link_get (netlink, index, &info, error)))
    return FALSE;
  *uplink = netns_validate_link_name (info.name, NULL) ? g_strdup (info.name) : NULL;
  return TRUE;
}

/* Advice for firewalls without a chain for other programs' rules. */
static char *
advise (const NetnsFirewallAllow *allow, const char *rule)
{
  if (g_str_has_prefix (rule, FIREWALLD))
    return g_strdup_printf ("; allow them with “firewall-cmd --zone=trusted --add-interface=%s”", allow->bridge);
  return g_strdup (allow->cure ? "; it has no chain for rules of others, so change it by hand" : "");
}

static void
note_block (const NetnsStep *step, const char *rule, const char *protocols, gboolean is_certain)
{
  NetnsFirewallAllow *allow = step->parameter;
  g_autofree char *advice = advise (allow, rule);

  g_free (allow->blocked);
  allow->blocked
    = g_strdup_printf ("%s %s%spackets of network “%s”: %s%s",
                       is_certain ? "Another firewall blocks" : "Cannot tell whether another firewall blocks",
                       protocols, *protocols != '\0' ? " " : "", allow->network, rule, advice);
  allow->firewalld = allow->cure && *step->namespace_name == '\0' && g_str_has_prefix (rule, FIREWALLD);
}

static GVariant *
passage_value (const char *in, const char *out, const char *source, const char *destination, int family,
               gboolean is_answer)
{
  return g_variant_new ("(ssssub)", in, out, source, destination, (guint) family, is_answer);
}

/* Packets of one family, out and back. */
static gboolean
judge (NetnsRun *run, NetnsStep *step, const NetnsAddress *subnet, GCancellable *cancellable, GError **error)
{
  NetnsFirewallAllow *allow = step->parameter;
  g_auto (GVariantBuilder) passages = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ssssub)"));
  g_autofree char *uplink = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariantIter) needed = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];
  const char *link, *rule, *protocols;
  gboolean is_certain, is_needed;

  if (!find_uplink (run, step, subnet, &uplink, error))
    return FALSE;
  link = uplink ? uplink : "";
  netns_address_print (subnet, text);
  g_variant_builder_add_value (&passages, passage_value (allow->bridge, link, text, "", subnet->family, FALSE));
  g_variant_builder_add_value (&passages, passage_value (link, allow->bridge, "", text, subnet->family, TRUE));
  answer = ask (
    run, step, cancellable, &netns_query_passages,
    g_variant_new ("(a(ssssub)@a(sss)sb)", &passages, netns_allow_print_chains (), allow->bridge, allow->cure), error);
  if (answer == NULL)
    return FALSE;
  g_variant_get (answer, "(&s&sbab)", &rule, &protocols, &is_certain, &needed);
  if (*rule != '\0' && allow->blocked == NULL)
    note_block (step, rule, protocols, is_certain);
  for (guint i = 0; i < 8 * sizeof allow->chains && g_variant_iter_next (needed, "b", &is_needed); i++)
    allow->chains |= is_needed ? 1u << i : 0;
  return TRUE;
}

static gboolean
judge_all (NetnsRun *run, NetnsStep *step, GCancellable *cancellable, GError **error)
{
  NetnsFirewallAllow *allow = step->parameter;
  gboolean readable;

  if (!is_readable (run, step, &readable, error))
    return FALSE;
  if (!readable)
    return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED,
                         "Firewalls in namespace “%s” can be neither checked nor cured: it belongs to another user "
                         "namespace, whose owner could stop the program that reads them",
                         step->namespace_name);
  for (guint i = 0; i < allow->subnets->len; i++)
    if (!judge (run, step, &g_array_index (allow->subnets, NetnsAddress, i), cancellable, error))
      return FALSE;
  return TRUE;
}

/* Where the rules cannot be read there are none of ours, because then nothing was allowed. */
static gboolean
find_rules (NetnsRun *run, NetnsStep *step, GCancellable *cancellable, GError **error)
{
  NetnsFirewallAllow *allow = step->parameter;
  g_autofree char *comment = netns_allow_print_comment (allow);
  g_autoptr (GVariant) answer = NULL;
  gboolean readable;

  if (!is_readable (run, step, &readable, error) || !readable)
    return *error == NULL;
  answer = ask (run, step, cancellable, &netns_query_find_rules,
                g_variant_new ("(s@a(sss))", comment, netns_allow_print_chains ()), error);
  if (answer != NULL)
    allow->rules = g_variant_get_child_value (answer, 0);
  return answer != NULL;
}

static void
look (gpointer data, GCancellable *cancellable)
{
  NetnsAllowQuestion *question = data;
  g_autoptr (NetnsRun) run = netns_plan_new_run (question->plan, question->grant);

  for (guint i = 0; i < question->steps->len && question->error == NULL; i++) {
    NetnsStep *step = g_ptr_array_index (question->steps, i);

    if (step->operation == &netns_operation_firewall_disallow)
      find_rules (run, step, cancellable, &question->error);
    else
      judge_all (run, step, cancellable, &question->error);
    ((NetnsFirewallAllow *) step->parameter)->known = TRUE;
  }
}

/* ---- in the main thread */

static void
on_refused (gpointer data)
{
  NetnsAllowQuestion *question = data;

  question->done (question->error, question->data);
}

static void
on_looked (const GError *error, gpointer data)
{
  NetnsAllowQuestion *question = data;

  question->done (error ? error : question->error, question->data);
}

static gboolean
must_know (const NetnsStep *step)
{
  return (step->operation == &netns_operation_firewall_allow || step->operation == &netns_operation_firewall_disallow)
         && !((const NetnsFirewallAllow *) step->parameter)->known;
}

/* What is in one form for all steps: a step that gives rules knows what the one before it, which looks, has found. */
static gboolean
is_about_the_same (const NetnsStep *asked, const NetnsStep *step)
{
  return (asked->operation == &netns_operation_firewall_disallow)
           == (step->operation == &netns_operation_firewall_disallow)
         && g_str_equal (asked->namespace_name, step->namespace_name)
         && netns_fields_compare (step->operation->parameter.fields, asked->parameter, step->parameter) == 0;
}

static void
answer_step (const NetnsAllowQuestion *question, NetnsStep *step)
{
  for (guint i = 0; question != NULL && i < question->steps->len; i++) {
    const NetnsStep *asked = g_ptr_array_index (question->steps, i);

    if (!is_about_the_same (asked, step))
      continue;
    netns_fields_clear (step->operation->parameter.fields, step->parameter);
    memcpy (step->parameter, asked->parameter, step->operation->parameter.size);
    netns_fields_copy (step->operation->parameter.fields, step->parameter);
    return;
  }
}

/**
 * netns_allow_question_answer:
 * @question: (nullable): one that was answered without an error
 * @plan: a plan
 *
 * Tells the steps of a plan what they must know, if that is the plan that was asked for, or one made anew that is about the
 * same.
 *
 * Returns: whether no step must know anything else: the plan can run
 */
gboolean
netns_allow_question_answer (const NetnsAllowQuestion *question, NetnsPlan *plan)
{
  const GPtrArray *steps = netns_plan_get_steps (plan);

  for (guint i = 0; i < steps->len; i++) {
    NetnsStep *step = g_ptr_array_index (steps, i);

    if (must_know (step) || step->operation == &netns_operation_firewall_insert)
      answer_step (question, step);
    if (must_know (step))
      return FALSE;
  }
  return TRUE;
}

static void
free_step (gpointer data)
{
  NetnsStep *step = data;

  netns_fields_clear (step->operation->parameter.fields, step->parameter);
  g_free (step->parameter);
  g_free (step->namespace_name);
  g_free (step);
}

static NetnsStep *
copy_step (const NetnsStep *step)
{
  NetnsStep *copy = g_new0 (NetnsStep, 1);

  copy->operation = step->operation;
  copy->namespace_name = g_strdup (step->namespace_name);
  copy->parameter = g_memdup2 (step->parameter, step->operation->parameter.size);
  netns_fields_copy (step->operation->parameter.fields, copy->parameter);
  return copy;
}

/**
 * netns_allow_question_ask:
 * @core: the service
 * @uid: who waits for it
 * @plan: a plan that cannot run yet; must live until @done
 * @grant: who may run it; the same
 * @done: (scope async): called once, not at once: `KernelRefused`, `LimitsExceeded`, `NotSupported`, `TooLarge`, `Unreadable`
 * @data: for @done
 *
 * Returns: (transfer full): to be kept until @done
 */
NetnsAllowQuestion *
netns_allow_question_ask (NetnsCore *core, guint uid, NetnsPlan *plan, const NetnsGrant *grant, NetnsDoneFunc done,
                          gpointer data)
{
  NetnsAllowQuestion *question = g_new0 (NetnsAllowQuestion, 1);
  const GPtrArray *steps = netns_plan_get_steps (plan);

  question->plan = plan;
  question->grant = grant;
  question->done = done;
  question->data = data;
  question->steps = g_ptr_array_new_with_free_func (free_step);
  for (guint i = 0; i < steps->len; i++)
    if (must_know (g_ptr_array_index (steps, i)))
      g_ptr_array_add (question->steps, copy_step (g_ptr_array_index (steps, i)));
  if (!netns_background_push (netns_core_get_background (core), NETNS_WORK_LIST_HOST, uid, look, on_looked, NULL,
                              question, &question->error))
    netns_later_end_of_turn (&question->source, on_refused, question);
  return question;
}

/* @question: (transfer full): nobody looks any longer */
void
netns_allow_question_free (NetnsAllowQuestion *question)
{
  netns_later_clear (&question->source);
  g_ptr_array_unref (question->steps);
  g_clear_error (&question->error);
  g_free (question);
}
