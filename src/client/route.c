/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl route */
#include "client/route.h"
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <linux/rtnetlink.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "type", N_ ("Type"), NULL, NULL },
  { "destination", N_ ("Destination"), NULL, NULL },
  { "gateway", N_ ("Gateway"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "metric", N_ ("Metric"), NULL, NULL },
  { "table", N_ ("Table"), NULL, NULL },
  { "source", N_ ("Source"), NULL, NULL },
  { "protocol", N_ ("Protocol"), NULL, NULL },
  { "onlink", N_ ("Onlink"), NULL, NULL },
  { "nexthop-id", N_ ("Nexthop ID"), NULL, NULL },
  { "nexthops", N_ ("Nexthops"), NULL, NULL },
  { NULL },
};

#define USAGE "[via GATEWAY] [dev LINK] [onlink] [metric N] [table N] [src ADDRESS]"

/* What stands before a value, and the option that it becomes. */
static const struct {
  const char *word;
  const char *key;
  char type; /* for netns_argument_convert() */
} attributes[] = {
  { "dev",    "link",   's' },
  { "metric", "metric", 'u' },
  { "table",  "table",  'u' },
  { "src",    "source", 's' },
};

static GVariant *
read_value (const char *word, char type, const char *text, GError **error)
{
  if (strcmp (word, "table") == 0 && strcmp (text, "main") == 0)
    return g_variant_new_uint32 (RT_TABLE_MAIN);
  if (strcmp (word, "table") == 0 && strcmp (text, "default") == 0)
    return g_variant_new_uint32 (RT_TABLE_DEFAULT);
  return netns_argument_convert (type, word, text, FALSE, error);
}

/* Reads an attribute at @words into @values, or a gateway into @gateway. Returns: how many words it was, 0 for none */
static guint
read_attribute (char **words, GVariantBuilder *values, const char **gateway, GError **error)
{
  gsize i = 0;
  GVariant *value;

  if (strcmp (words[0], "onlink") == 0) {
    g_variant_builder_add (values, "{sv}", "onlink", g_variant_new_boolean (TRUE));
    return 1;
  }
  if (words[1] == NULL)
    return (guint) netns_usage_error (error, _ ("Missing value after “%s”; expected %s"), words[0], USAGE);
  if (strcmp (words[0], "via") == 0) {
    gboolean with_family = g_str_has_prefix (words[1], "inet") && words[2] != NULL;

    *gateway = words[with_family ? 2 : 1];
    return with_family ? 3 : 2;
  }
  while (i < G_N_ELEMENTS (attributes) && strcmp (attributes[i].word, words[0]) != 0)
    i++;
  if (i == G_N_ELEMENTS (attributes))
    return (guint) netns_usage_error (error, _ ("Unexpected “%s”; expected %s"), words[0], USAGE);
  value = read_value (words[0], attributes[i].type, words[1], error);
  if (value == NULL)
    return 0;
  g_variant_builder_add (values, "{sv}", attributes[i].key, value);
  return 2;
}

/* Reads a destination, with the type of a route before it, and attributes behind it, as ip-route(8) has them. Returns:
 * (transfer floating) (nullable): the arguments of AddRoute() and RemoveRoute() */
GVariant *
netns_route_parse (char **words, GVariant *options, GError **error)
{
  static const char *const types[] = { "unicast", "blackhole", "unreachable", "prohibit", "throw", NULL };
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *destination, *gateway = "";
  guint n_words;

  if (words[1] != NULL && g_strv_contains (types, words[0])) {
    g_variant_builder_add (&values, "{sv}", "type", g_variant_new_string (words[0]));
    words++;
  }
  destination = words[0];
  for (words++; *words != NULL; words += n_words) {
    n_words = read_attribute (words, &values, &gateway, error);
    if (n_words == 0)
      return NULL;
  }
  return g_variant_new ("(ss@a{sv})", destination, gateway, g_variant_builder_end (&values));
}

const NetnsVerb netns_route_verbs[] = {
  { "list", 1, 1, "NS", N_ ("List the routes of a namespace"), .shows = NETNS_INTERFACE_NAMESPACE, .rows = "RouteData",
   .columns = columns },
  { "add", 2, NETNS_ANY_NUMBER, "NS DESTINATION " USAGE, N_ ("Add a route to “default”, a subnet or an address"),
   .method = "Namespace.AddRoute", .parse = netns_route_parse },
  { "remove", 2, NETNS_ANY_NUMBER, "NS DESTINATION " USAGE, N_ ("Remove a route"), .method = "Namespace.RemoveRoute",
   .parse = netns_route_parse },
  { NULL },
};
