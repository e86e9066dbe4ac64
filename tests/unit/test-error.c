/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every error has a name on the bus, and the kernel's words are in it. */
#include "common/error.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

static void
test_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (int code = 0; code < NETNS_N_ERRORS; code++) {
    g_autoptr (GError) error = g_error_new_literal (NETNS_ERROR, code, "text");
    const char *name = netns_error_name (error);

    g_assert_nonnull (name);
    g_assert_true (g_dbus_is_interface_name (name)); /* the same rules, D-Bus specification */
    g_assert_true (g_str_has_prefix (name, "org.example.NetNS1.Error.")
                   || g_str_has_prefix (name, "org.freedesktop.DBus.Error."));
    g_assert_true (g_hash_table_add (seen, (gpointer) name));
  }
}

static void
test_errno (void)
{
  static const struct {
    int number;
    NetnsError code;
  } cases[] = {
    { EEXIST,     NETNS_ERROR_EXISTS         },
    { ENODEV,     NETNS_ERROR_NOT_FOUND      },
    { ENOENT,     NETNS_ERROR_NOT_FOUND      },
    { EBUSY,      NETNS_ERROR_BUSY           },
    { EOPNOTSUPP, NETNS_ERROR_NOT_SUPPORTED  },
    { EPERM,      NETNS_ERROR_KERNEL_REFUSED },
    { EINVAL,     NETNS_ERROR_KERNEL_REFUSED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    netns_error_set_errno (&error, cases[i].number, "Cannot set the MTU of “%s”", "veth0");
    g_assert_error (error, NETNS_ERROR, (int) cases[i].code);
    g_assert_nonnull (strstr (error->message, "Cannot set the MTU of “veth0”"));
    g_assert_nonnull (strstr (error->message, g_strerror (cases[i].number)));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/names", test_names);
  g_test_add_func ("/error/errno", test_errno);
  return g_test_run ();
}
