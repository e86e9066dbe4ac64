/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/error.h"
#include "common/names.h"

#include <errno.h>
#include <stdarg.h>

#define DBUS_ERROR_PREFIX "org.freedesktop.DBus.Error."

static const char *const wire_names[NETNS_N_ERRORS] = {
  [NETNS_ERROR_NOT_FOUND] = NETNS_ERROR_PREFIX "NotFound",
  [NETNS_ERROR_EXISTS] = NETNS_ERROR_PREFIX "Exists",
  [NETNS_ERROR_BUSY] = NETNS_ERROR_PREFIX "Busy",
  [NETNS_ERROR_INVALID_NAME] = NETNS_ERROR_PREFIX "InvalidName",
  [NETNS_ERROR_INVALID_ARGUMENT] = NETNS_ERROR_PREFIX "InvalidArgument",
  [NETNS_ERROR_NOT_SUPPORTED] = NETNS_ERROR_PREFIX "NotSupported",
  [NETNS_ERROR_ADDRESS_IN_USE] = NETNS_ERROR_PREFIX "AddressInUse",
  [NETNS_ERROR_PORT_IN_USE] = NETNS_ERROR_PREFIX "PortInUse",
  [NETNS_ERROR_SUBNET_CONFLICT] = NETNS_ERROR_PREFIX "SubnetConflict",
  [NETNS_ERROR_NAMESPACE_GONE] = NETNS_ERROR_PREFIX "NamespaceGone",
  [NETNS_ERROR_AUTHORIZATION_DISMISSED] = NETNS_ERROR_PREFIX "AuthorizationDismissed",
  [NETNS_ERROR_KERNEL_REFUSED] = NETNS_ERROR_PREFIX "KernelRefused",
  [NETNS_ERROR_BLOCKED_BY_FIREWALL] = NETNS_ERROR_PREFIX "BlockedByFirewall",
  [NETNS_ERROR_NOT_FORWARDED] = NETNS_ERROR_PREFIX "NotForwarded",
  [NETNS_ERROR_ROUTED_ELSEWHERE] = NETNS_ERROR_PREFIX "RoutedElsewhere",
  [NETNS_ERROR_ROLLED_BACK] = NETNS_ERROR_PREFIX "RolledBack",
  [NETNS_ERROR_QUOTA_EXCEEDED] = NETNS_ERROR_PREFIX "QuotaExceeded",
  [NETNS_ERROR_LOOP] = NETNS_ERROR_PREFIX "Loop",
  [NETNS_ERROR_COMMAND_NOT_FOUND] = NETNS_ERROR_PREFIX "CommandNotFound",
  [NETNS_ERROR_TOO_LARGE] = NETNS_ERROR_PREFIX "TooLarge",
  [NETNS_ERROR_UNREADABLE] = NETNS_ERROR_PREFIX "Unreadable",
  [NETNS_ERROR_COMMAND_NOT_EXECUTABLE] = NETNS_ERROR_PREFIX "CommandNotExecutable",
  [NETNS_ERROR_ACCESS_DENIED] = DBUS_ERROR_PREFIX "AccessDenied",
  [NETNS_ERROR_INTERACTION_REQUIRED] = DBUS_ERROR_PREFIX "InteractiveAuthorizationRequired",
  [NETNS_ERROR_LIMITS_EXCEEDED] = DBUS_ERROR_PREFIX "LimitsExceeded",
};

GQuark
netns_error_quark (void)
{
  return g_quark_from_static_string ("netns-error-quark");
}

/* Returns: (transfer none): the name on the bus of an error of domain %NETNS_ERROR */
const char *
netns_error_name (const GError *error)
{
  g_return_val_if_fail (error->domain == NETNS_ERROR, DBUS_ERROR_PREFIX "Failed");
  g_return_val_if_fail (error->code >= 0 && error->code < NETNS_N_ERRORS, DBUS_ERROR_PREFIX "Failed");
  return wire_names[error->code];
}

static NetnsError
code_for_errno (int error_number)
{
  switch (error_number) {
  case EEXIST:
    return NETNS_ERROR_EXISTS;
  case ENOENT:
  case ENODEV:
  case ESRCH:
  case ENXIO:
    return NETNS_ERROR_NOT_FOUND;
  case EBUSY:
    return NETNS_ERROR_BUSY;
  case EOPNOTSUPP:
  case EAFNOSUPPORT:
    return NETNS_ERROR_NOT_SUPPORTED;
  default:
    return NETNS_ERROR_KERNEL_REFUSED;
  }
}

G_GNUC_PRINTF (4, 0)
static void
set_error (GError **error, int error_number, const char *words, const char *format, va_list arguments)
{
  g_autofree char *what = g_strdup_vprintf (format, arguments);

  g_set_error (error, NETNS_ERROR, (int) code_for_errno (error_number), "%s: %s", what, words);
}

/**
 * netns_refuse:
 * @error: (out) (optional): where to put it
 * @code: which error
 * @format: what was wrong and what to do, without a full stop
 * @...: its arguments
 *
 * Returns: FALSE, so that a check can say why it fails and fail in one statement
 */
gboolean
netns_refuse (GError **error, NetnsError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (error, g_error_new_valist (NETNS_ERROR, (int) code, format, arguments));
  va_end (arguments);
  return FALSE;
}

/**
 * netns_error_set_errno, netns_error_set_kernel:
 * @error: (out) (optional): where to put it
 * @error_number: what the kernel answered to a system call or a netlink request, positive
 * @extended_ack: (nullable): the kernel's own words about it: “mtu greater than device maximum” tells more than
 *   “Invalid argument”
 * @format: what was tried and on what, without a full stop; a colon and the reason follow
 * @...: its arguments
 *
 * Returns: FALSE
 */
gboolean
netns_error_set_errno (GError **error, int error_number, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_error (error, error_number, g_strerror (error_number), format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
netns_error_set_kernel (GError **error, int error_number, const char *extended_ack, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_error (error, error_number, extended_ack != NULL ? extended_ack : g_strerror (error_number), format, arguments);
  va_end (arguments);
  return FALSE;
}
