/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/core.h"
#include "core/dns.h"
#include "core/operations.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>

typedef struct {
  NetnsCore *core;
  char *name;
  char *new_name;
  guint64 cookie;
  guint owner;
} Commit;

static void
free_commit (gpointer data)
{
  Commit *commit = data;

  g_free (commit->name);
  g_free (commit->new_name);
  g_free (commit);
}

static void
on_commit (NetnsCore *core, NetnsPlan *plan, NetnsCommitFunc func, const Commit *values)
{
  Commit *commit = g_new0 (Commit, 1);

  commit->core = core;
  commit->name = g_strdup (values->name);
  commit->new_name = g_strdup (values->new_name);
  commit->cookie = values->cookie;
  commit->owner = values->owner;
  netns_plan_on_commit (plan, func, commit, free_commit);
}

/**
 * netns_namespace_check_new_name:
 * @core: the service
 * @name: a name that a namespace shall get
 * @error: `InvalidName`, `Exists`
 *
 * Returns: whether it can
 */
gboolean
netns_namespace_check_new_name (NetnsCore *core, const char *name, GError **error)
{
  g_autofree char *path = NULL;
  struct stat status;

  if (!netns_validate_namespace_name (name, error))
    return FALSE;
  path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  if (netns_mirror_get_namespace (netns_core_get_mirror (core), name) == NULL && lstat (path, &status) < 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Namespace “%s” exists already", name);
  return FALSE;
}

static void
commit_create (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_owners_set (netns_core_get_owners (commit->core), netns_plan_get_cookie (plan, commit->name), commit->owner);
}

/**
 * netns_namespace_plan_owner:
 * @core: the service
 * @plan: a plan that makes a namespace
 * @name: its name
 * @owner: whom it shall belong to, NETNS_UID_NOBODY for nobody
 */
void
netns_namespace_plan_owner (NetnsCore *core, NetnsPlan *plan, const char *name, guint owner)
{
  netns_dns_plan_clear (core, plan, name);
  netns_plan_add (plan, &netns_operation_namespace_owner, name, "{'owner': <%u>}", owner);
  on_commit (core, plan, commit_create, &(Commit){ .name = (char *) name, .owner = owner });
}

/**
 * netns_namespace_create:
 * @core: the service
 * @caller: uid that asks for it, and that it will belong to
 * @name: its name
 * @error: `InvalidName`, `Exists`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateNamespace
 */
NetnsPlan *
netns_namespace_create (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (!netns_namespace_check_new_name (core, name, error) || !netns_core_check_quota (core, caller, 1, 1, error))
    return NULL;
  netns_plan_add_reach (plan, NETNS_REACH_OWN);
  netns_plan_set_detail (plan, "namespace", name);
  netns_plan_change_name (plan, name);
  netns_plan_add (plan, &netns_operation_namespace_create, name, "@a{sv} {}");
  netns_namespace_plan_owner (core, plan, name, caller);
  return g_steal_pointer (&plan);
}

/* And what has no name to be changed. */
static gboolean
refuse_host (const NetnsNamespace *namespace, const char *what, GError **error)
{
  if (namespace->source != NETNS_SOURCE_HOST)
    return netns_core_check_named (namespace, error);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The host namespace cannot be %s", what);
  return FALSE;
}

/* Networks, translations and whatever else is inside a namespace end with it. Forwards to it follow (core/follow.h), so
 * that their connections last if it cannot be deleted after all. */
static void
forget_contents (NetnsCore *core, NetnsPlan *plan, const char *name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, name);

  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *file = netns_definition_get_file (definition);

    if (definition->class == &netns_forward_class)
      continue;
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", file);
  }
}

/* What is kept by the cookie of a namespace, which no other one will ever have. */
static void
forget_namespace (NetnsPlan *plan, guint64 cookie)
{
  g_autofree char *owner = netns_owners_file_for (cookie);
  g_autofree char *forwarding4 = netns_forwarding_file_for (cookie, AF_INET);
  g_autofree char *forwarding6 = netns_forwarding_file_for (cookie, AF_INET6);

  netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", owner);
  netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", forwarding4);
  netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>}", forwarding6);
}

