/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that create, move and delete port forwards. */
#include "core/forward/forward-plan.h"

#include "common/error.h"
#include "common/options.h"
#include "common/protocol.h"
#include "core/forward/forward-steps.h"
#include "core/forward/locate.h"
#include "core/ruleset/forward-rules.h"
#include "core/ruleset/listing.h"
#include "core/ruleset/desired.h"
#include "core/service/lookup.h"
#include "core/service/auth-scope.h"

#include <string.h>
#include <sys/socket.h>

#define PORTS_PER_USER 2048 /* each is held by a socket or two of the service */

static const NetnsField fields[] = {
  { "listen-port", NETNS_FIELD_UINT16, offsetof (NetnsForward, listen_port) },
  { "listen-address", NETNS_FIELD_HOST, offsetof (NetnsForward, listen_address) },
  { "count", NETNS_FIELD_UINT16, offsetof (NetnsForward, count) },
  { "scope", NETNS_FIELD_UINT32, offsetof (NetnsForward, scope), netns_scopes },
  { NULL },
};

static gboolean
check_range (const char *what, guint first, guint count, GError **error)
{
  if (first >= 1 && first + count - 1 <= G_MAXUINT16)
    return TRUE;
  if (count == 1)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid %s port %u: must be between 1 and 65535", what,
                         first);
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "The range of %s ports, %u to %u, must be within 1 to 65535", what, first, first + count - 1);
}

static gboolean
read_options (NetnsForward *forward, const char *protocol, guint16 target_port, GVariant *values, GError **error)
{
  guint32 number;

  if (!netns_word_parse (netns_forwarded_protocols, protocol, &number))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Cannot forward protocol “%s”; use tcp, udp or sctp",
                         protocol);
  forward->protocol = (guint8) number;
  forward->target_port = target_port;
  forward->listen_port = target_port;
  return netns_options_read (netns_options_manager_create_forward, NULL, values, fields, forward, error)
         && check_range ("target", forward->target_port, forward->count, error)
         && check_range ("listening", forward->listen_port, forward->count, error);
}

static gboolean
check_listen_address (NetnsCore *core, const NetnsForward *forward, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (forward->listen_address.family == AF_UNSPEC)
    return TRUE;
  netns_address_print_host (&forward->listen_address, text);
  if (!netns_address_is_loopback (&forward->listen_address)
      && !netns_forward_is_of_host (core, &forward->listen_address))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "%s is not an address of this host; leave it out to listen on all addresses", text);
  if (netns_address_is_loopback (&forward->listen_address) && forward->scope != NETNS_SCOPE_LOOPBACK)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "%s can only be used with scope “loopback”", text);
  if (!netns_address_is_loopback (&forward->listen_address) && forward->scope == NETNS_SCOPE_LOOPBACK)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "%s is not a loopback address; choose scope “host” or “public”", text);
  return TRUE;
}

static gboolean
check_target (const NetnsForward *forward, GError **error)
{
  const char *family = forward->listen_address.family == AF_INET ? "IPv4 " : "IPv6 ";

  if (*forward->network != '\0')
    return TRUE;
  return netns_refuse (
    error, NETNS_ERROR_INVALID_ARGUMENT,
    "Namespace “%s” has no %saddress on a non-isolated network of the host; connect it to one first",
    forward->base.namespace_name,
    forward->listen_address.family == AF_UNSPEC || netns_address_is_loopback (&forward->listen_address) ? "" : family);
}

static gboolean
overlaps (const NetnsForward *a, const NetnsForward *b)
{
  return a->protocol == b->protocol && a->listen_port < b->listen_port + b->count
         && b->listen_port < a->listen_port + a->count
         && (a->listen_address.family == AF_UNSPEC || b->listen_address.family == AF_UNSPEC
             || (a->listen_address.family == b->listen_address.family
                 && netns_address_equal_host (&a->listen_address, &b->listen_address)));
}

static gboolean
check_free (NetnsCore *core, const NetnsForward *forward, GError **error)
{
  g_autoptr (GPtrArray) others = netns_core_list_definitions (core, &netns_forward_class, NULL);
  guint ports = forward->count;

  for (guint i = 0; i < others->len; i++) {
    const NetnsForward *other = g_ptr_array_index (others, i);

    if (other->base.owner == forward->base.owner)
      ports += other->count;
    if (!overlaps (forward, other))
      continue;
    return netns_refuse (error, NETNS_ERROR_PORT_IN_USE,
                         "Port %u of %s is already used by forward %s to namespace “%s”; choose another one",
                         MAX (forward->listen_port, other->listen_port), netns_protocol_print (forward->protocol),
                         other->base.name, other->base.namespace_name);
  }
  if (forward->base.owner == 0 || ports <= PORTS_PER_USER)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED,
                       "User %u would have %u forwarded ports, the limit is %d; delete some first", forward->base.owner,
                       ports, PORTS_PER_USER);
}

