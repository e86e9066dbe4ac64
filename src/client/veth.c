/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl veth */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/value.h"
#include "client/veth.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

/**
 * netns_veth_end_clear:
 * @end: an end, or zeros
 *
 * Forgets it.
 */
void
netns_veth_end_clear (NetnsVethEnd *end)
{
  g_clear_pointer (&end->namespace_name, g_free);
  g_clear_pointer (&end->link, g_free);
  g_clear_pointer (&end->addresses, g_strfreev);
}

static gboolean
parse_addresses (const char *text, NetnsVethEnd *end, GError **error)
{
  end->addresses = g_strsplit (text, ",", -1);
  if (end->addresses[0] == NULL)
    return netns_usage_error (error,
                              _ ("There is no address after “=”; write 10.0.0.1/24, or leave “=” out"));
  for (guint i = 0; end->addresses[i] != NULL; i++)
    if (*end->addresses[i] == '\0')
      return netns_usage_error (error, _ ("There is an empty address in “%s”; write 10.0.0.1/24,fd00::1/64"),
                                text);
  return TRUE;
}

/**
 * netns_veth_end_parse:
 * @text: `NS:LINK[=CIDR,...]`
 * @end: (out caller-allocates): its parts
 * @error: a usage error
 *
 * Names of namespaces may have a colon, those of links not, and IPv6 addresses have: so the last colon in
 * front of the first `=` counts.
 *
 * Returns: whether it was one
 */
gboolean
netns_veth_end_parse (const char *text, NetnsVethEnd *end, GError **error)
{
  const char *equals = strchrnul (text, '=');
  g_autofree char *front = g_strndup (text, (gsize)(equals - text));
  char *colon = strrchr (front, ':');
  const char *namespace_name;

  *end = (NetnsVethEnd){ NULL };
  if (colon == NULL || colon[1] == '\0')
    return netns_usage_error (
        error, _ ("“%s” names no end of a veth pair; say NS:LINK or NS:LINK=ADDRESS/PREFIX,..."), text);
  *colon = '\0';
  if (!netns_argument_namespace (front, &namespace_name, error))
    return FALSE;
  end->namespace_name = g_strdup (namespace_name);
  end->link = g_strdup (colon + 1);
  if (*equals == '=')
    return parse_addresses (equals + 1, end, error);
  end->addresses = g_new0 (char *, 1);
  return TRUE;
}

static void
add_addresses (GVariantBuilder *options, const char *key, GStrv addresses)
{
  if (addresses[0] != NULL)
    g_variant_builder_add (options, "{sv}", key, g_variant_new_strv ((const char *const *)addresses, -1));
}

static gboolean
print_ends (const NetnsSettings *settings, GVariant *reply, GError **error)
{
  JsonObject *object;
  const char *link, *peer;

  if (reply == NULL || settings->format == NETNS_FORMAT_TEXT)
    return TRUE;
  g_variant_get (reply, "(&o&o)", &link, &peer);
  object = json_object_new ();
  json_object_set_string_member (object, "object", link);
  json_object_set_string_member (object, "peer", peer);
  return netns_output_json (settings, netns_value_new_object (object), error);
}

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_auto (NetnsVethEnd) end = { NULL }, peer = { NULL };
  g_autoptr (GVariant) reply = NULL;
  GVariantBuilder builder;

  if (!netns_veth_end_parse (arguments[0], &end, error) || !netns_veth_end_parse (arguments[1], &peer, error))
    return FALSE;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_addresses (&builder, "addresses", end.addresses);
  add_addresses (&builder, "peer-addresses", peer.addresses);
  return netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "CreateVeth",
                                  g_variant_new ("(ssss@a{sv})", end.namespace_name, end.link,
                                                 peer.namespace_name, peer.link,
                                                 g_variant_builder_end (&builder)),
                                  "(oo)", &reply, error) &&
         print_ends (connection->settings, reply, error);
}

const NetnsVerb netns_veth_verbs[] = {
  { "create", 2, 2, "NS:LINK[=CIDR,...] NS:LINK[=CIDR,...]",
    N_ ("Make a cable with two ends, both up, with these addresses"), create },
  { NULL },
};
