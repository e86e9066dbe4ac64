/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/foreign-firewalls.h"

#include "common/later.h"
#include "core/ruleset/listing.h"

#include <fcntl.h>

/* A program that writes a thousand rules one by one makes for a few readings, not for a thousand: time between two. */
#define PAUSE (200 * G_TIME_SPAN_MILLISECOND)
/* The list on the bus, which all users can read, has a limited length. */
#define ENTRIES_MAX 64

struct _NetnsForeignFirewalls {
  NetnsCore *core;
  GSource *source;
  gint64 last; /* when they were read, monotonic */
  gboolean reading;
  gboolean again; /* something changed while they were read */
};

static void schedule (NetnsForeignFirewalls *firewalls);

static GStrv
cut (GVariant *answer)
{
  g_autoptr (GVariant) drops = g_variant_get_child_value (answer, 0);
  g_auto (GStrv) all = g_variant_dup_strv (drops, NULL);
  guint length = g_strv_length (all), more = length > ENTRIES_MAX ? length - ENTRIES_MAX : 0;
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (guint i = 0; i < length - more; i++)
    g_strv_builder_add (list, all[i]);
  if (more > 0) {
    g_autofree char *rest = g_strdup_printf ("and %u more", more);

    g_strv_builder_add (list, rest);
  }
  return g_strv_builder_end (list);
}

static void
take_firewalls (GVariant *answer, const GError *error, gpointer data)
{
  NetnsForeignFirewalls *firewalls = data;

  firewalls->reading = FALSE;
  firewalls->last = g_get_monotonic_time ();
  if (answer != NULL)
    netns_core_set_foreign_firewalls (firewalls->core, cut (answer));
  else
    g_message ("Cannot read the firewalls of the host: %s", error->message);
  if (firewalls->again)
    schedule (firewalls);
}

static void
on_scheduled (gpointer data)
{
  NetnsForeignFirewalls *firewalls = data;
  int host_fd = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

  firewalls->reading = TRUE;
  firewalls->again = FALSE;
  netns_listing_read (firewalls->core, 0, host_fd, &netns_query_drops, NULL, take_firewalls, firewalls);
}

static void
schedule (NetnsForeignFirewalls *firewalls)
{
  firewalls->again = firewalls->reading;
  if (!firewalls->reading)
    netns_later_at (&firewalls->source, firewalls->last + PAUSE, on_scheduled, firewalls);
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
 * @firewalls: (transfer full): the watcher; the mirror must not change afterwards
 */
void
netns_foreign_firewalls_free (NetnsForeignFirewalls *firewalls)
{
  netns_later_clear (&firewalls->source);
  g_free (firewalls);
}
