/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes, compared with what `ip route` reads. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/route.h"
#include "sandbox.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static void
set_up (void)
{
  g_free (
    sandbox_run ("ip link add r0 type veth peer name r1; ip link set r0 up; ip link set r1 up;"
                 "ip address add 10.0.0.1/24 dev r0; ip address add 10.0.1.1/24 dev r1;"
                 "ip -6 address add 2001:db8::1/64 dev r0 nodad; ip -6 address add 2001:db8:1::1/64 dev r1 nodad"));
}

static void
tear_down (void)
{
  g_free (sandbox_run ("ip link delete r0; ip route flush table all; ip -6 route flush table 77 || true"));
}

static void
add (NetnsNetlink *netlink, const NetnsRoute *route)
{
  g_autoptr (GError) error = NULL;

  netns_rtnl_route_add (sandbox_grant, netlink, route, 1, FALSE, &error);
  g_assert_no_error (error);
}

static NetnsRoute
make_route (const char *destination, const char *gateway, guint link)
{
  NetnsRoute route = { .link = link };

  g_assert_true (netns_address_parse_subnet (destination, &route.destination, NULL));
  if (gateway != NULL)
    g_assert_true (netns_address_parse_host (gateway, &route.gateway, NULL));
  return route;
}

/* One line for each way, as describe_ip() has it. */
static void
describe (const NetnsRoute *route, GPtrArray *lines)
{
  char destination[NETNS_ADDRESS_MAX_TEXT];
  char gateway[NETNS_ADDRESS_MAX_TEXT] = "-";
  char source[NETNS_ADDRESS_MAX_TEXT] = "-";
  gboolean host = route->destination.prefix == netns_address_size (&route->destination) * 8;

  if (route->gateway.family != AF_UNSPEC)
    netns_address_print_host (&route->gateway, gateway);
  if (route->source.family != AF_UNSPEC)
    netns_address_print_host (&route->source, source);
  if (route->destination.prefix == 0)
    strcpy (destination, "default");
  else if (host)
    netns_address_print_host (&route->destination, destination);
  else
    netns_address_print (&route->destination, destination);
  g_ptr_array_add (lines, g_strdup_printf ("%s %s %s %u %u", destination, gateway, source, route->metric, route->type));
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* What the dump says, sorted. */
static char *
describe_all (NetnsNetlink *netlink)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) routes = netns_rtnl_route_dump (netlink, 0, &error);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  g_assert_no_error (error);
  for (guint i = 0; i < routes->len; i++)
    describe (&g_array_index (routes, NetnsRoute, i), lines);
  g_ptr_array_sort (lines, compare);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

/* The same of both families by ip. It prints routes of all types only with -details. */
static char *
describe_ip (void)
{
  return g_strchomp (
    sandbox_run ("for f in 4 6; do ip -$f -d -json route show table all | jq -r '"
                 "  {unicast: 1, blackhole: 6, unreachable: 7, prohibit: 8, throw: 9} as $types |"
                 "  .[] | select(.table != \"local\" and $types[.type]) | . as $r | (.nexthops // [.])[] |"
                 "  \"\\($r.dst) \\(.gateway // .via.host // \"-\") \\($r.prefsrc // \"-\") \\($r.metric // 0) "
                 "\\($types[$r.type])\"'; done | LC_ALL=C sort"));
}

static void
assert_same (NetnsNetlink *netlink)
{
  g_autofree char *ours = describe_all (netlink);
  g_autofree char *theirs = describe_ip ();

  g_assert_cmpstr (ours, ==, theirs);
  g_assert_cmpstr (ours, !=, "");
}

static void
test_add_and_remove (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  NetnsRoute routes[6];
  guint index;

  set_up ();
  index = sandbox_link_index (netlink, "r0");
  routes[0] = make_route ("0.0.0.0/0", "10.0.0.2", 0);
  routes[1] = make_route ("::/0", "2001:db8::2", 0);
  routes[2] = make_route ("192.0.2.0/24", NULL, index);
  routes[3] = make_route ("198.51.100.0/24", "2001:db8::2", index); /* IPv4 by way of IPv6 */
  routes[4] = make_route ("203.0.113.0/24", NULL, 0);
  routes[4].type = RTN_BLACKHOLE;
  routes[5] = make_route ("2001:db8:5::/48", "2001:db8::3", index);
  routes[5].metric = 42;
  routes[5].table = 77;
  g_assert_true (netns_address_parse_host ("10.0.0.1", &routes[2].source, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++)
    add (netlink, &routes[i]);
  assert_query ("map([.gateway, .dev, .protocol])", "[[\"10.0.0.2\",\"r0\",\"static\"]]",
                "ip -json route show default");
  assert_query ("map([.dev, .prefsrc, .scope])", "[[\"r0\",\"10.0.0.1\",\"link\"]]",
                "ip -json route show 192.0.2.0/24");
  assert_query ("map([.via.host, .dev])", "[[\"2001:db8::2\",\"r0\"]]", "ip -json route show 198.51.100.0/24");
  assert_query ("map([.dst, .metric])", "[[\"2001:db8:5::/48\",42]]", "ip -6 -json route show table 77");
  assert_same (netlink);
  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    g_assert_false (netns_rtnl_route_add (sandbox_grant, netlink, &routes[i], 1, FALSE, &error));
    assert_error (error, NETNS_ERROR_EXISTS, "Cannot add the route to ");
  }
  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    netns_rtnl_route_remove (sandbox_grant, netlink, &routes[i], 1, &error);
    g_assert_no_error (error);
    g_assert_false (netns_rtnl_route_remove (sandbox_grant, netlink, &routes[i], 1, &error));
    assert_error (error, NETNS_ERROR_NOT_FOUND, "Cannot remove the route to ");
  }
  assert_same (netlink);
  tear_down ();
}

