/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often rules were used. */
#pragma once

#include <glib.h>

/**
 * NetnsCount:
 * @comment: (nullable): of the rules that count; %NULL for elements of sets
 * @protocol: of elements: their protocol
 * @first_port: first of their ports
 * @n_ports: number of their ports
 * @address: their address, if they have one
 * @packets: what was counted
 * @bytes: what was counted
 */
typedef struct {
  const char *comment;
  const char *protocol;
  guint first_port;
  guint n_ports;
  const char *address;
  guint64 packets;
  guint64 bytes;
} NetnsCount;

gboolean netns_count_read (NetnsCount *count, const char *list, GError **error);
