/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes the rules of one namespace. They are read by netnsd-nft only (kernel/nft-helper.h);
 * here the kernel is asked no more than whether something of one name is there. */
#pragma once

#include "common/grant.h"

#include <glib.h>

typedef struct _NetnsNft NetnsNft;

NetnsNft *netns_nft_new (int namespace_fd, GError **error);
void netns_nft_free (NetnsNft *nft);
gboolean netns_nft_has_table (NetnsNft *nft, guint8 family, const char *table);
gboolean netns_nft_has_chain (NetnsNft *nft, guint8 family, const char *table, const char *chain);
gboolean netns_nft_find_rule (NetnsNft *nft, guint8 family, const char *table, const char *chain, guint64 handle,
                              const char *comment, gboolean *found, GError **error);
gboolean netns_nft_get_generation (NetnsNft *nft, guint32 *generation, GError **error);
gboolean netns_nft_apply (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *commands,
                          GError **error);
gboolean netns_nft_apply_at (const NetnsGrant *grant, NetnsNft *nft, guint32 generation, const char *commands,
                             GError **error);
gboolean netns_nft_apply_script (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *script,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNft, netns_nft_free)
