/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of port forwards. The frame is the same however many there are: maps from the destination of a packet to
 * its new destination. A forward is a few elements of them, so that a thousand cost a packet no more than one, and the
 * next one takes no longer than the first. Pure: it reads and changes nothing in the kernel. */
#pragma once

#include "core/state/forward.h"

void netns_forward_rules_add_maps (GVariantBuilder *commands);
void netns_forward_rules_add_frame (GVariantBuilder *commands, GPtrArray *networks);
gboolean netns_forward_rules_add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward);
GVariant *netns_forward_rules_print_count (const NetnsForward *forward);
