/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/class.h"

#include "common/names.h"
#include "core/service/lookup.h"

#include <string.h>

static char *
get_service_path (const NetnsObject *object)
{
  return g_strdup (NETNS_PATH);
}

/* An alias leads to the namespace, but it has one object, at its primary name. */
static gboolean
find_namespace (NetnsCore *core, const char *label, NetnsObject *object)
{
  g_autofree char *name = netns_name_from_label (label);

  object->namespace = name ? netns_core_find_namespace (core, name, NULL) : NULL;
  return object->namespace != NULL && strcmp (object->namespace->name, name) == 0;
}

static char *
get_namespace_path (const NetnsObject *object)
{
  return netns_path_for_namespace (object->namespace->name);
}

static void
foreach_namespace (NetnsCore *core, const NetnsObjectClass *class, NetnsObjectFunc func, gpointer data)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  for (guint i = 0; i < namespaces->len; i++) {
    NetnsObject object = netns_object_for_namespace (g_ptr_array_index (namespaces, i));

    func (&object, data);
  }
}

static gboolean
is_whole (const NetnsObject *object)
{
  return object->namespace->source != NETNS_SOURCE_BROKEN;
}

static guint
parse_number (const char *label)
{
  guint64 number;

  return *label != '0' && g_ascii_string_to_unsigned (label, 10, 1, G_MAXUINT32, &number, NULL) ? (guint) number : 0;
}

static gboolean
find_link (NetnsCore *core, const char *label, NetnsObject *object)
{
  object->link = netns_namespace_get_link (object->namespace, parse_number (label));
  return object->link != NULL;
}

static char *
get_link_path (const NetnsObject *object)
{
  return netns_link_get_object_path (object->link);
}

static void
foreach_link (NetnsCore *core, const NetnsObjectClass *class, NetnsObjectFunc func, gpointer data)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) links = netns_namespace_list_links (g_ptr_array_index (namespaces, i));

    for (guint j = 0; j < links->len; j++) {
      NetnsObject object = netns_object_for_link (g_ptr_array_index (links, j));

      func (&object, data);
    }
  }
}

static gboolean
is_veth (const NetnsObject *object)
{
  return netns_link_is_veth (object->link);
}

static gboolean
is_bridge (const NetnsObject *object)
{
  return netns_link_is_bridge (object->link);
}

static gboolean
is_tap (const NetnsObject *object)
{
  return object->link->info.is_tap;
}

static gboolean
is_port (const NetnsObject *object)
{
  return object->link->info.is_port;
}

static gboolean
find_process (NetnsCore *core, const char *label, NetnsObject *object)
{
  object->job = netns_jobs_get (netns_core_get_jobs (core), parse_number (label));
  return object->job != NULL;
}

static char *
get_process_path (const NetnsObject *object)
{
  return netns_path_for_number (object->class->folder, object->job->id);
}

static void
foreach_process (NetnsCore *core, const NetnsObjectClass *class, NetnsObjectFunc func, gpointer data)
{
  g_autoptr (GPtrArray) jobs = netns_jobs_list (netns_core_get_jobs (core));

  for (guint i = 0; i < jobs->len; i++) {
    NetnsObject object = netns_object_for_job (g_ptr_array_index (jobs, i));

    func (&object, data);
  }
}

static gboolean
find_numbered (NetnsCore *core, const char *label, NetnsObject *object)
{
  object->definition = g_hash_table_lookup (netns_core_get_definitions (core, object->class->definitions), label);
  return object->definition != NULL;
}

static char *
get_numbered_path (const NetnsObject *object)
{
  return netns_path_for_number (object->class->folder, (guint) netns_definition_get_number (object->definition));
}

/* In the namespace that it is below, or the host. */
static gboolean
find_network (NetnsCore *core, const char *label, NetnsObject *object)
{
  const NetnsNamespace *namespace
    = object->namespace ? object->namespace : netns_mirror_get_host (netns_core_get_mirror (core));
  g_autofree char *name = netns_path_unescape (label);

  object->network = name ? netns_core_find_network (core, namespace, name) : NULL;
  return object->network != NULL && (object->namespace == NULL || namespace->source != NETNS_SOURCE_HOST);
}

static char *
get_network_path (const NetnsObject *object)
{
  return netns_path_for_network (object->network->base.namespace_name, netns_network_get_name (object->network));
}

