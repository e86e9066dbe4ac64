/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only one kind of link has, in the request that makes it. */
#pragma once

#include "kernel/link.h"
#include "kernel/request.h"

void netns_link_data_put (NetnsMessage *message, const NetnsLinkSpec *spec);
