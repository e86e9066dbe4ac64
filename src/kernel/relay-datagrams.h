/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Datagrams: a socket for each sender, so that the answers find back. */
#pragma once

#include "kernel/relay-loop.h"

void netns_relay_take_datagrams (NetnsRelayService *service, int listener, guint16 offset);
void netns_relay_free_flow (gpointer flow);
gboolean netns_relay_flow_is_old (gpointer key, gpointer flow, gpointer data);