/* The networks of the host are not below it. */
static gboolean
is_of_class (const NetnsDefinition *definition, const NetnsObjectClass *class)
{
  return definition->class == class->definitions
         && (!definition->class->below || (*definition->namespace_name == '\0') == (class->parent == NULL));
}

static void
foreach_definition (NetnsCore *core, const NetnsObjectClass *class, NetnsObjectFunc func, gpointer data)
{
  NetnsObject object = { .class = class };
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, class->definitions));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &object.definition))
    if (is_of_class (object.definition, class))
      func (&object, data);
}

/* Those that a mirrored thing or a command leads to have their place; what is remembered leads to its class. */
enum {
  SERVICE,
  NAMESPACE,
  LINK,
  PROCESS,
};

/* Below the service, or below the namespace that it is in. */
#define NETWORK                                                                                                        \
  .folder = "network", .find = find_network, .get_path = get_network_path, .foreach = foreach_definition,              \
  .definitions = &netns_network_class, .repeats = TRUE, .interfaces = { { &netns_interface_network } }

static const NetnsObjectClass classes[] = {
  [SERVICE] = {
    .get_path = get_service_path,
    .interfaces = { { &netns_interface_manager }, { &netns_interface_object_manager } },
  },
  [NAMESPACE] = {
    .folder = "namespace",
    .find = find_namespace,
    .get_path = get_namespace_path,
    .foreach = foreach_namespace,
    .interfaces = { { &netns_interface_namespace }, { &netns_interface_firewall, is_whole } },
  },
  [LINK] = {
    .folder = "link",
    .parent = &classes[NAMESPACE],
    .find = find_link,
    .get_path = get_link_path,
    .foreach = foreach_link,
    .interfaces = { { &netns_interface_link },
                    { &netns_interface_veth, is_veth },
                    { &netns_interface_bridge, is_bridge },
                    { &netns_interface_tap, is_tap },
                    { &netns_interface_bridge_port, is_port } },
  },
  [PROCESS] = {
    .folder = "process",
    .find = find_process,
    .get_path = get_process_path,
    .foreach = foreach_process,
    .interfaces = { { &netns_interface_process } },
  },
  { NETWORK },
  { NETWORK, .parent = &classes[NAMESPACE] },
  {
    .folder = "nat",
    .find = find_numbered,
    .get_path = get_numbered_path,
    .foreach = foreach_definition,
    .definitions = &netns_nat_class,
    .interfaces = { { &netns_interface_nat } },
  },
  {
    .folder = "forward",
    .find = find_numbered,
    .get_path = get_numbered_path,
    .foreach = foreach_definition,
    .definitions = &netns_forward_class,
    .interfaces = { { &netns_interface_forward } },
  },
};

NetnsObject
netns_object_for_service (void)
{
  return (NetnsObject) { .class = &classes[SERVICE] };
}

/* @namespace: (nullable): %NULL for one that is still to be found */
NetnsObject
netns_object_for_namespace (NetnsNamespace *namespace)
{
  return (NetnsObject) { .class = &classes[NAMESPACE], .namespace = namespace };
}

NetnsObject
netns_object_for_link (NetnsLink *link)
{
  return (NetnsObject) { .class = &classes[LINK], .namespace = link->namespace, .link = link };
}

NetnsObject
netns_object_for_job (NetnsJob *job)
{
  return (NetnsObject) { .class = &classes[PROCESS], .job = job };
}

/* Returns: the object of @definition; its class is %NULL if it is none on the bus */
NetnsObject
netns_object_for_definition (NetnsDefinition *definition)
{
  NetnsObject object = { .definition = definition };

  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (is_of_class (definition, &classes[i]))
      object.class = &classes[i];
  return object;
}

static const NetnsObjectClass *
find_class (const NetnsObjectClass *parent, const char *folder)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (classes[i].parent == parent && g_strcmp0 (classes[i].folder, folder) == 0)
      return &classes[i];
  return NULL;
}

/* Whether there is such an object now, which @object then is. */
gboolean
netns_object_find (NetnsCore *core, const char *path, NetnsObject *object)
{
  g_auto (GStrv) parts = NULL;

  *object = netns_object_for_service ();
  if (strcmp (path, NETNS_PATH) == 0)
    return TRUE;
  if (!g_str_has_prefix (path, NETNS_PATH "/"))
    return FALSE;
  parts = g_strsplit (path + strlen (NETNS_PATH "/"), "/", -1);
  for (guint i = 0; parts[i] != NULL; i += 2) {
    object->class = find_class (i == 0 ? NULL : object->class, parts[i]);
    if (object->class == NULL || parts[i + 1] == NULL || !object->class->find (core, parts[i + 1], object))
      return FALSE;
  }
  return TRUE;
}

