/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnftables-json(5): the commands that libnftables gets are put together from values. Names and addresses are only ever
 * values, never text that is pasted into a syntax. All functions that return a GVariant return a floating reference, and
 * those that take one sink it. */
#pragma once

#include "common/address.h"
#include "common/names.h"

#include <json-glib/json-glib.h>

/* First keys of an object that is in our table. */
#define NETNS_NFT_OF_TABLE "family", netns_nft_text ("inet"), "table", netns_nft_text (NETNS_TABLE)

/* Lists of texts, and of values of any kinds. A value that is %NULL is left out, and so is a list without any. */
#define netns_nft_texts(...) g_variant_new_strv ((const char *const[]) { __VA_ARGS__, NULL }, -1)
#define netns_nft_list(...)                                                                                            \
  netns_nft_list_of ((GVariant *[]) { __VA_ARGS__ }, G_N_ELEMENTS (((GVariant *[]) { __VA_ARGS__ })))

const char *netns_nft_family (int family);
GVariant *netns_nft_text (const char *text);
GVariant *netns_nft_list_of (GVariant *const *values, gsize count);
GVariant *netns_nft_word (const char *word, GVariant *value);
GVariant *netns_nft_object (const char *word, const char *key, ...) G_GNUC_NULL_TERMINATED;
GVariant *netns_nft_meta (const char *key);
GVariant *netns_nft_connection (const char *key);
GVariant *netns_nft_payload (const char *protocol, const char *field);
GVariant *netns_nft_prefix (const NetnsAddress *subnet);
GVariant *netns_nft_match (const char *operator, GVariant * left, GVariant *right);
GVariant *netns_nft_match_link (const char *key, const char *name);
GVariant *netns_nft_statement (const char *word);
GVariant *netns_nft_jump (const char *verdict, const char *chain);

void netns_nft_add (GVariantBuilder *commands, const char *verb, GVariant *object);
void netns_nft_add_chain (GVariantBuilder *commands, const char *name, const char *type, const char *hook, int priority,
                          gboolean drop);
void netns_nft_add_rule (GVariantBuilder *commands, const char *chain, const char *comment, GVariant *statements);
char *netns_nft_print (GVariantBuilder *commands);
