/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All rules that a namespace has, ours and those of others, as ListRules() answers them. */
#pragma once

#include "core/service/core.h"

typedef void (*NetnsFirewallListFunc) (GVariant *list, const GError *error, gpointer data);

void netns_firewall_list (NetnsCore *core, guint uid, guint64 cookie, GVariant *foreign, NetnsFirewallListFunc func,
                          gpointer data);
