/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces without a name in /run/netns: those that processes run in, that are mounted elsewhere, or that a process
 * has open. The kernel announces none of them, so they are searched for, but only while a client watches, and for at
 * most a tenth of the time, or a third while new clients keep asking.
 *
 * Where the kernel announces new processes, these are examined as they come, and one in an unknown namespace makes the
 * next search come sooner.
 *
 * Nothing is kept open in them: a namespace without other users ends, and the end of its id in the host tells so. */
#pragma once

#include "mirror/state.h"

typedef struct _NetnsDiscovery NetnsDiscovery;

NetnsDiscovery *netns_discovery_new (NetnsMirrorState *state);
void netns_discovery_free (NetnsDiscovery *discovery);
gboolean netns_discovery_is_complete (const NetnsDiscovery *discovery);
void netns_discovery_hint (NetnsDiscovery *discovery);
void netns_discovery_watch (NetnsDiscovery *discovery, gboolean watched);
void netns_discovery_search (NetnsDiscovery *discovery, NetnsSettledFunc searched, gpointer data);
