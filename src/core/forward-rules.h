/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of port forwards. The frame is the same however many there are: maps from what a packet is sent to, to where
 * it shall go. A forward is a few elements of them, so that a thousand cost a packet no more than one, and the next one
 * takes no longer than the first. Pure: nothing is asked, nothing is changed. */
#pragma once

#include "core/forward.h"

void netns_forward_rules_add_frame (GVariantBuilder *commands, GPtrArray *networks);
void netns_forward_rules_add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward);
void netns_forward_rules_count (const NetnsForward *forward, const char *list, guint64 *packets, guint64 *bytes);
char *netns_forward_rules_list_counters (const NetnsForward *forward);
