/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the rules of a namespace, which others can make as they like: netnsd-nft does it, in the background. */
#pragma once

#include "common/nft-query.h"
#include "core/service/core.h"

/**
 * NetnsListedFunc:
 * @answer: (nullable): of the query's type
 * @error: (nullable): why there is none: `TooLarge`, `Unreadable`, `LimitsExceeded`, `KernelRefused`
 * @data: as given
 */
typedef void (*NetnsListedFunc) (GVariant *answer, const GError *error, gpointer data);

void netns_listing_read (NetnsCore *core, guint uid, int namespace_fd, const NetnsNftQuery *query, GVariant *parameter,
                         NetnsListedFunc func, gpointer data);
void netns_listing_note (NetnsCore *core, NetnsNamespace *namespace, const GError *error);
void netns_listing_plan (NetnsPlan *plan, const char *namespace_name, const NetnsNftQuery *query, GVariant *parameter);
void netns_listing_run (NetnsCore *core, guint uid, NetnsPlan *plan, NetnsDoneFunc done, gpointer data);
