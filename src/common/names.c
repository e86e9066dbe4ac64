/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/names.h"

#include <string.h>

/* The host namespace has no name; no escaped name can look like this, since `ho` are no hexadecimal digits. */
#define HOST_LABEL "_host"
/* Nor like the one of a namespace without a name, with its inode behind. */
#define ID_LABEL   "_id"
#define ID_NAME    "@id"

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

/**
 * netns_path_unescape:
 * @label: one element of an object path
 *
 * Returns: (transfer full) (nullable): what netns_path_escape() made @label of, %NULL if that was nothing
 */
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

/**
 * netns_name_for_id:
 * @inode: inode of a network namespace
 *
 * Returns: (transfer full): what stands for it in the place of a name, while it has none: `@id4026532345`
 */
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

/**
 * netns_name_is_id:
 * @name: name of a namespace
 *
 * A file of that name in /run/netns is none: the service makes no name that begins with `@`.
 *
 * Returns: whether it is one of netns_name_for_id()
 */
gboolean
netns_name_is_id (const char *name)
{
  return g_str_has_prefix (name, ID_NAME) && is_inode (name + strlen (ID_NAME));
}

/**
 * netns_name_from_label:
 * @label: last element of the object path of a namespace
 *
 * Returns: (transfer full) (nullable): its name, empty for the host namespace; %NULL if no namespace has such a path
 */
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
 * netns_path_for_namespace:
 * @name: name of a namespace, empty for the host namespace
 *
 * Returns: (transfer full): its object path
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

/**
 * netns_path_for_link:
 * @namespace_name: name of a namespace, empty for the host namespace
 * @index: ifindex of a link in it
 *
 * Returns: (transfer full): its object path
 */
char *
netns_path_for_link (const char *namespace_name, guint index)
{
  g_autofree char *parent = netns_path_for_namespace (namespace_name);

  return g_strdup_printf ("%s/link/%u", parent, index);
}

/**
 * netns_path_for_network:
 * @name: name of a network
 *
 * Returns: (transfer full): its object path
 */
char *
netns_path_for_network (const char *name)
{
  g_autofree char *label = netns_path_escape (name);

  return g_strconcat (NETNS_PATH_NETWORKS "/", label, NULL);
}

/**
 * netns_path_for_nat:
 * @id: number of a translation
 *
 * Returns: (transfer full): its object path
 */
char *
netns_path_for_nat (guint id)
{
  return g_strdup_printf (NETNS_PATH_NATS "/%u", id);
}

/**
 * netns_path_for_process:
 * @id: number of a command that was started
 *
 * Returns: (transfer full): its object path
 */
char *
netns_path_for_process (guint id)
{
  return g_strdup_printf (NETNS_PATH_PROCESSES "/%u", id);
}

/**
 * netns_path_for_forward:
 * @id: number of a port forward
 *
 * Returns: (transfer full): its object path
 */
char *
netns_path_for_forward (guint id)
{
  return g_strdup_printf (NETNS_PATH_FORWARDS "/%u", id);
}
