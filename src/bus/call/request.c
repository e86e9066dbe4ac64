/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/request.h"

#include "bus/call/actions.h"
#include "bus/call/audit.h"
#include "bus/call/groups.h"
#include "bus/call/properties.h"
#include "bus/call/reply.h"
#include "bus/call/search.h"
#include "bus/tree/class.h"
#include "bus/tree/introspect.h"
#include "common/error.h"
#include "common/names.h"
#include "core/foreign/allowing.h"
#include "core/ruleset/listing.h"
#include "core/service/lookup.h"
#include "core/service/users.h"

#include <string.h>

/* With those that wait for their turn to run. polkit's queue has limits of its own (bus/call/authority.h). */
#define CHANGES_PER_USER 100

struct _NetnsRequests {
  NetnsCore *core;
  NetnsAuthority *authority;
  NetnsExport *export;
  NetnsSubscribers *subscribers;
  NetnsWaits *waits;
  NetnsAudit *audit;
  GHashTable *changes; /* uid -> number of its changes under way */
  GHashTable *all;     /* Request: all that are under way, as a set */
  gboolean closed;     /* nothing begins any longer */
};

#define WAITS_FOR_COOKIES_MAX 5 /* a kernel that tells none must not keep a call waiting */

/* Which stages a call goes through. */
typedef enum {
  PROPERTY = 1 << 0,  /* Get, GetAll */
  READING = 1 << 1,   /* a method that only looks */
  CHANGE = 1 << 2,    /* a method that plans */
  INTROSPECT = 1 << 3,
  ALL = PROPERTY | READING | CHANGE | INTROSPECT,
} Kind;

/* A call on its way: what is asked for, who asks, and what was answered so far. */
typedef struct {
  NetnsRequests *requests;
  NetnsInvocation *invocation;
  Kind kind;
  gsize next;                /* position in the list of stages */
  gsize queued;              /* that of the wait for its turn */
  const NetnsMethod *method; /* only of these two */
  NetnsCall call;
  NetnsPlan *asked; /* what the caller was authorized for, NULL without a question */
  NetnsPlan *plan;  /* what runs */
  NetnsGrant *grant;
  guint64 generation; /* of all that there was when @asked was made */
  guint waits_for_cookies;
  NetnsAllowing allowing; /* of firewalls of others, by the plan */
  gboolean counted;   /* among the changes of its user */
  gboolean begun;     /* it may have changed something, even before it is its turn */
  GVariant *result;   /* what is answered, floating */
} Request;

/* After LATER the stage calls advance(), possibly before it returns: the request must then not be touched. */
typedef enum {
  NEXT,
  LATER,
  FAILED, /* with an error */
} Progress;

typedef struct {
  Progress (*run) (Request *request, GError **error);
  Kind kinds;
} Stage;

static void advance (Request *request, const GError *error);
static void on_name (gpointer data);

static void
go_on (gpointer data)
{
  advance (data, NULL);
}

static void
go_on_or_fail (const GError *error, gpointer data)
{
  advance (data, error);
}

static guint
count_changes (Request *request, int more)
{
  GHashTable *changes = request->requests->changes;
  gpointer uid = GUINT_TO_POINTER (request->call.uid);
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (changes, uid)) + (guint) more;

  if (count > 0)
    g_hash_table_insert (changes, uid, GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (changes, uid);
  return count;
}

static void
free_request (Request *request)
{
  g_hash_table_remove (request->requests->all, request);
  if (request->counted)
    count_changes (request, -1);
  g_clear_pointer (&request->asked, netns_plan_free);
  g_clear_pointer (&request->plan, netns_plan_free);
  g_clear_pointer (&request->grant, netns_grant_free);
  g_clear_pointer (&request->call.eviction, netns_eviction_free);
  g_clear_pointer (&request->call.inquiry, netns_inquiry_free);
  g_clear_object (&request->call.reply_descriptors);
  netns_allowing_clear (&request->allowing);
  g_clear_pointer (&request->call.groups, g_variant_unref);
  g_free (request->call.text);
  g_free (request);
}

