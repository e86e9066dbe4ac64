/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and values that callers hand in. Whatever they are, the error must be one line of text that D-Bus takes. */
#include "common/validate.h"
#include "common/error.h"

#include <string.h>

typedef gboolean (*ValidateFunc) (const char *name, GError **error);

static const ValidateFunc validators[]
  = { netns_validate_namespace_name, netns_validate_network_name, netns_validate_link_name };

static void
assert_taken (ValidateFunc validate, const char *name)
{
  g_autoptr (GError) error = NULL;

  validate (name, &error);
  g_assert_no_error (error);
}

static void
assert_refused (ValidateFunc validate, const char *name)
{
  g_autoptr (GError) error = NULL;

  if (validate (name, &error))
    g_error ("“%s” was taken", name);
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_NAME);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strpbrk (error->message, "\n\r\t\x1b"));
}

static char *
repeat (const char *text, guint count)
{
  GString *result = g_string_new (NULL);

  for (guint i = 0; i < count; i++)
    g_string_append (result, text);
  return g_string_free (result, FALSE);
}

static void
test_taken (void)
{
  static const char *const everywhere[] = { "web", "a", "1", "br-internal", "a.b", "veth-webserver-h", "_x", "A-Z_9" };

  for (gsize v = 0; v < G_N_ELEMENTS (validators); v++)
    for (gsize i = 0; i < G_N_ELEMENTS (everywhere); i++)
      assert_taken (validators[v], everywhere[i]);
  assert_taken (netns_validate_namespace_name, "a@b:c+d");
  assert_taken (netns_validate_link_name, "a@b+c");
}

static void
test_refused (void)
{
  static const char *const nowhere[]
    = { "",     ".",   "..",   "../x", ".hidden",    "-x",   "--help",   "a/b",      "/",
        "a b",  " ",   "a\nb", "a\tb", "a\x1b[31mb", "a\"b", "a*",       "a;b",      "a'b",
        "a\\b", "a$b", "a{b",  "a#b",  "a,b",        "a%b",  "\xc3\xa4", "\xff\xfe", "a\x7f" };

  for (gsize v = 0; v < G_N_ELEMENTS (validators); v++)
    for (gsize i = 0; i < G_N_ELEMENTS (nowhere); i++)
      assert_refused (validators[v], nowhere[i]);
  assert_refused (netns_validate_link_name, "a:b");
  assert_refused (netns_validate_link_name, "all");
  assert_refused (netns_validate_link_name, "default");
  assert_refused (netns_validate_network_name, "a:b");
  assert_refused (netns_validate_network_name, "a@b");
}

static void
test_length (void)
{
  static const guint longest[] = { NETNS_NAMESPACE_NAME_MAX, NETNS_ALTERNATIVE_NAME_MAX, NETNS_ALTERNATIVE_NAME_MAX };

  for (gsize v = 0; v < G_N_ELEMENTS (validators); v++) {
    g_autofree char *fits = repeat ("x", longest[v]);
    g_autofree char *too_long = repeat ("x", longest[v] + 1);
    g_autofree char *much_too_long = repeat ("x", 100000);

    assert_taken (validators[v], fits);
    assert_refused (validators[v], too_long);
    assert_refused (validators[v], much_too_long);
  }
}

/* A long name is shown shortened; that must not cut a character in two, nor let through what is not printable. */
static void
test_long_strange_names (void)
{
  static const char *const pieces[] = { "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\n", "\x1b", "\xff" };

  for (gsize v = 0; v < G_N_ELEMENTS (validators); v++) {
    for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++) {
      for (guint offset = 0; offset < 4; offset++) {
        g_autofree char *front = repeat ("x", offset);
        g_autofree char *tail = repeat (pieces[i], 25);
        g_autofree char *longer_tail = repeat (pieces[i], 60);
        g_autofree char *name = g_strconcat (front, tail, NULL);
        g_autofree char *longer = g_strconcat (front, longer_tail, NULL);

        assert_refused (validators[v], name);
        assert_refused (validators[v], longer);
      }
    }
  }
}

static void
test_mtu (void)
{
  static const guint32 good[] = { 68, 1500, 65536, G_MAXINT32 };
  static const guint32 bad[] = { 0, 67, (guint32) G_MAXINT32 + 1, G_MAXUINT32 };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (netns_validate_mtu (good[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (netns_validate_mtu (bad[i], &error));
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_mac (void)
{
  static const char *const bad[] = { "",
                                     "02:00:00:00:00",
                                     "02:00:00:00:00:01:02",
                                     "02-00-00-00-00-01",
                                     "020000000001",
                                     "02:00:00:00:00:0g",
                                     "02:00:00:00:00:1",
                                     " 2:00:00:00:00:01",
                                     "02:00:00:00:00:01 ",
                                     "+2:00:00:00:00:01",
                                     "0x:00:00:00:00:01",
                                     "01:00:5e:00:00:01",
                                     "ff:ff:ff:ff:ff:ff",
                                     "00:00:00:00:00:00",
                                     "02:00:00:00:00: 1",
                                     "02:00:00:00:00:+1" };
  guint8 mac[NETNS_MAC_LENGTH];
  g_autofree char *printed = NULL;

  g_assert_true (netns_parse_mac ("02:AB:cd:00:00:01", mac, NULL));
  printed = netns_print_mac (mac);
  g_assert_cmpstr (printed, ==, "02:ab:cd:00:00:01");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    if (netns_parse_mac (bad[i], mac, &error))
      g_error ("“%s” was taken", bad[i]);
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/validate/taken", test_taken);
  g_test_add_func ("/validate/refused", test_refused);
  g_test_add_func ("/validate/length", test_length);
  g_test_add_func ("/validate/long-strange-names", test_long_strange_names);
  g_test_add_func ("/validate/mtu", test_mtu);
  g_test_add_func ("/validate/mac", test_mac);
  return g_test_run ();
}
