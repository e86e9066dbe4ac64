/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "common/nft-query.h"

GVariant *netns_answer (const NetnsNftQuery *query, GVariant *parameter, GError **error);
