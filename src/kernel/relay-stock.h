/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that are ready to be connected. The service opens none itself and its main loop does not wait for those who do: so
 * some of each kind are there before they are needed. */
#pragma once

#include <glib.h>

typedef struct _NetnsRelayStock NetnsRelayStock;

NetnsRelayStock *netns_relay_stock_new (GSourceOnceFunc filled, gpointer data);
void netns_relay_stock_free (NetnsRelayStock *stock);
gboolean netns_relay_stock_has (NetnsRelayStock *stock, int family, int protocol);
int netns_relay_stock_take (NetnsRelayStock *stock, int family, int protocol);
