/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether anybody on a link has an address: the kernel asks by ARP or neighbour discovery, and reads the answers. */
#pragma once

#include "kernel/neighbour.h"

#include <gio/gio.h>

/**
 * NetnsQuestion:
 * @address: an address
 * @answered: whether it is known whether somebody has it
 * @neighbour: who answered; its state is 0 if nobody did
 */
typedef struct {
  NetnsAddress address;
  gboolean answered;
  NetnsNeighbour neighbour;
} NetnsQuestion;

gboolean netns_ask_neighbours (const NetnsGrant *grant, int namespace_fd, guint link, GArray *questions,
                               GCancellable *cancellable, GError **error);
