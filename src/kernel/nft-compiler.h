/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What messages for nf_tables commands become. Waits for netnsd-nft, which depends on nobody else there. */
#pragma once

#include <glib.h>

GBytes *netns_nft_compile (const char *frame, const char *commands, GError **error);
