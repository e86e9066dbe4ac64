/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those that wait for something that one can have at a time: users take turns, and each user's come in their order. So
 * whoever wants much makes only himself wait. */
#pragma once

#include <glib.h>

typedef struct _NetnsTurns NetnsTurns;

/* Called when it is somebody's turn. */
typedef void (*NetnsTurnFunc) (gpointer data);

NetnsTurns *netns_turns_new (void);
void netns_turns_free (NetnsTurns *turns);
void netns_turns_add (NetnsTurns *turns, guint uid, NetnsTurnFunc turn, gpointer data);
gboolean netns_turns_next (NetnsTurns *turns);
gboolean netns_turns_is_empty (const NetnsTurns *turns);
