/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One end of a veth pair as the user types it: `web:eth0=10.0.0.2/24,fd00::2/64`. */
#pragma once

#include <glib.h>

/**
 * NetnsVethEnd:
 * @namespace_name: name of the namespace on the bus
 * @link: name of the link
 * @addresses: its addresses, none is an empty vector
 */
typedef struct {
  char *namespace_name;
  char *link;
  GStrv addresses;
} NetnsVethEnd;

gboolean netns_veth_end_parse (const char *text, NetnsVethEnd *end, GError **error);
void netns_veth_end_clear (NetnsVethEnd *end);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsVethEnd, netns_veth_end_clear)
