/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links: what one request can do, what `ip` sees of it, and what the kernel says when it refuses. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/address.h"
#include "kernel/events.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "sandbox.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const NetnsLinkSpec plain = { .kind = "ifb", .peer_namespace_fd = -1 };

static void
create (NetnsNetlink *netlink, const char *kind, const char *name)
{
  g_autoptr (GError) error = NULL;
  NetnsLinkSpec spec = plain;

  spec.kind = kind;
  spec.name = name;
  spec.peer_name = strcmp (kind, "veth") == 0 ? "peer" : NULL;
  netns_rtnl_link_create (sandbox_grant, netlink, &spec, &error);
  g_assert_no_error (error);
}

static void delete (NetnsNetlink *netlink, const char *name)
{
  g_autoptr (GError) error = NULL;

  netns_rtnl_link_delete (sandbox_grant, netlink, sandbox_link_index (netlink, name), &error);
  g_assert_no_error (error);
  g_assert_false (sandbox_try ("ip link show '%s'", name));
}

static void
test_veth_across_namespaces (void)
{
  static const guint8 mac[] = { 2, 0, 0, 0, 0, 1 };
  static const guint8 peer_mac[] = { 2, 0, 0, 0, 0, 2 };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (NetnsNetlink) inside = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "far", &error);
  NetnsLinkSpec spec = { .kind = "veth",
                         .name = "near0",
                         .mtu = 1400,
                         .mac = mac,
                         .enabled = TRUE,
                         .peer_name = "far0",
                         .peer_namespace_fd = fd,
                         .peer_mac = peer_mac };
  NetnsLinkAddress address = { 0 };

  create (netlink, "bridge", "br0");
  spec.master = sandbox_link_index (netlink, "br0");
  g_assert_true (netns_rtnl_link_create (sandbox_grant, netlink, &spec, &error));
  assert_query ("[.[] | .ifname, .mtu, .address, .master, .link_netnsid, .group]",
                "[\"near0\",1400,\"02:00:00:00:00:01\",\"br0\",0,\"1852732209\"]", "ip -json link show near0");
  assert_query ("[.[] | .ifname, .mtu, .address, .group]", "[\"far0\",1400,\"02:00:00:00:00:02\",\"1852732209\"]",
                "ip -n far -json link show far0");
  g_assert_true (sandbox_try ("ip -json link show near0 | grep -q '\"UP\"'"));

  inside = sandbox_connect ("far");
  netns_rtnl_link_set_enabled (sandbox_grant, inside, sandbox_link_index (inside, "far0"), TRUE, &error);
  g_assert_no_error (error);
  netns_rtnl_link_set_enabled (sandbox_grant, netlink, spec.master, TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (netns_address_parse ("10.1.2.1/24", &address.address, NULL));
  netns_rtnl_address_add (sandbox_grant, netlink, spec.master, &address, &error);
  g_assert_no_error (error);
  g_assert_true (netns_address_parse ("10.1.2.2/24", &address.address, NULL));
  netns_rtnl_address_add (sandbox_grant, inside, sandbox_link_index (inside, "far0"), &address, &error);
  g_assert_no_error (error);
  g_free (sandbox_run ("ping -c1 -W5 -q 10.1.2.2"));
  g_free (sandbox_run ("ip netns exec far ping -c1 -W5 -q 10.1.2.1"));

  g_assert_true (netns_rtnl_link_find (netlink, "near0", &info, &error));
  g_assert_cmpstr (info.kind, ==, "veth");
  g_assert_cmpint (info.peer_nsid, ==, 0);
  g_assert_cmpuint (info.peer_index, ==, sandbox_link_index (inside, "far0"));
  g_assert_true (info.is_port);
  g_assert_cmpint (memcmp (info.mac, mac, sizeof mac), ==, 0);
  delete (netlink, "near0");
  g_assert_false (sandbox_try ("ip -n far link show far0"));
  delete (netlink, "br0");
  g_assert_true (netns_nsfs_delete (sandbox_grant, "far", &error));
}

