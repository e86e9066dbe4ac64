/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A translation of source addresses that belongs to no network. */
#pragma once

#include "common/address.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

/**
 * NetnsNat:
 * @id: its number
 * @namespace_name: the namespace that forwards
 * @cookie: that of the namespace: another one of its name is not meant
 * @sources: (element-type NetnsAddress): subnets whose packets are translated
 * @uplink: only packets leaving by this link, empty for any
 * @to_address: address to put in, family AF_UNSPEC for that of the leaving link
 * @owner: uid that it belongs to
 */
typedef struct {
  guint id;
  char *namespace_name;
  guint64 cookie;
  GArray *sources;
  char *uplink;
  NetnsAddress to_address;
  guint owner;
} NetnsNat;

NetnsNat *netns_nat_copy (const NetnsNat *nat);
void netns_nat_free (NetnsNat *nat);
NetnsNat *netns_nat_load (const char *file, GError **error);
char *netns_nat_get_file (const NetnsNat *nat);
char *netns_nat_print (const NetnsNat *nat);

NetnsPlan *netns_nat_create (NetnsCore *core, guint caller, const char *namespace_name, GArray *sources,
                             const char *uplink, const NetnsAddress *to_address, guint *id, GError **error);
NetnsPlan *netns_nat_delete (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNat, netns_nat_free)
