/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose things a plan touches: decides what the caller has to be authorized for, and what dialogs and rules get to see
 * of it. */
#include "core/core.h"

#include "common/error.h"
#include "common/names.h"

#include <pwd.h>
#include <string.h>

static char *
print_user (guint uid)
{
  struct passwd *entry = uid == NETNS_UID_NOBODY ? NULL : getpwuid (uid);

  if (uid == NETNS_UID_NOBODY)
    return g_strdup ("nobody");
  return entry ? g_strdup (entry->pw_name) : g_strdup_printf ("%u", uid);
}

static const NetnsNetwork *
find_network_of (NetnsCore *core, const NetnsLink *link)
{
  GHashTableIter iter;
  NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (strcmp (network->base.namespace_name, link->namespace->name) == 0
        && strcmp (network->bridge, link->info.name) == 0)
      return network;
  return NULL;
}

/**
 * netns_core_get_link_owner:
 * @core: the service
 * @link: a link
 *
 * Returns: the uid that it belongs to, NETNS_UID_NOBODY for nobody
 */
guint
netns_core_get_link_owner (NetnsCore *core, NetnsLink *link)
{
  const NetnsNetwork *network;
  NetnsLink *peer;

  if (link->namespace->source != NETNS_SOURCE_HOST)
    return netns_owners_get (netns_core_get_owners (core), link->namespace);
  peer = netns_mirror_get_peer (netns_core_get_mirror (core), link);
  if (peer != NULL)
    return netns_owners_get (netns_core_get_owners (core), peer->namespace);
  network = netns_link_is_bridge (link) ? find_network_of (core, link) : NULL;
  return network ? network->base.owner : NETNS_UID_NOBODY;
}

/* An own namespace must not hide the foreign one in a dialog, or from a rule. */
static void
add_own (NetnsPlan *plan, const char *namespace_name, guint owner)
{
  g_autofree char *user = print_user (owner);

  netns_plan_add_reach (plan, NETNS_REACH_OWN);
  if (netns_plan_get_reach (plan) & NETNS_REACH_FOREIGN)
    return;
  netns_plan_set_detail (plan, "namespace", namespace_name);
  netns_plan_set_detail (plan, "owner", user);
}

/**
 * netns_core_add_foreign:
 * @plan: a plan
 * @namespace_name: (nullable): a namespace of somebody else that it touches, %NULL if it is a network
 * @owner: whose it is
 *
 * Notes what authorization that needs; of several namespaces all are named.
 */
void
netns_core_add_foreign (NetnsPlan *plan, const char *namespace_name, guint owner)
{
  gboolean is_first = (netns_plan_get_reach (plan) & NETNS_REACH_FOREIGN) == 0;
  g_autofree char *user = print_user (owner);

  netns_plan_add_reach (plan, NETNS_REACH_FOREIGN);
  netns_plan_add_detail (plan, "owner", user, is_first);
  if (namespace_name != NULL)
    netns_plan_add_detail (plan, "namespace", namespace_name, is_first);
}

/**
 * netns_core_check_named:
 * @namespace: a namespace
 * @error: `InvalidArgument`
 *
 * What the service has to remember of a namespace, it remembers by a name.
 *
 * Returns: whether it has one
 */
gboolean
netns_core_check_named (const NetnsNamespace *namespace, GError **error)
{
  if (!netns_namespace_is_unnamed (namespace))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "Namespace “%s” has no name; AdoptProcess or `ip netns attach` gives it one", namespace->name);
  return FALSE;
}

/**
 * netns_core_use_namespace:
 * @core: the service
 * @plan: a plan
 * @caller: uid that asks for it
 * @name: a namespace that the plan changes, empty for the host
 * @error: `NotFound`, `InvalidArgument` for a broken one
 *
 * Notes in the plan which namespace is meant and what authorization that needs.
 *
 * Returns: (transfer none) (nullable): the namespace
 */
NetnsNamespace *
netns_core_use_namespace (NetnsCore *core, NetnsPlan *plan, guint caller, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_core_find_namespace (core, name, error);
  guint owner;

  if (namespace == NULL)
    return NULL;
  if (namespace->source == NETNS_SOURCE_BROKEN) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is a file in " NETNS_RUN_DIR " but no network namespace; delete it", name);
    return NULL;
  }
  netns_plan_use_namespace (plan, namespace);
  if (namespace->source == NETNS_SOURCE_HOST) {
    netns_plan_add_reach (plan, NETNS_REACH_HOST);
    return namespace;
  }
  owner = netns_owners_get (netns_core_get_owners (core), namespace);
  if (owner == caller)
    add_own (plan, namespace->name, owner);
  else
    netns_core_add_foreign (plan, namespace->name, owner);
  return namespace;
}
