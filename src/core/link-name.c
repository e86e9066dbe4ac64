/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link-name.h"

#include "common/error.h"
#include "common/validate.h"

#include <string.h>

#define KEPT_LENGTH 6 /* of the wish; a dash and eight digits follow */

/* FNV-1a: the same wish shall give the same name in each run of the service, which g_str_hash() does not promise. */
static guint32
hash_name (const char *name, guint attempt)
{
  guint32 hash = 2166136261u + attempt;

  for (const char *c = name; *c != '\0'; c++)
    hash = (hash ^ (guchar) *c) * 16777619u;
  return hash;
}

/**
 * netns_link_name_choose:
 * @namespace: where the link shall be
 * @wish: what it shall be called, 1 to 127 bytes
 * @name: (out) (transfer full): the name to give it, at most 15 bytes
 * @alternative: (out) (transfer full) (nullable): the alternative name to give it, if any
 * @error: `InvalidName`, `Exists`
 *
 * Returns: whether it can be called so
 */
gboolean
netns_link_name_choose (NetnsNamespace *namespace, const char *wish, char **name, char **alternative, GError **error)
{
  if (!netns_validate_link_name (wish, error))
    return FALSE;
  if (netns_namespace_find_link (namespace, wish) != NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "There is a link “%s” in %s%s%s already", wish,
                 *namespace->name ? "namespace “" : "the host namespace", namespace->name,
                 *namespace->name ? "”" : "");
    return FALSE;
  }
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