/* A request that fails at its last step leaves nothing of the earlier ones. */
static void
test_all_or_nothing (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_autofree char *before = sandbox_run ("ip -json link");
  g_autofree char *after = NULL;
  NetnsLinkSpec spec = plain;

  spec.kind = "veth";
  spec.name = "half";
  spec.peer_name = "other";
  spec.master = 99999;
  g_assert_false (netns_rtnl_link_create (sandbox_grant, netlink, &spec, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "“half” with its peer “other”");
  spec.master = 0;
  spec.peer_name = "lo";
  g_assert_false (netns_rtnl_link_create (sandbox_grant, netlink, &spec, &error));
  assert_error (error, NETNS_ERROR_EXISTS, "“half” with its peer “lo”");
  after = sandbox_run ("ip -json link");
  g_assert_cmpstr (before, ==, after);
}

static void
test_unknown_kind (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  NetnsLinkSpec spec = plain;

  spec.kind = "flyingcarpet";
  spec.name = "rug";
  g_assert_false (netns_rtnl_link_create (sandbox_grant, netlink, &spec, &error));
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "no links of kind “flyingcarpet”");
}

static void
test_not_found (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autofree char *long_name = g_strnfill (10000, 'x');
  const char *const names[] = { "nobody", "nobody-with-a-long-name", long_name, "" };
  g_autoptr (GError) error = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_assert_false (netns_rtnl_link_find (netlink, names[i], &info, &error));
    assert_error (error, NETNS_ERROR_NOT_FOUND, names[i]);
  }
  g_assert_false (netns_rtnl_link_get (netlink, 9999, &info, &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "There is no link “#9999”");
}

