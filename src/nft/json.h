/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of libnftables, as libnftables-json(5) describes them, to be walked. */
#pragma once

#include <json-glib/json-glib.h>

/**
 * NetnsNftFunc:
 * @type: what an item of a list is, such as `rule`; of a list of commands `add` or `delete`
 * @object: what it has
 * @data: as given
 */
typedef void (*NetnsNftFunc) (const char *type, JsonObject *object, gpointer data);

JsonNode *netns_nft_parse (const char *json, GError **error);
void netns_nft_foreach_member (JsonObject *object, NetnsNftFunc func, gpointer data);
void netns_nft_foreach (JsonNode *list, NetnsNftFunc func, gpointer data);
JsonObject *netns_nft_as_object (JsonNode *node);
const char *netns_nft_as_text (JsonNode *node);
JsonObject *netns_nft_get_object (JsonObject *object, const char *member);
JsonArray *netns_nft_get_array (JsonObject *object, const char *member);
const char *netns_nft_get_text (JsonObject *object, const char *member);
GList *netns_nft_list_statements (JsonObject *rule);
void netns_nft_count (JsonObject *counter, guint64 *packets, guint64 *bytes);
