/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward/forward-steps.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/plan/run.h"
#include "core/plan/store.h"
#include "kernel/bridge.h"
#include "kernel/conntrack.h"
#include "kernel/port.h"
#include "kernel/sysctl.h"

#include <string.h>
#include <sys/socket.h>

/* Sockets that hold the ports of forwards. */

/**
 * Hold:
 * @sockets: those that reserve the ports
 * @listeners: those that accept traffic to ::1, -1 where there is none; %NULL once they were taken
 */
typedef struct {
  GArray *sockets;
  GArray *listeners;
} Hold;

static GHashTable *holds; /* name -> Hold */

static void
close_socket (gpointer socket)
{
  netns_close_fd (socket);
}

static GArray *
new_sockets (void)
{
  GArray *sockets = g_array_new (FALSE, FALSE, sizeof (int));

  g_array_set_clear_func (sockets, close_socket);
  return sockets;
}

static void
free_hold (gpointer data)
{
  Hold *hold = data;

  g_array_unref (hold->sockets);
  g_clear_pointer (&hold->listeners, g_array_unref);
  g_free (hold);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hold, free_hold)

/* The listener alone holds ::1; a machine without IPv6 has none, and then that is no fault. */
static gboolean
hold_port (const NetnsGrant *grant, Hold *hold, const NetnsPortsHold *wanted, guint16 port, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  int fd;

  if (wanted->address.family != AF_INET6 || !netns_address_is_loopback (&wanted->address)) {
    fd = netns_port_hold (grant, wanted->protocol, &wanted->address, port, error);
    if (fd < 0)
      return FALSE;
    g_array_append_val (hold->sockets, fd);
  }
  if (!wanted->loopback6)
    return TRUE;
  fd = netns_port_hold_loopback6 (grant, wanted->protocol, port, &refusal);
  g_array_append_val (hold->listeners, fd);
  if (fd >= 0 || (hold->sockets->len > 0 && g_error_matches (refusal, NETNS_ERROR, NETNS_ERROR_NOT_FOUND)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

static gboolean
hold_ports (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsPortsHold *wanted = step->parameter;
  g_autoptr (Hold) hold = g_new0 (Hold, 1);
  g_autoptr (GError) refusal = NULL;

  hold->sockets = new_sockets ();
  hold->listeners = new_sockets ();
  for (guint i = 0; refusal == NULL && i < wanted->count; i++)
    hold_port (netns_run_get_grant (run), hold, wanted, (guint16) (wanted->port + i), &refusal);
  if (refusal == NULL) {
    if (holds == NULL)
      holds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_hold);
    g_hash_table_replace (holds, g_strdup (wanted->name), g_steal_pointer (&hold));
  } else if (wanted->if_free) {
    g_warning ("Forward %s: %s", wanted->name, refusal->message);
  } else {
    g_propagate_error (error, g_steal_pointer (&refusal));
    return FALSE;
  }
  return TRUE;
}

void
netns_holds_release (const char *name)
{
  if (holds != NULL)
    g_hash_table_remove (holds, name);
}

gboolean
netns_holds_has (const char *name)
{
  return holds != NULL && g_hash_table_contains (holds, name);
}

/* Returns: (transfer full) (nullable) (element-type int): sockets that accept traffic to ::1, for the caller to close,
 * one for each port; %NULL if they were taken already */
GArray *
netns_holds_steal_listeners (const char *name)
{
  Hold *hold = holds ? g_hash_table_lookup (holds, name) : NULL;
  GArray *listeners = hold ? g_steal_pointer (&hold->listeners) : NULL;

  if (listeners != NULL)
    g_array_set_clear_func (listeners, NULL);
  return listeners;
}

static gboolean
release_ports (NetnsRun *run, NetnsStep *step, GError **error)
{
  netns_holds_release (((const NetnsPortsHold *) step->parameter)->name);
  return TRUE;
}

static const NetnsField hold_fields[] = {
  { "name", NETNS_FIELD_TEXT, offsetof (NetnsPortsHold, name) },
  { "protocol", NETNS_FIELD_UINT8, offsetof (NetnsPortsHold, protocol) },
  { "address", NETNS_FIELD_HOST, offsetof (NetnsPortsHold, address) },
  { "port", NETNS_FIELD_UINT16, offsetof (NetnsPortsHold, port) },
  { "count", NETNS_FIELD_UINT16, offsetof (NetnsPortsHold, count) },
  { "loopback6", NETNS_FIELD_BOOLEAN, offsetof (NetnsPortsHold, loopback6) },
  { "if-free", NETNS_FIELD_BOOLEAN, offsetof (NetnsPortsHold, if_free) },
  { NULL }
};

const NetnsOperation netns_operation_ports_hold = {
  .name = "ports-hold",
  .execute = hold_ports,
  .undo = release_ports,
  .parameter = NETNS_RECORD (NetnsPortsHold, hold_fields),
};

static gboolean
has_address (const GArray *addresses, const NetnsAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (netns_address_equal_host (&g_array_index (addresses, NetnsAddress, i), address))
      return TRUE;
  return FALSE;
}

static gboolean
is_in_ranges (const GArray *ranges, const NetnsAddress *address)
{
  for (guint i = 0; i + 1 < ranges->len; i += 2) {
    const NetnsAddress *range = &g_array_index (ranges, NetnsAddress, i);

    if (range->family == address->family && memcmp (range[0].bytes, address->bytes, sizeof address->bytes) <= 0
        && memcmp (range[1].bytes, address->bytes, sizeof address->bytes) >= 0)
      return TRUE;
  }
  return FALSE;
}

/* Without targets: what was called and not translated; else what is among them. */
static gboolean
fits (const NetnsFlow *flow, gpointer data)
{
  const NetnsConnectionsForget *pattern = data;
  guint offset = (guint) flow->port - pattern->port;

  if (flow->protocol != pattern->protocol || flow->port < pattern->port || offset >= pattern->count
      || (pattern->called->len > 0 && !has_address (pattern->called, &flow->destination))
      || (pattern->callers->len > 0
          && (!netns_address_equal_host (&flow->caller, &flow->answered)
              || !is_in_ranges (pattern->callers, &flow->caller))))
    return FALSE;
  if (netns_address_equal_host (&flow->source, &flow->destination) && flow->source_port == flow->port)
    return pattern->targets->len == 0 || has_address (pattern->targets, &flow->source);
  return has_address (pattern->targets, &flow->source) && flow->source_port == pattern->target_port + offset;
}

static gboolean
forget_connections (NetnsRun *run, NetnsStep *step, GError **error)
{
  return netns_conntrack_delete (netns_run_get_grant (run), fits, step->parameter, error);
}

static const NetnsField forget_fields[] = {
  { "protocol", NETNS_FIELD_UINT8, offsetof (NetnsConnectionsForget, protocol) },
  { "port", NETNS_FIELD_UINT16, offsetof (NetnsConnectionsForget, port) },
  { "count", NETNS_FIELD_UINT16, offsetof (NetnsConnectionsForget, count) },
  { "target-port", NETNS_FIELD_UINT16, offsetof (NetnsConnectionsForget, target_port) },
  { "called", NETNS_FIELD_ADDRESSES, offsetof (NetnsConnectionsForget, called) },
  { "targets", NETNS_FIELD_ADDRESSES, offsetof (NetnsConnectionsForget, targets) },
  { "callers", NETNS_FIELD_ADDRESSES, offsetof (NetnsConnectionsForget, callers) },
  { NULL }
};

/* Needs no undo: a deleted entry is created again with the next packet, if the rules are unchanged. */
const NetnsOperation netns_operation_connections_forget = {
  .name = "connections-forget",
  .execute = forget_connections,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsConnectionsForget, forget_fields),
};

/* Settings of links that forwards need: `route_localnet` lets a bridge carry packets to 127.0.0.1, and `hairpin` lets a
 * port send packets back that it received, for a namespace that connects to itself (where br_netfilter is loaded, the
 * bridge translates before it chooses the port). Settings that were off before are recorded, and switched off again
 * when no forward needs them. */

static char *
borrowed_file (NetnsStep *step)
{
  const NetnsBorrowing *borrowing = step->parameter;

  return g_strdup_printf ("borrowed/%s-%s", borrowing->setting, borrowing->link.name);
}

static gboolean
is_gone (NetnsRun *run, NetnsStep *step)
{
  g_autoptr (GError) error = NULL;
  NetnsNetlink *netlink;

  return netns_link_ref_find (step, run, &netlink, &error) == 0
         && g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND);
}

