/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/dispatch.h"

#include "bus/audit.h"
#include "bus/folder.h"
#include "bus/interface.h"
#include "bus/lookers.h"
#include "bus/reply.h"
#include "bus/tree.h"
#include "common/error.h"
#include "common/names.h"

#include <string.h>

struct _NetnsDispatch {
  NetnsLookers *lookers;
  NetnsCore *core;
  NetnsAuthority *authority;
  NetnsExport *export;
  NetnsTree *tree;
  NetnsFolder *folder;
  NetnsAudit *audit;
  GHashTable *changes; /* uid -> number of its changes under way */
  GHashTable *requests; /* Request: all that are under way, as a set */
};

/* With those that wait for their turn to run. polkit's queue has limits of its own (bus/questions.h). */
#define CHANGES_PER_USER 100

/* A call on its way: what is asked for, who asks, and what was answered so far. */
typedef struct {
  NetnsDispatch *dispatch;
  GDBusMethodInvocation *invocation;
  const NetnsMethod *method;
  NetnsCall call;
  NetnsPlan *asked; /* what the caller was authorized for, NULL when nobody was asked */
  NetnsPlan *plan;  /* what runs */
  NetnsGrant *grant;
  guint64 generation; /* of all that there was when @asked was made */
  gboolean counted; /* among the changes of its user */
} Request;

static guint
count_changes (Request *request, int more)
{
  GHashTable *changes = request->dispatch->changes;
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
  g_hash_table_remove (request->dispatch->requests, request);
  if (request->counted)
    count_changes (request, -1);
  g_clear_pointer (&request->asked, netns_plan_free);
  g_clear_pointer (&request->plan, netns_plan_free);
  g_clear_pointer (&request->grant, netns_grant_free);
  g_clear_pointer (&request->call.eviction, netns_eviction_free);
  g_clear_object (&request->call.reply_descriptors);
  g_free (request->call.text);
  g_free (request);
}

/* Signals leave before the reply, so that whoever gets it has heard of the change. */
static void
finish (Request *request, GVariant *result, const GError *error)
{
  netns_export_flush (request->dispatch->export);
  if (request->method != NULL && request->method->plan != NULL)
    netns_audit_write (request->dispatch->audit, request->invocation, request->call.uid,
                       request->plan ? request->plan : request->asked, error);
  if (error != NULL)
    netns_reply_error (request->invocation, error);
  else
    netns_reply_value (request->invocation, result, request->call.reply_descriptors);
  free_request (request);
}

static void
fail (Request *request, NetnsError code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (NETNS_ERROR, (int) code, text);

  finish (request, NULL, error);
}

static gboolean
find_object (Request *request, NetnsObject *object, GError **error)
{
  if (netns_object_find (request->dispatch->core, request->call.path, object))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no object %s any more", request->call.path);
  return FALSE;
}

static NetnsPlan *
make_plan (Request *request, GError **error)
{
  NetnsObject object;

  g_clear_pointer (&request->call.text, g_free);
  netns_mirror_catch_up (netns_core_get_mirror (request->dispatch->core));
  return find_object (request, &object, error) ? request->method->plan (&request->call, &object, error) : NULL;
}

static void
reply (Request *request)
{
  g_autoptr (GError) error = NULL;
  GVariant *result = NULL;
  NetnsObject object;

  request->call.plan = request->plan;
  /* A change may have taken its object away, or to another path. */
  if (request->method->plan != NULL)
    result = request->method->reply ? request->method->reply (&request->call, NULL, &error) : NULL;
  else if (find_object (request, &object, &error))
    result = request->method->reply (&request->call, &object, &error);
  finish (request, result, error);
}

static void
on_followed (const GError *error, gpointer data)
{
  Request *request = data;

  if (error != NULL)
    finish (request, NULL, error);
  else
    reply (request);
}

static void
on_done (const GError *error, gpointer data)
{
  Request *request = data;

  if (error != NULL || request->method->follow == NULL) {
    on_followed (error, request);
    return;
  }
  request->call.plan = request->plan;
  request->method->follow (&request->call, on_followed, request);
}

