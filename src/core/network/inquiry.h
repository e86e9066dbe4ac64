/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whoever is on a bridge and cannot be seen from here, such as a machine behind a card or a container's namespace without a
 * name, may have an address that looks free. Before a call gives one there, the kernel asks for it, while others have
 * their turn; then the plan is made once more. */
#pragma once

#include "core/service/core.h"

NetnsInquiry *netns_inquiry_new (NetnsCore *core);
void netns_inquiry_free (NetnsInquiry *inquiry);
void netns_inquiry_begin (NetnsInquiry *inquiry, const NetnsLink *bridge);
void netns_inquiry_add_taken (const NetnsInquiry *inquiry, GArray *addresses);
gboolean netns_inquiry_use (NetnsInquiry *inquiry, const NetnsAddress *address, GError **error);
gboolean netns_inquiry_is_open (const NetnsInquiry *inquiry);
void netns_inquiry_run (NetnsInquiry *inquiry, guint uid, const NetnsGrant *grant, NetnsDoneFunc done,
                        GSourceOnceFunc again, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsInquiry, netns_inquiry_free)
