/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/run.h"

#include <stdarg.h>
#include <string.h>

struct _NetnsPlan {
  GPtrArray *steps;
  GArray *targets;     /* Target */
  GPtrArray *names;    /* names in /run/netns that the plan makes, takes or gives away */
  GHashTable *connections; /* name -> NetnsNetlink to the namespace that now has it */
  GArray *commits;
  NetnsReach reach;
  GHashTable *details;
  GVariant *result; /* what a step found out */
  int descriptor;   /* what a step opened, -1 for nothing */
  NetnsEndWatch *end; /* of the namespace that it deletes */
};

typedef struct {
  char *name;
  NetnsFileId id;
  guint64 cookie;
  char *path; /* for one without a name, else NULL */
} Target;

typedef struct {
  NetnsCommitFunc commit;
  gpointer data;
  GDestroyNotify destroy;
} Commit;

static void
free_step (gpointer data)
{
  NetnsStep *step = data;

  g_free (step->namespace_name);
  g_variant_unref (step->parameters);
  g_clear_pointer (&step->undo, g_variant_unref);
  g_free (step);
}

static void
clear_target (gpointer data)
{
  Target *target = data;

  g_free (target->name);
  g_free (target->path);
}

static void
clear_commit (gpointer data)
{
  Commit *commit = data;

  if (commit->destroy != NULL)
    commit->destroy (commit->data);
}

NetnsPlan *
netns_plan_new (void)
{
  NetnsPlan *plan = g_new0 (NetnsPlan, 1);

  plan->steps = g_ptr_array_new_with_free_func (free_step);
  plan->targets = g_array_new (FALSE, FALSE, sizeof (Target));
  g_array_set_clear_func (plan->targets, clear_target);
  plan->names = g_ptr_array_new_with_free_func (g_free);
  plan->connections
    = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) netns_netlink_free);
  plan->commits = g_array_new (FALSE, FALSE, sizeof (Commit));
  g_array_set_clear_func (plan->commits, clear_commit);
  plan->details = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  plan->descriptor = -1;
  return plan;
}

void
netns_plan_free (NetnsPlan *plan)
{
  g_ptr_array_unref (plan->steps);
  g_array_unref (plan->targets);
  g_ptr_array_unref (plan->names);
  g_hash_table_unref (plan->connections);
  g_array_unref (plan->commits);
  g_hash_table_unref (plan->details);
  g_clear_pointer (&plan->result, g_variant_unref);
  netns_close_fd (&plan->descriptor);
  g_clear_pointer (&plan->end, netns_end_watch_free);
  g_free (plan);
}

/**
 * netns_plan_add:
 * @plan: the plan
 * @operation: what to do
 * @namespace_name: where, empty for the host
 * @format: its parameters, a g_variant_new_parsed() format of type a{sv}
 * @...: for @format
 *
 * Appends a step. After one that cannot be undone there can be none.
 */
void
netns_plan_add (NetnsPlan *plan, const NetnsOperation *operation, const char *namespace_name, const char *format, ...)
{
  NetnsStep *step = g_new0 (NetnsStep, 1);
  va_list arguments;

  if (plan->steps->len > 0) {
    const NetnsStep *last = g_ptr_array_index (plan->steps, plan->steps->len - 1);

    g_assert (last->operation->undo != NULL);
  }
  va_start (arguments, format);
  step->parameters = g_variant_ref_sink (g_variant_new_parsed_va (format, &arguments));
  va_end (arguments);
  step->operation = operation;
  step->namespace_name = g_strdup (namespace_name);
  g_ptr_array_add (plan->steps, step);
}

/**
 * netns_plan_use_namespace:
 * @plan: the plan
 * @namespace: a namespace that it works in
 *
 * The plan is for this very namespace, not for another one that may have its name by the time it runs.
 */
void
netns_plan_use_namespace (NetnsPlan *plan, const NetnsNamespace *namespace)
{
  Target target = { g_strdup (namespace->name), namespace->id, namespace->cookie, g_strdup (namespace->path) };

  g_array_append_val (plan->targets, target);
}

/**
 * netns_plan_change_name:
 * @plan: the plan
 * @name: a name in /run/netns that it makes, takes or gives away
 */
void
netns_plan_change_name (NetnsPlan *plan, const char *name)
{
  g_ptr_array_add (plan->names, g_strdup (name));
}

