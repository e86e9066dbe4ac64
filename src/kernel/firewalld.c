/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/firewalld.h"

#include "common/error.h"

#include <gio/gio.h>

#define BUS_NAME  "org.fedoraproject.FirewallD1"
#define PATH      "/org/fedoraproject/FirewallD1"
#define INTERFACE "org.fedoraproject.FirewallD1.zone"
/* Its zone for links whose packets are all accepted (firewalld.zones(5)). */
#define TRUSTED   "trusted"
/* It loads its whole table anew for each change. */
#define TIMEOUT   10000 /* ms */

/* The worker's question on a connection of its own: a plan cannot go on before it is answered. Does not start firewalld. */
static GVariant *
call (const char *method, GVariant *arguments, const char *type, GError **error)
{
  const GDBusConnectionFlags flags
    = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  g_autoptr (GVariant) owned = g_variant_ref_sink (arguments), reply = NULL;
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  g_autoptr (GDBusConnection) bus
    = address ? g_dbus_connection_new_for_address_sync (address, flags, NULL, NULL, error) : NULL;

  if (bus == NULL)
    return NULL;
  reply = g_dbus_connection_call_sync (bus, BUS_NAME, PATH, INTERFACE, method, owned, G_VARIANT_TYPE (type),
                                       G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT, NULL, error);
  g_dbus_connection_close_sync (bus, NULL, NULL);
  return g_steal_pointer (&reply);
}

static gboolean
change (const char *method, const char *link, GError **error)
{
  g_autoptr (GError) call_error = NULL;
  g_autoptr (GVariant) reply = call (method, g_variant_new ("(ss)", TRUSTED, link), "(s)", &call_error);

  if (reply != NULL)
    return TRUE;
  g_dbus_error_strip_remote_error (call_error);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "firewalld does not do %s for “%s”: %s", method, link,
               call_error->message);
  return FALSE;
}

/**
 * netns_firewalld_trust:
 * @grant: proof that the caller may
 * @link: name of a link of the host
 * @error: `KernelRefused`
 *
 * Puts it into the zone `trusted`, for as long as firewalld runs; nothing is written to its configuration.
 *
 * Returns: whether it is there
 */
gboolean
netns_firewalld_trust (const NetnsGrant *grant, const char *link, GError **error)
{
  return change ("changeZoneOfInterface", link, error);
}

/**
 * netns_firewalld_forget:
 * @grant: proof that the caller may
 * @link: name of a link of the host
 * @error: `KernelRefused`
 *
 * Takes it out of the zone `trusted` if it is there; without firewalld there is nothing to do.
 *
 * Returns: whether it is not there
 */
gboolean
netns_firewalld_forget (const NetnsGrant *grant, const char *link, GError **error)
{
  g_autoptr (GVariant) reply = call ("getZoneOfInterface", g_variant_new ("(s)", link), "(s)", NULL);
  const char *zone = "";

  if (reply != NULL)
    g_variant_get (reply, "(&s)", &zone);
  return !g_str_equal (zone, TRUSTED) || change ("removeInterface", link, error);
}
