/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of the mirror: its tables, the observers of differences, and hints of its readers to those above them about
 * what else to read. */
#pragma once

#include "kernel/events.h"
#include "mirror/types.h"

typedef struct _NetnsRouteReader NetnsRouteReader;

/**
 * NetnsMirrorHints:
 * @unknown: something happened that a namespace which is not known may be behind
 * @catch_up: what the kernel has announced up to now must be taken in
 * @dirty: a namespace was marked to be read again
 */
typedef struct {
  void (*unknown) (gpointer data);
  void (*catch_up) (gpointer data);
  void (*dirty) (gpointer data);
} NetnsMirrorHints;

/**
 * NetnsMirrorState:
 * @events: what tells of differences
 * @by_name: (element-type utf8 NetnsNamespace): by name or alias, not owned
 * @by_nsid: (element-type int NetnsNamespace): by id, owned here
 * @broken: (element-type utf8 NetnsNamespace): by name, owned here
 * @host: (nullable): the host's namespace, %NULL while all is being built
 * @routes: who reads routes (mirror/routes.h)
 * @observers: (element-type NetnsObserverEntry): the observers of differences
 * @generation: grows with each difference
 * @links_seen: how many links there have been
 * @dead_namespaces: (element-type NetnsNamespace): those that are gone, until the end of the turn
 * @dead_links: (element-type NetnsLink): the same of links
 * @teardown_source: that end
 * @end_watches: (element-type NetnsEndWatch): who waits for the end of a namespace, not owned
 * @hints: who acts on hints
 * @hint_data: for them
 */
struct _NetnsMirrorState {
  NetnsEventSocket *events;
  GHashTable *by_name;
  GHashTable *by_nsid;
  GHashTable *broken;
  NetnsNamespace *host;
  NetnsRouteReader *routes;
  GArray *observers;
  guint64 generation;
  guint64 links_seen;
  GPtrArray *dead_namespaces;
  GPtrArray *dead_links;
  GSource *teardown_source;
  GPtrArray *end_watches;
  const NetnsMirrorHints *hints;
  gpointer hint_data;
};

void netns_state_begin (NetnsMirrorState *state, const NetnsMirrorHints *hints, gpointer data);
void netns_state_end (NetnsMirrorState *state);
NetnsNamespace *netns_state_find_namespace (NetnsMirrorState *state, int nsid);

NetnsNamespace *netns_namespace_new (NetnsSource source, const NetnsFileId *id, int nsid);
void netns_namespace_free (NetnsNamespace *namespace);
void netns_link_free (NetnsLink *link);
void netns_state_free_later (NetnsMirrorState *state, GPtrArray *dead, gpointer thing);

void netns_state_notify_namespace_added (NetnsMirrorState *state, NetnsNamespace *namespace);
void netns_state_notify_namespace_removed (NetnsMirrorState *state, NetnsNamespace *namespace);
void netns_state_notify_namespace_changed (NetnsMirrorState *state, NetnsNamespace *namespace, guint changes);
void netns_state_notify_link_added (NetnsMirrorState *state, NetnsLink *link);
void netns_state_notify_link_removed (NetnsMirrorState *state, NetnsLink *link);
void netns_state_notify_link_moved (NetnsMirrorState *state, NetnsLink *link, NetnsNamespace *to, guint index);
void netns_state_notify_link_changed (NetnsMirrorState *state, NetnsLink *link, guint changes);
void netns_state_notify_rules_changed (NetnsMirrorState *state, NetnsNamespace *namespace, guint changes);
void netns_state_notify_machine_changed (NetnsMirrorState *state, guint changes);
void netns_state_notify_forwarding_changed (NetnsMirrorState *state, NetnsNamespace *namespace, int family,
                                            gboolean forwarding);

#define NETNS_HINT(state, hint) (state)->hints->hint ((state)->hint_data)
