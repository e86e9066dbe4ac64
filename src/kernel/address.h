/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of links: read those of one, add one, remove one. */
#pragma once

#include "common/fields.h"
#include "common/grant.h"
#include "kernel/message.h"
#include "kernel/netlink.h"

/* Rows of a record that has a NetnsLinkAddress as @member: what of it can be given to the kernel. */
#define NETNS_LINK_ADDRESS_FIELDS(Type, member)                                                                        \
  { "address", NETNS_FIELD_ADDRESS, offsetof (Type, member.address) },                                                 \
    { "peer", NETNS_FIELD_HOST, offsetof (Type, member.peer) },                                                        \
    { "broadcast", NETNS_FIELD_HOST, offsetof (Type, member.broadcast) },                                              \
    { "label", NETNS_FIELD_NAME, offsetof (Type, member.label) },                                                      \
    { "flags", NETNS_FIELD_UINT32, offsetof (Type, member.flags) },                                                    \
    { "metric", NETNS_FIELD_UINT32, offsetof (Type, member.metric) },                                                  \
    { "scope", NETNS_FIELD_UINT8, offsetof (Type, member.scope) },                                                     \
    { "protocol", NETNS_FIELD_UINT8, offsetof (Type, member.protocol) },                                               \
    { "valid-until", NETNS_FIELD_UINT64, offsetof (Type, member.valid_until) },                                        \
  {                                                                                                                    \
    "preferred-until", NETNS_FIELD_UINT64, offsetof (Type, member.preferred_until)                                     \
  }

extern const NetnsField netns_link_address_fields[];

gboolean netns_rtnl_address_add (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                 const NetnsLinkAddress *address, GError **error);
gboolean netns_rtnl_address_remove (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                    const NetnsLinkAddress *address, GError **error);
GArray *netns_rtnl_address_list (NetnsNetlink *netlink, guint index, GError **error);
NetnsLinkAddress *netns_link_addresses_find (const GArray *addresses, const NetnsLinkAddress *address, guint *position);
GPtrArray *netns_link_addresses_save (const GArray *addresses, const char *link_name);
GArray *netns_link_addresses_load (const GPtrArray *saved);