static void
test_refused (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  NetnsRoute route = make_route ("192.0.2.0/24", "172.16.0.1", 0);

  g_assert_false (netns_rtnl_route_add (sandbox_grant, netlink, &route, 1, FALSE, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED,
                "Cannot add the route to 192.0.2.0/24 via 172.16.0.1: Nexthop has invalid gateway");
}

static void
test_multipath (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");

  set_up ();
  g_free (sandbox_run ("ip route add default nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 3;"
                       "ip -6 route add 2001:db8:9::/48 nexthop via 2001:db8::2 nexthop via 2001:db8:1::2;"
                       "ip route add 192.0.2.0/24 nexthop via inet6 2001:db8::2 dev r0 nexthop dev r1"));
  assert_same (netlink);
  /* Nexthop objects come with what they consist of. */
  if (sandbox_try ("ip nexthop add id 1 via 10.0.0.3 dev r0 && ip nexthop add id 2 via 10.0.1.3 dev r1 &&"
                   "ip nexthop add id 3 group 1/2 && ip route add 198.51.100.0/24 nhid 1 &&"
                   "ip route add 203.0.113.0/24 nhid 3"))
    assert_same (netlink);
  tear_down ();
}

static void
test_types (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");

  set_up ();
  g_free (sandbox_run ("ip route add unreachable 192.0.2.1; ip route add prohibit 192.0.2.2 metric 5;"
                       "ip route add throw 192.0.2.3 table 300; ip route add blackhole 192.0.2.0/25;"
                       "ip -6 route add unreachable 2001:db8:8::1; ip route add 192.0.2.77 dev r1 src 10.0.0.1;"
                       "ip route add local 192.0.2.99 dev r0; ip route add broadcast 192.0.2.98 dev r0"));
  assert_same (netlink);
  tear_down ();
}

#define SHOW_ROUTES                                                                                                    \
  "for f in 4 6; do"                                                                                                   \
  "  ip -$f -d route show table all | sed -E '/^(local|broadcast|multicast|anycast|.* proto kernel)/d';"               \
  "done"

/* Each of those that ip adds is removed as it is listed, and added again as it was. */
static void
test_exactly (void)
{
  static const char *const lines[] = {
    "4 default nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 3",
    "4 192.0.2.0/25 nexthop via inet6 2001:db8::2 dev r0 weight 256 nexthop dev r1",
    "4 192.0.2.128/25 nexthop via 172.16.0.1 dev r0 onlink nexthop via 10.0.1.2 dev r1",
    "4 198.51.100.0/24 via 172.16.0.1 dev r0 onlink",
    "4 198.51.100.0/24 via 10.0.0.2 metric 5 src 10.0.1.1",
    "4 198.51.100.0/24 via 10.0.0.2 tos 0x10",
    "4 198.51.101.0/24 nhid 1",
    "4 198.51.102.0/24 nhid 3",
    "4 blackhole 203.0.113.0/26",
    "4 unreachable 203.0.113.64/26 metric 7",
    "4 prohibit 203.0.113.128/26 table 300",
    "4 throw 203.0.113.192/26 table 300",
    "4 10.9.0.0/24 dev r0 proto 16 scope host",
    "6 2001:db8:9::/48 nexthop via 2001:db8::2 nexthop via 2001:db8:1::2 weight 2",
    "6 2001:db8:10::/48 via fe80::99 dev r0 onlink",
    "6 2001:db8:11::/48 nhid 4",
    "6 unreachable 2001:db8:12::/48",
    "6 blackhole 2001:db8:13::/48 metric 5 table 300",
    "6 default via 2001:db8::2 metric 9",
  };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autofree char *nothing = NULL;

  set_up ();
  g_free (sandbox_run ("ip nexthop add id 1 via 10.0.0.3 dev r0; ip nexthop add id 2 via 10.0.1.3 dev r1;"
                       "ip nexthop add id 3 group 1/2; ip nexthop add id 4 via 2001:db8::3 dev r0"));
  nothing = sandbox_run (SHOW_ROUTES);
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) before = netns_rtnl_route_dump (netlink, 0, NULL), routes = NULL, loaded = NULL;
    g_autoptr (GPtrArray) saved = NULL;
    g_autofree char *listed = NULL, *without = NULL, *again = NULL;
    guint n_ways;

    g_test_message ("%s", lines[i]);
    g_free (sandbox_run ("ip -%c route add %s", *lines[i], lines[i] + 2));
    listed = sandbox_run (SHOW_ROUTES);
    routes = netns_rtnl_route_dump (netlink, 0, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (routes->len, >, before->len);
    /* What is new of it. */
    for (guint j = routes->len; j > 0; j--)
      for (guint k = 0; k < before->len; k++)
        if (memcmp (&g_array_index (routes, NetnsRoute, j - 1), &g_array_index (before, NetnsRoute, k),
                    sizeof (NetnsRoute))
            == 0) {
          g_array_remove_index (routes, j - 1);
          break;
        }
    n_ways = netns_routes_count_ways (routes, 0);
    g_assert_cmpuint (n_ways, ==, routes->len);
    saved = netns_routes_save (&g_array_index (routes, NetnsRoute, 0), n_ways);
    loaded = netns_routes_load (saved);
    g_assert_cmpmem (routes->data, n_ways * sizeof (NetnsRoute), loaded->data, loaded->len * sizeof (NetnsRoute));
    netns_rtnl_route_remove (sandbox_grant, netlink, &g_array_index (loaded, NetnsRoute, 0), n_ways, &error);
    g_assert_no_error (error);
    without = sandbox_run (SHOW_ROUTES);
    g_assert_cmpstr (without, ==, nothing);
    netns_rtnl_route_add (sandbox_grant, netlink, &g_array_index (loaded, NetnsRoute, 0), n_ways, TRUE, &error);
    g_assert_no_error (error);
    again = sandbox_run (SHOW_ROUTES);
    g_assert_cmpstr (again, ==, listed);
    netns_rtnl_route_remove (sandbox_grant, netlink, &g_array_index (loaded, NetnsRoute, 0), n_ways, &error);
    g_assert_no_error (error);
  }
  g_free (sandbox_run ("ip nexthop flush"));
  tear_down ();
}

