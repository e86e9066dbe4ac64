/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign-firewalls.h"

#include "core/firewall-view.h"
#include "core/run.h"

/* A program that writes a thousand rules one by one makes for a few readings, not for a thousand: ms between two. */
#define PAUSE 200
/* What stands on the bus for everybody to read has an end. */
#define ENTRIES_MAX 64

struct _NetnsForeignFirewalls {
  NetnsCore *core;
  GSource *source;
  gint64 last; /* when they were read, monotonic */
  gboolean reading;
  gboolean again; /* something changed while they were read */
};

typedef struct {
  NetnsForeignFirewalls *firewalls;
  GStrv found;
  GError *error;
} Job;

static void schedule (NetnsForeignFirewalls *firewalls);

static GStrv
cut (GPtrArray *drops)
{
  guint more = drops->len > ENTRIES_MAX ? drops->len - ENTRIES_MAX : 0;

  if (more > 0) {
    g_ptr_array_set_size (drops, ENTRIES_MAX);
    g_ptr_array_add (drops, g_strdup_printf ("and %u more", more));
  }
  g_ptr_array_add (drops, NULL);
  return (GStrv) g_ptr_array_free (drops, FALSE);
}

static void
read_firewalls (gpointer data)
{
  Job *job = data;
  NetnsRun *run = netns_run_new (NULL);
  NetnsNft *nft = netns_run_get_nft (run, "", &job->error);
  g_autofree char *ruleset = nft ? netns_nft_list_ruleset (nft, &job->error) : NULL;
  g_autoptr (NetnsFirewallView) view = ruleset ? netns_firewall_view_new (ruleset, &job->error) : NULL;
  GPtrArray *drops = view ? netns_firewall_view_list_drops (view) : NULL;

  if (drops != NULL)
    job->found = cut (drops);
  netns_run_free (run);
}

static void
take_firewalls (gpointer data)
{
  Job *job = data;
  NetnsForeignFirewalls *firewalls = job->firewalls;

  firewalls->reading = FALSE;
  firewalls->last = g_get_monotonic_time ();
  if (job->found != NULL)
    netns_core_set_foreign_firewalls (firewalls->core, g_steal_pointer (&job->found));
  else
    g_message ("%s", job->error->message);
  g_clear_error (&job->error);
  g_free (job);
  if (firewalls->again)
    schedule (firewalls);
}

static gboolean
on_scheduled (gpointer data)
{
  NetnsForeignFirewalls *firewalls = data;
  Job *job = g_new0 (Job, 1);

  g_clear_pointer (&firewalls->source, g_source_unref);
  firewalls->reading = TRUE;
  firewalls->again = FALSE;
  job->firewalls = firewalls;
  netns_worker_push (netns_core_get_worker (firewalls->core), read_firewalls, take_firewalls, job);
  return G_SOURCE_REMOVE;
}

static void
schedule (NetnsForeignFirewalls *firewalls)
{
  gint64 passed = (g_get_monotonic_time () - firewalls->last) / G_TIME_SPAN_MILLISECOND;

  firewalls->again = firewalls->reading;
  if (firewalls->source != NULL || firewalls->reading)
    return;
  firewalls->source = passed < PAUSE ? g_timeout_source_new ((guint) (PAUSE - passed)) : g_idle_source_new ();
  g_source_set_priority (firewalls->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (firewalls->source, on_scheduled, firewalls, NULL);
  g_source_attach (firewalls->source, g_main_context_get_thread_default ());
}

static void
on_rules_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  if (namespace->source == NETNS_SOURCE_HOST && (changes & NETNS_RULES_OTHERS))
    schedule (data);
}

static const NetnsObserver mirror_observer = { .rules_changed = on_rules_changed };

/**
 * netns_foreign_firewalls_new:
 * @core: the service, settled
 *
 * Returns: (transfer full): who keeps netns_core_get_foreign_firewalls() true
 */
NetnsForeignFirewalls *
netns_foreign_firewalls_new (NetnsCore *core)
{
  NetnsForeignFirewalls *firewalls = g_new0 (NetnsForeignFirewalls, 1);

  firewalls->core = core;
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, firewalls);
  on_scheduled (firewalls);
  return firewalls;
}

/**
 * netns_foreign_firewalls_free:
 * @firewalls: (transfer full): the watcher; nothing may change any more
 */
void
netns_foreign_firewalls_free (NetnsForeignFirewalls *firewalls)
{
  if (firewalls->source != NULL)
    g_source_destroy (firewalls->source);
  g_clear_pointer (&firewalls->source, g_source_unref);
  g_free (firewalls);
}