static gboolean
find_object (Request *request, NetnsObject *object, GError **error)
{
  if (netns_object_find (request->call.core, request->call.path, object))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "Object %s no longer exists", request->call.path);
}

static NetnsPlan *
make_plan (Request *request, GError **error)
{
  NetnsObject object;

  g_clear_pointer (&request->call.text, g_free);
  netns_mirror_catch_up (netns_core_get_mirror (request->call.core));
  return find_object (request, &object, error) ? request->method->plan (&request->call, &object, error) : NULL;
}

static Progress
search (Request *request, GError **error)
{
  NetnsSearch needed = netns_search_find (&request->call, request->method);

  if (request->kind == INTROSPECT && strcmp (request->call.path, NETNS_PATH_NAMESPACES) == 0)
    needed = MAX (needed, NETNS_SEARCH_ONCE);
  if (needed == NETNS_SEARCH_NONE)
    return NEXT;
  netns_subscribers_add (request->requests->subscribers, request->call.sender, needed == NETNS_SEARCH_AGAIN, go_on,
                         request);
  return LATER;
}

static Progress
count (Request *request, GError **error)
{
  request->counted = TRUE;
  if (count_changes (request, 1) <= CHANGES_PER_USER || request->call.uid == 0)
    return NEXT;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_LIMITS_EXCEEDED, "Too many pending requests for this user");
  return FAILED;
}

static Progress
find_groups (Request *request, GError **error)
{
  if (!request->method->groups)
    return NEXT;
  netns_groups_find (&request->call, go_on_or_fail, request);
  return LATER;
}

static Progress
settle (Request *request, GError **error)
{
  netns_mirror_settle (netns_core_get_mirror (request->call.core), go_on, request);
  return LATER;
}

static Progress
read_property (Request *request, GError **error)
{
  NetnsObject object;

  if (find_object (request, &object, error))
    request->result = netns_properties_read (&request->call, &object, request->invocation->member, error);
  return request->result ? NEXT : FAILED;
}

static Progress
introspect (Request *request, GError **error)
{
  g_autofree char *xml = netns_introspect_describe (request->call.core, request->call.path);

  request->result = g_variant_new ("(s)", xml);
  return NEXT;
}

static Progress
survey (Request *request, GError **error)
{
  NetnsObject object;

  if (request->method->survey != NULL && netns_object_find (request->call.core, request->call.path, &object))
    request->call.eviction = request->method->survey (&request->call, &object);
  if (request->call.eviction == NULL)
    return NEXT;
  netns_eviction_survey (request->call.eviction, go_on_or_fail, request);
  return LATER;
}

static void
repeat_stage (gpointer data)
{
  Request *request = data;

  request->next--;
  advance (request, NULL);
}

/* A namespace that has just been found, or found again, has no owner before its cookie is known: @plan takes it for
 * somebody else's, and is made once more when the mirror has settled. */
static gboolean
wait_for_cookies (Request *request, NetnsPlan **plan)
{
  if (*plan == NULL || !netns_plan_has_unknown_target (*plan) || request->waits_for_cookies == WAITS_FOR_COOKIES_MAX)
    return FALSE;
  request->waits_for_cookies++;
  g_clear_pointer (plan, netns_plan_free);
  netns_mirror_settle (netns_core_get_mirror (request->call.core), repeat_stage, request);
  return TRUE;
}

static Progress
plan (Request *request, GError **error)
{
  request->generation = netns_core_get_generation (request->call.core);
  request->asked = make_plan (request, error);
  if (wait_for_cookies (request, &request->asked))
    return LATER;
  return request->asked ? NEXT : FAILED;
}

