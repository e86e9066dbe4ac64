/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that the kernel tracks. One that was translated stays so, whatever the rules say by now. */
#pragma once

#include "common/address.h"
#include "common/grant.h"

/**
 * NetnsFlow:
 * @protocol: IPPROTO_*
 * @destination: where its packets are sent to
 * @port: port of @destination, or 0
 * @source: where the answers come from; not @destination if it is translated
 * @source_port: port of @source, or 0
 *
 * What a connection looks like at the end that is called.
 */
typedef struct {
  guint8 protocol;
  NetnsAddress destination;
  guint16 port;
  NetnsAddress source;
  guint16 source_port;
} NetnsFlow;

typedef gboolean (*NetnsFlowFunc) (const NetnsFlow *flow, gpointer data);

gboolean netns_conntrack_delete (const NetnsGrant *grant, NetnsFlowFunc chosen, gpointer data, GError **error);