static void
commit_delete (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_core_forget_namespace (commit->core, commit->name);
  if (commit->cookie != 0)
    netns_owners_set (netns_core_get_owners (commit->core), commit->cookie, NETNS_UID_NOBODY);
}

static void
plan_delete (NetnsCore *core, NetnsPlan *plan, const NetnsNamespace *namespace)
{
  g_auto (GVariantBuilder) aliases = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  netns_plan_change_name (plan, namespace->name);
  netns_dns_plan_clear (core, plan, namespace->name);
  for (guint i = 0; namespace->aliases != NULL && i < namespace->aliases->len; i++) {
    const char *alias = g_ptr_array_index (namespace->aliases, i);

    netns_plan_change_name (plan, alias);
    netns_dns_plan_clear (core, plan, alias);
    g_variant_builder_add (&aliases, "s", alias);
  }
  netns_plan_add (plan, &netns_operation_namespace_delete, namespace->name, "{'broken': <%b>, 'aliases': <%@as>}",
                  namespace->source == NETNS_SOURCE_BROKEN, g_variant_builder_end (&aliases));
}

/**
 * netns_namespace_delete:
 * @core: the service
 * @caller: uid that asks for it
 * @name: its name
 * @eviction: (nullable): who is ended before, %NULL for nobody
 * @error: `NotFound`, `InvalidArgument`
 *
 * Whether somebody holds it is seen when the plan runs.
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.Delete
 */
NetnsPlan *
netns_namespace_delete (NetnsCore *core, guint caller, const char *name, const NetnsEviction *eviction, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, name, error);

  if (namespace == NULL || !refuse_host (namespace, "deleted", error))
    return NULL;
  if (namespace->source == NETNS_SOURCE_BROKEN) {
    netns_plan_add_reach (plan, NETNS_REACH_FOREIGN);
    netns_plan_set_detail (plan, "namespace", name);
  } else {
    namespace = netns_core_use_namespace (core, plan, caller, name, error);
    if (namespace == NULL)
      return NULL;
    if (eviction != NULL)
      netns_eviction_touch (eviction, plan);
    netns_plan_add (plan, &netns_operation_namespace_check_unused, namespace->name, "@a{sv} {}");
    netns_plan_await_end (plan, netns_mirror_watch_end (netns_core_get_mirror (core), namespace));
    forget_contents (core, plan, namespace->name);
  }
  if (namespace->cookie != 0)
    forget_namespace (plan, namespace->cookie);
  if (!netns_origins_plan_homecoming (netns_core_get_origins (core), plan, namespace, error))
    return NULL;
  plan_delete (core, plan, namespace);
  on_commit (core, plan, commit_delete, &(Commit){ .name = namespace->name, .cookie = namespace->cookie });
  return g_steal_pointer (&plan);
}

/* What is inside goes by the name of its namespace. */
static void
plan_rename_contents (NetnsCore *core, NetnsPlan *plan, const char *name, const char *new_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, name);

  for (guint i = 0; i < definitions->len; i++) {
    g_autoptr (NetnsDefinition) renamed = netns_definition_copy (g_ptr_array_index (definitions, i));
    g_autofree char *file = netns_definition_get_file (renamed), *contents = NULL;

    g_free (renamed->namespace_name);
    renamed->namespace_name = g_strdup (new_name);
    contents = netns_definition_print (renamed);
    netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>, 'contents': <%s>}", file, contents);
  }
}

static void
commit_rename (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_core_rename_namespace (commit->core, commit->name, commit->new_name);
}

/**
 * netns_namespace_rename:
 * @core: the service
 * @caller: uid that asks for it
 * @name: its name
 * @new_name: the new one
 * @error: `NotFound`, `InvalidName`, `InvalidArgument`, `Exists`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.Rename
 */
NetnsPlan *
netns_namespace_rename (NetnsCore *core, guint caller, const char *name, const char *new_name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !refuse_host (namespace, "renamed", error) || !netns_namespace_check_new_name (core, new_name, error))
    return NULL;
  netns_plan_change_name (plan, namespace->name);
  netns_plan_change_name (plan, new_name);
  netns_plan_add (plan, &netns_operation_namespace_rename, namespace->name, "{'new-name': <%s>}", new_name);
  plan_rename_contents (core, plan, namespace->name, new_name);
  netns_dns_plan_move (core, plan, namespace->name, new_name);
  on_commit (core, plan, commit_rename, &(Commit){ .name = namespace->name, .new_name = (char *) new_name });
  return g_steal_pointer (&plan);
}