static gboolean
wait_for_names (Request *request)
{
  const char *owners = g_hash_table_lookup (netns_plan_get_details (request->asked), "owner");

  return owners != NULL && netns_users_look_up (owners, on_name, request);
}

static void
on_name (gpointer data)
{
  if (!wait_for_names (data))
    advance (data, NULL);
}

static Progress
name_owners (Request *request, GError **error)
{
  return wait_for_names (request) ? LATER : NEXT;
}

/* What rules and dialogs get to see. */
static GHashTable *
list_details (Request *request, const GDBusMethodInfo *info)
{
  GHashTable *details = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  GHashTableIter iter;
  const char *key, *value;

  g_hash_table_iter_init (&iter, netns_plan_get_details (request->asked));
  while (g_hash_table_iter_next (&iter, (gpointer *) &key, (gpointer *) &value))
    g_hash_table_insert (details, g_strdup (key),
                         strcmp (key, "owner") == 0 ? netns_users_print (value) : g_strdup (value));
  netns_actions_complete_details (info, netns_plan_get_auth_scope (request->asked), details);
  return details;
}

static void
on_answered (NetnsGrant *grant, const GError *error, gpointer data)
{
  Request *request = data;

  request->grant = grant;
  advance (request, error);
}

/* Public methods change nothing and get no grant. */
static Progress
authorize (Request *request, GError **error)
{
  const GDBusMethodInfo *info = request->invocation->info;
  GDBusMessage *message = request->invocation->message;
  g_autoptr (GPtrArray) actions = netns_actions_list (info, netns_plan_get_auth_scope (request->asked));
  g_autoptr (GHashTable) details = list_details (request, info);
  NetnsQuestion question = {
    .sender = request->call.sender,
    .uid = request->call.uid,
    .interactive = (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0,
    .method = info,
    .details = details,
  };

  if (netns_actions_are_public (actions))
    return NEXT;
  g_ptr_array_add (actions, NULL);
  question.actions = (const char *const *) actions->pdata;
  netns_authority_ask (request->requests->authority, &question, on_answered, request);
  return LATER;
}

static Progress
evict (Request *request, GError **error)
{
  if (request->call.eviction == NULL || request->grant == NULL)
    return NEXT;
  if (request->requests->closed)
    return LATER; /* until netns_requests_free() */
  request->begun = TRUE;
  netns_eviction_run (request->call.eviction, request->grant,
                      (netns_plan_get_auth_scope (request->asked) & NETNS_AUTH_SCOPE_FOREIGN) != 0, go_on_or_fail,
                      request);
  return LATER;
}

static Progress
wait_for_turn (Request *request, GError **error)
{
  request->queued = request->next - 1;
  netns_core_enqueue (request->call.core, request->call.uid, go_on, request);
  return LATER;
}

/* The call must do what the caller was authorized for, with the very same things, and nothing more. */
static gboolean
check_unchanged (Request *request, GError **error)
{
  if (request->asked == NULL
      || (netns_plan_has_same_targets (request->asked, request->plan)
          && (request->call.uid == 0 /* polkit was not asked, and two calls may well travel one behind the other */
              || netns_actions_cover (request->asked, request->plan))))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE,
                       "The target changed while authorization was pending; try again");
}

/* If nothing has changed since, the plan is still the same. */
static Progress
plan_again (Request *request, GError **error)
{
  if (request->requests->closed && !request->begun) {
    netns_core_skip (request->call.core);
    return LATER; /* until netns_requests_free() */
  }
  if (request->asked != NULL && request->generation == netns_core_get_generation (request->call.core))
    request->plan = g_steal_pointer (&request->asked);
  else
    request->plan = make_plan (request, error);
  if (wait_for_cookies (request, &request->plan))
    return LATER;
  if (request->plan != NULL && check_unchanged (request, error))
    return NEXT;
  netns_core_skip (request->call.core);
  return netns_allowing_fail (&request->allowing, error) ? LATER : FAILED;
}