/* The link whose setting a forward needs, if any. */
static const char *
get_link (const NetnsForward *forward, const char *setting)
{
  if (strcmp (setting, "hairpin") == 0)
    return forward->port;
  return netns_forward_has_family (forward, AF_INET) ? forward->bridge : "";
}

static gboolean
is_needed_by (GPtrArray *forwards, const char *setting, const char *link)
{
  for (guint i = 0; i < forwards->len; i++)
    if (strcmp (get_link (g_ptr_array_index (forwards, i), setting), link) == 0)
      return TRUE;
  return FALSE;
}

typedef void (*BorrowingFunc) (NetnsPlan *plan, const char *namespace_name, const NetnsBorrowing *borrowing);

/* The settings that @some need and @others do not. */
static void
plan_settings (NetnsPlan *plan, BorrowingFunc func, GPtrArray *some, GPtrArray *others)
{
  static const char *const settings[] = { "route_localnet", "hairpin" };

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autoptr (GHashTable) done = g_hash_table_new (g_str_hash, g_str_equal);

    for (guint j = 0; j < some->len; j++) {
      const char *link = get_link (g_ptr_array_index (some, j), settings[i]);

      if (*link != '\0' && g_hash_table_add (done, (gpointer) link) && !is_needed_by (others, settings[i], link))
        func (plan, "", &(NetnsBorrowing) { .link.name = link, .setting = settings[i] });
    }
  }
}

/* Addresses of a forward that there are, and ::1 if @loopback6. */
static GArray *
list_addresses (const NetnsAddress *addresses, gsize count, gboolean loopback6)
{
  GArray *list = netns_addresses_new ();
  NetnsAddress loopback;

  for (gsize i = 0; i < count; i++)
    if (addresses[i].family != AF_UNSPEC)
      g_array_append_val (list, addresses[i]);
  if (loopback6 && netns_address_parse_host ("::1", &loopback, NULL))
    g_array_append_val (list, loopback);
  return list;
}

/* Of a forward that goes, or leads elsewhere from now on: its connections. If only the answers leave by another way from
 * now on: those of @callers, who are answered no longer. Of a new one: those to its ports that were not translated, which
 * would go on so. */
static void
plan_forgetting (NetnsPlan *plan, const NetnsForward *forward, gboolean translated, GArray *callers)
{
  g_autoptr (GArray) called = list_addresses (&forward->listen_address, 1, FALSE), none = netns_addresses_new ();
  g_autoptr (GArray) targets = list_addresses (forward->addresses, translated ? G_N_ELEMENTS (forward->addresses) : 0,
                                               translated && netns_forward_takes_loopback6 (forward));

  netns_plan_connections_forget (plan, "",
                                 &(NetnsConnectionsForget) {
                                   .protocol = forward->protocol,
                                   .port = forward->listen_port,
                                   .count = forward->count,
                                   .target_port = forward->target_port,
                                   .called = called,
                                   .targets = targets,
                                   .callers = callers ? callers : none,
                                 });
}

void
netns_forward_plan_hold (NetnsPlan *plan, const NetnsForward *forward, gboolean if_free)
{
  netns_plan_ports_hold (plan, "",
                         &(NetnsPortsHold) {
                           .name = forward->base.name,
                           .protocol = forward->protocol,
                           .address = forward->listen_address,
                           .port = forward->listen_port,
                           .count = forward->count,
                           .loopback6 = netns_forward_takes_loopback6 (forward),
                           .if_free = if_free,
                         });
}

static void
set_details (NetnsPlan *plan, const NetnsForward *forward)
{
  g_autofree char *port
    = forward->count > 1 ? g_strdup_printf ("%u-%u", forward->listen_port, forward->listen_port + forward->count - 1u)
                         : g_strdup_printf ("%u", forward->listen_port);

  netns_plan_set_detail (plan, "protocol", netns_protocol_print (forward->protocol));
  netns_plan_set_detail (plan, "port", port);
  netns_plan_set_detail (plan, "scope", netns_word_print (netns_scopes, forward->scope));
  netns_plan_set_detail (plan, "network", forward->network);
}

/* The plan for method Manager.CreateForward, with a{sv} @values; @number is then that of the new forward. Whether
 * another program has a port is seen when the plan runs. Errors are `NotFound`, `InvalidArgument`, `PortInUse` and
 * `QuotaExceeded`. */
