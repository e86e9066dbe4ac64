/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How errors are reported: one line that says what to do next, and an exit status for scripts. / */
#pragma once

#include <glib.h>

/**
 * NetnsExit:
 * @NETNS_EXIT_DONE: it worked
 * @NETNS_EXIT_FAILED: the service or the kernel said no
 * @NETNS_EXIT_USAGE: the command line makes no sense
 * @NETNS_EXIT_FAULT_FOUND: reserved for a diagnosis that found a fault
 * @NETNS_EXIT_NOT_AUTHORIZED: the user may not do that
 * @NETNS_EXIT_UNREACHABLE: there is no way to the service
 * @NETNS_EXIT_NOT_EXECUTABLE: the command to run cannot be executed, as shells have it
 * @NETNS_EXIT_NOT_FOUND: there is no such command to run
 */
typedef enum {
  NETNS_EXIT_DONE = 0,
  NETNS_EXIT_FAILED = 1,
  NETNS_EXIT_USAGE = 2,
  NETNS_EXIT_FAULT_FOUND = 3,
  NETNS_EXIT_NOT_AUTHORIZED = 4,
  NETNS_EXIT_UNREACHABLE = 5,
  NETNS_EXIT_NOT_EXECUTABLE = 126,
  NETNS_EXIT_NOT_FOUND = 127,
} NetnsExit;

gboolean netns_failure_is_not_found (const GError *error);
char *netns_failure_describe (const GError *error, const char *method, NetnsExit *status);
NetnsExit netns_failure_report (const GError *error, const char *method);
