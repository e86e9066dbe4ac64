/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/namespace.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/link/origins-plan.h"
#include "core/namespace/dns.h"
#include "core/namespace/namespace-steps.h"
#include "core/ruleset/forwarding-steps.h"
#include "core/service/core.h"
#include "core/service/lookup.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"
#include "core/state/state-steps.h"
#include "kernel/mounts.h"

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
  Commit *commit = g_memdup2 (values, sizeof *values);

  commit->core = core;
  commit->name = g_strdup (values->name);
  commit->new_name = g_strdup (values->new_name);
  netns_plan_on_commit (plan, func, commit, free_commit);
}

/* Whether a new namespace can be called so. Errors: `InvalidName`, `Exists`. */
gboolean
netns_namespace_check_new_name (NetnsCore *core, const char *name, GError **error)
{
  g_autofree char *path = NULL, *real_path = NULL;
  const NetnsNamespace *namespace;
  struct stat status;
  gboolean is_there;

  if (!netns_validate_namespace_name (name, error))
    return FALSE;
  path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  real_path = netns_mounts_path (path);
  namespace = netns_core_find_namespace (core, name, NULL);
  is_there = lstat (real_path, &status) == 0;
  if (namespace == NULL && !is_there)
    return TRUE;
  if (is_there && (namespace == NULL || namespace->source == NETNS_SOURCE_BROKEN))
    return netns_refuse (error, NETNS_ERROR_EXISTS, "“%s” already exists, though it is not a network namespace but %s",
                         path, netns_nsfs_describe_type (status.st_mode));
  return netns_refuse (error, NETNS_ERROR_EXISTS, "Namespace “%s” already exists", name);
}

static void
commit_owner (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (commit->core), commit->name);

  netns_owners_set (netns_core_get_owners (commit->core), netns_plan_get_cookie (plan, commit->name), commit->owner);
  if (namespace != NULL)
    netns_core_touch_owner (commit->core, namespace);
}

static void
plan_owner (NetnsCore *core, NetnsPlan *plan, const char *name, guint owner)
{
  netns_plan_namespace_owner (plan, name, &(NetnsNamespaceOwner) { .owner = owner });
  on_commit (core, plan, commit_owner, &(Commit) { .name = (char *) name, .owner = owner });
}

/* Gives the namespace that the plan makes to @owner, NETNS_UID_NOBODY for nobody. */
void
netns_namespace_plan_owner (NetnsCore *core, NetnsPlan *plan, const char *name, guint owner)
{
  netns_dns_plan_clear (core, plan, name);
  plan_owner (core, plan, name, owner);
}

/* The plan for method Manager.CreateNamespace; it will belong to the caller. Errors: `InvalidName`, `Exists`,
 * `QuotaExceeded`. */
NetnsPlan *
netns_namespace_create (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (!netns_namespace_check_new_name (core, name, error) || !netns_core_check_quota (core, caller, 1, 1, error))
    return NULL;
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_OWN);
  netns_plan_set_detail (plan, "namespace", name);
  netns_plan_change_name (plan, name);
  netns_plan_namespace_create (plan, name);
  netns_namespace_plan_owner (core, plan, name, caller);
  return g_steal_pointer (&plan);
}

/* And what has no name to be changed. */
static gboolean
refuse_host (const NetnsNamespace *namespace, const char *what, GError **error)
{
  if (namespace->source != NETNS_SOURCE_HOST)
    return netns_core_check_named (namespace, error);
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The host namespace cannot be %s", what);
}

/* Networks, NAT and whatever else is inside a namespace end with it. Forwards to it follow (core/forward/forward-reconciler.h), so
 * that their connections last if it cannot be deleted after all. */
static void
forget_contents (NetnsCore *core, NetnsPlan *plan, const char *name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, name);

  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *file = netns_definition_get_file (definition);

    if (definition->class->in_host)
      continue;
    netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = file });
  }
}

