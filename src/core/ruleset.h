/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nftables table of one namespace, made anew from what is wanted: the same input is the same table, and whatever
 * happened to it in between is healed. Pure: nothing is asked, nothing is changed. */
#pragma once

#include "core/nat.h"
#include "core/network.h"

gboolean netns_ruleset_is_there (const char *commands, const char *ruleset);
char *netns_ruleset_build (GPtrArray *networks, GPtrArray *nats);
