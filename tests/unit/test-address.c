/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic on addresses, and everything that is no address. */
#include "common/address.h"
#include "common/error.h"

#include <string.h>
#include <sys/socket.h>

typedef gboolean (*ParseFunc) (const char *text, NetnsAddress *address, GError **error);

static NetnsAddress
parse (const char *text)
{
  NetnsAddress address;
  g_autoptr (GError) error = NULL;

  netns_address_parse (text, &address, &error);
  g_assert_no_error (error);
  return address;
}

static void
assert_refused (ParseFunc func, const char *text)
{
  NetnsAddress address;
  g_autoptr (GError) error = NULL;

  if (func (text, &address, &error))
    g_error ("“%s” was taken", text);
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
assert_printed (const NetnsAddress *address, const char *expected)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  g_assert_cmpstr (netns_address_print (address, text), ==, expected);
}

static void
test_parse (void)
{
  static const struct {
    const char *text;
    const char *printed;
  } good[] = {
    { "10.0.0.1/24",                                       "10.0.0.1/24"                                 },
    { "10.0.0.1",                                          "10.0.0.1/32"                                 },
    { "0.0.0.0/0",                                         "0.0.0.0/0"                                   },
    { "255.255.255.255/32",                                "255.255.255.255/32"                          },
    { "::",                                                "::/128"                                      },
    { "::/0",                                              "::/0"                                        },
    { "FD00:0:0::1/64",                                    "fd00::1/64"                                  },
    { "::ffff:1.2.3.4/96",                                 "::ffff:1.2.3.4/96"                           },
    { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    NetnsAddress address = parse (good[i].text);

    assert_printed (&address, good[i].printed);
  }
}

static void
test_no_address (void)
{
  static const char *const bad[] = { "",
                                     "/",
                                     "/24",
                                     "10.0.0.1/",
                                     "10.0.0.1/33",
                                     "10.0.0.1/-1",
                                     "10.0.0.1/+1",
                                     "10.0.0.1/ 1",
                                     "10.0.0.1/1 ",
                                     "10.0.0.1/24/24",
                                     "10.0.0.1/024x",
                                     "::1/129",
                                     "::1/4294967424",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "256.0.0.1",
                                     "1.2.3.04x",
                                     "fe80::1%lo",
                                     ":::",
                                     "localhost",
                                     " 1.2.3.4",
                                     "1.2.3.4 ",
                                     "0x7f.1",
                                     "1.2.3.4\n",
                                     "10.0.0.1/0x10",
                                     "10.0.0.1/99999999999999999999" };
  static const char *const no_host[] = { "10.0.0.1/24", "::1/64", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    assert_refused (netns_address_parse, bad[i]);
    assert_refused (netns_address_parse_subnet, bad[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (no_host); i++)
    assert_refused (netns_address_parse_host, no_host[i]);
}

static void
test_subnet (void)
{
  static const char *const good[] = { "10.100.0.0/24", "0.0.0.0/0", "10.0.0.1/32", "192.0.2.2/31",
                                      "fd00::/64",     "::/0",      "fd00::1/128", "10.128.0.0/9" };
  static const char *const host_bits[]
    = { "10.100.0.1/24", "10.0.0.1/0", "192.0.2.1/31", "fd00::1/64", "::1/0", "10.192.0.0/9" };
  NetnsAddress subnet;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (GError) error = NULL;

    netns_address_parse_subnet (good[i], &subnet, &error);
    g_assert_no_error (error);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (host_bits); i++)
    assert_refused (netns_address_parse_subnet, host_bits[i]);
}

static void
test_subnet_error_helps (void)
{
  NetnsAddress subnet;
  g_autoptr (GError) error = NULL;

  g_assert_false (netns_address_parse_subnet ("10.100.0.9/24", &subnet, &error));
  g_assert_nonnull (strstr (error->message, "10.100.0.0/24"));
}

static void
test_contains (void)
{
  static const struct {
    const char *subnet;
    const char *address;
    gboolean contains;
    gboolean overlaps;
  } cases[] = {
    { "10.0.0.0/24", "10.0.0.255/32",                 TRUE,  TRUE  },
    { "10.0.0.0/24", "10.0.1.0/32",                   FALSE, FALSE },
    { "10.0.0.0/24", "10.0.0.0/8",                    TRUE,  TRUE  },
    { "10.0.0.0/25", "10.0.0.128/25",                 FALSE, FALSE },
    { "10.0.0.0/9",  "10.128.0.0/9",                  FALSE, FALSE },
    { "10.0.1.0/24", "10.0.0.0/16",                   FALSE, TRUE  },
    { "0.0.0.0/0",   "255.255.255.255/32",            TRUE,  TRUE  },
    { "0.0.0.0/0",   "::1/128",                       FALSE, FALSE },
    { "::/0",        "10.0.0.1/32",                   FALSE, FALSE },
    { "fd00::/64",   "fd00::ffff:ffff:ffff:ffff/128", TRUE,  TRUE  },
    { "fd00::/64",   "fd00:0:0:1::/64",               FALSE, FALSE },
    { "fd00::/127",  "fd00::1/128",                   TRUE,  TRUE  },
    { "fd00::/127",  "fd00::2/128",                   FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    NetnsAddress subnet = parse (cases[i].subnet), address = parse (cases[i].address);

    g_test_message ("%s and %s", cases[i].subnet, cases[i].address);
    g_assert_cmpint (netns_address_contains (&subnet, &address), ==, cases[i].contains);
    g_assert_cmpint (netns_address_overlaps (&subnet, &address), ==, cases[i].overlaps);
    g_assert_cmpint (netns_address_overlaps (&address, &subnet), ==, cases[i].overlaps);
  }
}

static void
test_add (void)
{
  static const struct {
    const char *from;
    guint32 count;
    const char *to;
  } cases[] = {
    { "10.0.0.0/24",                  1,           "10.0.0.1/24"       },
    { "10.0.0.255/24",                1,           "10.0.1.0/24"       },
    { "10.0.255.255/24",              1,           "10.1.0.0/24"       },
    { "10.0.0.0/8",                   0x00ffffff,  "10.255.255.255/8"  },
    { "0.0.0.0/0",                    G_MAXUINT32, "255.255.255.255/0" },
    { "fd00::/64",                    1,           "fd00::1/64"        },
    { "fd00::ffff:ffff/64",           1,           "fd00::1:0:0/64"    },
    { "fd00::ffff:ffff:ffff:ffff/64", 2,           "fd00:0:0:1::1/64"  },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    NetnsAddress address = parse (cases[i].from);

    netns_address_add (&address, cases[i].count);
    assert_printed (&address, cases[i].to);
  }
}

static void
test_ends (void)
{
  static const struct {
    const char *address;
    const char *subnet;
    const char *last;
    gboolean several;
  } cases[] = {
    { "10.100.0.7/24", "10.100.0.0/24", "10.100.0.254/24",              TRUE  },
    { "10.100.0.7/30", "10.100.0.4/30", "10.100.0.6/30",                TRUE  },
    { "10.100.0.7/31", "10.100.0.6/31", "10.100.0.7/31",                TRUE  },
    { "10.100.0.7/32", "10.100.0.7/32", "10.100.0.7/32",                FALSE },
    { "10.100.0.7/9",  "10.0.0.0/9",    "10.127.255.254/9",             TRUE  },
    { "fd00::1/64",    "fd00::/64",     "fd00::ffff:ffff:ffff:ffff/64", TRUE  },
    { "fd00::1/128",   "fd00::1/128",   "fd00::1/128",                  FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    NetnsAddress address = parse (cases[i].address), subnet, last;

    netns_address_get_subnet (&address, &subnet);
    assert_printed (&subnet, cases[i].subnet);
    g_assert_cmpint (netns_address_get_last (&subnet, &last), ==, cases[i].several);
    assert_printed (&last, cases[i].last);
  }
}

static void
test_equal (void)
{
  NetnsAddress a = parse ("10.0.0.1/24"), other_prefix = parse ("10.0.0.1/25"), other = parse ("10.0.0.2/24");
  NetnsAddress zeros4 = parse ("0.0.0.0/0"), zeros6 = parse ("::/0"), from_bytes;

  netns_address_set_bytes (&from_bytes, AF_INET, (const guint8[]) { 10, 0, 0, 1 }, 24);
  g_assert_true (netns_address_equal (&a, &from_bytes));
  g_assert_false (netns_address_equal (&a, &other_prefix));
  g_assert_true (netns_address_equal_host (&a, &other_prefix));
  g_assert_false (netns_address_equal_host (&a, &other));
  g_assert_false (netns_address_equal (&zeros4, &zeros6));
  netns_address_set_bytes (&from_bytes, AF_INET6, NULL, 0);
  g_assert_true (netns_address_equal (&zeros6, &from_bytes));
  g_assert_cmpuint (netns_address_size (&a), ==, 4);
  g_assert_cmpuint (netns_address_size (&zeros6), ==, 16);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/parse", test_parse);
  g_test_add_func ("/address/no-address", test_no_address);
  g_test_add_func ("/address/subnet", test_subnet);
  g_test_add_func ("/address/subnet-error-helps", test_subnet_error_helps);
  g_test_add_func ("/address/contains", test_contains);
  g_test_add_func ("/address/add", test_add);
  g_test_add_func ("/address/ends", test_ends);
  g_test_add_func ("/address/equal", test_equal);
  return g_test_run ();
}