/**
 * netns_plan_on_commit:
 * @plan: the plan
 * @commit: called in the main thread when all steps are done, before the mirror looks at the result
 * @data: for it
 * @destroy: (nullable): frees @data, whether or not the plan ran
 */
void
netns_plan_on_commit (NetnsPlan *plan, NetnsCommitFunc commit, gpointer data, GDestroyNotify destroy)
{
  Commit entry = { commit, data, destroy };

  g_array_append_val (plan->commits, entry);
}

/**
 * netns_plan_await_end:
 * @plan: a plan that deletes a namespace
 * @watch: (transfer full): the end of the namespace, with which the plan is done
 */
void
netns_plan_await_end (NetnsPlan *plan, NetnsEndWatch *watch)
{
  g_clear_pointer (&plan->end, netns_end_watch_free);
  plan->end = watch;
}

NetnsEndWatch *
netns_plan_get_end (const NetnsPlan *plan)
{
  return plan->end;
}

void
netns_plan_add_reach (NetnsPlan *plan, NetnsReach reach)
{
  plan->reach |= reach;
}

NetnsReach
netns_plan_get_reach (const NetnsPlan *plan)
{
  return plan->reach;
}

/**
 * netns_plan_set_detail:
 * @plan: the plan
 * @key: one of the details of the design: `namespace`, `owner`, `link`, `kind`, `network`, `subnet` ...
 * @value: what polkit rules and dialogs show for it
 */
void
netns_plan_set_detail (NetnsPlan *plan, const char *key, const char *value)
{
  g_hash_table_insert (plan->details, g_strdup (key), g_strdup (value));
}

/* As netns_plan_set_detail(), but behind what is there already, unless @anew. */
void
netns_plan_add_detail (NetnsPlan *plan, const char *key, const char *value, gboolean anew)
{
  const char *before = anew ? NULL : g_hash_table_lookup (plan->details, key);
  g_autofree char *both = before ? g_strconcat (before, " ", value, NULL) : NULL;

  if (g_strcmp0 (before, value) != 0)
    netns_plan_set_detail (plan, key, both ? both : value);
}

GHashTable *
netns_plan_get_details (const NetnsPlan *plan)
{
  return plan->details;
}

const GPtrArray *
netns_plan_get_names (const NetnsPlan *plan)
{
  return plan->names;
}

GPtrArray *
netns_plan_get_steps (const NetnsPlan *plan)
{
  return plan->steps;
}

/**
 * netns_plan_get_connection:
 * @plan: a plan that ran
 * @name: a name that it made
 *
 * Returns: (transfer none) (nullable): a connection to the namespace that has this name now, %NULL if the plan did not
 *   make one, and after netns_plan_close_connections()
 */
NetnsNetlink *
netns_plan_get_connection (const NetnsPlan *plan, const char *name)
{
  return g_hash_table_lookup (plan->connections, name);
}

/**
 * netns_plan_close_connections:
 * @plan: a plan that ran
 *
 * They keep namespaces alive.
 */
void
netns_plan_close_connections (NetnsPlan *plan)
{
  g_hash_table_remove_all (plan->connections);
}

/**
 * netns_plan_get_cookie:
 * @plan: a plan that ran
 * @name: a name that it made
 *
 * Returns: the cookie of the namespace that has this name now, 0 if the plan did not make one
 */
guint64
netns_plan_get_cookie (const NetnsPlan *plan, const char *name)
{
  const NetnsNetlink *connection = netns_plan_get_connection (plan, name);

  return connection ? netns_netlink_get_cookie (connection) : 0;
}

/**
 * netns_plan_get_result:
 * @plan: a plan that ran
 *
 * Returns: (transfer none) (nullable): what a step of it found out
 */
GVariant *
netns_plan_get_result (const NetnsPlan *plan)
{
  return plan->result;
}

/**
 * netns_plan_steal_descriptor:
 * @plan: a plan that ran
 *
 * Returns: what a step of it opened, for the caller to close; -1 for nothing
 */
int
netns_plan_steal_descriptor (NetnsPlan *plan)
{
  return g_steal_fd (&plan->descriptor);
}