/* Rules and dialogs went by these. The subnet is not among them: that of a network can be the service's own choice. */
static gboolean
has_same_details (const NetnsPlan *asked, const NetnsPlan *plan)
{
  static const char *const keys[]
    = { "namespace", "owner", "link", "kind", "network", "protocol", "port", "scope", "command" };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    const char *before = g_hash_table_lookup (netns_plan_get_details (asked), keys[i]);
    const char *now = g_hash_table_lookup (netns_plan_get_details (plan), keys[i]);

    if (strcmp (before ? before : "", now ? now : "") != 0)
      return FALSE;
  }
  return TRUE;
}

/* What the caller was authorized for must be what is done now: the very same namespaces and link, and nothing more. */
static gboolean
check_unchanged (Request *request, GError **error)
{
  if (request->asked == NULL
      || (netns_plan_has_same_targets (request->asked, request->plan)
          && (request->call.uid == 0 /* polkit was not asked, and two calls may well travel one behind the other */
              || (has_same_details (request->asked, request->plan)
                  && (netns_plan_get_reach (request->plan) & ~netns_plan_get_reach (request->asked)) == 0))))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE,
               "What this was for changed while the authorization was asked for; look again and call again");
  return FALSE;
}

static void
on_turn (gpointer data)
{
  Request *request = data;
  g_autoptr (GError) error = NULL;

  /* If nothing has changed since, the plan is still the same. */
  if (request->asked != NULL && request->generation == netns_core_get_generation (request->dispatch->core))
    request->plan = g_steal_pointer (&request->asked);
  else
    request->plan = make_plan (request, &error);
  if (request->plan == NULL || !check_unchanged (request, &error)) {
    netns_core_skip (request->dispatch->core);
    finish (request, NULL, error);
    return;
  }
  netns_core_run (request->dispatch->core, request->plan, request->grant, on_done, request);
}

static void
on_evicted (const GError *error, gpointer data)
{
  Request *request = data;

  if (error != NULL)
    finish (request, NULL, error);
  else
    netns_core_wait_for_turn (request->dispatch->core, request->call.uid, on_turn, request);
}

static void
on_answered (NetnsGrant *grant, const GError *error, gpointer data)
{
  Request *request = data;

  if (error != NULL) {
    finish (request, NULL, error);
    return;
  }
  request->grant = grant;
  if (request->call.eviction != NULL)
    netns_eviction_run (request->call.eviction, grant,
                        (netns_plan_get_reach (request->asked) & NETNS_REACH_FOREIGN) != 0, on_evicted, request);
  else
    netns_core_wait_for_turn (request->dispatch->core, request->call.uid, on_turn, request);
}

