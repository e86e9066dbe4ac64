/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl tree: how things are connected. Ports hang below their bridge, the other end of a
 * veth pair stands behind an arrow. */
#include "client/output.h"
#include "client/value.h"
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

/* Box characters where the terminal has them. */
typedef struct {
  const char *branch;
  const char *last;
  const char *line;
  const char *blank;
  const char *veth;
} Pens;

static const Pens unicode_pens = { "├─", "└─", "│ ", "  ", "⟷" };
static const Pens ascii_pens = { "|-", "`-", "| ", "  ", "<->" };

/* What goes through the recursion unchanged. */
typedef struct {
  const NetnsObjects *objects;
  const Pens *pens;
  GString *output;
  GHashTable *children; /* path of a master → paths of its ports; a link without one is its namespace's */
  GHashTable *networks; /* path of a bridge → path of its network */
} Drawing;

static GHashTable *
find_networks (const NetnsObjects *objects)
{
  GHashTable *networks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) paths = netns_objects_list (objects, NETNS_INTERFACE_NETWORK, TRUE);

  for (guint i = 0; i < paths->len; i++) {
    g_autoptr (GVariant) network = netns_objects_get (objects, paths->pdata[i], NETNS_INTERFACE_NETWORK);

    g_hash_table_insert (networks, g_strdup (netns_property_text (network, "Bridge")), paths->pdata[i]);
  }
  return networks;
}

/* A master that is in another namespace, or gone, cannot be the parent of a link in the tree. */
static const char *
parent_of (const NetnsObjects *objects, const char *path, GVariant *link)
{
  const char *master = netns_property_text (link, "Master");
  const char *namespace_path = netns_property_text (link, "Namespace");

  return strcmp (master, path) != 0 && g_str_has_prefix (master, namespace_path)
             && g_hash_table_contains (objects->by_path, master)
           ? master
           : namespace_path;
}

static GHashTable *
find_children (const NetnsObjects *objects)
{
  GHashTable *children = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  g_autoptr (GPtrArray) paths = netns_objects_list (objects, NETNS_INTERFACE_LINK, TRUE);

  for (guint i = 0; i < paths->len; i++) {
    g_autoptr (GVariant) link = netns_objects_get (objects, paths->pdata[i], NETNS_INTERFACE_LINK);
    const char *parent = parent_of (objects, paths->pdata[i], link);
    GPtrArray *siblings = g_hash_table_lookup (children, parent);

    if (siblings == NULL) {
      siblings = g_ptr_array_new ();
      g_hash_table_insert (children, g_strdup (parent), siblings);
    }
    g_ptr_array_add (siblings, paths->pdata[i]);
  }
  return children;
}

static void
append_word (GString *output, GVariant *value, const char *format)
{
  g_autoptr (GVariant) owned = g_variant_take_ref (value);
  g_autofree char *text = netns_value_to_text (owned, " ");
  g_auto (GStrv) parts = NULL;

  if (strcmp (text, "-") == 0)
    return;
  parts = g_strsplit (format, "%", 2);
  g_string_append_printf (output, " %s%s%s", parts[0], text, parts[1]);
}

static void
append_network (const Drawing *drawing, const char *bridge)
{
  const char *path = g_hash_table_lookup (drawing->networks, bridge);
  g_autoptr (GVariant) network = path ? netns_objects_get (drawing->objects, path, NETNS_INTERFACE_NETWORK) : NULL;
  g_autofree char *name = NULL;

  if (network == NULL)
    return;
  name = netns_output_escape (netns_property_text (network, "Name"));
  g_string_append_printf (drawing->output,
                          netns_property_flag (network, "Nat") ? _ (" [network %s, NAT]") : _ (" [network %s]"), name);
}