static void
test_many (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");

  /* More than one datagram. */
  set_up ();
  g_free (sandbox_run ("for i in $(seq 0 999); do"
                       "  echo route add 172.$((16 + i / 250)).$((i %% 250)).0/24 via 10.0.0.2;"
                       "done | ip -batch -"));
  assert_same (netlink);
  tear_down ();
}

/* By which link `ip route get` would go, empty for none. */
static char *
ask_ip (int family)
{
  return g_strchomp (
    sandbox_run ("ip -json -%d route get %s 2>/dev/null |"
                 " jq -r '.[] | select(.type == \"unicast\" or .type == null) | .dev' | sed 's/^null$//'",
                 family == AF_INET ? 4 : 6, family == AF_INET ? "198.41.0.4" : "2001:503:ba3e::2:30"));
}

static void
assert_uplink (NetnsNetlink *netlink, int family, const char *expected)
{
  g_autofree char *theirs = ask_ip (family);
  g_autoptr (GError) error = NULL;
  guint index;

  netns_rtnl_route_find_uplink (netlink, family, NULL, &index, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (theirs, ==, expected);
  g_assert_cmpuint (index, ==, *expected ? sandbox_link_index (netlink, expected) : 0);
}

static void
test_uplink (void)
{
  static const struct {
    const char *change;
    const char *uplink4;
    const char *uplink6;
  } changes[] = {
    { "true",                                                                                             "",   ""   },
    { "ip route add default via 10.0.0.2 metric 100; ip -6 route add default via 2001:db8::2 metric 100", "r0", "r0" },
    /* The better of two. */
    { "ip route add default via 10.0.1.2 metric 50; ip -6 route add default via 2001:db8:1::2 metric 50", "r1", "r1" },
    { "ip route change default via 10.0.1.2 metric 50 mtu 1300; ip -6 route del default metric 50",       "r1", "r0" },
    /* A rule before the main table. */
    { "ip route add default via 10.0.0.2 table 77; ip rule add table 77 priority 100;"
      "ip -6 route add default via 2001:db8:1::2 table 77; ip -6 rule add table 77 priority 100",    "r0", "r1" },
    /* Marked packets are not ours. */
    { "ip rule del priority 100; ip rule add fwmark 1 table 77 priority 100;"
      "ip -6 rule del priority 100; ip -6 rule add fwmark 1 table 77 priority 100",                  "r1", "r0" },
    /* What wg-quick does: everything but marked packets, and the main table without its default route. */
    { "ip rule del priority 100; ip rule add not fwmark 1 table 77 priority 100;"
      "ip rule add table main suppress_prefixlength 0 priority 99",                                  "r0", "r0" },
    /* What OpenVPN does: two halves, each more specific than the default route. */
    { "ip rule del priority 100; ip route add 0.0.0.0/1 dev r0; ip route add 128.0.0.0/1 dev r0;"
      "ip -6 route add 2000::/3 dev r1",                                                             "r0", "r1" },
    /* It cannot be reached. */
    { "ip route add unreachable 198.0.0.0/8; ip -6 route add unreachable 2001:500::/24",                  "",   ""   },
    { "ip route del unreachable 198.0.0.0/8; ip -6 route del unreachable 2001:500::/24; "
      "ip route add blackhole 198.0.0.0/8; ip -6 route add blackhole 2001:500::/24",                 "",   ""   },
    { "ip route del blackhole 198.0.0.0/8; ip -6 route del blackhole 2001:500::/24; "
      "ip route add local 198.41.0.4 dev lo",                                                        "",   "r1" },
    /* A link that is down leads nowhere. */
    { "ip route del local 198.41.0.4; ip link set r0 down",                                               "r1", "r1" },
  };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");

  set_up ();
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_test_message ("%s", changes[i].change);
    g_free (sandbox_run ("%s", changes[i].change));
    assert_uplink (netlink, AF_INET, changes[i].uplink4);
    assert_uplink (netlink, AF_INET6, changes[i].uplink6);
  }
  g_free (
    sandbox_run ("for f in 4 6; do for p in 99 100; do ip -$f rule del priority $p 2>/dev/null || true; done; done"));
  tear_down ();
}

