/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the networks and NATs of one namespace need in addition to links: rules, forwarding, and files of the service.
 * Shared by all calls that add, change or remove one of them. */
#pragma once

#include "core/ruleset/forwarding-steps.h"
#include "core/service/core.h"

void netns_desired_replace (NetnsCore *core, NetnsPlan *plan, const NetnsDefinition *old, const NetnsDefinition *new);
void netns_desired_replace_all (NetnsCore *core, NetnsPlan *plan, GPtrArray *old, GPtrArray *new);
gboolean netns_desired_forwards (const NetnsDefinition *definition, int family);
gboolean netns_desired_find_links (NetnsCore *core, const NetnsDefinition *definition, NetnsForwardingLinks *links);
GPtrArray *netns_desired_name_rules (NetnsCore *core, const char *namespace_name);
void netns_desired_miss_tables (NetnsCore *core, const char *namespace_name, gboolean *inet, gboolean *bridge);
char *netns_desired_print_rules (NetnsCore *core, const char *namespace_name);
