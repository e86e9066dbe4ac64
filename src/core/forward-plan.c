/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to make, move and delete port forwards. */
#include "core/forward.h"

#include "common/error.h"
#include "core/core.h"
#include "core/forward-rules.h"
#include "core/holds.h"
#include "core/operations.h"
#include "core/wanted.h"

#include <string.h>
#include <sys/socket.h>

#define PORTS_PER_USER 2048 /* each is held by a socket or two of the service */

static gboolean
check_range (const char *what, guint first, guint count, GError **error)
{
  if (first >= 1 && first + count - 1 <= G_MAXUINT16)
    return TRUE;
  if (count == 1)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "%s port %u is none; ports are 1 to 65535", what, first);
  else
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "%s ports %u to %u are not all ports; ports are 1 to 65535", what, first, first + count - 1);
  return FALSE;
}

static gboolean
parse_options (const NetnsForwardOptions *options, NetnsForward *forward, GError **error)
{
  if (!netns_protocol_parse (options->protocol, &forward->protocol)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "There is no protocol “%s” to forward; known: tcp, udp, sctp", options->protocol);
    return FALSE;
  }
  if (!netns_scope_parse (options->scope, &forward->scope)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "There is no scope “%s”; known: loopback, host, public", options->scope);
    return FALSE;
  }
  if (options->count < 1 || options->count > NETNS_FORWARD_COUNT_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A forward has 1 to %d ports, not %u",
                 NETNS_FORWARD_COUNT_MAX, options->count);
    return FALSE;
  }
  forward->target_port = options->target_port;
  forward->listen_port = options->listen_port;
  forward->count = options->count;
  if (options->listen_address != NULL)
    forward->listen_address = *options->listen_address;
  return check_range ("Target", forward->target_port, forward->count, error)
         && check_range ("Listening", forward->listen_port, forward->count, error);
}

static gboolean
is_loopback (const NetnsAddress *address)
{
  static const guint8 loopback6[16] = { [15] = 1 };

  return address->family == AF_INET ? address->bytes[0] == 127
                                    : memcmp (address->bytes, loopback6, sizeof loopback6) == 0;
}

static gboolean
check_listen_address (NetnsCore *core, const NetnsForward *forward, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (forward->listen_address.family == AF_UNSPEC)
    return TRUE;
  netns_address_print_host (&forward->listen_address, text);
  if (!is_loopback (&forward->listen_address) && !netns_forward_is_of_host (core, &forward->listen_address))
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "%s is not an address of this host; leave it out to listen on all", text);
  else if (is_loopback (&forward->listen_address) && forward->scope != NETNS_SCOPE_LOOPBACK)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "%s can be reached with scope “loopback” only", text);
  else if (!is_loopback (&forward->listen_address) && forward->scope == NETNS_SCOPE_LOOPBACK)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "%s is not a loopback address; choose scope “host” or “public”", text);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_target (const NetnsForward *forward, GError **error)
{
  const char *family = forward->listen_address.family == AF_INET ? "IPv4 " : "IPv6 ";

  if (*forward->network != '\0')
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "Namespace “%s” has no %saddress on a network of the host that is not isolated; connect it to one first",
               forward->base.namespace_name,
               forward->listen_address.family == AF_UNSPEC || is_loopback (&forward->listen_address) ? "" : family);
  return FALSE;
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
  GHashTableIter iter;
  NetnsForward *other;
  guint ports = forward->count;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_forward_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &other)) {
    if (other->base.owner == forward->base.owner)
      ports += other->count;
    if (!overlaps (forward, other))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_PORT_IN_USE,
                 "Port %u of %s is taken by forward %s to namespace “%s”; choose another one",
                 MAX (forward->listen_port, other->listen_port), netns_protocol_print (forward->protocol),
                 other->base.name, other->base.namespace_name);
    return FALSE;
  }
  if (forward->base.owner == 0 || ports <= PORTS_PER_USER)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED,
               "User %u would have %u forwarded ports, the limit is %d; delete some first", forward->base.owner, ports,
               PORTS_PER_USER);
  return FALSE;
}

/* A setting of a link, and whether a forward needs it. */
typedef const char *(*LinkFunc) (const NetnsForward *forward);

static const char *
needs_localnet (const NetnsForward *forward)
{
  return netns_forward_has_family (forward, AF_INET) ? forward->bridge : "";
}

static const char *
needs_hairpin (const NetnsForward *forward)
{
  return forward->port;
}

