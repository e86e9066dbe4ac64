/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/output.h"
#include "client/value.h"
#include "common/fields.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Returns: (transfer floating): @text; none for an empty one, as the bus has no other way to say "none". What the machine
 * itself has for a name may be any bytes. */
GVariant *
netns_value_new_text (const char *text)
{
  return text == NULL || *text == '\0' ? g_variant_new ("ms", NULL)
                                       : g_variant_new_take_string (g_utf8_make_valid (text, -1));
}

/* Adds a member to an `a{sv}`; takes @value as g_variant_take_ref() does. */
void
netns_value_put (GVariantBuilder *object, const char *key, GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_take_ref (value);

  g_variant_builder_add (object, "{sv}", key, owned);
}

/* Returns: (transfer floating): `{"namespace": ..., "link": ...}`, which as text is what `veth create` takes. @path:
 * `/` for none */
GVariant *
netns_value_link (const NetnsObjects *objects, const char *path)
{
  g_autofree char *namespace_name = NULL, *name = NULL;

  if (strcmp (path, "/") == 0)
    return netns_value_new_text (NULL);
  namespace_name = netns_objects_namespace_of (objects, path);
  name = netns_objects_name (objects, path);
  return g_variant_new_parsed ("{'namespace': <%s>, 'link': <%s>}", namespace_name, name);
}

static GVariant *
convert_owner (const NetnsObjects *objects, GVariant *value)
{
  return netns_value_new_text (netns_objects_user (objects, g_variant_get_uint32 (value)));
}

static GVariant *
convert_nsid (const NetnsObjects *objects, GVariant *value)
{
  return g_variant_get_int32 (value) < 0 ? netns_value_new_text (NULL) : g_variant_ref (value);
}

/* For what is in the same namespace anyhow. */
static GVariant *
convert_name (const NetnsObjects *objects, GVariant *value)
{
  const char *path = g_variant_get_string (value, NULL);
  g_autofree char *name = strcmp (path, "/") == 0 ? NULL : netns_objects_name (objects, path);

  return netns_value_new_text (name);
}

static GVariant *
convert_names (const NetnsObjects *objects, GVariant *value)
{
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    const char *path;

    g_variant_get_child (value, i, "&o", &path);
    g_variant_builder_add_value (&names, g_variant_new_take_string (netns_objects_name (objects, path)));
  }
  return g_variant_builder_end (&names);
}

static GVariant *
convert_link (const NetnsObjects *objects, GVariant *value)
{
  return netns_value_link (objects, g_variant_get_string (value, NULL));
}

/* The number of a VLAN, which the bus has as text. */
static GVariant *
convert_vlan (const NetnsObjects *objects, GVariant *value)
{
  const char *text = g_variant_get_string (value, NULL);

  return *text == '\0' ? netns_value_new_text (NULL) : g_variant_new_int64 (g_ascii_strtoll (text, NULL, 10));
}

static GVariant *
convert_rate (const NetnsObjects *objects, GVariant *value)
{
  return g_variant_get_uint64 (value) == 0 ? netns_value_new_text (NULL) : g_variant_ref (value);
}

static const char *
address_state (guint32 flags)
{
  if (flags & IFA_F_DADFAILED)
    return "duplicate";
  if (flags & IFA_F_TENTATIVE)
    return "tentative";
  return flags & IFA_F_DEPRECATED ? "deprecated" : "valid";
}

static GVariant *
convert_addresses (const NetnsObjects *objects, GVariant *value)
{
  GVariantBuilder addresses;
  GVariantIter iter;
  const char *address;
  guint32 flags;

  g_variant_builder_init (&addresses, G_VARIANT_TYPE ("aa{sv}"));
  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "(&su)", &address, &flags))
    g_variant_builder_add_parsed (&addresses, "{'address': <%s>, 'state': <%s>, 'permanent': <%b>}", address,
                                  address_state (flags), (flags & IFA_F_PERMANENT) != 0);
  return g_variant_builder_end (&addresses);
}

/* Seconds that are left of a lifetime; none for ever, and of another machine, whose clock nobody here knows. */
static GVariant *
seconds_left (const NetnsObjects *objects, GVariant *address, const char *key)
{
  guint64 now = (guint64) (g_get_monotonic_time () / G_USEC_PER_SEC), end;

  if (!g_variant_lookup (address, key, "t", &end) || !objects->local_users)
    return netns_value_new_text (NULL);
  return g_variant_new_uint64 (end > now ? end - now : 0);
}

