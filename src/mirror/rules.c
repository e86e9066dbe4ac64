/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/rules.h"

#include "common/later.h"
#include "common/names.h"
#include "kernel/rule-events.h"
#include "kernel/worker.h"
#include "mirror/reading.h"

#include <string.h>

struct _NetnsRuleWatch {
  NetnsMirrorState *state;
  NetnsRulesSocket *socket;
  GSource *source;
};

static void
take_event (const NetnsRulesEvent *event, gpointer data)
{
  NetnsMirrorState *state = data;
  int nsid = event->nsid == NETNS_NSID_NONE ? state->host->nsid : event->nsid;
  NetnsNamespace *namespace = netns_state_find_namespace (state, nsid);
  /* A program that may change the rules of a namespace may also use the name of our thread: then its changes go
   * unnoticed. */
  gboolean by_us = strcmp (event->program, NETNS_WORKER_NAME) == 0;
  guint changes = (by_us ? NETNS_RULES_BY_US : 0) | (event->elsewhere ? NETNS_RULES_OTHERS : 0);

  if (event->in_table && !by_us)
    changes |= NETNS_RULES_OURS;
  if (namespace != NULL && changes != 0)
    netns_state_notify_rules_changed (state, namespace, changes);
}

static void
tell_of_all (NetnsMirrorState *state)
{
  g_autoptr (GPtrArray) namespaces = netns_state_list_namespaces (state);

  for (guint i = 0; i < namespaces->len; i++)
    netns_state_notify_rules_changed (state, g_ptr_array_index (namespaces, i), NETNS_RULES_OTHERS | NETNS_RULES_LOST);
}

static void
on_news (gpointer data)
{
  NetnsRuleWatch *watch = data;
  g_autoptr (GError) error = NULL;
  gboolean overrun;

  if (!netns_rules_socket_drain (watch->socket, &overrun, &error))
    g_error ("%s", error->message); /* deaf: a restart is the only cure */
  if (overrun)
    tell_of_all (watch->state);
}

/* A kernel without nf_tables has no firewall to watch. */
NetnsRuleWatch *
netns_rule_watch_new (NetnsMirrorState *state)
{
  NetnsRuleWatch *watch = g_new0 (NetnsRuleWatch, 1);
  g_autoptr (GError) error = NULL;

  watch->state = state;
  watch->socket = netns_rules_socket_new (NETNS_TABLE, take_event, state, &error);
  if (watch->socket == NULL) {
    g_message ("%s", error->message);
    return watch;
  }
  netns_later_watch (&watch->source, netns_rules_socket_get_fd (watch->socket), G_IO_IN, on_news, watch);
  return watch;
}

void
netns_rule_watch_free (NetnsRuleWatch *watch)
{
  netns_later_clear (&watch->source);
  g_clear_pointer (&watch->socket, netns_rules_socket_free);
  g_free (watch);
}
