/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan/plan.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/plan/run.h"

#include <string.h>

struct _NetnsPlan {
  GPtrArray *steps;
  GArray *targets;     /* NetnsTarget */
  GArray *identities;  /* guint64: of what else the plan is for, in order */
  GPtrArray *names;    /* names in /run/netns that the plan makes, takes or gives away */
  GHashTable *connections; /* name -> NetnsNetlink to the namespace that now has it */
  GArray *commits;
  NetnsAuthScope scope;
  GHashTable *details;
  GVariant *result; /* what a step found out */
  GArray *left_out; /* NetnsAddress: what steps could do without */
  int descriptor;   /* what a step opened, -1 for nothing */
  NetnsEndWatch *end; /* of the namespace that it deletes */
  guint end_owner;
  NetnsReadFunc read; /* the same without netnsd-nft */
  const NetnsNftQuery *query; /* what is asked about the namespace that it opened, NULL for nothing */
  GVariant *parameter; /* of the query, or NULL */
};

typedef struct {
  NetnsCommitFunc commit;
  gpointer data;
  GDestroyNotify destroy;
} Commit;

static void
free_record (const NetnsRecord *type, gpointer record)
{
  if (record != NULL)
    netns_fields_clear (type->fields, record);
  g_free (record);
}

static void
free_step (gpointer data)
{
  NetnsStep *step = data;

  g_free (step->namespace_name);
  free_record (&step->operation->parameter, step->parameter);
  free_record (&step->operation->kept, step->kept);
  g_free (step);
}

static void
clear_target (gpointer data)
{
  NetnsTarget *target = data;

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
  plan->targets = g_array_new (FALSE, FALSE, sizeof (NetnsTarget));
  g_array_set_clear_func (plan->targets, clear_target);
  plan->identities = g_array_new (FALSE, FALSE, sizeof (guint64));
  plan->names = g_ptr_array_new_with_free_func (g_free);
  plan->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) netns_netlink_free);
  plan->commits = g_array_new (FALSE, FALSE, sizeof (Commit));
  g_array_set_clear_func (plan->commits, clear_commit);
  plan->details = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  plan->left_out = netns_addresses_new ();
  plan->descriptor = -1;
  return plan;
}

void
netns_plan_free (NetnsPlan *plan)
{
  g_ptr_array_unref (plan->steps);
  g_array_unref (plan->targets);
  g_array_unref (plan->identities);
  g_ptr_array_unref (plan->names);
  g_hash_table_unref (plan->connections);
  g_array_unref (plan->commits);
  g_hash_table_unref (plan->details);
  g_clear_pointer (&plan->result, g_variant_unref);
  g_array_unref (plan->left_out);
  netns_close_fd (&plan->descriptor);
  g_clear_pointer (&plan->end, netns_end_watch_free);
  g_clear_pointer (&plan->parameter, g_variant_unref);
  g_free (plan);
}

/* Appends a step, with a copy of @parameter, which is of the operation's type: NETNS_DECLARE_OPERATION() checks that.
 * The namespace is empty for the host. After a step that cannot be undone there can be none. */
void
netns_plan_add_step (NetnsPlan *plan, const NetnsOperation *operation, const char *namespace_name,
                     gconstpointer parameter)
{
  NetnsStep *step = g_new0 (NetnsStep, 1);

  if (plan->steps->len > 0) {
    const NetnsStep *last = g_ptr_array_index (plan->steps, plan->steps->len - 1);

    g_assert (last->operation->undo != NULL || last->operation->reads);
  }
  step->operation = operation;
  step->namespace_name = g_strdup (namespace_name);
  if (operation->parameter.size > 0) {
    step->parameter = g_memdup2 (parameter, operation->parameter.size);
    netns_fields_copy (operation->parameter.fields, step->parameter);
  }
  if (operation->kept.size > 0)
    step->kept = g_malloc0 (operation->kept.size);
  g_ptr_array_add (plan->steps, step);
}

/* The plan is for this very namespace, not for another one that may have its name by the time it runs. */
void
netns_plan_use_namespace (NetnsPlan *plan, const NetnsNamespace *namespace)
{
  NetnsTarget target = { g_strdup (namespace->name), namespace->id, namespace->cookie, g_strdup (namespace->path) };

  g_array_append_val (plan->targets, target);
}

