/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/listing.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/ruleset/rules-steps.h"
#include "kernel/background.h"
#include "kernel/nft-helper.h"

typedef struct {
  int namespace_fd;
  NetnsReadFunc read; /* else @query */
  const NetnsNftQuery *query;
  GVariant *parameter;
  GVariant *answer;
  GError *error;
  NetnsListedFunc func;
  GDestroyNotify drop; /* of @data, when nobody gets an answer */
  gpointer data;
} Reading;

static void
read_rules (gpointer data, GCancellable *cancellable)
{
  Reading *reading = data;

  reading->answer
    = netns_nft_helper_ask (reading->query, reading->namespace_fd, reading->parameter, cancellable, &reading->error);
}

static void
free_reading (Reading *reading)
{
  g_clear_pointer (&reading->answer, g_variant_unref);
  g_clear_pointer (&reading->parameter, g_variant_unref);
  g_clear_error (&reading->error);
  netns_close_fd (&reading->namespace_fd);
  g_free (reading);
}

static void
finish (const GError *error, gpointer data)
{
  Reading *reading = data;

  if (error != NULL)
    reading->error = g_error_copy (error);
  reading->func (reading->answer, reading->error, reading->data);
  free_reading (reading);
}

static void
drop (gpointer data)
{
  Reading *reading = data;

  if (reading->drop != NULL)
    reading->drop (reading->data);
  free_reading (reading);
}

/* Nobody but root can make these slow: they do not wait for lists of others, not even for those that root asked for. */
static NetnsWork
get_work (NetnsCore *core, int namespace_fd)
{
  const NetnsFileId *host = &netns_mirror_get_host (netns_core_get_mirror (core))->id;
  NetnsFileId id;

  return namespace_fd < 0
             || (netns_nsfs_identify (namespace_fd, &id, NULL) && id.inode == host->inode && id.device == host->device)
           ? NETNS_WORK_LIST_HOST
           : NETNS_WORK_LIST;
}

static gpointer
new_reading (int namespace_fd, NetnsListedFunc func, gpointer data)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->namespace_fd = namespace_fd;
  reading->func = func;
  reading->data = data;
  return reading;
}

static void
push (NetnsCore *core, NetnsWork work, guint uid, NetnsBackgroundFunc run, Reading *reading)
{
  if (!netns_background_push (netns_core_get_background (core), work, uid, run, finish, drop, reading, &reading->error))
    finish (NULL, reading);
}

static void
push_query (NetnsCore *core, guint uid, const NetnsNftQuery *query, GVariant *parameter, Reading *reading)
{
  reading->query = query;
  reading->parameter = parameter ? g_variant_ref_sink (parameter) : NULL;
  push (core, get_work (core, reading->namespace_fd), uid, read_rules, reading);
}

/**
 * netns_listing_read:
 * @core: the service
 * @uid: who wants to know
 * @namespace_fd: (transfer full): the namespace, -1 for a query that needs none
 * @query: what to ask
 * @parameter: (nullable): of the query's type; a floating reference is taken
 * @func: (scope async): gets the answer, maybe at once
 * @data: for @func
 */
void
netns_listing_read (NetnsCore *core, guint uid, int namespace_fd, const NetnsNftQuery *query, GVariant *parameter,
                    NetnsListedFunc func, gpointer data)
{
  push_query (core, uid, query, parameter, new_reading (namespace_fd, func, data));
}

/* Marks a namespace whose rules were read, or not: others see before they try whether that is of any use. */
void
netns_listing_note (NetnsCore *core, NetnsNamespace *namespace, const GError *error)
{
  if (error == NULL)
    netns_core_set_ruleset_error (core, namespace, "");
  else if (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_TOO_LARGE)
           || g_error_matches (error, NETNS_ERROR, NETNS_ERROR_UNREADABLE))
    netns_core_set_ruleset_error (core, namespace, error->message);
}

/**
 * netns_listing_plan:
 * @plan: a plan that only reads
 * @namespace_name: a namespace that it uses
 * @query: what to ask about its rules
 * @parameter: (nullable): of the query's type; a floating reference is taken
 *
 * The plan opens the namespace. When it has run, netns_listing_run() gets the answer, which is its result then.
 */
void
netns_listing_plan (NetnsPlan *plan, const char *namespace_name, const NetnsNftQuery *query, GVariant *parameter)
{
  netns_plan_rules_open (plan, namespace_name);
  netns_plan_set_query (plan, query, parameter);
}

typedef struct {
  NetnsCore *core;
  NetnsPlan *plan;
  NetnsDoneFunc done;
  gpointer data;
} Run;

static void
on_listed (GVariant *answer, const GError *error, gpointer data)
{
  g_autofree Run *run = data;
  NetnsNamespace *namespace = netns_plan_find_target (run->plan, netns_core_get_mirror (run->core));

  if (namespace != NULL && netns_plan_get_reader (run->plan) == NULL)
    netns_listing_note (run->core, namespace, error);
  if (answer != NULL)
    netns_plan_set_result (run->plan, answer);
  run->done (error, run->data);
}

static void
read_other (gpointer data, GCancellable *cancellable)
{
  Reading *reading = data;
  GVariant *answer = reading->read (reading->namespace_fd, &reading->error);

  reading->answer = answer ? g_variant_ref_sink (answer) : NULL;
}

/**
 * netns_listing_run:
 * @core: the service
 * @uid: who wants to know
 * @plan: one that ran, of netns_listing_plan() or any other; must live until @done
 * @done: (scope async): called when the plan has its answer, maybe at once; `TooLarge`, `Unreadable`, `LimitsExceeded`,
 *   `KernelRefused`
 * @data: for @done
 */
void
netns_listing_run (NetnsCore *core, guint uid, NetnsPlan *plan, NetnsDoneFunc done, gpointer data)
{
  GVariant *parameter;
  const NetnsNftQuery *query = netns_plan_get_query (plan, &parameter);
  NetnsReadFunc read = netns_plan_get_reader (plan);
  Reading *reading;
  Run *run;

  if (query == NULL && read == NULL) {
    done (NULL, data);
    return;
  }
  run = g_new (Run, 1);
  *run = (Run) { core, plan, done, data };
  reading = new_reading (netns_plan_steal_descriptor (plan), on_listed, run);
  reading->drop = g_free;
  reading->read = read;
  if (query != NULL)
    push_query (core, uid, query, parameter, reading);
  else
    push (core, NETNS_WORK_SEARCH, uid, read_other, reading);
}