static const struct {
  const char *name;
  LinkFunc link;
} settings[] = { { "route_localnet", needs_localnet }, { "hairpin", needs_hairpin } };

static gboolean
is_needed_by (GPtrArray *forwards, LinkFunc func, const char *link)
{
  for (guint i = 0; i < forwards->len; i++)
    if (strcmp (func (g_ptr_array_index (forwards, i)), link) == 0)
      return TRUE;
  return FALSE;
}

/* What @some need and @others do not. */
static void
plan_settings (NetnsPlan *plan, const NetnsOperation *operation, GPtrArray *some, GPtrArray *others)
{
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autoptr (GHashTable) done = g_hash_table_new (g_str_hash, g_str_equal);

    for (guint j = 0; j < some->len; j++) {
      const char *link = settings[i].link (g_ptr_array_index (some, j));

      if (*link != '\0' && g_hash_table_add (done, (gpointer) link) && !is_needed_by (others, settings[i].link, link))
        netns_plan_add (plan, operation, "", "{'setting': <%s>, 'link': <%s>}", settings[i].name, link);
    }
  }
}

/* And ::1, if @loopback6. */
static GVariant *
print_addresses (const NetnsAddress *addresses, gsize count, gboolean loopback6)
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (gsize i = 0; i < count; i++)
    if (addresses[i].family != AF_UNSPEC)
      g_variant_builder_add (&texts, "s", netns_address_print_host (&addresses[i], text));
  if (loopback6)
    g_variant_builder_add (&texts, "s", "::1");
  return g_variant_builder_end (&texts);
}

/* Of a forward that goes, or leads elsewhere from now on: its connections. Of a new one: those to its ports that were not
 * translated, which would go on so. */
static void
plan_forgetting (NetnsPlan *plan, const NetnsForward *forward, gboolean translated)
{
  GVariant *targets = print_addresses (forward->addresses, translated ? G_N_ELEMENTS (forward->addresses) : 0,
                                       translated && netns_forward_takes_loopback6 (forward));

  netns_plan_add (plan, &netns_operation_connections_forget, "",
                  "{'protocol': <%u>, 'port': <%u>, 'count': <%u>, 'target-port': <%u>, 'called': <%@as>,"
                  " 'targets': <%@as>}",
                  (guint) forward->protocol, (guint) forward->listen_port, (guint) forward->count,
                  (guint) forward->target_port, print_addresses (&forward->listen_address, 1, FALSE), targets);
}

void
netns_forward_plan_hold (NetnsPlan *plan, const NetnsForward *forward, gboolean if_free)
{
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (forward->listen_address.family != AF_UNSPEC)
    netns_address_print_host (&forward->listen_address, text);
  netns_plan_add (plan, &netns_operation_ports_hold, "",
                  "{'name': <%s>, 'protocol': <%u>, 'address': <%s>, 'port': <%u>, 'count': <%u>, 'loopback6': <%b>,"
                  " 'if-free': <%b>}",
                  forward->base.name, (guint) forward->protocol, text, (guint) forward->listen_port,
                  (guint) forward->count, netns_forward_takes_loopback6 (forward), if_free);
}

static void
set_details (NetnsPlan *plan, const NetnsForward *forward)
{
  g_autofree char *port = forward->count > 1 ? g_strdup_printf ("%u-%u", forward->listen_port,
                                                                forward->listen_port + forward->count - 1u)
                                             : g_strdup_printf ("%u", forward->listen_port);

  netns_plan_set_detail (plan, "protocol", netns_protocol_print (forward->protocol));
  netns_plan_set_detail (plan, "port", port);
  netns_plan_set_detail (plan, "scope", netns_scope_print (forward->scope));
  netns_plan_set_detail (plan, "network", forward->network);
}

static GPtrArray *
list_forwards (NetnsCore *core)
{
  GHashTableIter iter;
  GPtrArray *list = g_ptr_array_new ();
  gpointer forward;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_forward_class));
  while (g_hash_table_iter_next (&iter, NULL, &forward))
    g_ptr_array_add (list, forward);
  return list;
}

/**
 * netns_forward_create:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: the namespace that it shall lead to
 * @options: what it shall be
 * @number: (out): its number
 * @error: `NotFound`, `InvalidArgument`, `PortInUse`, `QuotaExceeded`
 *
 * Whether another program has a port is seen when the plan runs.
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateForward
 */