/* The files named by the cookie of a namespace, which is never reused. */
static void
forget_namespace (NetnsPlan *plan, guint64 cookie)
{
  g_autofree char *owner = netns_owners_file_for (cookie);
  g_autofree char *forwarding4 = netns_forwarding_file_for (cookie, AF_INET);
  g_autofree char *forwarding6 = netns_forwarding_file_for (cookie, AF_INET6);

  netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = owner });
  netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = forwarding4 });
  netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = forwarding6 });
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
  g_autoptr (GPtrArray) aliases = g_ptr_array_new ();

  netns_plan_change_name (plan, namespace->name);
  netns_dns_plan_clear (core, plan, namespace->name);
  for (guint i = 0; namespace->aliases != NULL && i < namespace->aliases->len; i++) {
    const char *alias = g_ptr_array_index (namespace->aliases, i);

    netns_plan_change_name (plan, alias);
    netns_dns_plan_clear (core, plan, alias);
    g_ptr_array_add (aliases, (gpointer) alias);
  }
  g_ptr_array_add (aliases, NULL);
  netns_plan_namespace_delete (plan, namespace->name,
                               &(NetnsNamespaceDelete) { .broken = namespace->source == NETNS_SOURCE_BROKEN,
                                                         .aliases = (const char *const *) aliases->pdata });
}

/* The plan for method Namespace.Delete, after @eviction: the processes that used it were killed, or there were none. Errors: `NotFound`, `InvalidArgument`, `Exists`. */
NetnsPlan *
netns_namespace_delete (NetnsCore *core, guint caller, const char *name, const NetnsEviction *eviction, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, name, error);

  if (namespace == NULL || !refuse_host (namespace, "deleted", error))
    return NULL;
  if (namespace->source == NETNS_SOURCE_BROKEN) {
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_FOREIGN);
    netns_plan_set_detail (plan, "namespace", name);
  } else {
    namespace = netns_core_use_namespace (core, plan, caller, name, error);
    if (namespace == NULL)
      return NULL;
    if (eviction != NULL)
      netns_eviction_touch (eviction, plan);
    netns_plan_await_end (plan, netns_mirror_watch_end (netns_core_get_mirror (core), namespace),
                          netns_owners_get (netns_core_get_owners (core), namespace));
    forget_contents (core, plan, namespace->name);
  }
  if (namespace->cookie != 0)
    forget_namespace (plan, namespace->cookie);
  if (!netns_origins_plan_return (netns_core_get_origins (core), plan, namespace, error))
    return NULL;
  plan_delete (core, plan, namespace);
  on_commit (core, plan, commit_delete, &(Commit) { .name = namespace->name, .cookie = namespace->cookie });
  return g_steal_pointer (&plan);
}

/* Things in a namespace are found by its name. */
static void
plan_rename_contents (NetnsCore *core, NetnsPlan *plan, const char *name, const char *new_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, name);

  for (guint i = 0; i < definitions->len; i++) {
    g_autoptr (NetnsDefinition) renamed = netns_definition_copy (g_ptr_array_index (definitions, i));
    g_autofree char *file = netns_definition_get_file (renamed), *contents = NULL;

    g_free (renamed->namespace_name);
    renamed->namespace_name = g_strdup (new_name);
    contents = netns_definition_print (renamed);
    netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = file, .contents = contents });
  }
}

static void
commit_rename (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;

  netns_core_rename_namespace (commit->core, commit->name, commit->new_name);
}

/* The plan for method Namespace.Rename. Errors: `NotFound`, `InvalidName`, `InvalidArgument`, `Exists`. */
NetnsPlan *
netns_namespace_rename (NetnsCore *core, guint caller, const char *name, const char *new_name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !refuse_host (namespace, "renamed", error)
      || !netns_namespace_check_new_name (core, new_name, error))
    return NULL;
  netns_plan_change_name (plan, namespace->name);
  netns_plan_change_name (plan, new_name);
  netns_plan_namespace_rename (plan, namespace->name, &(NetnsNamespaceRename) { .new_name = new_name });
  plan_rename_contents (core, plan, namespace->name, new_name);
  netns_dns_plan_move (core, plan, namespace->name, new_name);
  on_commit (core, plan, commit_rename, &(Commit) { .name = namespace->name, .new_name = (char *) new_name });
  return g_steal_pointer (&plan);
}

/* The plan for method Namespace.SetOwner, NETNS_UID_NOBODY for nobody. Errors: `NotFound`, `InvalidArgument`. */
NetnsPlan *
netns_namespace_set_owner (NetnsCore *core, guint caller, const char *name, guint owner, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);

  if (namespace == NULL || !refuse_host (namespace, "given to a user", error))
    return NULL;
  netns_plan_change_name (plan, namespace->name); /* tells its cookie, which the mirror may not have read yet */
  plan_owner (core, plan, namespace->name, owner);
  return g_steal_pointer (&plan);
}