/* Whether a route refuses packets can be told from none at all. */
static void
test_no_uplink (void)
{
  static const int families[] = { AF_INET, AF_INET6 };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  guint index;

  set_up ();
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    int family = families[i] == AF_INET ? 4 : 6;

    g_assert_true (netns_rtnl_route_find_uplink (netlink, families[i], NULL, &index, NULL));
    g_assert_cmpuint (index, ==, 0);
    g_assert_cmpint (netns_netlink_get_errno (netlink), ==, ENETUNREACH);
    for (gsize type = 0; type < 3; type++) {
      static const char *const types[] = { "unreachable", "blackhole", "prohibit" };

      g_free (sandbox_run ("ip -%d route add %s default", family, types[type]));
      g_assert_true (netns_rtnl_route_find_uplink (netlink, families[i], NULL, &index, NULL));
      g_assert_cmpuint (index, ==, 0);
      g_assert_cmpint (netns_netlink_get_errno (netlink), !=, ENETUNREACH);
      g_free (sandbox_run ("ip -%d route del %s default", family, types[type]));
    }
  }
  tear_down ();
}

/* Those of whoever likes to make many have an end, and the connection goes on afterwards. */
static void
test_rules (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  guint priority, index;

  set_up ();
  g_free (sandbox_run ("ip rule add table 78 priority 1000; ip rule add table 79 priority 30000;"
                       "for i in $(seq 2000); do echo rule add from 192.0.2.1 table 77 priority $((i + 1000)); done"
                       " | ip -batch -"));
  g_assert_true (netns_rtnl_rule_find (netlink, AF_INET, 78, &priority, NULL));
  g_assert_cmpuint (priority, ==, 1000);
  g_assert_true (netns_rtnl_rule_find (netlink, AF_INET, 77, &priority, NULL));
  g_assert_cmpuint (priority, ==, 1001);
  g_assert_true (netns_rtnl_rule_find (netlink, AF_INET, 79, &priority, NULL));
  g_assert_cmpuint (priority, ==, 0);
  g_assert_true (netns_rtnl_route_find_uplink (netlink, AF_INET, NULL, &index, NULL));
  g_free (
    sandbox_run ("ip rule flush; ip rule add table main priority 32766; ip rule add table default priority 32767"));
  tear_down ();
}

static void
add_tests (void)
{
  g_test_add_func ("/route/rules", test_rules);
  g_test_add_func ("/route/add-and-remove", test_add_and_remove);
  g_test_add_func ("/route/refused", test_refused);
  g_test_add_func ("/route/multipath", test_multipath);
  g_test_add_func ("/route/types", test_types);
  g_test_add_func ("/route/exactly", test_exactly);
  g_test_add_func ("/route/many", test_many);
  g_test_add_func ("/route/uplink", test_uplink);
  g_test_add_func ("/route/no-uplink", test_no_uplink);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