static gboolean
exchange_localnet (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  g_autofree char *path
    = g_strdup_printf ("net/ipv4/conf/%s/route_localnet", ((const NetnsLinkRef *) step->parameter)->name);
  g_autofree char *value = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  value = netns_sysctl_get (fd, path, error);
  if (value == NULL)
    return FALSE;
  *was_on = strcmp (value, "0") != 0;
  return *was_on == on || netns_sysctl_set (netns_run_get_grant (run), fd, path, on ? "1" : "0", error);
}

static gboolean
exchange_hairpin (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  *was_on = info.port.hairpin;
  return *was_on == on
         || netns_rtnl_bridge_set (netns_run_get_grant (run), netlink, index, NETNS_BRIDGE_PORT_HAIRPIN, on, error);
}

static gboolean
exchange (NetnsRun *run, NetnsStep *step, gboolean on, gboolean *was_on, GError **error)
{
  return strcmp (((const NetnsBorrowing *) step->parameter)->setting, "hairpin") == 0
           ? exchange_hairpin (run, step, on, was_on, error)
           : exchange_localnet (run, step, on, was_on, error);
}

static gboolean
borrow (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree char *file = borrowed_file (step);
  gboolean was_on, unused;

  if (!exchange (run, step, TRUE, &was_on, error))
    return FALSE;
  if (was_on || netns_store_write (file, "off\n", error))
    return TRUE;
  exchange (run, step, FALSE, &unused, NULL);
  return FALSE;
}

static gboolean
give_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree char *file = borrowed_file (step), *contents = NULL;
  gboolean unused;

  if (!netns_store_read (file, &contents, error))
    return FALSE;
  if (contents == NULL)
    return TRUE;
  if (!is_gone (run, step) && !exchange (run, step, FALSE, &unused, error))
    return FALSE;
  if (netns_store_write (file, NULL, error))
    return TRUE;
  exchange (run, step, TRUE, &unused, NULL);
  return FALSE;
}

/* A link that is gone takes its settings along, whatever comes after it. */
static gboolean
borrow_again (NetnsRun *run, NetnsStep *step, GError **error)
{
  return is_gone (run, step) || borrow (run, step, error);
}

static const NetnsField borrowing_fields[] = {
  NETNS_LINK_REF_FIELDS, { "setting", NETNS_FIELD_TEXT, offsetof (NetnsBorrowing, setting) },
   { NULL }
};

const NetnsOperation netns_operation_setting_borrow = {
  .name = "setting-borrow",
  .execute = borrow,
  .undo = give_back,
  .parameter = NETNS_RECORD (NetnsBorrowing, borrowing_fields),
};
const NetnsOperation netns_operation_setting_return = {
  .name = "setting-return",
  .execute = give_back,
  .undo = borrow_again,
  .parameter = NETNS_RECORD (NetnsBorrowing, borrowing_fields),
};
