/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers polkit's question for a password on the terminal, where no desktop does. */
#pragma once

#include <glib.h>

typedef struct _NetnsAgent NetnsAgent;

NetnsAgent *netns_agent_new (void);
void netns_agent_free (NetnsAgent *agent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsAgent, netns_agent_free)
