/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans that make and delete NAT that belongs to no network, and read the counters of its rules. */
#pragma once

#include "core/service/core.h"

NetnsPlan *netns_nat_create (NetnsCore *core, guint caller, const char *namespace_name, GVariant *source_texts,
                             GVariant *options, guint *number, GError **error);
NetnsPlan *netns_nat_delete (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error);
NetnsPlan *netns_nat_read_counters (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error);
