/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/holds.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/port.h"

#include <sys/socket.h>

/**
 * Hold:
 * @sockets: those that keep everybody else away
 * @listeners: those that take what comes to ::1, -1 where there is none; %NULL once somebody else has them
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

static gboolean
is_loopback6 (const NetnsAddress *address)
{
  static const NetnsAddress loopback = { .family = AF_INET6, .prefix = 128, .bytes = { [15] = 1 } };

  return address->family == AF_INET6 && netns_address_equal_host (address, &loopback);
}

/* The listener alone holds ::1; a machine without IPv6 has none, and then that is no fault. */
static gboolean
take_port (const NetnsGrant *grant, Hold *hold, int protocol, const NetnsAddress *address, guint16 port,
           gboolean loopback6, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  int fd;

  if (!is_loopback6 (address)) {
    fd = netns_port_hold (grant, protocol, address, port, error);
    if (fd < 0)
      return FALSE;
    g_array_append_val (hold->sockets, fd);
  }
  if (!loopback6)
    return TRUE;
  fd = netns_port_hold_loopback6 (grant, protocol, port, &refusal);
  g_array_append_val (hold->listeners, fd);
  if (fd >= 0 || (hold->sockets->len > 0 && g_error_matches (refusal, NETNS_ERROR, NETNS_ERROR_NOT_FOUND)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

/**
 * netns_holds_take:
 * @grant: who may do it
 * @name: of a forward
 * @protocol: IPPROTO_*
 * @address: which address of the machine, family AF_UNSPEC for all
 * @port: first port
 * @count: how many
 * @loopback6: whether to listen on ::1
 * @error: `PortInUse`, `NotSupported`, `KernelRefused`; none is held then
 *
 * Returns: whether all are held
 */
gboolean
netns_holds_take (const NetnsGrant *grant, const char *name, int protocol, const NetnsAddress *address, guint16 port,
                  guint count, gboolean loopback6, GError **error)
{
  g_autoptr (Hold) hold = g_new0 (Hold, 1);

  hold->sockets = new_sockets ();
  hold->listeners = new_sockets ();
  for (guint i = 0; i < count; i++)
    if (!take_port (grant, hold, protocol, address, (guint16) (port + i), loopback6, error))
      return FALSE;
  if (holds == NULL)
    holds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_hold);
  g_hash_table_replace (holds, g_strdup (name), g_steal_pointer (&hold));
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

/**
 * netns_holds_steal_listeners:
 * @name: of a forward
 *
 * Returns: (transfer full) (nullable) (element-type int): sockets that take what comes to ::1, for the caller to close,
 *   one for each port; %NULL if somebody has them already
 */
GArray *
netns_holds_steal_listeners (const char *name)
{
  Hold *hold = holds ? g_hash_table_lookup (holds, name) : NULL;
  GArray *listeners = hold ? g_steal_pointer (&hold->listeners) : NULL;

  if (listeners != NULL)
    g_array_set_clear_func (listeners, NULL);
  return listeners;
}
