/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/object.h"

#include "common/names.h"

#include <string.h>

static gboolean
find_namespace (NetnsCore *core, const char *label, NetnsObject *object)
{
  g_autofree char *name = netns_name_from_label (label);

  if (name == NULL)
    return FALSE;
  object->type = NETNS_OBJECT_NAMESPACE;
  object->namespace = netns_core_find_namespace (core, name, NULL);
  /* An alias leads to the namespace, but it has one object, at its primary name. */
  return object->namespace != NULL && strcmp (object->namespace->name, name) == 0;
}

static gboolean
find_link (const char *text, NetnsObject *object)
{
  guint64 index;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXINT32, &index, NULL) || *text == '0')
    return FALSE;
  object->type = NETNS_OBJECT_LINK;
  object->link = netns_namespace_get_link (object->namespace, (guint) index);
  return object->link != NULL;
}

/* What is remembered, by the folder of its objects. */
static const struct {
  NetnsObjectType type;
  const NetnsDefinitionClass *class;
  const char *folder;
  gboolean numbered;
} definition_types[] = {
  { NETNS_OBJECT_NETWORK, &netns_network_class, "network", FALSE },
  { NETNS_OBJECT_NAT, &netns_nat_class, "nat", TRUE },
  { NETNS_OBJECT_FORWARD, &netns_forward_class, "forward", TRUE },
};

static gboolean
find_definition (NetnsCore *core, const char *folder, const char *label, NetnsObject *object)
{
  for (gsize i = 0; i < G_N_ELEMENTS (definition_types); i++) {
    g_autofree char *name = NULL;

    if (strcmp (folder, definition_types[i].folder) != 0)
      continue;
    name = definition_types[i].numbered ? g_strdup (label) : netns_path_unescape (label);
    object->type = definition_types[i].type;
    object->definition
      = name ? g_hash_table_lookup (netns_core_get_definitions (core, definition_types[i].class), name) : NULL;
    return object->definition != NULL;
  }
  return FALSE;
}

/* Returns: the object of @definition */
NetnsObject
netns_object_for_definition (NetnsDefinition *definition)
{
  NetnsObject object = { .definition = definition };

  for (gsize i = 0; i < G_N_ELEMENTS (definition_types); i++)
    if (definition->class == definition_types[i].class)
      object.type = definition_types[i].type;
  return object;
}

static gboolean
find_process (NetnsCore *core, const char *text, NetnsObject *object)
{
  guint64 id;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &id, NULL) || *text == '0')
    return FALSE;
  object->type = NETNS_OBJECT_PROCESS;
  object->job = netns_jobs_get (netns_core_get_jobs (core), (guint) id);
  return object->job != NULL;
}

/**
 * netns_object_find:
 * @core: the service
 * @path: an object path
 * @object: (out caller-allocates): what it stands for
 *
 * Returns: whether there is such an object now
 */
gboolean
netns_object_find (NetnsCore *core, const char *path, NetnsObject *object)
{
  g_auto (GStrv) parts = NULL;
  guint count;

  memset (object, 0, sizeof *object);
  if (strcmp (path, NETNS_PATH) == 0)
    return TRUE;
  if (!g_str_has_prefix (path, NETNS_PATH "/"))
    return FALSE;
  parts = g_strsplit (path + strlen (NETNS_PATH "/"), "/", -1);
  count = g_strv_length (parts);
  if (strcmp (parts[0], "namespace") == 0 && count == 2)
    return find_namespace (core, parts[1], object);
  if (strcmp (parts[0], "namespace") == 0 && count == 4 && strcmp (parts[2], "link") == 0)
    return find_namespace (core, parts[1], object) && find_link (parts[3], object);
  if (strcmp (parts[0], "process") == 0 && count == 2)
    return find_process (core, parts[1], object);
  return count == 2 && find_definition (core, parts[0], parts[1], object);
}

/**
 * netns_object_get_namespace_name:
 * @path: an object path
 *
 * Returns: (transfer full) (nullable): name of the namespace that it is, or that its link is in; whether or not it is there
 */