static gboolean
tells_reach_apart (const GDBusMethodInfo *info)
{
  static const char *const annotations[] = { "ActionForeign", "ActionHost", "ActionNat" };

  for (gsize i = 0; i < G_N_ELEMENTS (annotations); i++) {
    g_autofree char *name = g_strconcat (NETNS_INTERFACE_PREFIX, annotations[i], NULL);

    if (g_dbus_annotation_info_lookup (info->annotations, name) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* Each kind of thing that a plan reaches needs its action. A right over the host or over somebody else's includes that
 * over one's own, and NAT in a namespace includes what it does to the links there. */
static GPtrArray *
list_actions (Request *request, NetnsReach reach)
{
  static const struct {
    NetnsReach reach;
    NetnsReach not_with;
    const char *annotation;
  } kinds[] = {
    { NETNS_REACH_NAT, 0, NETNS_INTERFACE_PREFIX "ActionNat" },
    { NETNS_REACH_RAW, 0, NETNS_INTERFACE_PREFIX "ActionRaw" },
    { NETNS_REACH_FORWARD, 0, NETNS_INTERFACE_PREFIX "ActionForward" },
    { NETNS_REACH_PUBLIC, 0, NETNS_INTERFACE_PREFIX "ActionPublic" },
    { NETNS_REACH_HOST, NETNS_REACH_NAT, NETNS_INTERFACE_PREFIX "ActionHost" },
    { NETNS_REACH_HOST_LINK, 0, NETNS_INTERFACE_PREFIX "ActionHost" },
    { NETNS_REACH_FOREIGN, 0, NETNS_INTERFACE_PREFIX "ActionForeign" },
    { NETNS_REACH_OWN,
      NETNS_REACH_NAT | NETNS_REACH_RAW | NETNS_REACH_HOST | NETNS_REACH_FOREIGN | NETNS_REACH_FORWARD
        | NETNS_REACH_PUBLIC,
      NETNS_INTERFACE_PREFIX "Action" },
  };
  const GDBusMethodInfo *info = g_dbus_method_invocation_get_method_info (request->invocation);
  const char *basic = g_dbus_annotation_info_lookup (info->annotations, NETNS_INTERFACE_PREFIX "Action");
  GPtrArray *actions = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const char *action;

    if ((reach & kinds[i].reach) == 0 || (reach & kinds[i].not_with) != 0)
      continue;
    action = g_dbus_annotation_info_lookup (info->annotations, kinds[i].annotation);
    /* The method has one action whatever it reaches; or tells only the reach apart that it can have. */
    if (action == NULL)
      action = kinds[i].reach == NETNS_REACH_OWN || !tells_reach_apart (info) ? basic : NULL;
    if (action == NULL) {
      g_critical ("%s reaches what it has no polkit action for", info->name);
      g_ptr_array_set_size (actions, 0); /* a question without an action is refused */
      break;
    }
    if (!g_ptr_array_find_with_equal_func (actions, action, g_str_equal, NULL))
      g_ptr_array_add (actions, (gpointer) action);
  }
  if (actions->len == 0 && reach == 0)
    g_ptr_array_add (actions, (gpointer) basic);
  return actions;
}

/* Rules and dialogs can rely on each detail being there. `change` is for dialogs: the method and what it is about. */
static void
complete_details (const char *verb, GHashTable *details)
{
  static const char *const keys[]
    = { "namespace", "owner", "link", "kind", "network", "subnet", "protocol", "port", "scope", "command" };
  static const char *const subjects[] = { "link", "network", "subnet", "protocol", "port", "scope" };
  g_autoptr (GString) change = g_string_new (verb);

  for (gsize i = 0; i < G_N_ELEMENTS (subjects); i++) {
    const char *subject = g_hash_table_lookup (details, subjects[i]);

    if (subject != NULL)
      g_string_append_printf (change, " %s", subject);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (!g_hash_table_contains (details, keys[i]))
      g_hash_table_insert (details, g_strdup (keys[i]), g_strdup (""));
  g_hash_table_insert (details, g_strdup ("verb"), g_strdup (verb));
  g_hash_table_insert (details, g_strdup ("change"), g_string_free (g_steal_pointer (&change), FALSE));
}

static void
ask (Request *request, const NetnsPlan *plan)
{
  g_autoptr (GPtrArray) actions = list_actions (request, netns_plan_get_reach (plan));
  g_autoptr (GHashTable) details = g_hash_table_ref (netns_plan_get_details (plan));
  GDBusMessage *message = g_dbus_method_invocation_get_message (request->invocation);
  NetnsQuestion question = {
    .sender = g_dbus_method_invocation_get_sender (request->invocation),
    .uid = request->call.uid,
    .interactive = (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0,
    .details = details,
  };

  /* Looking at one's own needs nobody's leave; such a plan changes nothing, and no grant comes into being. */
  if (actions->len == 1 && strcmp (g_ptr_array_index (actions, 0), "public") == 0) {
    netns_core_wait_for_turn (request->dispatch->core, request->call.uid, on_turn, request);
    return;
  }
  g_ptr_array_add (actions, NULL);
  question.actions = (const char *const *) actions->pdata;
  complete_details (request->method->name, details);
  netns_authority_ask (request->dispatch->authority, &question, on_answered, request);
}

static void
plan_and_ask (Request *request)
{
  g_autoptr (GError) error = NULL;

  request->generation = netns_core_get_generation (request->dispatch->core);
  request->asked = make_plan (request, &error);
  if (request->asked == NULL)
    finish (request, NULL, error);
  else
    ask (request, request->asked);
}

static void
on_surveyed (const GError *error, gpointer data)
{
  if (error != NULL)
    finish (data, NULL, error);
  else
    plan_and_ask (data);
}

/* A settled mirror knows the cookie of each namespace: what the caller is asked about is one and no other. */
static void
on_known (gpointer data)
{
  Request *request = data;
  NetnsObject object;

  if (request->method->survey != NULL && netns_object_find (request->dispatch->core, request->call.path, &object))
    request->call.eviction = request->method->survey (&request->call, &object);
  if (request->call.eviction != NULL)
    netns_eviction_survey (request->call.eviction, on_surveyed, request);
  else
    plan_and_ask (request);
}

static void
on_identified (guint uid, const GError *error, gpointer data)
{
  Request *request = data;

  request->call.uid = error ? NETNS_UID_NOBODY : uid;
  if (error != NULL) {
    finish (request, NULL, error);
    return;
  }
  request->counted = TRUE;
  if (count_changes (request, 1) > CHANGES_PER_USER && uid != 0) {
    fail (request, NETNS_ERROR_LIMITS_EXCEEDED, "Too many changes of this user are under way");
    return;
  }
  netns_mirror_settle (netns_core_get_mirror (request->dispatch->core), on_known, request);
}

static void
on_settled (gpointer data)
{
  reply (data);
}

static void
start_method (Request *request)
{
  if (request->method == NULL)
    fail (request, NETNS_ERROR_ACCESS_DENIED, "Nobody may call this"); /* sealed, so it cannot be; but if it were */
  else if (request->method->plan == NULL)
    netns_mirror_settle (netns_core_get_mirror (request->dispatch->core), on_settled, request);
  else
    netns_authority_identify (request->dispatch->authority, request->call.sender, on_identified, request);
}

/* GDBus looked when the call came; what is at this path may be something else by now. */
static gboolean
has_interface (const NetnsObject *object, const NetnsInterface *interface)
{
  guint interfaces = netns_object_get_interfaces (object);

  for (guint bit = 0; bit < NETNS_N_INTERFACES; bit++)
    if ((interfaces & (1u << bit)) != 0 && netns_interface_get (bit) == interface)
      return TRUE;
  return FALSE;
}

static void
answer_get (Request *request, const NetnsObject *object)
{
  const char *interface_name, *property_name;
  const NetnsInterface *interface;
  const NetnsProperty *property;

  g_variant_get (request->call.parameters, "(&s&s)", &interface_name, &property_name);
  interface = netns_interface_find (interface_name);
  property = interface ? netns_interface_find_property (interface, property_name) : NULL;
  if (property == NULL || !has_interface (object, interface))
    fail (request, NETNS_ERROR_ACCESS_DENIED, "Nobody may read this");
  else
    finish (request, g_variant_new ("(v)", property->get (request->dispatch->core, object)), NULL);
}

static void
answer_get_all (Request *request, const NetnsObject *object)
{
  const char *interface_name;
  const NetnsInterface *interface;

  g_variant_get (request->call.parameters, "(&s)", &interface_name);
  interface = netns_interface_find (interface_name);
  if (interface == NULL || !has_interface (object, interface))
    fail (request, NETNS_ERROR_ACCESS_DENIED, "Nobody may read this");
  else
    finish (request,
            g_variant_new ("(@a{sv})", netns_interface_get_properties (interface, request->dispatch->core, object)),
            NULL);
}

static void
on_settled_for_properties (gpointer data)
{
  Request *request = data;
  const char *method = g_dbus_method_invocation_get_method_name (request->invocation);
  g_autoptr (GError) error = NULL;
  NetnsObject object;

  if (!find_object (request, &object, &error))
    finish (request, NULL, error);
  else if (strcmp (method, "Get") == 0)
    answer_get (request, &object);
  else if (strcmp (method, "GetAll") == 0)
    answer_get_all (request, &object);
  else
    fail (request, NETNS_ERROR_ACCESS_DENIED, "Properties are read-only; a change is a method");
}

static void
start (gpointer data)
{
  Request *request = data;

  if (strcmp (g_dbus_method_invocation_get_interface_name (request->invocation), "org.freedesktop.DBus.Properties") == 0)
    netns_mirror_settle (netns_core_get_mirror (request->dispatch->core), on_settled_for_properties, request);
  else
    start_method (request);
}

static NetnsLook
look_for_name (const Request *request, const char *name)
{
  if (!netns_name_is_id (name))
    return NETNS_LOOK_NEEDLESS;
  return netns_core_find_namespace (request->dispatch->core, name, NULL) != NULL ? NETNS_LOOK : NETNS_LOOK_AGAIN;
}

/* Namespaces without a name go by their number: in the object's path, or in an argument. */
static NetnsLook
find_look (const Request *request)
{
  NetnsLook look = NETNS_LOOK_NEEDLESS;
  g_autofree char *name = netns_object_get_namespace_name (request->call.path);
  GVariantIter iter;
  GVariant *argument;

  if (name != NULL)
    look = look_for_name (request, name);
  if (request->method != NULL && request->method->looks != NULL)
    look = MAX (look, request->method->looks (&request->call));
  g_variant_iter_init (&iter, request->call.parameters);
  while ((argument = g_variant_iter_next_value (&iter)) != NULL) {
    if (g_variant_is_of_type (argument, G_VARIANT_TYPE_STRING))
      look = MAX (look, look_for_name (request, g_variant_get_string (argument, NULL)));
    g_variant_unref (argument);
  }
  return look;
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface_name,
                const char *method_name, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  NetnsDispatch *dispatch = data;
  const NetnsInterface *interface = netns_interface_find (interface_name);
  Request *request = g_new0 (Request, 1);
  NetnsLook look;

  g_hash_table_add (dispatch->requests, request);
  request->dispatch = dispatch;
  request->invocation = invocation;
  request->call.core = dispatch->core;
  request->call.connection = connection;
  request->call.sender = g_dbus_method_invocation_get_sender (invocation);
  request->call.path = g_dbus_method_invocation_get_object_path (invocation);
  request->call.parameters = g_dbus_method_invocation_get_parameters (invocation);
  request->call.descriptors = g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
  request->method = interface ? netns_interface_find_method (interface, method_name) : NULL;
  netns_mirror_catch_up (netns_core_get_mirror (dispatch->core));
  look = find_look (request);
  if (look != NETNS_LOOK_NEEDLESS)
    netns_lookers_look (dispatch->lookers, sender, look == NETNS_LOOK_AGAIN, start, request);
  else
    start (request);
}

/* Without get_property and set_property, these come as method calls too. */
static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { NULL } };

/**
 * netns_dispatch_new:
 * @core: the service, settled
 * @connection: the bus
 * @authority: who asks polkit
 * @export: who emits signals
 * @error: when something else is registered at the service's path
 *
 * Returns: (transfer full) (nullable): the door, open
 */
NetnsDispatch *
netns_dispatch_new (NetnsCore *core, GDBusConnection *connection, NetnsAuthority *authority, NetnsExport *export,
                    GError **error)
{
  const NetnsDispatch parts = { .core = core, .authority = authority, .export = export };
  g_autoptr (NetnsDispatch) dispatch = g_memdup2 (&parts, sizeof parts);

  netns_interfaces_seal ();
  dispatch->audit = netns_audit_new ();
  dispatch->changes = g_hash_table_new (NULL, NULL);
  dispatch->requests = g_hash_table_new (NULL, NULL);
  dispatch->lookers = netns_lookers_new (netns_core_get_mirror (core), connection);
  dispatch->folder = netns_folder_new (core, connection, dispatch->lookers, error);
  dispatch->tree = dispatch->folder ? netns_tree_new (core, connection, &vtable, dispatch, error) : NULL;
  return dispatch->tree ? g_steal_pointer (&dispatch) : NULL;
}

/* Those that only wait for the mirror: nobody will call them back. The bus tells their callers that the service went. */
static void
drop_reads (NetnsDispatch *dispatch)
{
  g_autoptr (GList) requests = g_hash_table_get_keys (dispatch->requests);

  for (GList *item = requests; item != NULL; item = item->next) {
    Request *request = item->data;

    if (request->method == NULL || request->method->plan == NULL) {
      g_object_unref (request->invocation);
      free_request (request);
    }
  }
}

void
netns_dispatch_free (NetnsDispatch *dispatch)
{
  drop_reads (dispatch);
  g_hash_table_unref (dispatch->requests);
  g_clear_pointer (&dispatch->tree, netns_tree_free);
  g_clear_pointer (&dispatch->folder, netns_folder_free);
  g_clear_pointer (&dispatch->lookers, netns_lookers_free);
  netns_audit_free (dispatch->audit);
  g_hash_table_unref (dispatch->changes);
  g_free (dispatch);
}
