/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/validate.h"
#include "common/error.h"

#include <string.h>

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A byte sequence that came from a stranger, fit to be shown in one line. */
static char *
show (const char *name)
{
  g_autofree char *begin = g_strndup (name, 40), *escaped = g_strescape (begin, NULL);

  return strlen (name) > 40 ? g_strdup_printf ("%s… (%zu bytes)", escaped, strlen (name)) : g_steal_pointer (&escaped);
}

static gboolean
validate_name (const char *what, const char *name, const char *punctuation, gsize max, GError **error)
{
  g_autofree char *allowed = g_strconcat (LETTERS_AND_DIGITS, punctuation, NULL);
  g_autofree char *shown = show (name);

  if (*name == '\0')
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME, "The name of a %s cannot be empty", what);
  if (strlen (name) > max)
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME, "The name of a %s can have at most %zu bytes, not %zu", what,
                         max, strlen (name));
  if (*name == '-' || *name == '.' || *name == '@')
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME, "The name of a %s cannot start with “%c”, as “%s” does", what,
                         *name, shown);
  if (name[strspn (name, allowed)] != '\0')
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME,
                         "“%s” cannot be the name of a %s: only A-Z a-z 0-9 and %s are allowed", shown, what,
                         punctuation);
  return TRUE;
}

/**
 * netns_validate_namespace_name, netns_validate_network_name, netns_validate_link_name:
 * @name: the wanted name of a new namespace or network, or of a link, as its own or as alternative name
 * @error: `InvalidName`
 *
 * Of a namespace stricter than `ip netns add`, which takes every file name: such a name ends up in shell commands, in
 * paths and on screens. Names that others gave are shown and can be used whatever they are. Of a link stricter than the
 * kernel (dev_valid_name() in net/core/dev.c), which takes `*`, quotes and spaces' like: rules of nftables match by
 * name, and `a*` there means every name that begins with an a.
 *
 * Returns: whether it can be one
 */
gboolean
netns_validate_namespace_name (const char *name, GError **error)
{
  return validate_name ("network namespace", name, "_.:@+-", NETNS_NAMESPACE_NAME_MAX, error);
}

gboolean
netns_validate_network_name (const char *name, GError **error)
{
  return validate_name ("network", name, "_.-", NETNS_ALTERNATIVE_NAME_MAX, error);
}

gboolean
netns_validate_link_name (const char *name, GError **error)
{
  static const char *const reserved[] = { "all", "default", NULL }; /* folders of /proc/sys/net/ipv4/conf */

  if (!validate_name ("link", name, "_.@+-", NETNS_ALTERNATIVE_NAME_MAX, error))
    return FALSE;
  if (!g_strv_contains (reserved, name))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_NAME,
                       "A link cannot be called “%s”: the kernel's settings for all links have that name", name);
}

/* Returns: whether a link can have an MTU of so many bytes; each kind has narrower limits, which the kernel tells */
gboolean
netns_validate_mtu (guint32 mtu, GError **error)
{
  if (mtu >= NETNS_MTU_MIN && mtu <= G_MAXINT32)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "MTU must be between %d and %d bytes, not %u",
                       NETNS_MTU_MIN, G_MAXINT32, mtu);
}

/**
 * netns_parse_mac:
 * @text: six octets such as `02:00:00:00:00:01`
 * @mac: (out caller-allocates): the octets
 * @error: `InvalidArgument`, also for a multicast address and for all zeros, which no link can have
 *
 * Returns: whether it was one
 */
gboolean
netns_parse_mac (const char *text, guint8 mac[NETNS_MAC_LENGTH], GError **error)
{
  static const guint8 zeros[NETNS_MAC_LENGTH];

  if (!g_regex_match_simple ("^(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$", text, G_REGEX_DOLLAR_ENDONLY, 0))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a MAC address (such as 02:00:00:00:00:01)",
                         text);
  for (guint i = 0; i < NETNS_MAC_LENGTH; i++)
    mac[i] = (guint8) g_ascii_strtoull (text + 3 * i, NULL, 16);
  if (mac[0] & 1)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is a multicast address, which a link cannot have; the second digit must be even", text);
  if (memcmp (mac, zeros, sizeof zeros) == 0)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "A link cannot have the address “%s”", text);
  return TRUE;
}

/* Returns: (transfer full): the text of six octets */
char *
netns_print_mac (const guint8 mac[NETNS_MAC_LENGTH])
{
  return g_strdup_printf ("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}