char *
netns_object_get_namespace_name (const char *path)
{
  g_autofree char *label = NULL;

  if (!g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/"))
    return NULL;
  path += strlen (NETNS_PATH_NAMESPACES "/");
  label = g_strndup (path, strcspn (path, "/"));
  return netns_name_from_label (label);
}

/**
 * netns_object_get_interfaces:
 * @object: an object
 *
 * Returns: its interfaces, as bits
 */
guint
netns_object_get_interfaces (const NetnsObject *object)
{
  switch (object->type) {
  case NETNS_OBJECT_ROOT:
    return NETNS_HAS_MANAGER | NETNS_HAS_OBJECT_MANAGER;
  case NETNS_OBJECT_NAMESPACE:
    return NETNS_HAS_NAMESPACE
           | (object->namespace->source != NETNS_SOURCE_BROKEN ? NETNS_HAS_FIREWALL : 0);
  case NETNS_OBJECT_LINK:
    return NETNS_HAS_LINK | (netns_link_is_veth (object->link) ? NETNS_HAS_VETH : 0)
           | (netns_link_is_bridge (object->link) ? NETNS_HAS_BRIDGE : 0)
           | (object->link->info.is_tap ? NETNS_HAS_TAP : 0)
           | (object->link->info.is_port ? NETNS_HAS_BRIDGE_PORT : 0);
  case NETNS_OBJECT_NETWORK:
    return NETNS_HAS_NETWORK;
  case NETNS_OBJECT_NAT:
    return NETNS_HAS_NAT;
  case NETNS_OBJECT_PROCESS:
    return NETNS_HAS_PROCESS;
  case NETNS_OBJECT_FORWARD:
    return NETNS_HAS_FORWARD;
  default:
    g_assert_not_reached ();
  }
}

/* Returns: (transfer full): the object path of a link */
char *
netns_link_get_object_path (const NetnsLink *link)
{
  return netns_path_for_link (link->namespace->name, link->info.index);
}

/**
 * netns_object_get_path:
 * @object: an object
 *
 * Returns: (transfer full): its object path
 */
char *
netns_object_get_path (const NetnsObject *object)
{
  switch (object->type) {
  case NETNS_OBJECT_ROOT:
    return g_strdup (NETNS_PATH);
  case NETNS_OBJECT_NAMESPACE:
    return netns_path_for_namespace (object->namespace->name);
  case NETNS_OBJECT_LINK:
    return netns_link_get_object_path (object->link);
  case NETNS_OBJECT_NETWORK:
    return netns_path_for_network (object->network->base.name);
  case NETNS_OBJECT_NAT:
    return netns_path_for_nat ((guint) netns_definition_get_number (object->definition));
  case NETNS_OBJECT_PROCESS:
    return netns_path_for_process (object->job->id);
  case NETNS_OBJECT_FORWARD:
    return netns_path_for_forward ((guint) netns_definition_get_number (object->definition));
  default:
    g_assert_not_reached ();
  }
}

static void
foreach_in_namespace (NetnsNamespace *namespace, void (*func) (const NetnsObject *object, gpointer data),
                      gpointer data)
{
  NetnsObject object = { .type = NETNS_OBJECT_NAMESPACE, .namespace = namespace };
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  func (&object, data);
  object.type = NETNS_OBJECT_LINK;
  for (guint i = 0; i < links->len; i++) {
    object.link = g_ptr_array_index (links, i);
    func (&object, data);
  }
}

/**
 * netns_object_foreach:
 * @core: the service
 * @func: (scope call): called for each object but the root
 * @data: for @func
 */
void
netns_object_foreach (NetnsCore *core, void (*func) (const NetnsObject *object, gpointer data), gpointer data)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL);
  g_autoptr (GPtrArray) jobs = netns_jobs_list (netns_core_get_jobs (core));

  for (guint i = 0; i < namespaces->len; i++)
    foreach_in_namespace (g_ptr_array_index (namespaces, i), func, data);
  for (guint i = 0; i < definitions->len; i++) {
    NetnsObject object = netns_object_for_definition (g_ptr_array_index (definitions, i));

    func (&object, data);
  }
  for (guint i = 0; i < jobs->len; i++)
    func (&(NetnsObject){ .type = NETNS_OBJECT_PROCESS, .job = g_ptr_array_index (jobs, i) }, data);
}

/**
 * netns_text_to_utf8:
 * @text: what the kernel has for a name; any bytes
 *
 * Returns: (transfer full): the same, each byte that is no UTF-8 as `\xNN`
 */
char *
netns_text_to_utf8 (const char *text)
{
  g_autoptr (GString) result = g_string_sized_new (strlen (text));
  const char *rest = text, *end;

  while (!g_utf8_validate (rest, -1, &end)) {
    g_string_append_len (result, rest, end - rest);
    g_string_append_printf (result, "\\x%02x", (guchar) *end);
    rest = end + 1;
  }
  g_string_append (result, rest);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* Returns: (transfer floating): its object path, `/` for none */
GVariant *
netns_link_to_path (const NetnsLink *link)
{
  g_autofree char *path = link ? netns_link_get_object_path (link) : g_strdup ("/");

  return g_variant_new_object_path (path);
}

/* Returns: (transfer floating): their object paths, ao */
GVariant *
netns_links_to_paths (GPtrArray *links)
{
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ao"));

  for (guint i = 0; i < links->len; i++)
    g_variant_builder_add_value (&paths, netns_link_to_path (g_ptr_array_index (links, i)));
  return g_variant_builder_end (&paths);
}

/* Returns: (transfer floating): addresses as @print writes them, as */
GVariant *
netns_addresses_to_texts (const GArray *addresses,
                          const char *(*print) (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT]))
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < addresses->len; i++)
    g_variant_builder_add (&texts, "s", print (&g_array_index (addresses, NetnsAddress, i), text));
  return g_variant_builder_end (&texts);
}
