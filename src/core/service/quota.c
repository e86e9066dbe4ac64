/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of the kernel's memory, and of the time of all who wait for their turn, one user can take: an empty namespace
 * costs 215 KiB, and the rules of all are looked at with each change. Root can take all. */
#include "core/service/quota.h"

#include "common/error.h"

#define NAMESPACES_PER_USER 250
#define LINKS_PER_USER      5000
#define RULES_PER_USER      5000 /* of all firewalls; each namespace has a limit of its own */

/* Each is compared with all others. Port forwards have a limit of ports. */
static const struct {
  const NetnsDefinitionClass *class;
  guint max;
  const char *what;
} definition_limits[] = {
  { &netns_network_class, 100, "networks" },
  { &netns_nat_class,     250, "NATs"     },
};

/* Whether a user can make so many namespaces and links more. Error: `QuotaExceeded`. */
gboolean
netns_core_check_quota (NetnsCore *core, guint caller, guint new_namespaces, guint new_links, GError **error)
{
  g_autoptr (GPtrArray) all = NULL;
  guint namespaces = netns_lingering_count (netns_core_get_lingering (core), caller), links = 0;

  if (caller == 0)
    return TRUE;
  all = netns_mirror_list_namespaces (netns_core_get_mirror (core));
  for (guint i = 0; i < all->len; i++) {
    const NetnsNamespace *namespace = g_ptr_array_index (all, i);

    if (netns_owners_get (netns_core_get_owners (core), namespace) != caller)
      continue;
    namespaces++;
    links += g_hash_table_size (namespace->links);
  }
  if ((new_namespaces == 0 || namespaces + new_namespaces <= NAMESPACES_PER_USER)
      && (new_links == 0 || links + new_links <= LINKS_PER_USER))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED,
                       "User %u has %u namespaces with %u links, the limits are %d and %d; delete some first", caller,
                       namespaces, links, NAMESPACES_PER_USER, LINKS_PER_USER);
}

/* Whether a user can have one more network or NAT. Error: `QuotaExceeded`. */
gboolean
netns_core_check_definitions (NetnsCore *core, guint caller, const NetnsDefinitionClass *class, GError **error)
{
  GHashTableIter iter;
  const NetnsDefinition *definition;
  guint count = 0, limit = 0;

  if (caller == 0)
    return TRUE;
  while (definition_limits[limit].class != class)
    limit++;
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &definition))
    count += definition->owner == caller;
  if (count < definition_limits[limit].max)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED, "User %u has %u %s, the limit is %u; delete some first",
                       caller, count, definition_limits[limit].what, definition_limits[limit].max);
}

/* Whether a user can have one more firewall rule. Error: `QuotaExceeded`. */
gboolean
netns_core_check_rules (NetnsCore *core, guint caller, GError **error)
{
  GHashTableIter iter;
  const NetnsFirewall *firewall;
  guint count = 0;

  if (caller == 0)
    return TRUE;
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_firewall_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &firewall))
    if (firewall->base.owner == caller)
      count += firewall->rules->len;
  if (count < RULES_PER_USER)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED,
                       "User %u has %u firewall rules, the limit is %d; delete some first", caller, count,
                       RULES_PER_USER);
}