/* Returns: (transfer none): the name of the namespace that it works in, which there must be */
const char *
netns_plan_get_target_name (const NetnsPlan *plan)
{
  return g_array_index (plan->targets, NetnsTarget, 0).name;
}

/* Returns: its cookie, 0 if it was not known */
guint64
netns_plan_get_target_cookie (const NetnsPlan *plan)
{
  return g_array_index (plan->targets, NetnsTarget, 0).cookie;
}

static NetnsNamespace *
find_target (const NetnsTarget *target, NetnsMirror *mirror)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, target->name);

  return namespace != NULL && namespace->cookie == target->cookie ? namespace : NULL;
}

/* Returns: (transfer none) (nullable): the namespace that it works in, if it is still there under its name */
NetnsNamespace *
netns_plan_find_target (const NetnsPlan *plan, NetnsMirror *mirror)
{
  return plan->targets->len > 0 ? find_target (&g_array_index (plan->targets, NetnsTarget, 0), mirror) : NULL;
}

static NetnsNamespace *
find_place (const NetnsPlan *plan, const char *name, NetnsMirror *mirror)
{
  for (guint i = 0; i < plan->targets->len; i++) {
    const NetnsTarget *target = &g_array_index (plan->targets, NetnsTarget, i);

    if (strcmp (target->name, name) == 0)
      return find_target (target, mirror);
  }
  return NULL;
}

/* Calls @func for what @plan, which was done, has changed in namespaces that are still there, and the mirror does not
 * show. */
void
netns_plan_tell (const NetnsPlan *plan, NetnsMirror *mirror, NetnsNewsFunc func, gpointer data)
{
  for (guint i = 0; i < plan->steps->len; i++) {
    const NetnsStep *step = g_ptr_array_index (plan->steps, i);
    NetnsNews news = step->operation->tell ? step->operation->tell (step) : (NetnsNews) { 0 };
    NetnsNamespace *namespace
      = news.setting || news.rate_limit_of ? find_place (plan, step->namespace_name, mirror) : NULL;

    if (namespace != NULL)
      func (namespace, &news, data);
  }
}

/**
 * netns_plan_use_identity:
 * @plan: the plan
 * @identity: of a definition or a link, or what else tells a thing from others of its name
 *
 * The plan is for this very thing, not for another one that may have its name or number by the time it runs.
 */
void
netns_plan_use_identity (NetnsPlan *plan, guint64 identity)
{
  g_array_append_val (plan->identities, identity);
}

/* The plan makes, takes or gives away a name in /run/netns. */
void
netns_plan_change_name (NetnsPlan *plan, const char *name)
{
  g_ptr_array_add (plan->names, g_strdup (name));
}

/* @commit is called in the main thread when all steps are done, before the mirror looks at the result. @data is freed
 * whether or not the plan ran. */
void
netns_plan_on_commit (NetnsPlan *plan, NetnsCommitFunc commit, gpointer data, GDestroyNotify destroy)
{
  Commit entry = { commit, data, destroy };

  g_array_append_val (plan->commits, entry);
}

/* The plan, which deletes a namespace of @owner's, is done with the end of that; takes @watch. */
void
netns_plan_await_end (NetnsPlan *plan, NetnsEndWatch *watch, guint owner)
{
  g_clear_pointer (&plan->end, netns_end_watch_free);
  plan->end = watch;
  plan->end_owner = owner;
}

/* Returns: (transfer full): what netns_plan_await_end() took */
NetnsEndWatch *
netns_plan_steal_end (NetnsPlan *plan, guint *owner)
{
  *owner = plan->end_owner;
  return g_steal_pointer (&plan->end);
}

NetnsEndWatch *
netns_plan_get_end (const NetnsPlan *plan)
{
  return plan->end;
}

/* @read: called outside of the queue, when @plan has opened a namespace; its answer is the plan's result */
void
netns_plan_set_reader (NetnsPlan *plan, NetnsReadFunc read)
{
  plan->read = read;
}

/* Returns: (nullable): what netns_plan_set_reader() was given */
NetnsReadFunc
netns_plan_get_reader (const NetnsPlan *plan)
{
  return plan->read;
}

/**
 * netns_plan_set_query:
 * @plan: a plan that opens a namespace
 * @query: what is asked about its rules afterwards, outside of the queue
 * @parameter: (nullable): of the query's type; a floating reference is taken
 */
