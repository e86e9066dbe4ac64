/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl veth */
#include "client/verb.h"
#include "client/veth.h"

#include <glib/gi18n.h>
#include <string.h>

/* Reads `NS:LINK[=CIDR,...]`. Names of namespaces may have a colon, those of links not, and IPv6 addresses have: so the
 * last colon in front of the first `=` counts. Returns: (nullable): namespace, link and addresses, (ssas) */
GVariant *
netns_veth_end_parse (const char *text, GError **error)
{
  const char *equals = strchrnul (text, '='), *namespace_name;
  g_autofree char *front = g_strndup (text, (gsize) (equals - text));
  char *colon = strrchr (front, ':');
  g_auto (GStrv) addresses = g_strsplit (*equals == '=' ? equals + 1 : equals, ",", -1);

  if (colon == NULL || colon[1] == '\0')
    return netns_usage_null (error, _ ("Invalid veth end “%s”; expected NS:LINK or NS:LINK=ADDRESS/PREFIX,..."), text);
  *colon = '\0';
  if (!netns_argument_namespace (front, &namespace_name, error))
    return NULL;
  if (*equals == '=' && addresses[0] == NULL)
    return netns_usage_null (error, _ ("Missing address after “=”; write 10.0.0.1/24, or leave out “=”"));
  for (guint i = 0; addresses[i] != NULL; i++)
    if (*addresses[i] == '\0')
      return netns_usage_null (error, _ ("Empty address in “%s”; write 10.0.0.1/24,fd00::1/64"), equals + 1);
  return g_variant_ref_sink (g_variant_new ("(ss^as)", namespace_name, colon + 1, addresses));
}

static void
add_addresses (GVariantBuilder *options, const char *key, GVariant *end)
{
  g_autoptr (GVariant) addresses = g_variant_get_child_value (end, 2);

  if (g_variant_n_children (addresses) > 0)
    g_variant_builder_add (options, "{sv}", key, addresses);
}

static GVariant *
parse_create (char **words, GVariant *options, GError **error)
{
  g_autoptr (GVariant) end = netns_veth_end_parse (words[0], error);
  g_autoptr (GVariant) peer = end ? netns_veth_end_parse (words[1], error) : NULL;
  const char *namespace_name, *link, *peer_namespace_name, *peer_link;
  GVariantBuilder builder;

  if (peer == NULL)
    return NULL;
  g_variant_get (end, "(&s&sas)", &namespace_name, &link, NULL);
  g_variant_get (peer, "(&s&sas)", &peer_namespace_name, &peer_link, NULL);
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_addresses (&builder, "addresses", end);
  add_addresses (&builder, "peer-addresses", peer);
  return g_variant_new ("(ssss@a{sv})", namespace_name, link, peer_namespace_name, peer_link,
                        g_variant_builder_end (&builder));
}

const NetnsVerb netns_veth_verbs[] = {
  { "create", 2, 2, "NS:LINK[=CIDR,...] NS:LINK[=CIDR,...]",
   N_ ("Create a veth pair with these addresses, both ends up"), .method = "Manager.CreateVeth", .parse = parse_create,
   .reply = "(oo)" },
  { NULL },
};
