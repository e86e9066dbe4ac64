/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAT of source addresses that belongs to no network. */
#pragma once

#include "core/state/definition.h"

/* The changes of a NAT; one bit for each property on the bus. */
typedef enum {
  NETNS_NAT_NAMESPACE = 1 << 0,
  NETNS_NAT_UPLINK = 1 << 1,
} NetnsNatChanges;

/**
 * NetnsNat:
 * @base: its number, and the namespace that forwards
 * @sources: (element-type NetnsAddress): subnets whose packets are translated
 * @uplink: only packets leaving by this link, empty for any
 * @to_address: address to put in, family AF_UNSPEC for that of the leaving link
 */
typedef struct {
  NetnsDefinition base;
  GArray *sources;
  char *uplink;
  NetnsAddress to_address;
} NetnsNat;

extern const NetnsDefinitionClass netns_nat_class;

char *netns_nat_get_comment (const NetnsNat *nat);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNat, netns_definition_free)