static void
commit_set_owner (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (commit->core), commit->name);

  netns_owners_set (netns_core_get_owners (commit->core), netns_plan_get_cookie (plan, commit->name), commit->owner);
  if (namespace != NULL)
    netns_core_touch_owner (commit->core, namespace);
}

/**
 * netns_namespace_set_owner:
 * @core: the service
 * @caller: uid that asks for it
 * @name: its name
 * @owner: whom it shall belong to, NETNS_UID_NOBODY for nobody
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.SetOwner
 */
NetnsPlan *
netns_namespace_set_owner (NetnsCore *core, guint caller, const char *name, guint owner, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !refuse_host (namespace, "given to somebody", error))
    return NULL;
  netns_plan_change_name (plan, namespace->name); /* tells its cookie, which the mirror may not have read yet */
  netns_plan_add (plan, &netns_operation_namespace_owner, namespace->name, "{'owner': <%u>}", owner);
  on_commit (core, plan, commit_set_owner, &(Commit){ .name = namespace->name, .owner = owner });
  return g_steal_pointer (&plan);
}

static gboolean
check_route (const NetnsNamespace *namespace, const NetnsRouteRequest *route, GError **error)
{
  const struct {
    const char *what;
    const NetnsAddress *address;
  } others[] = { { "gateway", &route->gateway }, { "source address", &route->source } };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
    if (others[i].address->family == AF_UNSPEC || others[i].address->family == route->destination.family)
      continue;
    /* IPv4 by way of an IPv6 router (RFC 5549) is the one mixture that makes sense. */
    if (i == 0 && route->destination.family == AF_INET)
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Destination and %s of a route must be of the same family", others[i].what);
    return FALSE;
  }
  if (route->gateway.family == AF_UNSPEC && *route->link == '\0') {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A route needs a gateway, a link, or both");
    return FALSE;
  }
  if (*route->link != '\0' && netns_namespace_find_link ((NetnsNamespace *) namespace, route->link) == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", route->link);
    return FALSE;
  }
  return TRUE;
}

static const char *
print_host (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT])
{
  return address->family == AF_UNSPEC ? "" : netns_address_print_host (address, text);
}

static NetnsPlan *
change_route (NetnsCore *core, guint caller, const char *name, const NetnsRouteRequest *route,
              const NetnsOperation *operation, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  char destination[NETNS_ADDRESS_MAX_TEXT], gateway[NETNS_ADDRESS_MAX_TEXT], source[NETNS_ADDRESS_MAX_TEXT];

  if (namespace == NULL)
    return NULL;
  if (operation == &netns_operation_route_add && !check_route (namespace, route, error))
    return NULL;
  netns_address_print (&route->destination, destination);
  netns_plan_set_detail (plan, "subnet", destination);
  netns_plan_add (plan, operation, namespace->name,
                  "{'destination': <%s>, 'gateway': <%s>, 'link': <%s>, 'metric': <%u>, 'source': <%s>, 'table': <%u>}",
                  destination, print_host (&route->gateway, gateway), route->link, route->metric,
                  print_host (&route->source, source), route->table);
  return g_steal_pointer (&plan);
}

/**
 * netns_namespace_add_route:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @route: the route
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.AddRoute
 */
NetnsPlan *
netns_namespace_add_route (NetnsCore *core, guint caller, const char *name, const NetnsRouteRequest *route,
                           GError **error)
{
  return change_route (core, caller, name, route, &netns_operation_route_add, error);
}

/**
 * netns_namespace_remove_route:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @route: what it must agree with
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.RemoveRoute
 */
NetnsPlan *
netns_namespace_remove_route (NetnsCore *core, guint caller, const char *name, const NetnsRouteRequest *route,
                              GError **error)
{
  return change_route (core, caller, name, route, &netns_operation_route_remove, error);
}