/* `veth-w-1ccc5229 = veth-webserver-h (veth) up 10.0.0.2/24 ⟷ web:eth0` */
static void
describe_link (const Drawing *drawing, const char *path)
{
  const NetnsObjects *objects = drawing->objects;
  g_autoptr (GVariant) link = netns_objects_get (objects, path, NETNS_INTERFACE_LINK);
  g_autoptr (GVariant) veth = netns_objects_get (objects, path, NETNS_INTERFACE_VETH);
  g_autofree char *name = netns_output_escape (netns_property_text (link, "Name"));
  const char *peer = veth ? netns_property_text (veth, "Peer") : "/";

  g_string_append (drawing->output, name);
  append_word (drawing->output, netns_value_of_property (objects, link, "AlternativeNames"), "= %");
  append_word (drawing->output, netns_value_of_property (objects, link, "Kind"), "(%)");
  if (!netns_property_flag (link, "Enabled"))
    g_string_append (drawing->output, _ (" down"));
  else if (!netns_property_flag (link, "Carrier"))
    g_string_append (drawing->output, _ (" up without carrier"));
  else
    g_string_append (drawing->output, _ (" up"));
  append_word (drawing->output, netns_value_of_property (objects, link, "AddressData"), "%");
  append_network (drawing, path);
  if (strcmp (peer, "/") != 0) {
    g_string_append_printf (drawing->output, " %s", drawing->pens->veth);
    append_word (drawing->output, netns_value_link (objects, peer), "%");
  } else if (veth != NULL) {
    g_string_append_printf (drawing->output, " %s ?", drawing->pens->veth);
  }
  g_string_append_c (drawing->output, '\n');
}

static void
draw_children (const Drawing *drawing, const char *parent, const char *margin)
{
  const GPtrArray *paths = g_hash_table_lookup (drawing->children, parent);

  for (guint i = 0; paths != NULL && i < paths->len; i++) {
    gboolean last = i + 1 == paths->len;
    g_autofree char *deeper = g_strconcat (margin, last ? drawing->pens->blank : drawing->pens->line, NULL);

    g_string_append_printf (drawing->output, "%s%s", margin, last ? drawing->pens->last : drawing->pens->branch);
    describe_link (drawing, paths->pdata[i]);
    draw_children (drawing, paths->pdata[i], deeper);
  }
}

static void
draw_namespace (const Drawing *drawing, const char *path)
{
  g_autoptr (GVariant) properties = netns_objects_get (drawing->objects, path, NETNS_INTERFACE_NAMESPACE);
  const char *user
    = netns_objects_user (drawing->objects, netns_property_number (properties, "Owner", NETNS_UID_NOBODY));
  g_autofree char *name = netns_objects_namespace_of (drawing->objects, path);
  g_autofree char *shown = netns_output_escape (name);

  g_string_append (drawing->output, shown);
  if (user != NULL)
    g_string_append_printf (drawing->output, _ (", of %s"), user);
  if (netns_objects_is_unnamed (path)) {
    g_autofree char *label = netns_output_escape (netns_property_text (properties, "OwnerLabel"));

    g_string_append_printf (drawing->output, *label ? _ (", held by %s") : "%s", label);
  }
  if (strcmp (netns_property_text (properties, "Source"), "broken") == 0)
    g_string_append (drawing->output, _ (", broken"));
  g_string_append_c (drawing->output, '\n');
  draw_children (drawing, path, "");
}

static const NetnsOption tree_options[] = {
  { "--all", 'a', NULL, "all", NETNS_OPTION_ON, N_ ("Include namespaces without a name") },
  { NULL },
};

static char *
draw (const NetnsObjects *objects, const GPtrArray *namespaces)
{
  g_autoptr (GHashTable) children = find_children (objects);
  g_autoptr (GHashTable) networks = find_networks (objects);
  g_autoptr (GString) output = g_string_new (NULL);
  Drawing drawing = {
    .objects = objects,
    .pens = g_get_charset (NULL) ? &unicode_pens : &ascii_pens,
    .output = output,
    .children = children,
    .networks = networks,
  };

  for (guint i = 0; i < namespaces->len; i++)
    draw_namespace (&drawing, namespaces->pdata[i]);
  return netns_output_encode (output->str);
}

