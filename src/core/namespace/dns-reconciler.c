/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/dns-reconciler.h"

#include "common/dns.h"
#include "core/namespace/dns-steps.h"
#include "kernel/etc.h"

struct _NetnsDnsReconciler {
  NetnsReconciler base;
};

/* Of a file without an identity, which an earlier version wrote, only the name is known. */
static gboolean
is_left_over (NetnsMirror *mirror, const char *name)
{
  const NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, name);
  const NetnsDns *dns = netns_mirror_get_dns (mirror, name);
  g_autofree char *identity = NULL;

  if (namespace == NULL)
    return TRUE;
  if (dns->identity == NULL || namespace->cookie == 0)
    return FALSE;
  identity = netns_etc_print_identity (namespace->cookie, NULL);
  return identity != NULL && !g_str_equal (dns->identity, identity);
}

static NetnsPlan *
plan_removal (NetnsReconciler *reconciler)
{
  NetnsMirror *mirror = netns_core_get_mirror (reconciler->core);
  g_autoptr (GPtrArray) names = netns_mirror_list_own_dns (mirror);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    if (is_left_over (mirror, name))
      netns_plan_dns_set (plan, name, &(NetnsDnsSet) { 0 });
  }
  return netns_plan_get_steps (plan)->len > 0 ? g_steal_pointer (&plan) : NULL;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  if (error != NULL)
    g_message ("Cannot remove name servers of a namespace that has ended: %s", error->message);
}

static const NetnsReconcilerClass class = { .settle = TRUE, .plan = plan_removal, .done = on_done };

static void
on_namespace (NetnsNamespace *namespace, gpointer data)
{
  netns_reconciler_mark (data);
}

static const NetnsObserver mirror_observer = { .namespace_added = on_namespace, .namespace_removed = on_namespace };

/* Begins with those of namespaces that ended before. @grant must live as long as this. */
NetnsDnsReconciler *
netns_dns_reconciler_new (NetnsCore *core, const NetnsGrant *grant)
{
  NetnsDnsReconciler *reconciler = g_new0 (NetnsDnsReconciler, 1);

  netns_reconciler_init (&reconciler->base, &class, core, grant);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, &reconciler->base);
  netns_reconciler_mark (&reconciler->base);
  return reconciler;
}

/* Nothing must change afterwards. */
void
netns_dns_reconciler_free (NetnsDnsReconciler *reconciler)
{
  netns_reconciler_clear (&reconciler->base);
  g_free (reconciler);
}