NetnsPlan *
netns_forward_create (NetnsCore *core, guint caller, const char *namespace_name, const NetnsForwardOptions *options,
                      guint *number, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, namespace_name, error);
  g_autoptr (GPtrArray) none = g_ptr_array_new (), new = g_ptr_array_new (), all = list_forwards (core);
  g_autoptr (NetnsForward) forward = NULL;
  g_autofree char *name = NULL;

  if (namespace != NULL && namespace->source == NETNS_SOURCE_HOST) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A forward leads to a namespace, not to the host");
    return NULL;
  }
  namespace = namespace ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  if (namespace == NULL || !netns_core_check_named (namespace, error))
    return NULL;
  *number = netns_core_find_free_number (core, &netns_forward_class);
  name = g_strdup_printf ("%u", *number);
  forward = netns_definition_new (&netns_forward_class, name, namespace->name, namespace->cookie, caller);
  if (!parse_options (options, forward, error))
    return NULL;
  netns_forward_locate (core, forward);
  if (!check_listen_address (core, forward, error) || !check_target (forward, error)
      || !check_free (core, forward, error))
    return NULL;
  netns_plan_add_reach (plan, forward->scope == NETNS_SCOPE_PUBLIC ? NETNS_REACH_PUBLIC : NETNS_REACH_FORWARD);
  set_details (plan, forward);
  g_ptr_array_add (new, forward);
  netns_forward_plan_hold (plan, forward, FALSE);
  plan_settings (plan, &netns_operation_setting_borrow, new, all);
  netns_wanted_replace_all (core, plan, none, new);
  plan_forgetting (plan, forward, FALSE);
  return g_steal_pointer (&plan);
}

/**
 * netns_forward_plan_move:
 * @core: the service
 * @plan: a plan
 * @before: (element-type NetnsForward): forwards as the service has them
 * @after: (element-type NetnsForward): the same, as they shall be; those that are not there go
 *
 * Adds the steps for it.
 */
void
netns_forward_plan_move (NetnsCore *core, NetnsPlan *plan, GPtrArray *before, GPtrArray *after)
{
  g_autoptr (GPtrArray) all = list_forwards (core), left = list_forwards (core);

  if (before->len == 0)
    return;
  for (guint i = 0; i < before->len; i++)
    g_ptr_array_remove_fast (left, g_ptr_array_index (before, i));
  g_ptr_array_extend (left, after, NULL, NULL);
  plan_settings (plan, &netns_operation_setting_borrow, after, all);
  netns_wanted_replace_all (core, plan, before, after);
  for (guint i = 0; i < before->len; i++)
    plan_forgetting (plan, g_ptr_array_index (before, i), TRUE);
  plan_settings (plan, &netns_operation_setting_return, before, left);
}

/* A forward of somebody else, or into a namespace of somebody else. */
static void
touch (NetnsCore *core, NetnsPlan *plan, guint caller, const NetnsForward *forward)
{
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, forward->base.namespace_name, NULL);

  if (forward->base.owner != caller)
    netns_core_add_foreign (plan, namespace ? namespace->name : NULL, forward->base.owner);
  set_details (plan, forward);
}

/**
 * netns_forward_delete:
 * @core: the service
 * @caller: uid that asks for it
 * @forward: a forward
 * @error: not set at present
 *
 * Returns: (transfer full) (nullable): the plan for method Forward.Delete
 */
NetnsPlan *
netns_forward_delete (NetnsCore *core, guint caller, const NetnsForward *forward, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (GPtrArray) before = g_ptr_array_new (), after = g_ptr_array_new ();

  touch (core, plan, caller, forward);
  netns_plan_add_reach (plan, NETNS_REACH_FORWARD);
  g_ptr_array_add (before, (gpointer) forward);
  netns_forward_plan_move (core, plan, before, after);
  return g_steal_pointer (&plan);
}

/**
 * netns_forward_read_counters:
 * @core: the service
 * @caller: uid that asks for it
 * @forward: a forward
 * @error: not set at present
 *
 * The result of the plan is for netns_forward_rules_count().
 *
 * Returns: (transfer full) (nullable): the plan for method Forward.GetCounters
 */
NetnsPlan *
netns_forward_read_counters (NetnsCore *core, guint caller, const NetnsForward *forward, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autofree char *commands = netns_forward_rules_list_counters (forward);

  touch (core, plan, caller, forward);
  netns_plan_add (plan, &netns_operation_counters_read, "", "{'commands': <%s>}", commands);
  return g_steal_pointer (&plan);
}