static GVariant *
convert_address_data (const NetnsObjects *objects, GVariant *value)
{
  static const char *const keys[] = { "address", "peer", "broadcast", "label", "scope" };
  GVariantBuilder addresses;

  g_variant_builder_init (&addresses, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) address = g_variant_get_child_value (value, i);
    guint32 flags = netns_property_number (address, "flags", 0), metric = netns_property_number (address, "metric", 0);

    g_variant_builder_open (&addresses, G_VARIANT_TYPE_VARDICT);
    for (gsize j = 0; j < G_N_ELEMENTS (keys); j++)
      netns_value_put (&addresses, keys[j], netns_value_new_text (netns_property_text (address, keys[j])));
    netns_value_put (&addresses, "metric", metric ? g_variant_new_uint32 (metric) : netns_value_new_text (NULL));
    netns_value_put (&addresses, "state", g_variant_new_string (address_state (flags)));
    netns_value_put (&addresses, "permanent", g_variant_new_boolean ((flags & IFA_F_PERMANENT) != 0));
    netns_value_put (&addresses, "valid-lifetime", seconds_left (objects, address, "valid-until"));
    netns_value_put (&addresses, "preferred-lifetime", seconds_left (objects, address, "preferred-until"));
    g_variant_builder_close (&addresses);
  }
  return g_variant_builder_end (&addresses);
}

static GVariant *
convert_number (GVariant *dictionary, const char *key)
{
  guint32 number = netns_property_number (dictionary, key, 0);

  return number != 0 ? g_variant_new_uint32 (number) : netns_value_new_text (NULL);
}

/* Where a route leads, or one way of it. */
static void
put_way (GVariantBuilder *object, GVariant *way)
{
  netns_value_put (object, "gateway", netns_value_new_text (netns_property_text (way, "gateway")));
  netns_value_put (object, "link", netns_value_new_text (netns_property_text (way, "link")));
  netns_value_put (object, "onlink", g_variant_new_boolean (netns_property_flag (way, "onlink")));
}

static GVariant *
convert_nexthops (GVariant *route)
{
  g_autoptr (GVariant) ways = g_variant_lookup_value (route, "nexthops", G_VARIANT_TYPE ("aa{sv}"));
  GVariantBuilder nexthops;

  if (ways == NULL)
    return netns_value_new_text (NULL);
  g_variant_builder_init (&nexthops, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (ways); i++) {
    g_autoptr (GVariant) way = g_variant_get_child_value (ways, i);

    g_variant_builder_open (&nexthops, G_VARIANT_TYPE_VARDICT);
    put_way (&nexthops, way);
    netns_value_put (&nexthops, "weight", convert_number (way, "weight"));
    g_variant_builder_close (&nexthops);
  }
  return g_variant_builder_end (&nexthops);
}

/* As ip-route(8) calls it, which knows more from its configuration. */
static GVariant *
convert_protocol (GVariant *route)
{
  static const NetnsWord protocols[] = {
    { "unspec",   RTPROT_UNSPEC   },
    { "redirect", RTPROT_REDIRECT },
    { "kernel",   RTPROT_KERNEL   },
    { "boot",     RTPROT_BOOT     },
    { "static",   RTPROT_STATIC   },
    { "ra",       RTPROT_RA       },
    { "dhcp",     RTPROT_DHCP     },
    { NULL,       0               },
  };
  guint8 number = RTPROT_UNSPEC;
  const char *word;

  g_variant_lookup (route, "protocol", "y", &number);
  word = netns_word_print (protocols, number);
  return word ? g_variant_new_string (word) : g_variant_new_printf ("%u", number);
}

static GVariant *
convert_route_data (const NetnsObjects *objects, GVariant *value)
{
  static const char *const texts[] = { "type", "destination", "source" };
  GVariantBuilder routes;

  g_variant_builder_init (&routes, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) route = g_variant_get_child_value (value, i);

    g_variant_builder_open (&routes, G_VARIANT_TYPE_VARDICT);
    for (gsize j = 0; j < G_N_ELEMENTS (texts); j++)
      netns_value_put (&routes, texts[j], netns_value_new_text (netns_property_text (route, texts[j])));
    put_way (&routes, route);
    netns_value_put (&routes, "nexthops", convert_nexthops (route));
    netns_value_put (&routes, "nexthop-id", convert_number (route, "nexthop-id"));
    netns_value_put (&routes, "metric", g_variant_new_uint32 (netns_property_number (route, "metric", 0)));
    netns_value_put (&routes, "table", g_variant_new_uint32 (netns_property_number (route, "table", 0)));
    netns_value_put (&routes, "protocol", convert_protocol (route));
    g_variant_builder_close (&routes);
  }
  return g_variant_builder_end (&routes);
}

/* What is more than its type says. Structures become objects with these keys. The type is checked, so that another version
 * of the service cannot make this program read a number as text. */
