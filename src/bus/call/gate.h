/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to the bus, with a thread between the bus and GDBus that takes all method calls out before GDBus sees
 * them. GDBus reads some 20,000 messages a second, each with two system calls, and dispatches them in the order in which
 * they came: whoever sends more than that, and anybody can, makes all others wait until it has read the last one. */
#pragma once

#include "kernel/descriptors.h"

#include <gio/gio.h>

typedef struct _NetnsGate NetnsGate;

/**
 * NetnsGateFunc:
 * @message: (transfer none): a method call, without descriptors
 * @descriptors: (transfer full) (nullable): those that came with it
 * @data: given to netns_gate_open()
 *
 * Called in the thread of the gate.
 *
 * Returns: %FALSE if GDBus is to answer it
 */
typedef gboolean (*NetnsGateFunc) (GDBusMessage *message, NetnsDescriptors *descriptors, gpointer data);

/**
 * NetnsGateSkipFunc:
 * @interface: (nullable): name of an interface
 * @member: name of a method
 *
 * Called in the thread of the gate for each call that wants no reply and has no descriptors.
 *
 * Returns: whether such a call has no effect
 */
typedef gboolean (*NetnsGateSkipFunc) (const char *interface, const char *member);

NetnsGate *netns_gate_open (const char *address, NetnsGateFunc call, NetnsGateSkipFunc skip, gpointer data,
                            GError **error);
void netns_gate_close (NetnsGate *gate);
GDBusConnection *netns_gate_get_connection (NetnsGate *gate);
