/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which link a step is about. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/netlink.h"

/**
 * NetnsLinkRef:
 * @index: ifindex of a link that was there when the plan was made, 0 for one that the plan itself makes
 * @name: (nullable): name of that one
 *
 * The parameter of each step that is about a link begins with it.
 */
typedef struct {
  guint index;
  const char *name;
} NetnsLinkRef;

/* Rows of a record that begins with it. */
#define NETNS_LINK_REF_FIELDS                                                                                          \
  { "index", NETNS_FIELD_UINT32, offsetof (NetnsLinkRef, index) },                                                     \
  {                                                                                                                    \
    "link", NETNS_FIELD_BYTES, offsetof (NetnsLinkRef, name)                                                           \
  }

extern const NetnsField netns_link_ref_fields[];

GHashTable *netns_link_ref_list_names (NetnsNetlink *netlink, GError **error);
guint netns_link_ref_find (const NetnsStep *step, NetnsRun *run, NetnsNetlink **netlink, GError **error);
NetnsLink *netns_link_ref_look_up (const NetnsLinkRef *ref, NetnsNamespace *namespace);
void netns_link_ref_refresh (const NetnsStep *step, NetnsMirror *mirror);
