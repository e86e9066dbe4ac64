/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnftables for one namespace, JSON in and JSON out. */
#pragma once

#include "common/grant.h"

#include <glib.h>

typedef struct _NetnsNft NetnsNft;

NetnsNft *netns_nft_new (int namespace_fd, GError **error);
void netns_nft_free (NetnsNft *nft);
gboolean netns_nft_apply (const NetnsGrant *grant, NetnsNft *nft, const char *commands, GError **error);
char *netns_nft_query (NetnsNft *nft, const char *commands, GError **error);
char *netns_nft_list_ruleset (NetnsNft *nft, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNft, netns_nft_free)
