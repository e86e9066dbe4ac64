/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/names.h"

#include <string.h>

/* The host namespace has no name; no escaped name can look like this, since `ho` are no hexadecimal digits. */
#define HOST_LABEL "_host"
/* Nor like the one of a namespace without a name, with its inode behind. */
#define ID_LABEL "_id"
#define ID_NAME  "@id"

/**
 * netns_path_escape:
 * @name: any string
 *
 * Escapes as sd_bus_path_encode(3) does, so that clients in any language find a ready function: letters and
 * digits stay (a digit not in front), every other byte becomes `_xx`, the empty string `_`.
 *
 * Returns: (transfer full): one element of an object path
 */
char *
netns_path_escape (const char *name)
{
  GString *label = g_string_sized_new (strlen (name) + 1);

  if (*name == '\0')
    g_string_append_c (label, '_');
  for (const char *c = name; *c != '\0'; c++) {
    if (g_ascii_isalpha (*c) || (g_ascii_isdigit (*c) && c != name))
      g_string_append_c (label, *c);
    else
      g_string_append_printf (label, "_%02x", (guchar) *c);
  }
  return g_string_free (label, FALSE);
}

/* Returns: (transfer full) (nullable): what netns_path_escape() made @label of, %NULL if that was nothing */
char *
netns_path_unescape (const char *label)
{
  g_autoptr (GString) name = g_string_sized_new (strlen (label));
  g_autofree char *canonical = NULL;

  if (strcmp (label, "_") == 0)
    return g_strdup ("");
  for (const char *c = label; *c != '\0'; c++) {
    if (*c != '_') {
      g_string_append_c (name, *c);
      continue;
    }
    if (!g_ascii_isxdigit (c[1]) || !g_ascii_isxdigit (c[2]) || (c[1] == '0' && c[2] == '0'))
      return NULL;
    g_string_append_c (name, (char) (g_ascii_xdigit_value (c[1]) << 4 | g_ascii_xdigit_value (c[2])));
    c += 2;
  }
  /* One object has one path: `_61` is not another spelling of `a`. */
  canonical = netns_path_escape (name->str);
  if (strcmp (canonical, label) != 0)
    return NULL;
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* Returns: (transfer full): what stands in the place of a name for a namespace that has none: `@id4026532345` */
char *
netns_name_for_id (guint64 inode)
{
  return g_strdup_printf (ID_NAME "%" G_GUINT64_FORMAT, inode);
}

static gboolean
is_inode (const char *text)
{
  guint64 inode;

  return *text != '0' && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64, &inode, NULL);
}

/* Returns: whether it is one of netns_name_for_id(); a file of that name in /run/netns is none, because the service
 * makes no name that begins with `@` */
gboolean
netns_name_is_id (const char *name)
{
  return g_str_has_prefix (name, ID_NAME) && is_inode (name + strlen (ID_NAME));
}

/* Returns: (transfer full) (nullable): the name of the namespace whose object path ends with @label, empty for the host
 * namespace; %NULL if none has such a path */
char *
netns_name_from_label (const char *label)
{
  g_autofree char *name = NULL;

  if (strcmp (label, HOST_LABEL) == 0)
    return g_strdup ("");
  if (g_str_has_prefix (label, ID_LABEL) && is_inode (label + strlen (ID_LABEL)))
    return g_strconcat (ID_NAME, label + strlen (ID_LABEL), NULL);
  name = netns_path_unescape (label);
  return name != NULL && *name != '\0' && !netns_name_is_id (name) ? g_steal_pointer (&name) : NULL;
}

/**
 * netns_path_for_namespace, netns_path_for_link, netns_path_for_network, netns_path_for_number:
 * @name: name of a namespace, empty for the host namespace; or of a network in it
 * @index: ifindex of a link
 * @number: of an object of a kind without names (`nat`, `forward`, `process`)
 *
 * Returns: (transfer full): the object's path
 */
char *
netns_path_for_namespace (const char *name)
{
  g_autofree char *label = NULL;

  if (*name == '\0')
    return g_strdup (NETNS_PATH_NAMESPACES "/" HOST_LABEL);
  if (netns_name_is_id (name))
    return g_strconcat (NETNS_PATH_NAMESPACES "/" ID_LABEL, name + strlen (ID_NAME), NULL);
  label = netns_path_escape (name);
  return g_strconcat (NETNS_PATH_NAMESPACES "/", label, NULL);
}

char *
netns_path_for_link (const char *namespace_name, guint index)
{
  g_autofree char *parent = netns_path_for_namespace (namespace_name);

  return g_strdup_printf ("%s/link/%u", parent, index);
}

char *
netns_path_for_network (const char *namespace_name, const char *name)
{
  g_autofree char *parent = *namespace_name == '\0' ? g_strdup (NETNS_PATH) : netns_path_for_namespace (namespace_name);
  g_autofree char *label = netns_path_escape (name);

  return g_strconcat (parent, "/network/", label, NULL);
}

char *
netns_path_for_number (const char *kind, guint number)
{
  return g_strdup_printf (NETNS_PATH "/%s/%u", kind, number);
}

/* Returns: (transfer full): what a network is called where it stands alone: `NAME` in the host namespace, whose name is
 * empty, `NS:NAME` in another one */
char *
netns_name_for_network (const char *namespace_name, const char *name)
{
  return *namespace_name == '\0' ? g_strdup (name) : g_strconcat (namespace_name, ":", name, NULL);
}

/**
 * netns_name_split_network:
 * @text: what netns_name_for_network() returns
 * @namespace_name: (out) (transfer full): what is in front of the last colon, empty for none. The name of a namespace can
 *   have colons, that of a network has none
 *
 * Returns: (transfer none): what is behind it
 */
const char *
netns_name_split_network (const char *text, char **namespace_name)
{
  const char *colon = strrchr (text, ':');

  *namespace_name = g_strndup (text, colon ? (gsize) (colon - text) : 0);
  return colon ? colon + 1 : text;
}

/* Returns: (transfer full): the folder of an object path: `namespace`, `link` ...; `service` for the service itself */
char *
netns_path_get_kind (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return g_str_has_prefix (path, NETNS_PATH "/") ? g_path_get_basename (folder) : g_strdup ("service");
}
