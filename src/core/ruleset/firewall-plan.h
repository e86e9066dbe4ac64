/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plans that change and read the firewall of a namespace. */
#pragma once

#include "core/service/core.h"

const NetnsFirewall *netns_firewall_find (NetnsCore *core, const NetnsNamespace *namespace);
NetnsPlan *netns_firewall_set_policy (NetnsCore *core, guint caller, const char *namespace_name, const char *chain,
                                      const char *policy, GError **error);
NetnsPlan *netns_firewall_add_rule (NetnsCore *core, guint caller, const char *namespace_name, GVariant *rule,
                                    guint *handle, GError **error);
NetnsPlan *netns_firewall_remove_rule (NetnsCore *core, guint caller, const char *namespace_name, guint64 handle,
                                       GError **error);
NetnsPlan *netns_firewall_read (NetnsCore *core, guint caller, const char *namespace_name, const NetnsNftQuery *query,
                                GError **error);
char *netns_firewall_print (const NetnsFirewall *firewall);
