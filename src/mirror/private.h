/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the mirror share among themselves. */
#pragma once

#include "kernel/events.h"
#include "mirror/mirror.h"

typedef struct _NetnsNames NetnsNames;
typedef struct _NetnsRouteReader NetnsRouteReader;
typedef struct _NetnsDiscovery NetnsDiscovery;
typedef struct _NetnsRuleWatch NetnsRuleWatch;
typedef struct _NetnsDnsReader NetnsDnsReader;

typedef struct {
  const NetnsObserver *functions;
  gpointer data;
} NetnsObserverEntry;

struct _NetnsMirror {
  NetnsEventSocket *events;
  GSource *events_source;
  NetnsNames *names;
  NetnsRouteReader *routes;
  NetnsDiscovery *discovery;
  NetnsRuleWatch *rules;
  NetnsDnsReader *dns;
  GPtrArray *end_watches; /* NetnsEndWatch, not owned */
  GArray *observers;   /* NetnsObserverEntry */
  GHashTable *by_name; /* name or alias -> NetnsNamespace, not owned */
  GHashTable *by_nsid; /* nsid -> NetnsNamespace, owned here */
  GHashTable *broken;  /* name -> NetnsNamespace, owned here */
  NetnsNamespace *host;
  GSource *hold_timer;  /* ends a wait for a plan */
  guint64 generation;   /* grows with each difference */
  GSource *resync_source;
  GPtrArray *buried; /* namespaces and links that are gone, until the end of the turn */
  GSource *burial_source;
  guint64 resync_count;
  gboolean forwarding4;
  gboolean forwarding6;
};

/* namespace.c: the table of namespaces */
NetnsNamespace *netns_namespace_new (NetnsSource source, const NetnsFileId *id, int nsid);
void netns_namespace_free (NetnsNamespace *namespace);
void netns_mirror_bury (NetnsMirror *mirror, gpointer dead, GDestroyNotify destroy);
void netns_mirror_free_buried (NetnsMirror *mirror);
void netns_mirror_attach_name (NetnsMirror *mirror, NetnsNamespace *namespace, const char *name);
void netns_mirror_detach_name (NetnsMirror *mirror, const char *name);
void netns_mirror_drop_namespace (NetnsMirror *mirror, NetnsNamespace *namespace);
NetnsNamespace *netns_mirror_add_unnamed (NetnsMirror *mirror, const NetnsFileId *id, int nsid, NetnsSource source,
                                          const char *path);

/* link.c: the links of one namespace */
void netns_mirror_take_link (NetnsMirror *mirror, NetnsEvent *event);
void netns_mirror_take_link_gone (NetnsMirror *mirror, const NetnsEvent *event);
void netns_mirror_take_address (NetnsMirror *mirror, const NetnsEvent *event);
void netns_mirror_prune_links (NetnsMirror *mirror, NetnsNamespace *namespace);
void netns_mirror_announce_links (NetnsMirror *mirror, NetnsNamespace *namespace, gboolean added);
void netns_link_free (NetnsLink *link);

/* names.c: /run/netns */
NetnsNames *netns_names_new (NetnsMirror *mirror, GError **error);
void netns_names_free (NetnsNames *names);
void netns_names_scan (NetnsNames *names);
void netns_names_hold (NetnsNames *names, const char *name);
void netns_names_release (NetnsNames *names, const char *name);
void netns_names_refresh (NetnsNames *names, const char *name, guint64 cookie);

/* routes.c: routes, through the worker */
NetnsRouteReader *netns_route_reader_new (NetnsMirror *mirror, NetnsWorker *worker);
void netns_route_reader_free (NetnsRouteReader *reader);
void netns_route_reader_mark (NetnsRouteReader *reader, NetnsNamespace *namespace);
void netns_route_reader_check_link (NetnsRouteReader *reader, NetnsNamespace *namespace, guint index);
void netns_route_reader_check_source (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsAddress *source);
void netns_route_reader_read (NetnsRouteReader *reader, NetnsNamespace *namespace, NetnsNetlink *connection);
void netns_route_reader_take (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsEvent *event);
void netns_route_reader_settle (NetnsRouteReader *reader, NetnsSettledFunc settled, gpointer data);

/* rules.c: who changes firewalls */
NetnsRuleWatch *netns_rule_watch_new (NetnsMirror *mirror);
void netns_rule_watch_free (NetnsRuleWatch *watch);

/* dns.c: /etc/netns */
NetnsDnsReader *netns_dns_reader_new (NetnsMirror *mirror, GError **error);
void netns_dns_reader_free (NetnsDnsReader *reader);
void netns_dns_reader_follow (NetnsDnsReader *reader, gboolean follow);
void netns_dns_reader_drain (NetnsDnsReader *reader);

/* ends.c: namespaces that the kernel gives up */
void netns_mirror_take_end (NetnsMirror *mirror, const NetnsEvent *event);

/* discovery.c: namespaces without a name */
NetnsDiscovery *netns_discovery_new (NetnsMirror *mirror);
void netns_discovery_free (NetnsDiscovery *discovery);
void netns_discovery_hint (NetnsDiscovery *discovery);

/* follow.c: when events are taken in */
void netns_mirror_follow (NetnsMirror *mirror);
void netns_mirror_unfollow (NetnsMirror *mirror);

/* mirror.c */
gboolean netns_mirror_read_namespace (NetnsMirror *mirror, NetnsNamespace *namespace);
void netns_mirror_notify_namespace_added (NetnsMirror *mirror, NetnsNamespace *namespace);
void netns_mirror_notify_namespace_removed (NetnsMirror *mirror, NetnsNamespace *namespace);
void netns_mirror_notify_namespace (NetnsMirror *mirror, NetnsNamespace *namespace, guint changes);
void netns_mirror_notify_link_added (NetnsMirror *mirror, NetnsLink *link);
void netns_mirror_notify_link_removed (NetnsMirror *mirror, NetnsLink *link);
void netns_mirror_notify_link_moved (NetnsMirror *mirror, NetnsLink *link, NetnsNamespace *to, guint index);
void netns_mirror_notify_link (NetnsMirror *mirror, NetnsLink *link, guint changes);
void netns_mirror_notify_rules (NetnsMirror *mirror, NetnsNamespace *namespace, guint changes);
