/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By which way a namespace answers: from its routes, the callers whose answers leave elsewhere. */
#include "core/forward/answers.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define OURS 2 /* the link that calls come by; any other is another way */

/* A route is `DESTINATION LINK GATEWAY METRIC TABLE`. */
static const struct {
  int family;
  const char *routes;
  const char *away;
  gboolean has_default;
} rows[] = {
  { AF_INET,  "",                                                                                                  "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254",                                                                        "",                                               TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.9 0 254",                                                                        "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET,  "0.0.0.0/0 3 10.0.0.1 0 254",                                                                        "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 5 254;0.0.0.0/0 3 - 4 254",                                                    "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 4 254;0.0.0.0/0 3 - 5 254",                                                    "",                                               TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 4 254;0.0.0.0/0 3 - 4 254",                                                    "0.0.0.0-255.255.255.255",                        FALSE },
  /* Only what is on our network is there without a router. */
  { AF_INET,  "0.0.0.0/0 2 - 0 254",                                                                               "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET,  "10.0.0.0/24 2 - 0 254",                                                                             "0.0.0.0-9.255.255.255 10.0.1.0-255.255.255.255", FALSE },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;10.0.0.0/24 2 - 0 254;10.9.0.0/24 3 - 0 254",                            "10.9.0.0-10.9.0.255",                            TRUE  },
  /* One in the other, at both ends, and next to each other. */
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;10.8.0.0/15 3 - 0 254;10.8.7.0/24 2 10.0.0.1 0 254",
   "10.8.0.0-10.8.6.255 10.8.8.0-10.9.255.255",                                                                                                                      TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;10.8.0.0/15 3 - 0 254;10.9.0.0/16 2 10.0.0.1 0 254",                     "10.8.0.0-10.8.255.255",
   TRUE                                                                                                                                                                    },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;10.8.0.0/16 3 - 0 254;10.9.0.0/16 4 - 0 254",                            "10.8.0.0-10.9.255.255",                          TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;0.0.0.0/1 3 - 0 254;128.0.0.0/1 3 - 0 254",                              "0.0.0.0-255.255.255.255",                        TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;0.0.0.0/32 3 - 0 254;255.255.255.255/32 3 - 0 254",
   "0.0.0.0-0.0.0.0 255.255.255.255-255.255.255.255",                                                                                                                TRUE  },
  /* A table that leads elsewhere may be in use; one without a route leaves it to the next. */
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;0.0.0.0/0 3 - 0 100",                                                    "0.0.0.0-255.255.255.255",                        TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 254;10.8.0.0/16 3 - 0 100;10.8.0.0/15 3 - 0 200;0.0.0.0/0 2 10.0.0.1 0 300",
   "10.8.0.0-10.9.255.255",                                                                                                                                          TRUE  },
  { AF_INET,  "0.0.0.0/0 2 10.0.0.1 0 100",                                                                        "0.0.0.0-255.255.255.255",                        FALSE },
  { AF_INET6, "",                                                                                                  "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",     FALSE },
  { AF_INET6, "::/0 2 fd00::1 1024 254;fe80::/64 2 - 256 254;fe80::/64 3 - 256 254",                               "",                                               TRUE  },
  { AF_INET6, "::/0 2 fe80::1 1024 254;fd09::/64 3 - 256 254",                                                     "fd09::-fd09::ffff:ffff:ffff:ffff",               TRUE  },
  { AF_INET6, "0.0.0.0/0 2 10.0.0.1 0 254",                                                                        "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",     FALSE },
};

static NetnsAddress
parse (const char *text)
{
  NetnsAddress address;

  g_assert_true (netns_address_parse (text, &address, NULL));
  return address;
}

static GArray *
parse_routes (const char *text)
{
  GArray *routes = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));
  g_auto (GStrv) lines = g_strsplit (text, ";", -1);

  for (char **line = lines; *line != NULL; line++) {
    g_auto (GStrv) words = g_strsplit (*line, " ", -1);
    NetnsRoute route = { .type = RTN_UNICAST };

    route.destination = parse (words[0]);
    route.link = (guint) g_ascii_strtoull (words[1], NULL, 10);
    if (words[2][0] != '-')
      g_assert_true (netns_address_parse_host (words[2], &route.gateway, NULL));
    route.metric = (guint32) g_ascii_strtoull (words[3], NULL, 10);
    route.table = (guint32) g_ascii_strtoull (words[4], NULL, 10);
    g_array_append_val (routes, route);
  }
  return routes;
}

static char *
print_ranges (const GArray *away)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < away->len; i++) {
    char address[NETNS_ADDRESS_MAX_TEXT];

    netns_address_print_host (&g_array_index (away, NetnsAddress, i), address);
    g_string_append_printf (text, "%s%s", i == 0 ? "" : i % 2 ? "-" : " ", address);
  }
  return g_string_free (text, FALSE);
}

static void
assert_away (const GArray *routes, int family, const char *expected, gboolean has_default)
{
  g_autoptr (GArray) subnets = netns_addresses_new (), away = netns_addresses_new (),
                     gateways = g_array_new (FALSE, TRUE, sizeof (NetnsLinkAddress));
  const char *const texts[] = { "10.0.0.1/24", "fd00::1/64", "fe80::1/64" };
  const NetnsWayIn way = { .routes = routes, .link = OURS, .subnets = subnets, .gateways = gateways };
  g_autofree char *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    const NetnsLinkAddress address = { .address = parse (texts[i]) };
    NetnsAddress subnet;

    g_array_append_val (gateways, address);
    netns_address_get_subnet (&address.address, &subnet);
    if (!netns_address_is_link_local (&subnet))
      g_array_append_val (subnets, subnet);
  }
  netns_answers_find_away (&way, family, away);
  found = print_ranges (away);
  g_assert_cmpstr (found, ==, expected);
  g_assert_cmpint (netns_answers_have_default (&way, family), ==, has_default);
}

/* In either order. */
static void
test_rows (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (NetnsRoute)), back = NULL;

    g_test_message ("%s", rows[i].routes);
    if (*rows[i].routes != '\0') {
      g_array_unref (routes);
      routes = parse_routes (rows[i].routes);
    }
    assert_away (routes, rows[i].family, rows[i].away, rows[i].has_default);
    back = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));
    for (guint j = routes->len; j > 0; j--)
      g_array_append_val (back, g_array_index (routes, NetnsRoute, j - 1));
    assert_away (back, rows[i].family, rows[i].away, rows[i].has_default);
  }
  assert_away (NULL, AF_INET, "0.0.0.0-255.255.255.255", FALSE);
}

/* Too many to tell callers apart: 16 ranges, 256 routes. */
static void
test_limits (void)
{
  static const guint counts[] = { 16, 17, 256 };

  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (GArray) routes = parse_routes ("0.0.0.0/0 2 10.0.0.1 0 254");
    g_autoptr (GString) expected = g_string_new (NULL);

    for (guint j = 0; j < counts[i]; j++) {
      g_autofree char *text = g_strdup_printf ("172.16.%u.0/31 3 - 0 254", j);
      g_autoptr (GArray) one = parse_routes (text);

      g_array_append_val (routes, g_array_index (one, NetnsRoute, 0));
      g_string_append_printf (expected, "%s172.16.%u.0-172.16.%u.1", j ? " " : "", j, j);
    }
    assert_away (routes, AF_INET, counts[i] <= 16 ? expected->str : "0.0.0.0-255.255.255.255", counts[i] < 256);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/answers/rows", test_rows);
  g_test_add_func ("/answers/limits", test_limits);
  return g_test_run ();
}
