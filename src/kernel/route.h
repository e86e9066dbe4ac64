/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes of one namespace: read all, add one, remove one. */
#pragma once

#include "common/fields.h"
#include "common/grant.h"
#include "kernel/message.h"
#include "kernel/netlink.h"

/* Rows of a record that has a NetnsRoute as @member. */
#define NETNS_ROUTE_FIELDS(Type, member)                                                                               \
  { "destination", NETNS_FIELD_ADDRESS, offsetof (Type, member.destination) },                                         \
    { "type", NETNS_FIELD_UINT8, offsetof (Type, member.type) },                                                       \
    { "tos", NETNS_FIELD_UINT8, offsetof (Type, member.tos) },                                                         \
    { "table", NETNS_FIELD_UINT32, offsetof (Type, member.table) },                                                    \
    { "metric", NETNS_FIELD_UINT32, offsetof (Type, member.metric) },                                                  \
    { "nexthop-id", NETNS_FIELD_UINT32, offsetof (Type, member.nexthop_id) },                                          \
    { "source", NETNS_FIELD_HOST, offsetof (Type, member.source) },                                                    \
    { "protocol", NETNS_FIELD_UINT8, offsetof (Type, member.protocol) },                                               \
    { "scope", NETNS_FIELD_UINT8, offsetof (Type, member.scope) },                                                     \
    { "n-ways", NETNS_FIELD_UINT16, offsetof (Type, member.n_ways) },                                                  \
    { "way", NETNS_FIELD_UINT16, offsetof (Type, member.way) },                                                        \
    { "link", NETNS_FIELD_UINT32, offsetof (Type, member.link) },                                                      \
    { "gateway", NETNS_FIELD_HOST, offsetof (Type, member.gateway) },                                                  \
    { "onlink", NETNS_FIELD_UINT8, offsetof (Type, member.onlink) },                                                   \
  {                                                                                                                    \
    "weight", NETNS_FIELD_UINT8, offsetof (Type, member.weight)                                                        \
  }

/**
 * NetnsWay:
 * @link: ifindex of the link by which packets leave, 0 for none
 * @table: number of the routing table that says so
 */
typedef struct {
  guint link;
  guint table;
} NetnsWay;

GArray *netns_rtnl_route_dump (NetnsNetlink *netlink, guint most, GError **error);
NetnsAddress netns_route_get_outside (int family);
gboolean netns_rtnl_route_find_way (NetnsNetlink *netlink, const NetnsAddress *to, const NetnsAddress *from,
                                    NetnsWay *way, GError **error);
gboolean netns_rtnl_route_find_uplink (NetnsNetlink *netlink, int family, const NetnsAddress *from, guint *index,
                                       GError **error);
gboolean netns_rtnl_rule_find (NetnsNetlink *netlink, int family, guint table, guint *priority, GError **error);
gboolean netns_rtnl_route_add (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *ways, guint n_ways,
                               gboolean append, GError **error);
gboolean netns_rtnl_route_remove (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *ways, guint n_ways,
                                  GError **error);

GPtrArray *netns_routes_save (const NetnsRoute *routes, guint n_routes);
GArray *netns_routes_load (const GPtrArray *saved);
guint netns_routes_count_ways (const GArray *routes, guint first);