/* From the queue on, for what was authorized, by a plan made from what is known now. */
static void
run_again (gpointer data)
{
  Request *request = data;

  g_clear_pointer (&request->asked, netns_plan_free);
  request->asked = g_steal_pointer (&request->plan);
  request->generation = G_MAXUINT64;
  request->begun = request->allowing.trusted != NULL; /* by firewalld */
  request->call.plan = NULL;
  request->next = request->queued;
  advance (request, NULL);
}

static Progress
run (Request *request, GError **error)
{
  request->begun = TRUE;
  request->call.plan = request->plan;
  request->call.grant = request->grant;
  if (netns_inquiry_is_open (request->call.inquiry))
    netns_inquiry_run (request->call.inquiry, request->call.uid, request->grant, go_on_or_fail, run_again, request);
  else
    netns_allowing_run (&request->allowing, request->call.core, request->call.uid, request->plan, request->grant,
                        go_on_or_fail, run_again, request);
  return LATER;
}

/* Rules that others can make are read by another process. */
static Progress
list (Request *request, GError **error)
{
  netns_listing_run (request->call.core, request->call.uid, request->plan, go_on_or_fail, request);
  return LATER;
}

static Progress
after_plan (Request *request, GError **error)
{
  if (request->method->after_plan == NULL)
    return NEXT;
  request->method->after_plan (&request->call, go_on_or_fail, request);
  return LATER;
}

static Progress
wait (Request *request, GError **error)
{
  NetnsObject object;

  if (request->method->wait == NULL)
    return NEXT;
  if (!find_object (request, &object, error))
    return FAILED;
  request->method->wait (&request->call, &object, go_on_or_fail, request);
  return LATER;
}

static Progress
reply (Request *request, GError **error)
{
  NetnsObject object;

  /* A change may have taken its object away, or to another path. */
  if (request->kind == CHANGE && request->method->reply == NULL)
    return NEXT;
  if (request->kind == CHANGE)
    request->result = request->method->reply (&request->call, NULL, error);
  else if (find_object (request, &object, error))
    request->result = request->method->reply (&request->call, &object, error);
  return request->result ? NEXT : FAILED;
}

/* A settled mirror knows the cookie of each namespace: what the caller is asked about is one and no other. */
static const Stage stages[] = {
  { search,        ALL              }, /* for namespaces without a name, if the call is about one */
  { count,         CHANGE           }, /* too many changes of one user are refused */
  { find_groups,   CHANGE           }, /* the groups of who calls, for methods that make something theirs */
  { settle,        ALL              }, /* the mirror shows what there is */
  { read_property, PROPERTY         },
  { introspect,    INTROSPECT       },
  { survey,        CHANGE           }, /* the processes of a namespace that is deleted with them */
  { plan,          CHANGE           }, /* what the call does, and what it reaches */
  { name_owners,   CHANGE           }, /* whose it is, for rules, dialogs and the log */
  { authorize,     CHANGE           }, /* polkit, maybe with a dialog */
  { evict,         CHANGE           }, /* ends those processes, or finds that there are none */
  { wait_for_turn, CHANGE           }, /* one change at a time */
  { plan_again,    CHANGE           }, /* if anything changed since, and nothing else than what was authorized */
  { run,           CHANGE           }, /* in the worker; the mirror shows the result afterwards */
  { list,          CHANGE           }, /* the rules of a namespace, if the call asks for them */
  { after_plan,    CHANGE           }, /* what a method does after its turn */
  { wait,          READING          }, /* for what a method is to tell */
  { reply,         READING | CHANGE },
};

/* Signals leave before the reply, so that whoever gets it has heard of the change. */
static void
finish (Request *request, const GError *error)
{
  NetnsRequests *requests = request->requests;

  netns_export_flush (requests->export);
  if (request->kind == CHANGE)
    netns_audit_write (requests->audit, request->invocation, request->call.uid,
                       request->plan ? request->plan : request->asked, error);
  if (error != NULL)
    netns_reply_error (request->invocation, error);
  else
    netns_reply_value (request->invocation, request->result, request->call.reply_descriptors);
  free_request (request);
}

