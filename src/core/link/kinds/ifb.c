/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

const NetnsLinkKind netns_link_kind_ifb = { .name = "ifb" };