static const struct {
  const char *property, *type;
  GVariant *(*convert) (const NetnsObjects *objects, GVariant *value);
  const char *keys[5];
} conversions[] = {
  { "Owner",         "u",       convert_owner                                          },
  { "OwnerUser",     "u",       convert_owner                                          },
  { "NsId",          "i",       convert_nsid                                           },
  { "Namespace",     "o",       convert_name                                           },
  { "namespace",     "o",       convert_name                                           },
  { "PeerNamespace", "o",       convert_name                                           },
  { "Target",        "o",       convert_name                                           },
  { "HostNamespace", "o",       convert_name                                           },
  { "Master",        "o",       convert_name                                           },
  { "Links",         "ao",      convert_names                                          },
  { "Ports",         "ao",      convert_names                                          },
  { "Peer",          "o",       convert_link                                           },
  { "Bridge",        "o",       convert_link                                           },
  { "Vlan",          "s",       convert_vlan                                           },
  { "RateLimit",     "t",       convert_rate                                           },
  { "Addresses",     "a(su)",   convert_addresses                                      },
  { "AddressData",   "aa{sv}",  convert_address_data                                   },
  { "RouteData",     "aa{sv}",  convert_route_data                                     },
  { "Routes",        "a(sssu)", .keys = { "destination", "gateway", "link", "metric" } },
  { "Leases",        "a(sos)",  .keys = { "address", "namespace", "link" }             },
};

/* Their members are texts, numbers, and namespaces by their name. */
static GVariant *
convert_structures (const NetnsObjects *objects, GVariant *value, const char *const *keys)
{
  GVariantBuilder array;

  g_variant_builder_init (&array, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) structure = g_variant_get_child_value (value, i);

    g_variant_builder_open (&array, G_VARIANT_TYPE_VARDICT);
    for (gsize j = 0; keys[j] != NULL; j++) {
      g_autoptr (GVariant) member = g_variant_get_child_value (structure, j);

      netns_value_put (&array, keys[j], netns_value_convert (objects, keys[j], member));
    }
    g_variant_builder_close (&array);
  }
  return g_variant_builder_end (&array);
}

/* Returns: (transfer full): a property's value as it is shown, for g_variant_take_ref(), with the names of those of
 * @objects that it points to; none without @value, and for what the bus has a special value for "none" */
GVariant *
netns_value_convert (const NetnsObjects *objects, const char *property, GVariant *value)
{
  if (value == NULL)
    return netns_value_new_text (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (conversions); i++)
    if (strcmp (conversions[i].property, property) == 0
        && g_variant_is_of_type (value, G_VARIANT_TYPE (conversions[i].type)))
      return conversions[i].convert ? conversions[i].convert (objects, value)
                                    : convert_structures (objects, value, conversions[i].keys);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return netns_value_new_text (g_variant_get_string (value, NULL));
  return g_variant_ref (value);
}

/* As netns_value_convert(), of one of @properties: (nullable): `a{sv}`. */
GVariant *
netns_value_of_property (const NetnsObjects *objects, GVariant *properties, const char *property)
{
  g_autoptr (GVariant) value = properties ? g_variant_lookup_value (properties, property, NULL) : NULL;

  return netns_value_convert (objects, property, value);
}

/* Returns: (transfer floating): for `Id` the number in a path; for `Namespace` the namespace in it as the user types
 * it; for `NLinks` how many links that has: a number, because the names of a host's links would fill the screen */
GVariant *
netns_value_of_path (const NetnsObjects *objects, const char *path, const char *what)
{
  g_autoptr (GVariant) properties = NULL;
  g_autofree char *name = NULL;
  g_auto (GStrv) links = NULL;

  if (strcmp (what, "Id") == 0)
    return g_variant_new_int64 (g_ascii_strtoll (strrchr (path, '/') + 1, NULL, 10));
  if (strcmp (what, "Namespace") == 0) {
    name = netns_objects_namespace_of (objects, path);
    return netns_value_new_text (name);
  }
  properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  links = netns_property_paths (properties, "Links");
  return g_variant_new_uint32 (g_strv_length (links));
}

static void
append_way (GString *text, GVariant *way)
{
  const char *gateway = netns_property_text (way, "gateway"), *link = netns_property_text (way, "link");

  if (*gateway != '\0')
    g_string_append_printf (text, " via %s", gateway);
  if (*link != '\0')
    g_string_append_printf (text, " dev %s", link);
  if (netns_property_flag (way, "onlink"))
    g_string_append (text, " onlink");
}

