/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A terminal for a command that runs in a session of its own: a pty, and the user's terminal in front of it, which
 * passes every byte and its size on and does nothing by itself meanwhile. */
#pragma once

#include <glib.h>

typedef struct _NetnsTerminal NetnsTerminal;

NetnsTerminal *netns_terminal_new (GError **error);
void netns_terminal_free (NetnsTerminal *terminal);
int netns_terminal_get_inner (const NetnsTerminal *terminal);
void netns_terminal_begin (NetnsTerminal *terminal, GSourceFunc hung_up, gpointer data);
void netns_terminal_drain (NetnsTerminal *terminal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsTerminal, netns_terminal_free)