/* Returns: (transfer full) (nullable): what there is not at @path, for an error; %NULL if nothing could ever be there */
char *
netns_object_describe_missing (const char *path)
{
  g_autofree char *name = netns_object_get_namespace_name (path);
  const NetnsObjectClass *class = NULL;
  g_auto (GStrv) parts = NULL;
  guint i = 0;

  if (!g_str_has_prefix (path, NETNS_PATH "/"))
    return NULL;
  parts = g_strsplit (path + strlen (NETNS_PATH "/"), "/", -1);
  for (; parts[i] != NULL; i += 2) {
    class = find_class (class, parts[i]);
    if (class == NULL || parts[i + 1] == NULL || *parts[i + 1] == '\0')
      return NULL;
  }
  if (i == 2 && name != NULL) {
    g_autofree char *text = netns_text_to_utf8 (name);

    return g_strdup_printf ("There is no namespace “%s”", text);
  }
  return g_strdup_printf ("There is no %s at %s", class->folder, path);
}

/* Calls a function for each object but that of the service. */
void
netns_object_foreach (NetnsCore *core, NetnsObjectFunc func, gpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (classes[i].foreach != NULL)
      classes[i].foreach (core, &classes[i], func, data);
}

/* Returns: (transfer full) (nullable): name of the namespace that a path is of, or that it is below; whether or not it is
 * there */
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

/* Returns: (transfer full): the object path */
char *
netns_object_get_path (const NetnsObject *object)
{
  return object->class->get_path (object);
}

/* Returns: the interfaces that it has, as bits: positions in the list of its class */
guint
netns_object_get_interfaces (const NetnsObject *object)
{
  guint bits = 0;

  for (guint i = 0; object->class->interfaces[i].interface != NULL; i++)
    if (object->class->interfaces[i].has == NULL || object->class->interfaces[i].has (object))
      bits |= 1u << i;
  return bits;
}

/* Returns: (nullable): its interface of that name */
const NetnsInterface *
netns_object_find_interface (const NetnsObject *object, const char *name)
{
  guint bits = netns_object_get_interfaces (object);

  for (guint i = 0; bits >> i != 0; i++)
    if ((bits & (1u << i)) != 0 && strcmp (object->class->interfaces[i].interface->info->name, name) == 0)
      return object->class->interfaces[i].interface;
  return NULL;
}

/* Returns: (transfer floating): some of an object's interfaces, given as bits, with all their properties, a{sa{sv}} */
GVariant *
netns_object_describe (NetnsCore *core, const NetnsObject *object, guint interfaces)
{
  g_auto (GVariantBuilder) description = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));

  for (guint i = 0; interfaces >> i != 0; i++) {
    const NetnsInterface *interface = object->class->interfaces[i].interface;

    if (interfaces & (1u << i))
      g_variant_builder_add (&description, "{s@a{sv}}", interface->info->name,
                             netns_interface_get_properties (interface, core, object));
  }
  return g_variant_builder_end (&description);
}

/* Returns: (transfer full): the paths that objects are directly below, but for those below namespaces, and the service's
 * own */
GStrv
netns_classes_list_folders (void)
{
  g_autoptr (GStrvBuilder) folders = g_strv_builder_new ();

  g_strv_builder_add (folders, NETNS_PATH);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_autofree char *path = g_strconcat (NETNS_PATH "/", classes[i].folder, NULL);

    if (classes[i].folder != NULL && classes[i].parent == NULL)
      g_strv_builder_add (folders, path);
  }
  return g_strv_builder_end (folders);
}

/* Returns: (nullable): the interface of that name, of whatever class */
const NetnsInterface *
netns_classes_find_interface (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    for (guint j = 0; classes[i].interfaces[j].interface != NULL; j++)
      if (strcmp (classes[i].interfaces[j].interface->info->name, name) == 0)
        return classes[i].interfaces[j].interface;
  return NULL;
}

/* Ends the program unless every member of every interface has a handler and a polkit action: nothing is served without
 * a decision about who may use it. */
void
netns_classes_seal (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    for (guint j = 0; classes[i].interfaces[j].interface != NULL; j++)
      netns_interface_seal (classes[i].interfaces[j].interface);
}
