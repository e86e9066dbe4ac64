/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of links that Manager.CreateLink makes, see core/link/kinds. */
#pragma once

#include "core/link/kinds/kind.h"

const NetnsLinkKind *netns_link_kind_find (const char *name, GError **error);
GVariant *netns_link_kind_read (const NetnsLinkKind *kind, GVariant *options, GError **error);
