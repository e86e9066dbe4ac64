/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of links that Manager.CreateLink makes, and what each of them can be told. Whether the running kernel has
 * a kind is the kernel's to say. */
#pragma once

#include <glib.h>

typedef struct _NetnsLinkKind NetnsLinkKind;

const NetnsLinkKind *netns_link_kind_find (const char *name, GError **error);
const char *netns_link_kind_get_name (const NetnsLinkKind *kind);
gboolean netns_link_kind_has_option (const NetnsLinkKind *kind, const char *key);
gboolean netns_link_kind_needs_parent (const NetnsLinkKind *kind);
gboolean netns_link_kind_read (const NetnsLinkKind *kind, GVariant *options, GVariantDict *parameters, GError **error);