/* `via 10.0.0.1 dev eth0 weight 2` */
static char *
nexthop_to_text (GVariant *nexthop)
{
  GString *text = g_string_new (NULL);

  append_way (text, nexthop);
  g_string_append_printf (text, " weight %u", netns_property_number (nexthop, "weight", 0));
  return g_strchug (g_string_free (text, FALSE));
}

/* As ip-route(8) prints it. */
static char *
route_to_text (GVariant *route)
{
  const char *type = netns_property_text (route, "type"), *source = netns_property_text (route, "source");
  gboolean plain = *type == '\0' || strcmp (type, "unicast") == 0;
  guint32 metric = netns_property_number (route, "metric", 0), table = netns_property_number (route, "table", 0);
  g_autoptr (GVariant) nexthops = g_variant_lookup_value (route, "nexthops", G_VARIANT_TYPE ("aa{sv}"));
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s%s%s", plain ? "" : type, plain ? "" : " ",
                          netns_property_text (route, "destination"));
  append_way (text, route);
  if (netns_property_number (route, "nexthop-id", 0) != 0)
    g_string_append_printf (text, " nhid %u", netns_property_number (route, "nexthop-id", 0));
  for (gsize i = 0; nexthops != NULL && i < g_variant_n_children (nexthops); i++) {
    g_autoptr (GVariant) nexthop = g_variant_get_child_value (nexthops, i);
    g_autofree char *way = nexthop_to_text (nexthop);

    g_string_append_printf (text, " nexthop %s", way);
  }
  if (table != 0 && table != RT_TABLE_MAIN)
    g_string_append_printf (text, " table %u", table);
  if (*source != '\0')
    g_string_append_printf (text, " src %s", source);
  if (metric != 0)
    g_string_append_printf (text, " metric %u", metric);
  return g_string_free (text, FALSE);
}

/* `10.0.0.1/32 peer 10.0.0.2(tentative)` */
static char *
address_to_text (const char *address, const char *peer, const char *state)
{
  gboolean valid = *state == '\0' || strcmp (state, "valid") == 0;

  return g_strconcat (address, *peer != '\0' ? " peer " : "", peer, valid ? "" : "(", valid ? "" : state,
                      valid ? "" : ")", NULL);
}

/* The five kinds of objects that are made above. */
static char *
object_to_text (GVariant *object)
{
  const char *address = netns_property_text (object, "address"), *link = netns_property_text (object, "link");
  const char *state = netns_property_text (object, "state");

  if (*netns_property_text (object, "destination") != '\0')
    return route_to_text (object);
  if (netns_property_number (object, "weight", 0) != 0)
    return nexthop_to_text (object);
  if (*link == '\0')
    return address_to_text (address, netns_property_text (object, "peer"), state);
  return g_strdup_printf ("%s%s%s:%s", address, *address ? " " : "", netns_property_text (object, "namespace"), link);
}

static char *
element_to_text (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return object_to_text (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? _ ("yes") : _ ("no"));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH))
    return g_variant_dup_string (value, NULL);
  return netns_value_is_number (value) ? g_variant_print (value, FALSE) : g_strdup ("-");
}

/* Whether it is a number: those are aligned to the right. */
gboolean
netns_value_is_number (GVariant *value)
{
  return strchr ("nqiuxt", *g_variant_get_type_string (value)) != NULL;
}

gboolean
netns_value_is_none (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE);
}

/* Returns: (transfer full): it as text, one line for each element of an array, `-` for none; every line can be shown */
GStrv
netns_value_to_lines (GVariant *value)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  gboolean is_list
    = g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY) && !g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY);
  gsize n_elements = is_list ? g_variant_n_children (value) : 1;

  for (gsize i = 0; i < n_elements; i++) {
    g_autoptr (GVariant) element = is_list ? g_variant_get_child_value (value, i) : g_variant_ref (value);
    g_autofree char *text = element_to_text (element);
    g_autofree char *shown = netns_output_escape (text);

    g_strv_builder_add (lines, shown);
  }
  if (n_elements == 0)
    g_strv_builder_add (lines, "-");
  return g_strv_builder_end (lines);
}

/* Returns: (transfer full): @value in one line, with @separator between elements of an array */
char *
netns_value_to_text (GVariant *value, const char *separator)
{
  g_auto (GStrv) lines = netns_value_to_lines (value);

  return g_strjoinv (separator, lines);
}

/* Returns: (transfer full): the key of a property in JSON: `mac-address` for `MacAddress` */
char *
netns_value_key (const char *property)
{
  GString *key = g_string_new (NULL);

  for (const char *c = property; *c != '\0'; c++) {
    if (g_ascii_isupper (*c) && c != property)
      g_string_append_c (key, '-');
    g_string_append_c (key, g_ascii_tolower (*c));
  }
  return g_string_free (key, FALSE);
}
