/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/firewalld.h"

#include "common/error.h"

#include <gio/gio.h>

#define BUS_NAME  "org.fedoraproject.FirewallD1"
#define PATH      "/org/fedoraproject/FirewallD1"
#define INTERFACE "org.fedoraproject.FirewallD1.zone"
/* Its zone for links whose packets are all accepted (firewalld.zones(5)). */
#define TRUSTED "trusted"
/* firewalld reloads its whole table for each change. Only the caller who asked waits. */
#define TIMEOUT 20000 /* ms */

typedef struct {
  const char *method;
  char *link;
  NetnsDoneFunc done;
  gpointer data;
} Question;

/* @error: (nullable) (transfer full) */
static void
finish (Question *question, GError *error)
{
  g_autoptr (GError) owned = error, refusal = NULL;

  if (error != NULL) {
    g_dbus_error_strip_remote_error (error);
    netns_refuse (&refusal, NETNS_ERROR_KERNEL_REFUSED, "firewalld refused %s for “%s”: %s", question->method,
                  question->link, error->message);
  }
  question->done (refusal, question->data);
  g_free (question->link);
  g_free (question);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  g_dbus_connection_close (G_DBUS_CONNECTION (source), NULL, NULL, NULL);
  finish (data, error);
}

/* Does not start firewalld. */
static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Question *question = data;
  GError *error = NULL;
  g_autoptr (GDBusConnection) bus = g_dbus_connection_new_for_address_finish (result, &error);

  if (bus == NULL)
    finish (question, error);
  else
    g_dbus_connection_call (bus, BUS_NAME, PATH, INTERFACE, question->method,
                            g_variant_new ("(ss)", TRUSTED, question->link), G_VARIANT_TYPE ("(s)"),
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT, NULL, on_answered, question);
}

/* On a connection of its own: core has none. */
static void
ask (const char *method, const char *link, NetnsDoneFunc done, gpointer data)
{
  const GDBusConnectionFlags flags
    = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  GError *error = NULL;
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  Question *question = g_new (Question, 1);

  *question = (Question) { method, g_strdup (link), done, data };
  if (address == NULL)
    finish (question, error);
  else
    g_dbus_connection_new_for_address (address, flags, NULL, NULL, on_connected, question);
}

/**
 * netns_firewalld_trust:
 * @grant: proof that the caller may
 * @link: name of a link of the host
 * @done: (scope async): called with `KernelRefused` if it is not there, after 20 s at the latest
 * @data: for @done
 *
 * Puts it into the zone `trusted`, for as long as firewalld runs; nothing is written to its configuration.
 */
void
netns_firewalld_trust (const NetnsGrant *grant, const char *link, NetnsDoneFunc done, gpointer data)
{
  ask ("changeZoneOfInterface", link, done, data);
}

/**
 * netns_firewalld_forget:
 * @grant: proof that the caller may
 * @link: name of a link of the host
 * @done: (scope async): called with `KernelRefused` also if it was not there, after 20 s at the latest
 * @data: for @done
 *
 * Takes it out of the zone `trusted`.
 */
void
netns_firewalld_forget (const NetnsGrant *grant, const char *link, NetnsDoneFunc done, gpointer data)
{
  ask ("removeInterface", link, done, data);
}
