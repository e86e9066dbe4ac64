/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/link-name.h"

#include "common/error.h"
#include "common/validate.h"

#include <string.h>

#define KEPT_LENGTH 6 /* of the wanted name; a dash and eight digits follow */

/* FNV-1a: the same wanted name must give the same short name in each run of the service, which g_str_hash() does not
 * promise. */
static guint32
hash_name (const char *name, guint attempt)
{
  guint32 hash = 2166136261u + attempt;

  for (const char *c = name; *c != '\0'; c++)
    hash = (hash ^ (guchar) *c) * 16777619u;
  return hash;
}

/* The name for a link that is to be called @wish, at most 15 bytes; a longer wish becomes its alternative name. Both
 * are the caller's. Errors: `InvalidName`, `Exists`. */
gboolean
netns_link_name_choose (NetnsNamespace *namespace, const char *wish, char **name, char **alternative, GError **error)
{
  if (!netns_validate_link_name (wish, error))
    return FALSE;
  if (netns_namespace_find_link (namespace, wish) != NULL)
    return netns_refuse (error, NETNS_ERROR_EXISTS, "There is already a link “%s” in %s%s%s", wish,
                         *namespace->name ? "namespace “" : "the host namespace", namespace->name,
                         *namespace->name ? "”" : "");
  if (strlen (wish) <= NETNS_LINK_NAME_MAX) {
    *name = g_strdup (wish);
    *alternative = NULL;
    return TRUE;
  }
  for (guint attempt = 0;; attempt++) {
    g_autofree char *candidate = g_strdup_printf ("%.*s-%08x", KEPT_LENGTH, wish, hash_name (wish, attempt));

    if (netns_namespace_find_link (namespace, candidate) != NULL)
      continue;
    *name = g_steal_pointer (&candidate);
    *alternative = g_strdup (wish);
    return TRUE;
  }
}

/* @mac becomes a random hardware address of the kind that is given out by no vendor */
void
netns_link_choose_mac (guint8 mac[NETNS_MAC_LENGTH])
{
  mac[0] = 0x02;
  for (gsize i = 1; i < NETNS_MAC_LENGTH; i++)
    mac[i] = (guint8) g_random_int_range (0, 256);
}
