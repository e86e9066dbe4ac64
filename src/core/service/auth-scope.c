/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose things a plan touches: decides what the caller has to be authorized for, and what dialogs and rules get to see
 * of it. */
#include "core/service/auth-scope.h"

#include "common/error.h"
#include "common/names.h"
#include "core/service/lookup.h"

/* By its number: netns_users_print() gives it a name where people see it. */
static char *
print_user (guint uid)
{
  return uid == NETNS_UID_NOBODY ? g_strdup ("nobody") : g_strdup_printf ("%u", uid);
}

/* Returns: the uid that a link belongs to, NETNS_UID_NOBODY for nobody */
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
  network = netns_link_is_bridge (link) ? netns_core_find_network_of (core, link) : NULL;
  return network ? network->base.owner : NETNS_UID_NOBODY;
}

/* An own namespace must not hide the foreign one in a dialog, or from a rule. */
static void
add_own (NetnsPlan *plan, const char *namespace_name, guint owner)
{
  g_autofree char *user = print_user (owner);

  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_OWN);
  if (netns_plan_get_auth_scope (plan) & NETNS_AUTH_SCOPE_FOREIGN)
    return;
  netns_plan_set_detail (plan, "namespace", namespace_name);
  netns_plan_set_detail (plan, "owner", user);
}

/* Notes what authorization a thing of another user needs: that namespace, or a network if @namespace_name is %NULL. Of
 * several namespaces all are named. */
void
netns_core_add_foreign (NetnsPlan *plan, const char *namespace_name, guint owner)
{
  gboolean is_first = (netns_plan_get_auth_scope (plan) & NETNS_AUTH_SCOPE_FOREIGN) == 0;
  g_autofree char *user = print_user (owner);

  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_FOREIGN);
  netns_plan_add_detail (plan, "owner", user, is_first);
  if (namespace_name != NULL)
    netns_plan_add_detail (plan, "namespace", namespace_name, is_first);
}

/* What the service has to remember of a namespace, it remembers by a name. Error: `InvalidArgument`. */
gboolean
netns_core_check_named (const NetnsNamespace *namespace, GError **error)
{
  if (!netns_namespace_is_unnamed (namespace))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Namespace “%s” has no name; AdoptProcess or `ip netns attach` gives it one", namespace->name);
}

/* Notes in the plan which namespace it changes, the host's name is empty, and what authorization that needs. Errors:
 * `NotFound`, `InvalidArgument` for a broken one. */
NetnsNamespace *
netns_core_use_namespace (NetnsCore *core, NetnsPlan *plan, guint caller, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_core_find_namespace (core, name, error);
  guint owner;

  if (namespace == NULL)
    return NULL;
  if (namespace->source == NETNS_SOURCE_BROKEN)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                              "“%s” is a file in " NETNS_RUN_DIR " but not a network namespace; delete it", name);
  if (netns_endings_has (netns_core_get_endings (core), namespace->cookie))
    return netns_refuse_null (error, NETNS_ERROR_BUSY, "Namespace “%s” is being deleted", name);
  netns_plan_use_namespace (plan, namespace);
  if (namespace->source == NETNS_SOURCE_HOST) {
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_HOST);
    return namespace;
  }
  owner = netns_owners_get (netns_core_get_owners (core), namespace);
  if (owner == caller)
    add_own (plan, namespace->name, owner);
  else
    netns_core_add_foreign (plan, namespace->name, owner);
  return namespace;
}
