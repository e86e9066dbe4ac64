/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the networks and translations of one namespace need of it besides links: rules, forwarding, and files of the
 * service. Shared by all calls that add, change or remove one of them. */
#pragma once

#include "core/nat.h"
#include "core/network.h"

void netns_wanted_replace (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *old, const NetnsDefinition *new);
void netns_wanted_replace_all (NetnsCore *core, NetnsPlan *plan, GPtrArray *old, GPtrArray *new);
GPtrArray *netns_wanted_name_rules (NetnsCore *core, const char *namespace_name);
void netns_wanted_restore_rules (NetnsCore *core, NetnsPlan *plan, const char *namespace_name, gboolean if_damaged);