static gboolean
same_target (const Target *a, const Target *b)
{
  return strcmp (a->name, b->name) == 0 && a->id.inode == b->id.inode && a->id.device == b->id.device
         && (a->cookie == b->cookie || a->cookie == 0 || b->cookie == 0);
}

/**
 * netns_plan_has_same_targets:
 * @plan: what the caller was authorized for
 * @other: the same call, planned again after the authorization
 *
 * One that has come into being a moment ago is known by its inode only, which the kernel may have taken from the one
 * that was authorized; @other then insists on the cookie of that one when it runs.
 *
 * Returns: whether both mean the very same namespaces
 */
gboolean
netns_plan_has_same_targets (const NetnsPlan *plan, NetnsPlan *other)
{
  if (plan->targets->len != other->targets->len)
    return FALSE;
  for (guint i = 0; i < plan->targets->len; i++) {
    const Target *asked = &g_array_index (plan->targets, Target, i);
    Target *target = &g_array_index (other->targets, Target, i);

    if (!same_target (asked, target))
      return FALSE;
    if (target->cookie == 0)
      target->cookie = asked->cookie;
  }
  return TRUE;
}

/* Takes back the first @count steps, the last one first. Goes on when one cannot be undone: the others still can. */
static gboolean
undo_steps (NetnsPlan *plan, NetnsRun *run, guint count, GError **error)
{
  g_autoptr (GString) left = g_string_new (NULL);

  for (guint i = count; i > 0; i--) {
    NetnsStep *step = g_ptr_array_index (plan->steps, i - 1);
    g_autoptr (GError) undo_error = NULL;

    if (step->operation->undo (run, step, &undo_error))
      continue;
    g_string_append_printf (left, "%s%s: %s", left->len ? "; " : "", step->operation->name, undo_error->message);
  }
  if (left->len == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_ROLLED_BACK, "%s", left->str);
  return FALSE;
}

/* The main thread needs them to get to know what was made. */
static void
keep_connections (NetnsPlan *plan, NetnsRun *run)
{
  for (guint i = 0; i < plan->names->len; i++) {
    const char *name = g_ptr_array_index (plan->names, i);
    NetnsNetlink *connection = netns_run_steal_netlink (run, name);

    if (connection != NULL)
      g_hash_table_insert (plan->connections, g_strdup (name), connection);
  }
}

static gboolean
execute_steps (NetnsPlan *plan, NetnsRun *run, GError **error)
{
  for (guint i = 0; i < plan->steps->len; i++) {
    NetnsStep *step = g_ptr_array_index (plan->steps, i);
    g_autoptr (GError) step_error = NULL, undo_error = NULL;

    if (step->operation->execute (run, step, &step_error))
      continue;
    if (undo_steps (plan, run, i, &undo_error))
      g_propagate_error (error, g_steal_pointer (&step_error));
    else
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_ROLLED_BACK,
                   "%s; and this could not be taken back, look after it by hand: %s", step_error->message,
                   undo_error->message);
    return FALSE;
  }
  return TRUE;
}

/**
 * netns_plan_run:
 * @plan: the plan
 * @grant: proof that the caller may
 * @error: what the step that failed says; `RolledBack` if taking back what was done before it failed, too
 *
 * Runs all steps, in the worker.
 *
 * Returns: %TRUE if all is done, %FALSE if nothing is
 */
gboolean
netns_plan_run (NetnsPlan *plan, const NetnsGrant *grant, GError **error)
{
  g_autoptr (NetnsRun) run = netns_run_new (grant);

  for (guint i = 0; i < plan->targets->len; i++) {
    const Target *target = &g_array_index (plan->targets, Target, i);

    netns_run_expect (run, target->name, &target->id, target->cookie, target->path);
  }
  if (!execute_steps (plan, run, error))
    return FALSE;
  keep_connections (plan, run);
  plan->result = netns_run_steal_result (run);
  plan->descriptor = netns_run_steal_descriptor (run);
  return TRUE;
}

/**
 * netns_plan_commit:
 * @plan: a plan that ran well
 *
 * Lets the service's own tables know, in the main thread.
 */
void
netns_plan_commit (NetnsPlan *plan)
{
  for (guint i = 0; i < plan->commits->len; i++) {
    const Commit *commit = &g_array_index (plan->commits, Commit, i);

    commit->commit (plan, commit->data);
  }
}
