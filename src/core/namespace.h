/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with a namespace as a whole: one function for each method on the bus. */
#pragma once

#include "core/eviction.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

/**
 * NetnsRouteRequest:
 * @destination: the subnet; for `default` the whole of the gateway's family
 * @gateway: the next router, family AF_UNSPEC for none
 * @source: preferred source address, family AF_UNSPEC for none
 * @link: name of the link, empty for whichever leads to the gateway
 * @metric: priority, 0 for the kernel's choice
 * @table: number of the routing table
 */
typedef struct {
  NetnsAddress destination;
  NetnsAddress gateway;
  NetnsAddress source;
  const char *link;
  guint32 metric;
  guint32 table;
} NetnsRouteRequest;

gboolean netns_namespace_check_new_name (NetnsCore *core, const char *name, GError **error);
void netns_namespace_plan_owner (NetnsCore *core, NetnsPlan *plan, const char *name, guint owner);
NetnsPlan *netns_namespace_create (NetnsCore *core, guint caller, const char *name, GError **error);
NetnsPlan *netns_namespace_delete (NetnsCore *core, guint caller, const char *name,
                                   const NetnsEviction *eviction, GError **error);
NetnsPlan *netns_namespace_rename (NetnsCore *core, guint caller, const char *name, const char *new_name,
                                   GError **error);
NetnsPlan *netns_namespace_set_owner (NetnsCore *core, guint caller, const char *name, guint owner, GError **error);
NetnsPlan *netns_namespace_add_route (NetnsCore *core, guint caller, const char *name,
                                      const NetnsRouteRequest *route, GError **error);
NetnsPlan *netns_namespace_remove_route (NetnsCore *core, guint caller, const char *name,
                                         const NetnsRouteRequest *route, GError **error);
