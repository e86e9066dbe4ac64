/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /run/netns: which name stands for which namespace. Only mounts count, whose changes the mount table announces; a file
 * without a mount is an unfinished `ip netns add`, or its remains after a crash. */
#pragma once

#include "mirror/state.h"

typedef struct _NetnsNames NetnsNames;

NetnsNames *netns_names_new (NetnsMirrorState *state, GError **error);
void netns_names_free (NetnsNames *names);
void netns_names_scan (NetnsNames *names);
void netns_names_hold (NetnsNames *names, const char *name);
void netns_names_reserve (NetnsNames *names, const char *name, gboolean reserved);
void netns_names_release (NetnsNames *names, const char *name);
void netns_names_refresh (NetnsNames *names, const char *name, guint64 cookie);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNames, netns_names_free)