static void
test_find (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index;

  create (netlink, "ifb", "one");
  index = sandbox_link_index (netlink, "one");
  netns_rtnl_link_change_alternative_name (sandbox_grant, netlink, index, TRUE, "a-long-alternative-name", &error);
  g_assert_no_error (error);
  netns_rtnl_link_change_alternative_name (sandbox_grant, netlink, index, TRUE, "short", &error);
  g_assert_no_error (error);
  assert_query ("[.[] | .altnames]", "[[\"a-long-alternative-name\",\"short\"]]", "ip -json link show short");
  g_assert_cmpuint (sandbox_link_index (netlink, "a-long-alternative-name"), ==, index);
  g_assert_cmpuint (sandbox_link_index (netlink, "short"), ==, index);
  g_assert_true (netns_rtnl_link_get (netlink, index, &info, &error));
  g_assert_cmpstr (info.name, ==, "one");
  g_assert_cmpstr (info.kind, ==, "ifb");
  g_assert_cmpuint (g_strv_length (info.alternative_names), ==, 2);
  g_assert_cmpstr (info.alternative_names[0], ==, "a-long-alternative-name");
  netns_rtnl_link_change_alternative_name (sandbox_grant, netlink, index, TRUE, "short", &error);
  assert_error (error, NETNS_ERROR_EXISTS, "Link “one”: cannot add the alternative name “short”");
  netns_rtnl_link_change_alternative_name (sandbox_grant, netlink, index, FALSE, "short", &error);
  g_assert_no_error (error);
  assert_query ("[.[] | .altnames]", "[[\"a-long-alternative-name\"]]", "ip -json link show one");
  g_assert_false (netns_rtnl_link_change_alternative_name (sandbox_grant, netlink, index, FALSE, "short", &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "short");
  delete (netlink, "one");
}

static void
test_set (void)
{
  static const guint8 mac[] = { 2, 1, 2, 3, 4, 5 };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (255, 'd');
  guint index;

  create (netlink, "bridge", "set0");
  index = sandbox_link_index (netlink, "set0");
  g_assert_true (netns_rtnl_link_set_mtu (sandbox_grant, netlink, index, 1234, &error));
  g_assert_true (netns_rtnl_link_set_mac (sandbox_grant, netlink, index, mac, &error));
  g_assert_true (netns_rtnl_link_set_description (sandbox_grant, netlink, index, "Up the “stairs”", &error));
  g_assert_true (netns_rtnl_link_set_name (sandbox_grant, netlink, index, "set1", &error));
  g_assert_true (netns_rtnl_link_set_enabled (sandbox_grant, netlink, index, TRUE, &error));
  assert_query ("[.[] | .ifname, .mtu, .address, .ifalias]",
                "[\"set1\",1234,\"02:01:02:03:04:05\",\"Up the “stairs”\"]", "ip -json link show set1");
  g_assert_true (sandbox_try ("ip -json link show set1 | grep -q '\"UP\"'"));
  g_assert_true (netns_rtnl_link_set_enabled (sandbox_grant, netlink, index, FALSE, &error));
  g_assert_false (sandbox_try ("ip -json link show set1 | grep -q '\"UP\"'"));
  g_assert_true (netns_rtnl_link_set_description (sandbox_grant, netlink, index, text, &error));
  g_assert_true (netns_rtnl_link_set_description (sandbox_grant, netlink, index, "", &error));
  assert_query ("[.[] | .ifalias]", "[null]", "ip -json link show set1");
  delete (netlink, "set1");
}

static void
test_refused (void)
{
  static const guint8 multicast[] = { 1, 0, 0, 0, 0, 1 };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_autofree char *huge = g_strnfill (10000, 'h');
  guint index;

  create (netlink, "veth", "say");
  index = sandbox_link_index (netlink, "say");
  /* The kernel's own words, not only those for the errno (dev_validate_mtu()). */
  g_assert_false (netns_rtnl_link_set_mtu (sandbox_grant, netlink, index, 10, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED,
                "Link “say”: cannot set its MTU to 10: mtu less than device minimum");
  g_assert_false (netns_rtnl_link_set_mac (sandbox_grant, netlink, index, multicast, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "Link “say”: cannot set its MAC address");
  g_assert_false (netns_rtnl_link_set_name (sandbox_grant, netlink, index, "lo", &error));
  assert_error (error, NETNS_ERROR_EXISTS, "Link “say”: cannot rename it to “lo”");
  g_assert_false (netns_rtnl_link_set_name (sandbox_grant, netlink, index, "more-than-fifteen-bytes", &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "more-than-fifteen-bytes");
  g_assert_false (netns_rtnl_link_set_description (sandbox_grant, netlink, index, huge, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "description");
  g_assert_false (
    netns_rtnl_link_set_master (sandbox_grant, netlink, index, sandbox_link_index (netlink, "lo"), &error));
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "Link “say”: cannot attach it");
  g_assert_false (netns_rtnl_link_delete (sandbox_grant, netlink, sandbox_link_index (netlink, "lo"), &error));
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "Link “lo”: cannot delete it");
  g_assert_false (netns_rtnl_link_set_mtu (sandbox_grant, netlink, 9999, 1500, &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "Link #9999");
  delete (netlink, "say");
}

static void
test_bridge (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_auto (NetnsLinkInfo) bridge = { 0 };
  g_auto (NetnsLinkInfo) port = { 0 };
  gboolean vlans;
  guint index;

  create (netlink, "bridge", "br1");
  create (netlink, "veth", "port");
  index = sandbox_link_index (netlink, "port");
  g_assert_true (
    netns_rtnl_link_set_master (sandbox_grant, netlink, index, sandbox_link_index (netlink, "br1"), &error));
  g_free (sandbox_run ("ip link set br1 type bridge forward_delay 400 ageing_time 12000 stp_state 1 mcast_snooping 0"));
  vlans = sandbox_try ("ip link set br1 type bridge vlan_filtering 1"); /* some kernels have no VLANs */
  g_free (sandbox_run ("bridge link set dev port cost 77 hairpin on isolated on learning off"));
  assert_query ("[.[] | .master]", "[\"br1\"]", "bridge -json link show dev port");
  g_assert_true (netns_rtnl_link_find (netlink, "br1", &bridge, &error));
  g_assert_cmpstr (bridge.kind, ==, "bridge");
  g_assert_false (bridge.is_port);
  g_assert_cmpuint (bridge.bridge.forward_delay, ==, 400);
  g_assert_cmpuint (bridge.bridge.ageing_time, ==, 12000);
  g_assert_true (bridge.bridge.stp);
  g_assert_cmpint (bridge.bridge.vlan_filtering, ==, vlans);
  g_assert_false (bridge.bridge.multicast_snooping);
  g_assert_true (netns_rtnl_link_find (netlink, "port", &port, &error));
  g_assert_cmpuint (port.master, ==, bridge.index);
  g_assert_true (port.is_port);
  g_assert_cmpuint (port.port.cost, ==, 77);
  g_assert_cmpuint (port.port.state, ==, 0);
  g_assert_true (port.port.hairpin);
  g_assert_true (port.port.isolated);
  g_assert_false (port.port.learning);
  g_assert_cmpint (port.peer_nsid, ==, NETNS_LINK_SAME_NAMESPACE);
  g_assert_cmpuint (port.peer_index, ==, sandbox_link_index (netlink, "peer"));
  g_assert_true (netns_rtnl_link_set_master (sandbox_grant, netlink, index, 0, &error));
  assert_query ("map(.ifname)", "[]", "bridge -json link show dev port");
  delete (netlink, "port");
  delete (netlink, "br1");
}

static void
test_fresh_bridge_without_stp (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");

  create (netlink, "bridge", "br2");
  assert_query ("[.[] | .linkinfo.info_data.stp_state]", "[0]", "ip -json -d link show br2");
  delete (netlink, "br2");
}

static void
test_loopback (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_auto (NetnsLinkInfo) info = { 0 };

  g_assert_true (netns_rtnl_link_find (netlink, "lo", &info, NULL));
  g_assert_cmpstr (info.kind, ==, "loopback");
  g_assert_cmpuint (info.index, ==, 1);
  g_assert_cmpuint (info.mtu, ==, 65536);
  g_assert_cmpuint (info.flags & IFF_LOOPBACK, !=, 0);
}

static void
test_move (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "goal", &error);

  create (netlink, "veth", "mover");
  netns_rtnl_link_move (sandbox_grant, netlink, sandbox_link_index (netlink, "mover"), fd, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (sandbox_try ("ip link show mover"));
  assert_query ("[.[] | .ifname]", "[\"mover\"]", "ip -n goal -json link show mover");
  netns_rtnl_link_move (sandbox_grant, netlink, sandbox_link_index (netlink, "peer"), fd, "mover", &error);
  assert_error (error, NETNS_ERROR_EXISTS, "“mover”");
  netns_rtnl_link_move (sandbox_grant, netlink, sandbox_link_index (netlink, "peer"), fd, "a:b", &error);
  assert_error (error, NETNS_ERROR_INVALID_NAME, "a:b");
  /* It must not have gone for all that, as it would by the kernel's own order. */
  assert_query ("map(.ifname)", "[\"peer\"]", "ip -json link show peer");
  netns_rtnl_link_move (sandbox_grant, netlink, sandbox_link_index (netlink, "peer"), fd, "renamed", &error);
  g_assert_no_error (error);
  assert_query ("[.[] | .ifname]", "[\"renamed\"]", "ip -n goal -json link show renamed");
  netns_rtnl_link_move (sandbox_grant, netlink, sandbox_link_index (netlink, "lo"), fd, NULL, &error);
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "Link “lo”: cannot move it");
  g_assert_true (netns_nsfs_delete (sandbox_grant, "goal", &error));
}

static void
ignore (NetnsEvent *event, gpointer data)
{
}

static void
test_statistics (void)
{
  static const char *const names[] = { "rx-packets", "tx-packets", "rx-bytes",   "tx-bytes",  "rx-errors",
                                       "tx-errors",  "rx-dropped", "tx-dropped", "multicast", "collisions" };
  g_autoptr (GHashTable) counters = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (NetnsEventSocket) events = netns_event_socket_new (64 * 1024, ignore, NULL, &error);
  g_autofree char *expected = NULL;
  int host;

  g_assert_no_error (error);
  host = netns_event_socket_get_host_nsid (events);
  g_free (sandbox_run ("ip link set lo up; ping -c3 -i0.01 -q 127.0.0.1"));
  netns_event_socket_read_statistics (events, host, 1, counters, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_nonnull (g_hash_table_lookup (counters, names[i]));
  g_assert_cmpuint (g_hash_table_size (counters), ==, G_N_ELEMENTS (names));
  expected = g_strdup_printf ("[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]",
                              *(guint64 *) g_hash_table_lookup (counters, "rx-packets"),
                              *(guint64 *) g_hash_table_lookup (counters, "tx-bytes"));
  assert_query ("[.[0].stats64 | .rx.packets, .tx.bytes]", expected, "ip -json -s link show lo");
  g_assert_false (netns_event_socket_read_statistics (events, host, 9999, counters, &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "#9999");
}

static void
test_addresses (void)
{
  static const char *const texts[] = { "192.0.2.1/24", "192.0.2.2/32", "2001:db8::1/64", "169.254.1.1/31" };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  NetnsLinkAddress address = { 0 };
  guint index;

  create (netlink, "ifb", "adr");
  index = sandbox_link_index (netlink, "adr");
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *host = g_strndup (texts[i], strcspn (texts[i], "/"));
    g_autofree char *expected = g_strdup_printf ("[\"%s\",%s]", host, strchr (texts[i], '/') + 1);

    g_assert_true (netns_address_parse (texts[i], &address.address, NULL));
    netns_rtnl_address_add (sandbox_grant, netlink, index, &address, &error);
    g_assert_no_error (error);
    assert_query ("[.[0].addr_info[0] | .local, .prefixlen]", expected, "ip -json address show dev adr to %s", host);
    g_assert_false (netns_rtnl_address_add (sandbox_grant, netlink, index, &address, &error));
    assert_error (error, NETNS_ERROR_EXISTS, texts[i]);
    netns_rtnl_address_remove (sandbox_grant, netlink, index, &address, &error);
    g_assert_no_error (error);
    g_assert_false (netns_rtnl_address_remove (sandbox_grant, netlink, index, &address, &error));
    assert_error (error, NETNS_ERROR_NOT_FOUND, texts[i]);
  }
  g_assert_false (netns_rtnl_address_add (sandbox_grant, netlink, 9999, &address, &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "#9999");
  delete (netlink, "adr");
}

#define SHOW_ADDRESSES "ip -json address show dev adr"
/* All but how long it still lasts. */
#define WITHOUT_TIME                                                                                                   \
  "[.[].addr_info[] | select(.local | startswith(\"fe80::77\") or (startswith(\"fe80\") | not))"                       \
  " | del(.valid_life_time, .preferred_life_time)]"

/* What `ip` gave to a link is read, and given to it again, as it was. */
static void
test_all_of_addresses (void)
{
  static const char *const lines[] = {
    "10.1.1.1 peer 10.1.1.2/32 label adr:7 scope link metric 77",
    "10.1.1.1 peer 10.1.1.3/32",
    "10.1.2.1/24 broadcast 10.1.2.255 noprefixroute",
    "10.1.2.7/24 valid_lft 3600 preferred_lft 1800",
    "fd01::1 peer fd01::2/128 metric 78",
    "fd02::1/64 nodad noprefixroute valid_lft 3600 preferred_lft 0",
    "fe80::77/64 nodad",
  };
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GArray) read = NULL, again = NULL;
  g_autoptr (GPtrArray) saved = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL, *expected = NULL;
  guint index;

  create (netlink, "ifb", "adr");
  g_free (sandbox_run ("ip link set adr up"));
  index = sandbox_link_index (netlink, "adr");
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    g_free (sandbox_run ("ip address add %s dev adr", lines[i]));
  before = sandbox_run (SHOW_ADDRESSES);
  expected = sandbox_run (SHOW_ADDRESSES " | jq -c '" WITHOUT_TIME "'");
  g_strchomp (expected);
  read = netns_rtnl_address_list (netlink, index, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (before, "adr:7"));
  saved = netns_link_addresses_save (read, "adr");
  g_assert_cmpuint (saved->len, ==, G_N_ELEMENTS (lines)); /* not the kernel's own link-local one */
  g_free (sandbox_run ("ip address flush dev adr scope global; ip address flush dev adr scope link"));
  again = netns_link_addresses_load (saved);
  for (guint i = 0; i < again->len; i++) {
    netns_rtnl_address_add (sandbox_grant, netlink, index, &g_array_index (again, NetnsLinkAddress, i), &error);
    g_assert_no_error (error);
  }
  assert_query (WITHOUT_TIME, expected, SHOW_ADDRESSES);
  assert_query ("[.[].addr_info[] | select(.valid_life_time < 4000) | .valid_life_time > 3000]", "[true,true]",
                SHOW_ADDRESSES);
  /* Each of several peers by itself. */
  netns_rtnl_address_remove (sandbox_grant, netlink, index, &g_array_index (again, NetnsLinkAddress, 1), &error);
  g_assert_no_error (error);
  assert_query ("[.[].addr_info[] | select(.local == \"10.1.1.1\") | .address]", "[\"10.1.1.2\"]", SHOW_ADDRESSES);
  delete (netlink, "adr");
}

/* With the search for duplicates an address is tentative for a second, and cannot be used; without, it is not. */
static void
test_duplicate_detection (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  NetnsLinkAddress address = { 0 };
  guint index;

  create (netlink, "veth", "dad");
  g_free (sandbox_run ("ip link set peer up; ip link set dad up"));
  index = sandbox_link_index (netlink, "dad");
  g_assert_true (netns_address_parse ("2001:db8::1/64", &address.address, NULL));
  address.flags = IFA_F_NODAD;
  netns_rtnl_address_add (sandbox_grant, netlink, index, &address, &error);
  g_assert_no_error (error);
  assert_query ("[.[].addr_info[] | select(.local) | .nodad, .tentative]", "[true,null]",
                "ip -json address show dev dad to 2001:db8::1");
  g_assert_true (netns_address_parse ("2001:db8::2/64", &address.address, NULL));
  address.flags = 0;
  netns_rtnl_address_add (sandbox_grant, netlink, index, &address, &error);
  g_assert_no_error (error);
  assert_query ("[.[].addr_info[] | select(.local) | .nodad, .tentative]", "[null,true]",
                "ip -json address show dev dad to 2001:db8::2");
  delete (netlink, "dad");
}

static void
test_list (void)
{
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) links = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *expected
    = sandbox_run ("ip link add listed type ifb; ip link property add listed altname a-name-more;"
                   "ip -json link | jq -r 'map(.ifname) | join(\" \")'");

  links = netns_rtnl_link_list (netlink, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < links->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "", g_array_index (links, NetnsLinkInfo, i).name);
  g_assert_cmpstr (names->str, ==, g_strchomp (expected));
  delete (netlink, "listed");
}

static void
add_tests (void)
{
  g_test_add_func ("/link/veth-across-namespaces", test_veth_across_namespaces);
  g_test_add_func ("/link/all-or-nothing", test_all_or_nothing);
  g_test_add_func ("/link/unknown-kind", test_unknown_kind);
  g_test_add_func ("/link/not-found", test_not_found);
  g_test_add_func ("/link/find", test_find);
  g_test_add_func ("/link/set", test_set);
  g_test_add_func ("/link/refused", test_refused);
  g_test_add_func ("/link/bridge", test_bridge);
  g_test_add_func ("/link/fresh-bridge-without-stp", test_fresh_bridge_without_stp);
  g_test_add_func ("/link/loopback", test_loopback);
  g_test_add_func ("/link/move", test_move);
  g_test_add_func ("/link/statistics", test_statistics);
  g_test_add_func ("/link/addresses", test_addresses);
  g_test_add_func ("/link/all-of-addresses", test_all_of_addresses);
  g_test_add_func ("/link/duplicate-detection", test_duplicate_detection);
  g_test_add_func ("/link/list", test_list);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
