/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The errors that a caller can get, and their names on the bus. */
#pragma once

#include <glib.h>

/**
 * NetnsError:
 * @NETNS_ERROR_NOT_FOUND: no such namespace, link, network, route ...
 * @NETNS_ERROR_EXISTS: there is one already
 * @NETNS_ERROR_BUSY: something else still uses it
 * @NETNS_ERROR_INVALID_NAME: a name that nothing can have
 * @NETNS_ERROR_INVALID_ARGUMENT: any other argument or option that makes no sense
 * @NETNS_ERROR_NOT_SUPPORTED: this kernel, or this kind of link, cannot do it
 * @NETNS_ERROR_ADDRESS_IN_USE: another link has that address
 * @NETNS_ERROR_PORT_IN_USE: a process or another forward has that port
 * @NETNS_ERROR_SUBNET_CONFLICT: there is a route to that subnet already
 * @NETNS_ERROR_NAMESPACE_GONE: it vanished while the call waited or ran
 * @NETNS_ERROR_AUTHORIZATION_DISMISSED: the user closed the password dialog
 * @NETNS_ERROR_KERNEL_REFUSED: anything else that the kernel said no to, in its words
 * @NETNS_ERROR_BLOCKED_BY_FIREWALL: another firewall drops the packets
 * @NETNS_ERROR_NOT_FORWARDED: the kernel does not forward the packets
 * @NETNS_ERROR_ROUTED_ELSEWHERE: routing rules of others send the packets to another link
 * @NETNS_ERROR_ROLLED_BACK: undoing a call that failed did not work completely
 * @NETNS_ERROR_QUOTA_EXCEEDED: the user has as much of it as one user can have
 * @NETNS_ERROR_LOOP: bridges without the spanning tree protocol would be connected in a ring
 * @NETNS_ERROR_COMMAND_NOT_FOUND: there is no such program to run
 * @NETNS_ERROR_COMMAND_NOT_EXECUTABLE: there is one, and it cannot be run
 * @NETNS_ERROR_TOO_LARGE: there is more of it than can be listed
 * @NETNS_ERROR_UNREADABLE: it is made so that it cannot be read
 * @NETNS_ERROR_ACCESS_DENIED: polkit said no, or could not be asked (org.freedesktop.DBus.Error.AccessDenied)
 * @NETNS_ERROR_INTERACTION_REQUIRED: a password is needed and the caller did not allow to ask for one
 *   (org.freedesktop.DBus.Error.InteractiveAuthorizationRequired)
 * @NETNS_ERROR_LIMITS_EXCEEDED: too many calls of one user wait (org.freedesktop.DBus.Error.LimitsExceeded)
 */
typedef enum {
  NETNS_ERROR_NOT_FOUND,
  NETNS_ERROR_EXISTS,
  NETNS_ERROR_BUSY,
  NETNS_ERROR_INVALID_NAME,
  NETNS_ERROR_INVALID_ARGUMENT,
  NETNS_ERROR_NOT_SUPPORTED,
  NETNS_ERROR_ADDRESS_IN_USE,
  NETNS_ERROR_PORT_IN_USE,
  NETNS_ERROR_SUBNET_CONFLICT,
  NETNS_ERROR_NAMESPACE_GONE,
  NETNS_ERROR_AUTHORIZATION_DISMISSED,
  NETNS_ERROR_KERNEL_REFUSED,
  NETNS_ERROR_BLOCKED_BY_FIREWALL,
  NETNS_ERROR_NOT_FORWARDED,
  NETNS_ERROR_ROUTED_ELSEWHERE,
  NETNS_ERROR_ROLLED_BACK,
  NETNS_ERROR_QUOTA_EXCEEDED,
  NETNS_ERROR_LOOP,
  NETNS_ERROR_COMMAND_NOT_FOUND,
  NETNS_ERROR_COMMAND_NOT_EXECUTABLE,
  NETNS_ERROR_TOO_LARGE,
  NETNS_ERROR_UNREADABLE,
  NETNS_ERROR_ACCESS_DENIED,
  NETNS_ERROR_INTERACTION_REQUIRED,
  NETNS_ERROR_LIMITS_EXCEEDED,
  NETNS_N_ERRORS
} NetnsError;

#define NETNS_ERROR (netns_error_quark ())

GQuark netns_error_quark (void);
const char *netns_error_name (const GError *error);
gboolean netns_refuse (GError **error, NetnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* For a function that returns a pointer: return netns_refuse_null (error, code, format, ...); */
#define netns_refuse_null(...) (netns_refuse (__VA_ARGS__), NULL)

gboolean netns_error_set_errno (GError **error, int error_number, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean netns_error_set_kernel (GError **error, int error_number, const char *extended_ack, const char *format, ...)
  G_GNUC_PRINTF (4, 5);
