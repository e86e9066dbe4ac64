/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes, compared with what `ip route` reads. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/route.h"
#include "sandbox.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static void
set_up (void)
{
  g_free (sandbox_run (
      "ip link add r0 type veth peer name r1; ip link set r0 up; ip link set r1 up;"
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

  netns_rtnl_route_add (sandbox_grant, netlink, route, &error);
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
  g_ptr_array_add (lines,
                   g_strdup_printf ("%s %s %s %u %u", destination, gateway, source, route->metric, route->type));
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
    g_assert_false (netns_rtnl_route_add (sandbox_grant, netlink, &routes[i], &error));
    assert_error (error, NETNS_ERROR_EXISTS, "Cannot add the route to ");
  }
  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++) {
    netns_rtnl_route_remove (sandbox_grant, netlink, &routes[i], &error);
    g_assert_no_error (error);
    g_assert_false (netns_rtnl_route_remove (sandbox_grant, netlink, &routes[i], &error));
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

  g_assert_false (netns_rtnl_route_add (sandbox_grant, netlink, &route, &error));
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

static void
add_tests (void)
{
  g_test_add_func ("/route/add-and-remove", test_add_and_remove);
  g_test_add_func ("/route/refused", test_refused);
  g_test_add_func ("/route/multipath", test_multipath);
  g_test_add_func ("/route/types", test_types);
  g_test_add_func ("/route/many", test_many);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