void
netns_plan_set_query (NetnsPlan *plan, const NetnsNftQuery *query, GVariant *parameter)
{
  plan->query = query;
  g_clear_pointer (&plan->parameter, g_variant_unref);
  plan->parameter = parameter ? g_variant_ref_sink (parameter) : NULL;
}

/* Returns: (nullable): what is asked about the namespace that it opened; with (out) (transfer none) (nullable)
 *   @parameter */
const NetnsNftQuery *
netns_plan_get_query (const NetnsPlan *plan, GVariant **parameter)
{
  *parameter = plan->parameter;
  return plan->query;
}

void
netns_plan_add_auth_scope (NetnsPlan *plan, NetnsAuthScope scope)
{
  plan->scope |= scope;
}

NetnsAuthScope
netns_plan_get_auth_scope (const NetnsPlan *plan)
{
  return plan->scope;
}

/* What polkit rules and dialogs show for `namespace`, `owner`, `link`, `kind`, `network`, `subnet` ... */
void
netns_plan_set_detail (NetnsPlan *plan, const char *key, const char *value)
{
  g_hash_table_insert (plan->details, g_strdup (key), g_strdup (value));
}

/* As netns_plan_set_detail(), but appends to the existing value, unless @anew is set. */
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

/* Returns: (transfer none) (nullable): a connection to the namespace that has a name now that the plan made; none after
 * netns_plan_close_connections() */
NetnsNetlink *
netns_plan_get_connection (const NetnsPlan *plan, const char *name)
{
  return g_hash_table_lookup (plan->connections, name);
}

/* Open connections keep namespaces alive. */
void
netns_plan_close_connections (NetnsPlan *plan)
{
  g_hash_table_remove_all (plan->connections);
}

/* Returns: the cookie of the namespace that has a name now that the plan made, 0 if it did not make it */
guint64
netns_plan_get_cookie (const NetnsPlan *plan, const char *name)
{
  const NetnsNetlink *connection = netns_plan_get_connection (plan, name);

  return connection ? netns_netlink_get_cookie (connection) : 0;
}

/* The answer to its query is what it found out; a floating reference is taken. */
void
netns_plan_set_result (NetnsPlan *plan, GVariant *result)
{
  g_clear_pointer (&plan->result, g_variant_unref);
  plan->result = g_variant_ref_sink (result);
}

/* Returns: (transfer none) (nullable): what a step found out */
GVariant *
netns_plan_get_result (const NetnsPlan *plan)
{
  return plan->result;
}

/* Returns: (transfer none) (element-type NetnsAddress): what a plan that ran did not give, because IPv6 is off there */
const GArray *
netns_plan_get_left_out (const NetnsPlan *plan)
{
  return plan->left_out;
}

/* Returns: what a step opened, for the caller to close; -1 for nothing */
int
netns_plan_steal_descriptor (NetnsPlan *plan)
{
  return g_steal_fd (&plan->descriptor);
}

static gboolean
same_target (const NetnsTarget *a, const NetnsTarget *b)
{
  return strcmp (a->name, b->name) == 0 && a->id.inode == b->id.inode && a->id.device == b->id.device
         && (a->cookie == b->cookie || a->cookie == 0 || b->cookie == 0);
}

/* Returns: whether it is for a namespace whose cookie is not known yet, so that nobody can say whose it is */
gboolean
netns_plan_has_unknown_target (const NetnsPlan *plan)
{
  for (guint i = 0; i < plan->targets->len; i++)
    if (g_array_index (plan->targets, NetnsTarget, i).cookie == 0)
      return TRUE;
  return FALSE;
}

/* Whether @other, the same call planned again after the authorization, means the very same namespaces as @plan. One
 * that has come into being a moment ago is known by its inode only, which the kernel may have taken from the one that
 * was authorized; @other then insists on the cookie of that one when it runs. */
gboolean
netns_plan_has_same_targets (const NetnsPlan *plan, NetnsPlan *other)
{
  if (plan->targets->len != other->targets->len)
    return FALSE;
  for (guint i = 0; i < plan->targets->len; i++) {
    const NetnsTarget *asked = &g_array_index (plan->targets, NetnsTarget, i);
    NetnsTarget *target = &g_array_index (other->targets, NetnsTarget, i);

    if (!same_target (asked, target))
      return FALSE;
    if (target->cookie == 0)
      target->cookie = asked->cookie;
  }
  return TRUE;
}