/* The facts of the picture, with the properties' usual keys. */
static const struct {
  const char *key, *interface, *property;
} link_members[] = {
  { "name",              NETNS_INTERFACE_LINK, "Name"             },
  { "alternative-names", NETNS_INTERFACE_LINK, "AlternativeNames" },
  { "kind",              NETNS_INTERFACE_LINK, "Kind"             },
  { "enabled",           NETNS_INTERFACE_LINK, "Enabled"          },
  { "carrier",           NETNS_INTERFACE_LINK, "Carrier"          },
  { "master",            NETNS_INTERFACE_LINK, "Master"           },
  { "addresses",         NETNS_INTERFACE_LINK, "AddressData"      },
  { "peer",              NETNS_INTERFACE_VETH, "Peer"             },
};

static GVariant *
link_to_object (const NetnsObjects *objects, GHashTable *networks, const char *path)
{
  const char *network = g_hash_table_lookup (networks, path);
  g_autofree char *network_name = network ? netns_objects_name (objects, network) : NULL;
  GVariantBuilder object;

  g_variant_builder_init (&object, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; i < G_N_ELEMENTS (link_members); i++) {
    g_autoptr (GVariant) properties = netns_objects_get (objects, path, link_members[i].interface);

    netns_value_put (&object, link_members[i].key,
                     netns_value_of_property (objects, properties, link_members[i].property));
  }
  netns_value_put (&object, "network", netns_value_new_text (network_name));
  return g_variant_builder_end (&object);
}

static GVariant *
namespace_to_object (const NetnsObjects *objects, GHashTable *networks, const char *path)
{
  g_autoptr (GVariant) properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  g_auto (GStrv) paths = netns_property_paths (properties, "Links");
  g_autofree char *name = netns_objects_namespace_of (objects, path);
  GVariantBuilder links, object;

  g_variant_builder_init (&links, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; paths[i] != NULL; i++)
    if (g_hash_table_contains (objects->by_path, paths[i]))
      g_variant_builder_add_value (&links, link_to_object (objects, networks, paths[i]));
  g_variant_builder_init (&object, G_VARIANT_TYPE_VARDICT);
  netns_value_put (&object, "name", netns_value_new_text (name));
  netns_value_put (&object, "source", netns_value_of_property (objects, properties, "Source"));
  netns_value_put (&object, "owner-label", netns_value_of_property (objects, properties, "OwnerLabel"));
  netns_value_put (&object, "owner", netns_value_of_property (objects, properties, "Owner"));
  netns_value_put (&object, "links", g_variant_builder_end (&links));
  return g_variant_builder_end (&object);
}

static GVariant *
to_objects (const NetnsObjects *objects, const GPtrArray *namespaces)
{
  g_autoptr (GHashTable) networks = find_networks (objects);
  GVariantBuilder array;

  g_variant_builder_init (&array, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < namespaces->len; i++)
    g_variant_builder_add_value (&array, namespace_to_object (objects, networks, namespaces->pdata[i]));
  return g_variant_builder_end (&array);
}

static gboolean
tree (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  g_autoptr (GPtrArray) namespaces = NULL;
  g_autofree char *picture = NULL;

  if (objects == NULL)
    return FALSE;
  namespaces = netns_objects_list (objects, NETNS_INTERFACE_NAMESPACE, netns_property_flag (options, "all"));
  if (connection->settings->format != NETNS_FORMAT_TEXT)
    return netns_output_json (connection->settings, to_objects (objects, namespaces), error);
  picture = draw (objects, namespaces);
  return netns_output_write (connection->settings, picture, error);
}

const NetnsVerb netns_tree_verbs[] = {
  { "", 0, 0, "", N_ ("Draw the namespaces, their links, and how they are connected"), tree, tree_options,
   .reads_objects = TRUE },
  { NULL },
};