/* Goes from stage to stage until one has to wait, one fails, or all are done. @error: why the last one failed */
static void
advance (Request *request, const GError *error)
{
  g_autoptr (GError) failure = error ? g_error_copy (error) : NULL;

  while (failure == NULL && request->next < G_N_ELEMENTS (stages)) {
    const Stage *stage = &stages[request->next++];

    if ((stage->kinds & request->kind) != 0 && stage->run (request, &failure) == LATER)
      return;
  }
  finish (request, failure);
}

/**
 * netns_requests_new:
 * @core: the service, settled
 * @authority: who asks polkit
 * @export: who emits signals
 * @subscribers: who finds namespaces without a name
 * @waits: who waits for the end of commands
 *
 * Returns: (transfer full): no call is under way
 */
NetnsRequests *
netns_requests_new (NetnsCore *core, NetnsAuthority *authority, NetnsExport *export, NetnsSubscribers *subscribers,
                    NetnsWaits *waits)
{
  const NetnsRequests parts
    = { .core = core, .authority = authority, .export = export, .subscribers = subscribers, .waits = waits };
  NetnsRequests *requests = g_memdup2 (&parts, sizeof parts);

  requests->audit = netns_audit_new ();
  requests->changes = g_hash_table_new (NULL, NULL);
  requests->all = g_hash_table_new (NULL, NULL);
  return requests;
}

/* From now on only what has begun to change something goes on. */
void
netns_requests_close (NetnsRequests *requests)
{
  requests->closed = TRUE;
}

/* Returns: whether a change that has begun is not answered yet */
gboolean
netns_requests_are_changing (const NetnsRequests *requests)
{
  GHashTableIter iter;
  Request *request;

  g_hash_table_iter_init (&iter, requests->all);
  while (g_hash_table_iter_next (&iter, (gpointer *) &request, NULL))
    if (request->begun)
      return TRUE;
  return FALSE;
}

/**
 * netns_requests_free:
 * @requests: (transfer full): the worker, the background and the authority have ended, and nothing else calls back
 *
 * What waits is dropped without an answer; the bus tells the callers that the service left.
 */
void
netns_requests_free (NetnsRequests *requests)
{
  g_autoptr (GList) all = g_hash_table_get_keys (requests->all);

  for (GList *item = all; item != NULL; item = item->next) {
    Request *request = item->data;

    netns_invocation_free (request->invocation);
    free_request (request);
  }
  g_hash_table_unref (requests->all);
  g_hash_table_unref (requests->changes);
  netns_audit_free (requests->audit);
  g_free (requests);
}

/**
 * netns_requests_take:
 * @requests: the calls under way
 * @invocation: (transfer full): one more, of a method of an object that is there, with arguments of the right types
 */
void
netns_requests_take (NetnsRequests *requests, NetnsInvocation *invocation)
{
  Request *request = g_new0 (Request, 1);

  g_hash_table_add (requests->all, request);
  request->requests = requests;
  request->invocation = invocation;
  request->call.core = requests->core;
  request->call.export = requests->export;
  request->call.waits = requests->waits;
  request->call.connection = invocation->connection;
  request->call.sender = invocation->sender;
  request->call.uid = invocation->uid;
  request->call.path = invocation->path;
  request->call.parameters = invocation->parameters;
  request->call.descriptors = invocation->descriptors;
  request->method = invocation->method;
  if (request->method != NULL)
    request->kind = invocation->changes ? CHANGE : READING;
  else
    request->kind = netns_invocation_is_of (invocation, NETNS_PROPERTIES_INTERFACE) ? PROPERTY : INTROSPECT;
  netns_mirror_catch_up (netns_core_get_mirror (requests->core));
  advance (request, NULL);
}
