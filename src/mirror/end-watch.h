/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The moment when the kernel gives a namespace up: its names can be gone long before. */
#pragma once

#include "mirror/types.h"

typedef struct _NetnsEndWatch NetnsEndWatch;
typedef void (*NetnsEndFunc) (gboolean ended, gpointer data);

NetnsEndWatch *netns_end_watch_new (NetnsMirrorState *state, const NetnsNamespace *namespace);
void netns_end_watch_add_far_end (NetnsEndWatch *watch, const NetnsLink *link);
void netns_end_watch_wait (NetnsEndWatch *watch, guint timeout, NetnsEndFunc func, gpointer data);
gboolean netns_end_watch_has_ended (const NetnsEndWatch *watch);
void netns_end_watch_free (NetnsEndWatch *watch);
void netns_end_watches_note (NetnsMirrorState *state, int nsid);
void netns_end_watches_note_link (NetnsMirrorState *state, const NetnsLink *link);