NetnsPlan *
netns_forward_create (NetnsCore *core, guint caller, const char *namespace_name, const char *protocol,
                      guint16 target_port, GVariant *values, guint *number, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, namespace_name, error);
  g_autoptr (GPtrArray) none = g_ptr_array_new (), new = g_ptr_array_new (),
                        all = netns_core_list_definitions (core, &netns_forward_class, NULL);
  g_autoptr (NetnsForward) forward = NULL;
  g_autofree char *name = NULL;

  if (namespace != NULL && namespace->source == NETNS_SOURCE_HOST) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "The target of a forward must be a namespace, not the host");
    return NULL;
  }
  namespace = namespace ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  if (namespace == NULL || !netns_core_check_named (namespace, error))
    return NULL;
  *number = netns_core_find_free_number (core, &netns_forward_class);
  name = g_strdup_printf ("%u", *number);
  forward = netns_definition_new (&netns_forward_class, name, namespace->name, namespace->cookie, caller);
  forward->away = netns_addresses_new ();
  if (!read_options (forward, protocol, target_port, values, error))
    return NULL;
  netns_forward_locate (core, forward);
  if (!check_listen_address (core, forward, error) || !check_target (forward, error)
      || !check_free (core, forward, error))
    return NULL;
  netns_plan_add_auth_scope (plan,
                             forward->scope == NETNS_SCOPE_PUBLIC ? NETNS_AUTH_SCOPE_PUBLIC : NETNS_AUTH_SCOPE_FORWARD);
  set_details (plan, forward);
  g_ptr_array_add (new, forward);
  netns_forward_plan_hold (plan, forward, FALSE);
  plan_settings (plan, netns_plan_setting_borrow, new, all);
  netns_desired_replace_all (core, plan, none, new);
  plan_forgetting (plan, forward, FALSE, NULL);
  return g_steal_pointer (&plan);
}

/* What has to be forgotten of a forward that is deleted, or replaced by one of those @after. */
static void
plan_forgetting_of (NetnsPlan *plan, const NetnsForward *forward, GPtrArray *after)
{
  for (guint i = 0; i < after->len; i++) {
    const NetnsForward *next = g_ptr_array_index (after, i);

    if (strcmp (next->base.name, forward->base.name) != 0 || !netns_forward_has_same_way (next, forward))
      continue;
    if (next->away->len > 0)
      plan_forgetting (plan, forward, TRUE, next->away);
    return;
  }
  plan_forgetting (plan, forward, TRUE, NULL);
}

/* Adds the steps that turn forwards @before, as the service has them, into those @after, (element-type NetnsForward);
 * those that are missing there are deleted. */
void
netns_forward_plan_move (NetnsCore *core, NetnsPlan *plan, GPtrArray *before, GPtrArray *after)
{
  g_autoptr (GPtrArray) all = netns_core_list_definitions (core, &netns_forward_class, NULL),
                        left = netns_core_list_definitions (core, &netns_forward_class, NULL);

  if (before->len == 0)
    return;
  for (guint i = 0; i < before->len; i++)
    g_ptr_array_remove_fast (left, g_ptr_array_index (before, i));
  g_ptr_array_extend (left, after, NULL, NULL);
  plan_settings (plan, netns_plan_setting_borrow, after, all);
  netns_desired_replace_all (core, plan, before, after);
  for (guint i = 0; i < before->len; i++)
    plan_forgetting_of (plan, g_ptr_array_index (before, i), after);
  plan_settings (plan, netns_plan_setting_return, before, left);
}

/* A forward of another user, or into a namespace of another user. */
static void
touch (NetnsCore *core, NetnsPlan *plan, guint caller, const NetnsForward *forward)
{
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, forward->base.namespace_name, NULL);

  netns_plan_use_identity (plan, forward->base.identity);
  if (forward->base.owner != caller)
    netns_core_add_foreign (plan, namespace ? namespace->name : NULL, forward->base.owner);
  set_details (plan, forward);
}

/* The plan for method Forward.Delete. */
NetnsPlan *
netns_forward_delete (NetnsCore *core, guint caller, const NetnsForward *forward)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (GPtrArray) before = g_ptr_array_new (), after = g_ptr_array_new ();

  touch (core, plan, caller, forward);
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_FORWARD);
  g_ptr_array_add (before, (gpointer) forward);
  netns_forward_plan_move (core, plan, before, after);
  return g_steal_pointer (&plan);
}

/* The plan for method Forward.GetCounters, whose result is what the rules have counted. */
NetnsPlan *
netns_forward_read_counters (NetnsCore *core, guint caller, const NetnsForward *forward)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  touch (core, plan, caller, forward);
  netns_listing_plan (plan, "", &netns_query_count_elements, netns_forward_rules_print_count (forward));
  return g_steal_pointer (&plan);
}
