/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
  const char *advice, *text;
  NetnsExit status; /* NETNS_EXIT_FAILED if it is not said */
  gboolean general; /* left out where the text gives advice itself */
} failures[] = {
  { NETNS_ERROR_PREFIX "NotFound", "RemoveRoute", N_ ("see “netnsctl route list”") },
  { NETNS_ERROR_PREFIX "NotFound", "RemoveAddress", N_ ("see “netnsctl address list”") },
  { NETNS_ERROR_PREFIX "NotFound", "nat delete", N_ ("see “netnsctl nat list”") },
  { NETNS_ERROR_PREFIX "NotFound", "forward delete", N_ ("see “netnsctl forward list”") },
  { NETNS_ERROR_PREFIX "NotFound", "RemoveRule", N_ ("see “netnsctl firewall NS show”") },
  { NETNS_ERROR_PREFIX "NotFound", "AdoptProcess", NULL },
  { NETNS_ERROR_PREFIX "NotFound", "GetNamespaceByPID", NULL },
  { NETNS_ERROR_PREFIX "NotFound", NULL, N_ ("see “netnsctl tree”"), .general = TRUE },
  { NETNS_ERROR_PREFIX "Exists", "AddAddress", NULL },
  { NETNS_ERROR_PREFIX "Exists", "AddRoute", N_ ("remove that route first, or give another metric") },
  { NETNS_ERROR_PREFIX "Exists", "Connect", N_ ("to connect it with other options, disconnect it first") },
  { NETNS_ERROR_PREFIX "Exists", "SetDns", N_ ("edit that file by hand, or remove it first") },
  { NETNS_ERROR_PREFIX "Exists", NULL, N_ ("choose another name, or delete that one first"), .general = TRUE },
  { NETNS_ERROR_PREFIX "Busy", "namespace delete", N_ ("(netnsctl: --kill)") },
  { NETNS_ERROR_PREFIX "Busy", NULL, N_ ("stop or detach what uses it, then try again"), .general = TRUE },
  { NETNS_ERROR_PREFIX "InvalidName", NULL, N_ ("choose another name"), .general = TRUE },
  { NETNS_ERROR_PREFIX "InvalidArgument", NULL, N_ ("see netnsctl(1)"), .general = TRUE },
  { NETNS_ERROR_PREFIX "NotSupported", "Delete", N_ ("use “netnsctl link set NS LINK down” instead") },
  { NETNS_ERROR_PREFIX "NotSupported", "MoveTo", N_ ("connect the namespace with a veth pair instead") },
  { NETNS_ERROR_PREFIX "NotSupported", "SetSysctl", N_ ("use sysctl(8) for other settings") },
  { NETNS_ERROR_PREFIX "NotSupported", "GetSysctl", N_ ("use sysctl(8) for other settings") },
  { NETNS_ERROR_PREFIX "NotSupported", NULL, N_ ("check whether the kernel has a module for it"), .general = TRUE },
  { NETNS_ERROR_PREFIX "AddressInUse", NULL, N_ ("choose another address"), .general = TRUE },
  { NETNS_ERROR_PREFIX "PortInUse", NULL, N_ ("stop the program using it, or see “netnsctl forward list”"),
   .general = TRUE },
  { NETNS_ERROR_PREFIX "SubnetConflict", NULL, N_ ("choose another subnet"), .general = TRUE },
  { NETNS_ERROR_PREFIX "NamespaceGone", NULL, N_ ("see “netnsctl namespace list”") },
  { NETNS_ERROR_PREFIX "AuthorizationDismissed", NULL, N_ ("try again and authenticate"),
   .status = NETNS_EXIT_NOT_AUTHORIZED },
  { NETNS_ERROR_PREFIX "QuotaExceeded", "Run", N_ ("wait until one of your commands has ended, then try again") },
  { NETNS_ERROR_PREFIX "QuotaExceeded", NULL, N_ ("delete what you no longer need, then try again"), .general = TRUE },
  { NETNS_ERROR_PREFIX "TooLarge", "ListNeighbours", N_ ("as root, use “ip -n NS neighbour”") },
  { NETNS_ERROR_PREFIX "TooLarge", "ListForwardingEntries", N_ ("as root, use “bridge -n NS fdb”") },
  { NETNS_ERROR_PREFIX "TooLarge", "ListProcesses", N_ ("as root, use “ip netns pids NS”") },
  { NETNS_ERROR_PREFIX "TooLarge", NULL, N_ ("as root, use “ip netns exec NS nft list ruleset”"), .general = TRUE },
  { NETNS_ERROR_PREFIX "Unreadable", NULL, N_ ("delete the tables that others made there, or the namespace") },
  { NETNS_ERROR_PREFIX "Loop", NULL, N_ ("leave out one of the veth pairs between them"), .general = TRUE },
  { NETNS_ERROR_PREFIX "CommandNotFound", NULL, N_ ("check its name and the PATH of the environment"),
   .status = NETNS_EXIT_NOT_FOUND },
  { NETNS_ERROR_PREFIX "CommandNotExecutable", NULL, N_ ("check its permissions and file type"),
   .status = NETNS_EXIT_NOT_EXECUTABLE },
  { NETNS_ERROR_PREFIX "BlockedByFirewall", NULL, N_ ("allow these packets there, then try again"), .general = TRUE },
  { NETNS_ERROR_PREFIX "NotForwarded", NULL, N_ ("enable forwarding, then try again"), .general = TRUE },
  { NETNS_ERROR_PREFIX "RoutedElsewhere", NULL, N_ ("correct the routing rules, then try again"), .general = TRUE },
  { NETNS_ERROR_PREFIX "RolledBack", NULL, N_ ("see “journalctl -u netnsd” for the reason"), .general = TRUE },
  { DBUS_ERROR_PREFIX "AccessDenied", NULL, N_ ("become root, or ask an administrator for permission"),
   .status = NETNS_EXIT_NOT_AUTHORIZED },
  { DBUS_ERROR_PREFIX "InteractiveAuthorizationRequired", NULL,
   N_ ("try again in a terminal without --no-ask-password, or become root"), .text = N_ ("A password is needed"),
   .status = NETNS_EXIT_NOT_AUTHORIZED },
  { DBUS_ERROR_PREFIX "LimitsExceeded", NULL, N_ ("try again later"), .general = TRUE },
  { DBUS_ERROR_PREFIX "ServiceUnknown", NULL, N_ ("start it with “systemctl start netnsd”"),
   .text = N_ ("The service netnsd is not running"), .status = NETNS_EXIT_UNREACHABLE },
  { DBUS_ERROR_PREFIX "NameHasNoOwner", NULL, N_ ("start it with “systemctl start netnsd”"),
   .text = N_ ("The service netnsd is not running"), .status = NETNS_EXIT_UNREACHABLE },
  { DBUS_ERROR_PREFIX "NoReply", NULL, N_ ("see “journalctl -u netnsd” for the reason"),
   .text = N_ ("The service netnsd ended without a reply"), .status = NETNS_EXIT_UNREACHABLE },
  { DBUS_ERROR_PREFIX "Disconnected", NULL, N_ ("check that the system bus is running"),
   .status = NETNS_EXIT_UNREACHABLE },
  { DBUS_ERROR_PREFIX "Spawn.", NULL, N_ ("see “systemctl status netnsd” for the reason"),
   .status = NETNS_EXIT_UNREACHABLE },
  { DBUS_ERROR_PREFIX "UnknownObject", NULL, N_ ("see “netnsctl tree”"), .text = N_ ("There is no such object") },
  { DBUS_ERROR_PREFIX "UnknownMethod", NULL, N_ ("update the service; “netnsctl status” shows its version") },
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

/* Returns: whether the service said that something, or the object itself, is not there */
gboolean
netns_failure_is_not_found (const GError *error)
{
  g_autofree char *name = name_of_error (error);

  return g_strcmp0 (name, NETNS_ERROR_PREFIX "NotFound") == 0;
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

/* “...; choose another one”, “disconnect first: web” */
static gboolean
gives_advice (const char *text)
{
  return strstr (text, "; ") != NULL || strstr (text, " first") != NULL;
}

/* Returns: (transfer full): what went wrong and what to do next, in one line. @method: (nullable): what was called */
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
    *status = failures[row].status ? failures[row].status : NETNS_EXIT_FAILED;
    /* “Did you mean ...?” is advice enough. */
    if (failures[row].advice == NULL || g_str_has_suffix (text, "?") || (failures[row].general && gives_advice (text)))
      return g_steal_pointer (&text);
    return g_strdup_printf ("%s%s %s", failures[row].text ? _ (failures[row].text) : text,
                            *failures[row].advice == '(' ? "" : ";", _ (failures[row].advice));
  }
  if (error->domain == G_OPTION_ERROR)
    *status = NETNS_EXIT_USAGE;
  else if (error->domain == NETNS_UNREACHABLE)
    *status = NETNS_EXIT_UNREACHABLE;
  else if (error->domain == G_IO_ERROR && name == NULL && method != NULL) {
    /* Without a name: nobody answered. */
    *status = NETNS_EXIT_UNREACHABLE;
    return g_strdup_printf (_ ("Cannot reach the service (%s); check that it and the system bus are running"), text);
  }
  return g_steal_pointer (&text);
}

/* Writes that line to standard error. Returns: the exit status for it */
NetnsExit
netns_failure_report (const GError *error, const char *method)
{
  NetnsExit status;
  g_autofree char *line = netns_failure_describe (error, method, &status);

  netns_output_warn (line);
  return status;
}
