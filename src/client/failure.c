/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/connection.h"
#include "client/failure.h"
#include "client/output.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

#define DBUS_ERROR_PREFIX "org.freedesktop.DBus.Error."

/* First match counts. An error name with a dot at its end stands for all that begin so, no method for all
 * methods (a command line where the method alone would not tell enough); a text replaces the one that came
 * over the bus. */
static const struct {
  const char *name, *method;
  NetnsExit status;
  const char *text, *advice;
} failures[] = {
  { NETNS_ERROR_PREFIX "NotFound", "RemoveRoute", NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl route list” for what there is") },
  { NETNS_ERROR_PREFIX "NotFound", "RemoveAddress", NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl address list” for what there is") },
  { NETNS_ERROR_PREFIX "NotFound", "nat delete", NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl nat list” for what there is") },
  { NETNS_ERROR_PREFIX "NotFound", "forward delete", NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl forward list” for what there is") },
  { NETNS_ERROR_PREFIX "NotFound", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl tree” for what there is") },
  { NETNS_ERROR_PREFIX "Exists", "AddAddress", NETNS_EXIT_FAILED, NULL, N_ ("nothing is left to do") },
  { NETNS_ERROR_PREFIX "Exists", "AddRoute", NETNS_EXIT_FAILED, NULL,
    N_ ("remove that one first, or give another metric") },
  { NETNS_ERROR_PREFIX "Exists", "Connect", NETNS_EXIT_FAILED, NULL,
    N_ ("disconnect it first to connect it in another way") },
  { NETNS_ERROR_PREFIX "Exists", "SetDns", NETNS_EXIT_FAILED, NULL,
    N_ ("change that file by hand, or remove it first") },
  { NETNS_ERROR_PREFIX "Exists", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("choose another name or delete it first") },
  { NETNS_ERROR_PREFIX "Busy", "namespace delete", NETNS_EXIT_FAILED, NULL, N_ ("here that is --kill") },
  { NETNS_ERROR_PREFIX "Busy", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("end or detach what uses it, then repeat") },
  { NETNS_ERROR_PREFIX "InvalidName", NULL, NETNS_EXIT_FAILED, NULL, N_ ("choose another name") },
  { NETNS_ERROR_PREFIX "InvalidArgument", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("see netnsctl(1) for what can be given") },
  { NETNS_ERROR_PREFIX "NotSupported", "link create", NETNS_EXIT_FAILED, NULL, N_ ("make it with ip(8)") },
  { NETNS_ERROR_PREFIX "NotSupported", "Delete", NETNS_EXIT_FAILED, NULL, N_ ("set it down instead") },
  { NETNS_ERROR_PREFIX "NotSupported", "MoveTo", NETNS_EXIT_FAILED, NULL,
    N_ ("connect the namespace with a veth pair instead") },
  { NETNS_ERROR_PREFIX "NotSupported", "SetSysctl", NETNS_EXIT_FAILED, NULL, N_ ("sysctl(8) knows the others") },
  { NETNS_ERROR_PREFIX "NotSupported", "GetSysctl", NETNS_EXIT_FAILED, NULL, N_ ("sysctl(8) knows the others") },
  { NETNS_ERROR_PREFIX "NotSupported", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("see whether the kernel has a module for it") },
  { NETNS_ERROR_PREFIX "AddressInUse", NULL, NETNS_EXIT_FAILED, NULL, N_ ("choose another address") },
  { NETNS_ERROR_PREFIX "PortInUse", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("end who has it, or see “netnsctl forward list”") },
  { NETNS_ERROR_PREFIX "SubnetConflict", NULL, NETNS_EXIT_FAILED, NULL, N_ ("choose another subnet") },
  { NETNS_ERROR_PREFIX "NamespaceGone", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("see “netnsctl namespace list” for what is left") },
  { NETNS_ERROR_PREFIX "AuthorizationDismissed", NULL, NETNS_EXIT_NOT_AUTHORIZED, NULL,
    N_ ("repeat it and give the password") },
  { NETNS_ERROR_PREFIX "KernelRefused", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("“netnsctl tree” shows what it is about") },
  { NETNS_ERROR_PREFIX "QuotaExceeded", "Run", NETNS_EXIT_FAILED, NULL,
    N_ ("wait until one of your commands has ended, then repeat") },
  { NETNS_ERROR_PREFIX "QuotaExceeded", NULL, NETNS_EXIT_FAILED, NULL, N_ ("“netnsctl tree” shows what you have") },
  { NETNS_ERROR_PREFIX "CommandNotFound", NULL, NETNS_EXIT_NOT_FOUND, NULL,
    N_ ("check its name and the PATH of the environment") },
  { NETNS_ERROR_PREFIX "CommandNotExecutable", NULL, NETNS_EXIT_NOT_EXECUTABLE, NULL,
    N_ ("check its permissions and what kind of file it is") },
  { NETNS_ERROR_PREFIX "BlockedByFirewall", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("let these packets through there, then repeat") },
  { NETNS_ERROR_PREFIX "RolledBack", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("“netnsctl tree” shows what is left") },
  { DBUS_ERROR_PREFIX "AccessDenied", NULL, NETNS_EXIT_NOT_AUTHORIZED, NULL,
    N_ ("become root, or ask an administrator for the right") },
  { DBUS_ERROR_PREFIX "InteractiveAuthorizationRequired", NULL, NETNS_EXIT_NOT_AUTHORIZED,
    N_ ("A password is needed"), N_ ("repeat it in a terminal without --no-ask-password, or become root") },
  { DBUS_ERROR_PREFIX "LimitsExceeded", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("wait until open questions for passwords are answered, then repeat") },
  { DBUS_ERROR_PREFIX "ServiceUnknown", NULL, NETNS_EXIT_UNREACHABLE, N_ ("The service netnsd does not run"),
    N_ ("start it with “systemctl start netnsd”") },
  { DBUS_ERROR_PREFIX "NameHasNoOwner", NULL, NETNS_EXIT_UNREACHABLE, N_ ("The service netnsd does not run"),
    N_ ("start it with “systemctl start netnsd”") },
  { DBUS_ERROR_PREFIX "NoReply", NULL, NETNS_EXIT_UNREACHABLE,
    N_ ("The service netnsd ended without an answer"), N_ ("see “journalctl -u netnsd” for the reason") },
  { DBUS_ERROR_PREFIX "Disconnected", NULL, NETNS_EXIT_UNREACHABLE, NULL,
    N_ ("check that the system bus runs") },
  { DBUS_ERROR_PREFIX "Spawn.", NULL, NETNS_EXIT_UNREACHABLE, NULL,
    N_ ("see “systemctl status netnsd” for the reason") },
  { DBUS_ERROR_PREFIX "UnknownObject", NULL, NETNS_EXIT_FAILED, N_ ("There is no such object"),
    N_ ("see “netnsctl tree” for what there is") },
  { DBUS_ERROR_PREFIX "UnknownMethod", NULL, NETNS_EXIT_FAILED, NULL,
    N_ ("update the service, “netnsctl status” shows its version") },
};

/* A name for what has none on the wire: errors of GIO while calling mean that the bus went away or timed out.
 */
static char *
name_of_error (const GError *error)
{
  if (error->domain == NETNS_ERROR)
    return g_strdup (netns_error_name (error));
  if (g_dbus_error_is_remote_error (error))
    return g_dbus_error_get_remote_error (error);
  if (error->domain == G_DBUS_ERROR)
    return g_dbus_error_encode_gerror (error);
  return NULL;
}

static gboolean
matches (gsize row, const char *name, const char *method)
{
  if (failures[row].method != NULL && g_strcmp0 (failures[row].method, method) != 0)
    return FALSE;
  if (g_str_has_suffix (failures[row].name, "."))
    return g_str_has_prefix (name, failures[row].name);
  return strcmp (name, failures[row].name) == 0;
}

static char *
without_full_stop (const char *text)
{
  gsize length = strlen (text);

  while (length > 0 && g_ascii_isspace (text[length - 1]))
    length--;
  /* Not of the three that stand for repetition. */
  if (length > 1 && text[length - 1] == '.' && text[length - 2] != '.')
    length--;
  return g_strndup (text, length);
}

/**
 * netns_failure_describe:
 * @error: what went wrong
 * @method: (nullable): what was called
 * @status: (out): the exit status for it
 *
 * Returns: (transfer full): what went wrong and what to do next, in one line
 */
char *
netns_failure_describe (const GError *error, const char *method, NetnsExit *status)
{
  g_autoptr (GError) copy = g_error_copy (error);
  g_autofree char *name = name_of_error (error);
  g_autofree char *text = NULL;

  g_dbus_error_strip_remote_error (copy);
  text = without_full_stop (copy->message);
  *status = NETNS_EXIT_FAILED;
  for (gsize row = 0; name != NULL && row < G_N_ELEMENTS (failures); row++) {
    if (!matches (row, name, method))
      continue;
    *status = failures[row].status;
    /* “Did you mean ...?” is advice enough. */
    if (g_str_has_suffix (text, "?"))
      return g_steal_pointer (&text);
    return g_strdup_printf ("%s; %s", failures[row].text ? _ (failures[row].text) : text,
                            _ (failures[row].advice));
  }
  if (error->domain == G_OPTION_ERROR)
    *status = NETNS_EXIT_USAGE;
  else if (error->domain == NETNS_UNREACHABLE)
    *status = NETNS_EXIT_UNREACHABLE;
  else if (error->domain == G_IO_ERROR && method != NULL) {
    *status = NETNS_EXIT_UNREACHABLE;
    return g_strdup_printf (_ ("The service cannot be reached (%s); check that it and the system bus run"),
                            text);
  }
  return g_steal_pointer (&text);
}

/**
 * netns_failure_report:
 * @error: what went wrong
 * @method: (nullable): what was called
 *
 * Writes the line to standard error.
 *
 * Returns: the exit status for it
 */
NetnsExit
netns_failure_report (const GError *error, const char *method)
{
  NetnsExit status;
  g_autofree char *line = netns_failure_describe (error, method, &status);
  g_autofree char *shown = netns_output_escape (line);

  /* Sentences of the service can have several lines, the user's terminal gets one. */
  netns_output_print_error (shown);
  return status;
}
