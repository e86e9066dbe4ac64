/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks netnsd-nft. Waits for the answer: only for threads that nobody waits for. */
#pragma once

#include "common/nft-query.h"
#include "kernel/netns.h"

#include <gio/gio.h>

GVariant *netns_nft_helper_ask (const NetnsNftQuery *query, int namespace_fd, GVariant *parameter,
                                GCancellable *cancellable, GError **error);
int netns_nft_helper_start (const char *argument, int input, GError **error);
void netns_nft_helper_stop (int pidfd);
void netns_nft_helper_end (const NetnsFileId *id);
