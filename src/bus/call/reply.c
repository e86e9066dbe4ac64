/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/reply.h"

#include "bus/tree/snapshot.h"
#include "common/error.h"

/**
 * netns_reply_value:
 * @invocation: (transfer full): the call
 * @value: (nullable): the answer, may be floating
 * @descriptors: (nullable): what goes along
 *
 * What is too big for the bus is refused: how big it gets is in the hands of whoever fills a namespace.
 */
void
netns_reply_value (NetnsInvocation *invocation, GVariant *value, GUnixFDList *descriptors)
{
  g_autoptr (GVariant) answer = value ? g_variant_ref_sink (value) : NULL;
  gsize size = answer ? g_variant_get_size (answer) : 0;
  g_autoptr (GError) error = NULL;

  if (size <= NETNS_REPLY_BYTES_MAX) {
    netns_invocation_answer (invocation, answer, descriptors);
    return;
  }
  g_set_error (&error, NETNS_ERROR, NETNS_ERROR_LIMITS_EXCEEDED,
               "The reply is too large for the bus: %zu bytes (limit %d); ask for less, such as single objects", size,
               NETNS_REPLY_BYTES_MAX);
  netns_reply_error (invocation, error);
}

/**
 * netns_reply_error:
 * @invocation: (transfer full): the call
 * @error: what went wrong
 *
 * An error of another domain than the service's own is a defect, but the caller still gets a proper name for it.
 */
void
netns_reply_error (NetnsInvocation *invocation, const GError *error)
{
  g_autofree char *text = g_utf8_make_valid (error->message, -1);
  const char *name = error->domain == NETNS_ERROR ? netns_error_name (error) : "org.freedesktop.DBus.Error.Failed";

  if (error->domain != NETNS_ERROR)
    g_info ("Error of domain %s on the wire: %s", g_quark_to_string (error->domain), error->message);
  netns_invocation_refuse (invocation, name, text);
}
