/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket that hears of each change to a firewall, in all namespaces that have an id in the host's. It is in the host's
 * namespace, and keeps no other one alive. */
#pragma once

#include <glib.h>

/**
 * NetnsRulesEvent:
 * @nsid: the namespace that it happened in, NETNS_NSID_NONE for the one that the socket is in
 * @in_table: whether it changed the table that is watched
 * @elsewhere: whether it changed another table
 * @program: name of the thread that did it
 *
 * One transaction of nf_tables.
 */
typedef struct {
  int nsid;
  gboolean in_table;
  gboolean elsewhere;
  const char *program;
} NetnsRulesEvent;

typedef struct _NetnsRulesSocket NetnsRulesSocket;
typedef void (*NetnsRulesEventFunc) (const NetnsRulesEvent *event, gpointer data);

NetnsRulesSocket *netns_rules_socket_new (const char *table, NetnsRulesEventFunc func, gpointer data, GError **error);
void netns_rules_socket_free (NetnsRulesSocket *rules);
int netns_rules_socket_get_fd (const NetnsRulesSocket *rules);
gboolean netns_rules_socket_drain (NetnsRulesSocket *rules, gboolean *overrun, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRulesSocket, netns_rules_socket_free)
