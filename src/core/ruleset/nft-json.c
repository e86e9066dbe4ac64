/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/nft-json.h"

#include <stdarg.h>
#include <sys/socket.h>

/* ---- values */

/* Returns: (transfer none): what nf_tables calls an address family */
const char *
netns_nft_family (int family)
{
  return family == AF_INET ? "ip" : "ip6";
}

GVariant *
netns_nft_text (const char *text)
{
  return g_variant_new_string (text);
}

/* Returns: (transfer floating) (nullable): see netns_nft_list(); nft takes no empty list */
GVariant *
netns_nft_list_of (GVariant *const *values, gsize count)
{
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));
  gsize taken = 0;

  for (gsize i = 0; i < count; i++)
    if (values[i] != NULL) {
      g_variant_builder_add (&list, "v", values[i]);
      taken++;
    }
  return taken > 0 ? g_variant_builder_end (&list) : NULL;
}

/* Returns: (transfer floating): `{ WORD: VALUE }` */
GVariant *
netns_nft_word (const char *word, GVariant *value)
{
  g_auto (GVariantBuilder) object = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&object, "{sv}", word, value);
  return g_variant_builder_end (&object);
}

/* Returns: (transfer floating): `{ WORD: { KEY: VALUE, ... } }`; a value %NULL leaves its key out, a key %NULL ends */
GVariant *
netns_nft_object (const char *word, const char *key, ...)
{
  g_auto (GVariantBuilder) object = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  va_list more;

  va_start (more, key);
  for (; key != NULL; key = va_arg (more, const char *)) {
    GVariant *value = va_arg (more, GVariant *);

    if (value != NULL)
      g_variant_builder_add (&object, "{sv}", key, value);
  }
  va_end (more);
  return netns_nft_word (word, g_variant_builder_end (&object));
}

GVariant *
netns_nft_meta (const char *key)
{
  return netns_nft_object ("meta", "key", netns_nft_text (key), NULL);
}

GVariant *
netns_nft_connection (const char *key)
{
  return netns_nft_object ("ct", "key", netns_nft_text (key), NULL);
}

GVariant *
netns_nft_payload (const char *protocol, const char *field)
{
  return netns_nft_object ("payload", "protocol", netns_nft_text (protocol), "field", netns_nft_text (field), NULL);
}

GVariant *
netns_nft_prefix (const NetnsAddress *subnet)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  return netns_nft_object ("prefix", "addr", netns_nft_text (netns_address_print_host (subnet, text)), "len",
                           g_variant_new_uint32 (subnet->prefix), NULL);
}

/* ---- statements */

GVariant *
netns_nft_match (const char *operator, GVariant * left, GVariant *right)
{
  return netns_nft_object ("match", "op", netns_nft_text (operator), "left", left, "right", right, NULL);
}

/* Returns: (transfer floating): a match of the name of the link that a packet came by (`iifname`) or leaves by
 *   (`oifname`), or of `@` and a set of names */
GVariant *
netns_nft_match_link (const char *key, const char *name)
{
  return netns_nft_match ("==", netns_nft_meta (key), netns_nft_text (name));
}

/* Returns: (transfer floating): one that consists of a word, such as `accept` */
GVariant *
netns_nft_statement (const char *word)
{
  return netns_nft_word (word, g_variant_new_maybe (G_VARIANT_TYPE_STRING, NULL));
}

/* @verdict: `jump` or `goto` */
GVariant *
netns_nft_jump (const char *verdict, const char *chain)
{
  return netns_nft_object (verdict, "target", netns_nft_text (chain), NULL);
}

/* ---- commands */

/* @verb: `add`, `delete`, `insert` or `list` */
void
netns_nft_add (GVariantBuilder *commands, const char *verb, GVariant *object)
{
  g_variant_builder_add_value (commands, netns_nft_word (verb, object));
}

/* @type is such as `filter`, %NULL for a chain that others jump to; with @drop, what no rule decides is dropped. */
void
netns_nft_add_chain (GVariantBuilder *commands, const char *name, const char *type, const char *hook, int priority,
                     gboolean drop)
{
  netns_nft_add (commands, "add",
                 netns_nft_object ("chain", NETNS_NFT_OF_TABLE, "name", netns_nft_text (name), "type",
                                   type ? netns_nft_text (type) : NULL, "hook", type ? netns_nft_text (hook) : NULL,
                                   "prio", type ? g_variant_new_int32 (priority) : NULL, "policy",
                                   type ? netns_nft_text (drop ? "drop" : "accept") : NULL, NULL));
}

/* @comment: what the rule is for; @statements: as netns_nft_list() makes them */
void
netns_nft_add_rule (GVariantBuilder *commands, const char *chain, const char *comment, GVariant *statements)
{
  netns_nft_add (commands, "add",
                 netns_nft_object ("rule", NETNS_NFT_OF_TABLE, "chain", netns_nft_text (chain), "expr", statements,
                                   "comment", netns_nft_text (comment), NULL));
}

/* Returns: (transfer full): all commands as libnftables takes them; @commands are empty then */
char *
netns_nft_print (GVariantBuilder *commands)
{
  g_autoptr (GVariant) document = g_variant_ref_sink (netns_nft_word ("nftables", g_variant_builder_end (commands)));

  return json_gvariant_serialize_data (document, NULL);
}
