/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/names.h"

#include <string.h>

/* The host namespace has no name; no escaped name can look like this, since `ho` are no hexadecimal digits. */
#define HOST_LABEL "_host"

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
