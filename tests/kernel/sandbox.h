/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A place where kernel tests can do what they want: namespaces of their own, root or not. The oracles are other
 * programs, never the code under test. */
#pragma once

#include "common/grant.h"
#include "kernel/netlink.h"

#include <glib.h>

extern const NetnsGrant *const sandbox_grant;

int sandbox_main (int argc, char **argv, void (*add_tests) (void));
char *sandbox_run (const char *format, ...) G_GNUC_PRINTF (1, 2);
gboolean sandbox_try (const char *format, ...) G_GNUC_PRINTF (1, 2);
char *sandbox_query (const char *filter, const char *format, ...) G_GNUC_PRINTF (2, 3);
NetnsNetlink *sandbox_connect (const char *name);
guint sandbox_link_index (NetnsNetlink *netlink, const char *name);

/* The JSON value that jq picks of what the command prints. */
#define assert_query(filter, expected, ...)                                                                            \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *query_result = sandbox_query (filter, __VA_ARGS__);                                               \
    g_assert_cmpstr (query_result, ==, expected);                                                                      \
  }                                                                                                                    \
  G_STMT_END

/* That @error is one of the service's, says @text, and is no longer there afterwards. */
#define assert_error(error, error_code, text)                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_assert_error (error, NETNS_ERROR, error_code);                                                                   \
    if (strstr ((error)->message, text) == NULL)                                                                       \
      g_error ("“%s” does not say “%s”", (error)->message, text);                                                      \
    g_clear_error (&error);                                                                                            \
  }                                                                                                                    \
  G_STMT_END
