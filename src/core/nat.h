/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A translation of source addresses that belongs to no network. */
#pragma once

#include "core/definition.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

/* What can change of a translation; one bit for each property on the bus. */
typedef enum {
  NETNS_NAT_NAMESPACE = 1 << 0,
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

NetnsPlan *netns_nat_create (NetnsCore *core, guint caller, const char *namespace_name, GArray *sources,
                             const char *uplink, const NetnsAddress *to_address, guint *number, GError **error);
NetnsPlan *netns_nat_read_counters (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error);
void netns_nat_count (const NetnsNat *nat, const char *list, guint64 *packets, guint64 *bytes);
char *netns_nat_get_comment (const NetnsNat *nat);
NetnsPlan *netns_nat_delete (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNat, netns_definition_free)
