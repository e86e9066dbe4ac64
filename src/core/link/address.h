/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that give addresses to links and take them, and what a call does until these can be used. */
#pragma once

#include "core/service/core.h"

/* Words of RT_SCOPE_*. */
extern const NetnsWord netns_address_scopes[];

gboolean netns_link_check_address (NetnsNamespace *namespace, const NetnsLink *but, const NetnsAddress *address,
                                   const char *text, GError **error);
NetnsPlan *netns_link_add_address (NetnsCore *core, guint caller, NetnsLink *link, const char *text, GVariant *options,
                                   GError **error);
NetnsPlan *netns_link_remove_address (NetnsCore *core, guint caller, NetnsLink *link, const char *text, GError **error);
void netns_link_await_addresses (NetnsCore *core, guint caller, const NetnsGrant *grant, const NetnsPlan *plan,
                                 NetnsDoneFunc done, gpointer data);
