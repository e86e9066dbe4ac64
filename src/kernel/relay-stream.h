/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections: two sockets, and what is on its way from each to the other. */
#pragma once

#include "kernel/relay-loop.h"

void netns_relay_take_stream (NetnsRelayService *service, int listener, guint16 offset);
void netns_relay_free_stream (gpointer stream);
