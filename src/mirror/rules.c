/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who changes firewalls. What is in them is not mirrored: whoever wants to know has the worker read it. */
#include "common/names.h"
#include "kernel/rule-events.h"
#include "mirror/private.h"

#include <glib-unix.h>
#include <string.h>

struct _NetnsRuleWatch {
  NetnsMirror *mirror;
  NetnsRulesSocket *socket;
  GSource *source;
};

static void
take_event (const NetnsRulesEvent *event, gpointer data)
{
  NetnsMirror *mirror = data;
  int nsid = event->nsid == NETNS_NSID_NONE ? mirror->host->nsid : event->nsid;
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (nsid));
  /* Whoever may change the rules of a namespace may as well call himself as our thread is called: he gets his will. */
  gboolean by_us = strcmp (event->program, NETNS_WORKER_NAME) == 0;
  guint changes = event->elsewhere ? NETNS_RULES_OTHERS | (by_us ? NETNS_RULES_BY_US : 0) : 0;

  if (event->in_table && !by_us)
    changes |= NETNS_RULES_OURS;
  if (namespace != NULL && changes != 0)
    netns_mirror_notify_rules (mirror, namespace, changes);
}

static void
tell_of_all (NetnsMirror *mirror)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);

  for (guint i = 0; i < namespaces->len; i++)
    netns_mirror_notify_rules (mirror, g_ptr_array_index (namespaces, i), NETNS_RULES_OTHERS | NETNS_RULES_LOST);
}

static gboolean
on_news (gint fd, GIOCondition condition, gpointer data)
{
  NetnsRuleWatch *watch = data;
  g_autoptr (GError) error = NULL;
  gboolean overrun;

  if (!netns_rules_socket_drain (watch->socket, &overrun, &error))
    g_error ("%s", error->message); /* deaf: a restart is the only cure */
  if (overrun)
    tell_of_all (watch->mirror);
  return G_SOURCE_CONTINUE;
}

/* A kernel without nf_tables has no firewall to watch. */
NetnsRuleWatch *
netns_rule_watch_new (NetnsMirror *mirror)
{
  NetnsRuleWatch *watch = g_new0 (NetnsRuleWatch, 1);
  g_autoptr (GError) error = NULL;

  watch->mirror = mirror;
  watch->socket = netns_rules_socket_new (NETNS_TABLE, take_event, mirror, &error);
  if (watch->socket == NULL) {
    g_message ("%s", error->message);
    return watch;
  }
  watch->source = g_unix_fd_source_new (netns_rules_socket_get_fd (watch->socket), G_IO_IN);
  g_source_set_callback (watch->source, G_SOURCE_FUNC (on_news), watch, NULL);
  g_source_attach (watch->source, g_main_context_get_thread_default ());
  return watch;
}

void
netns_rule_watch_free (NetnsRuleWatch *watch)
{
  if (watch->source != NULL)
    g_source_destroy (watch->source);
  g_clear_pointer (&watch->source, g_source_unref);
  g_clear_pointer (&watch->socket, netns_rules_socket_free);
  g_free (watch);
}
