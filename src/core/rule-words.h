/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule as people write it: what libnftables lists as JSON, in the words of nft(8). For reading only; nothing is ever
 * made from such a text. */
#pragma once

#include <json-glib/json-glib.h>

char *netns_rule_words (JsonObject *rule);
GList *netns_rule_list_statements (JsonObject *rule);
const char *netns_rule_get_text (JsonObject *object, const char *member);
