/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/reply.h"

#include "common/error.h"

/**
 * netns_reply_error:
 * @invocation: (transfer full): the call
 * @error: what went wrong
 *
 * An error of another domain than the service's own is a defect, but the caller still gets a proper name for it.
 */
void
netns_reply_error (GDBusMethodInvocation *invocation, const GError *error)
{
  g_autofree char *text = g_utf8_make_valid (error->message, -1);
  const char *name = error->domain == NETNS_ERROR ? netns_error_name (error) : "org.freedesktop.DBus.Error.Failed";

  if (error->domain != NETNS_ERROR)
    g_info ("Error of domain %s on the wire: %s", g_quark_to_string (error->domain), error->message);
  g_dbus_method_invocation_return_dbus_error (invocation, name, text);
}