/* Returns: whether both mean the very same links, definitions and so on */
gboolean
netns_plan_has_same_identities (const NetnsPlan *plan, const NetnsPlan *other)
{
  if (plan->identities->len != other->identities->len)
    return FALSE;
  for (guint i = 0; i < plan->identities->len; i++)
    if (g_array_index (plan->identities, guint64, i) != g_array_index (other->identities, guint64, i))
      return FALSE;
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

    if (step->operation->reads || step->operation->undo (run, step, &undo_error))
      continue;
    g_string_append_printf (left, "%s%s: %s", left->len ? "; " : "", step->operation->name, undo_error->message);
  }
  if (left->len == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_ROLLED_BACK, "%s", left->str);
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
      netns_refuse (error, NETNS_ERROR_ROLLED_BACK, "%s; rollback failed, clean up manually: %s", step_error->message,
                    undo_error->message);
    return FALSE;
  }
  return TRUE;
}

/* Returns: (transfer full): opens the namespaces that the plan is for, to change them, or to look at them in another thread
 * before the plan runs; not to outlive it */
NetnsRun *
netns_plan_new_run (const NetnsPlan *plan, const NetnsGrant *grant)
{
  return netns_run_new (grant, (const NetnsTarget *) (gpointer) plan->targets->data, plan->targets->len);
}

/* Runs all steps, in the worker: all is done, or nothing. Errors: what the step that failed says; `RolledBack` if
 * taking back what was done before it failed, too. */
gboolean
netns_plan_run (NetnsPlan *plan, const NetnsGrant *grant, GError **error)
{
  g_autoptr (NetnsRun) run = netns_plan_new_run (plan, grant);

  if (!execute_steps (plan, run, error))
    return FALSE;
  keep_connections (plan, run);
  plan->result = netns_run_steal_result (run);
  g_array_append_vals (plan->left_out, netns_run_get_left_out (run)->data, netns_run_get_left_out (run)->len);
  plan->descriptor = netns_run_steal_descriptor (run);
  return TRUE;
}

/**
 * netns_plan_take_back:
 * @plan: a plan that ran, and took the namespace that it works in its names
 * @grant: who may do it
 * @namespace_fd: (transfer full): the namespace, or what was taken for it
 * @error: `RolledBack`
 *
 * In the worker.
 *
 * Returns: whether all steps were undone
 */
NetnsTakenBack
netns_plan_take_back (NetnsPlan *plan, const NetnsGrant *grant, int namespace_fd, GError **error)
{
  const char *name = netns_plan_get_target_name (plan);
  g_autoptr (NetnsRun) run = netns_plan_new_run (plan, grant);

  netns_run_add_namespace (run, name, namespace_fd);
  if (netns_plan_get_target_cookie (plan) == 0 || netns_run_get_netlink (run, name, NULL) == NULL)
    return NETNS_TAKEN_BACK_GONE;
  return undo_steps (plan, run, plan->steps->len, error) ? NETNS_TAKEN_BACK_DONE : NETNS_TAKEN_BACK_FAILED;
}

/**
 * netns_plan_finish:
 * @plan: a plan that ran, and is not taken back
 * @grant: who may do it
 * @error: what the first step says that fails
 *
 * In the worker.
 *
 * Returns: whether all is done
 */
gboolean
netns_plan_finish (NetnsPlan *plan, const NetnsGrant *grant, GError **error)
{
  g_autoptr (NetnsRun) run = netns_plan_new_run (plan, grant);

  for (guint i = 0; i < plan->steps->len; i++) {
    NetnsStep *step = g_ptr_array_index (plan->steps, i);

    if (step->operation->finish != NULL && !step->operation->finish (run, step, error))
      return FALSE;
  }
  return TRUE;
}

/* Lets the service's own tables know of a plan that ran well, in the main thread. */
void
netns_plan_commit (NetnsPlan *plan)
{
  for (guint i = 0; i < plan->commits->len; i++) {
    const Commit *commit = &g_array_index (plan->commits, Commit, i);

    commit->commit (plan, commit->data);
  }
}
