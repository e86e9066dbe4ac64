/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which subnets a network gets, and which addresses namespaces get of it. */
#include "common/error.h"
#include "core/network/pool.h"
#include "fake-service.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

static void
assert_text (const NetnsAddress *address, const char *expected)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  g_assert_cmpstr (netns_address_print (address, text), ==, expected);
}

/* With @others, further subnets of the same network; @code is 0 for a subnet that is good. */
static void
assert_checked (NetnsNamespace *namespace, const char *other, const char *text, int code, const char *words)
{
  g_autoptr (GArray) others = netns_addresses_new ();
  g_autoptr (GError) error = NULL;
  NetnsAddress subnet = fake_parse (text);

  if (other != NULL) {
    NetnsAddress address = fake_parse (other);

    g_array_append_val (others, address);
  }
  if (netns_pool_check_subnet (fake_core (), namespace, others, NULL, &subnet, &error) != (code == 0))
    g_error ("%s: %s", text, error ? error->message : "was taken");
  if (code == 0)
    return;
  g_assert_error (error, NETNS_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_subnets (void)
{
  NetnsNamespace *host, *lab;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  lab = fake_namespace ("lab", 1000);
  assert_checked (host, NULL, "10.0.0.0/30", 0, NULL);
  assert_checked (host, NULL, "10.0.0.0/31", NETNS_ERROR_INVALID_ARGUMENT, "30");
  assert_checked (host, NULL, "10.0.0.0/32", NETNS_ERROR_INVALID_ARGUMENT, "30");
  assert_checked (host, NULL, "0.0.0.0/0", NETNS_ERROR_INVALID_ARGUMENT, "prefix");
  assert_checked (host, NULL, "fd00::/126", 0, NULL);
  assert_checked (host, NULL, "fd00::/127", NETNS_ERROR_INVALID_ARGUMENT, "126");
  assert_checked (host, NULL, "::/0", NETNS_ERROR_INVALID_ARGUMENT, "prefix");
  /* Each range that is not for hosts: inside, around, and beside it. */
  assert_checked (host, NULL, "127.1.2.0/24", NETNS_ERROR_INVALID_ARGUMENT, "loopback");
  assert_checked (host, NULL, "126.0.0.0/7", NETNS_ERROR_INVALID_ARGUMENT, "loopback");
  assert_checked (host, NULL, "126.0.0.0/8", 0, NULL);
  assert_checked (host, NULL, "0.1.0.0/24", NETNS_ERROR_INVALID_ARGUMENT, "0.0.0.0/8");
  assert_checked (host, NULL, "239.0.0.0/24", NETNS_ERROR_INVALID_ARGUMENT, "multicast");
  assert_checked (host, NULL, "240.0.0.0/24", 0, NULL);
  assert_checked (host, NULL, "fe80::/64", NETNS_ERROR_INVALID_ARGUMENT, "link-local");
  assert_checked (host, NULL, "febf:ffff::/64", NETNS_ERROR_INVALID_ARGUMENT, "link-local");
  assert_checked (host, NULL, "fec0::/64", 0, NULL);
  assert_checked (host, NULL, "ff02::/64", NETNS_ERROR_INVALID_ARGUMENT, "multicast");
  assert_checked (host, NULL, "::/96", NETNS_ERROR_INVALID_ARGUMENT, "this host");
  /* Of the same network, and of others: only those of the same namespace. */
  assert_checked (host, "10.1.0.0/16", "10.1.2.0/24", NETNS_ERROR_INVALID_ARGUMENT, "same network");
  assert_checked (host, "10.1.2.0/24", "10.1.0.0/16", NETNS_ERROR_INVALID_ARGUMENT, "same network");
  assert_checked (host, "10.1.2.0/24", "10.1.3.0/24", 0, NULL);
  fake_network ("lan", "", "10.2.0.0/24", "fd02::/64");
  assert_checked (host, NULL, "10.2.0.128/25", NETNS_ERROR_SUBNET_CONFLICT, "lan");
  assert_checked (host, NULL, "fd00::/8", NETNS_ERROR_SUBNET_CONFLICT, "lan");
  assert_checked (lab, NULL, "10.2.0.0/24", 0, NULL);
}

/* One that leads to a router. */
static void
fake_way (NetnsNamespace *namespace, const char *destination, guint link, guint table)
{
  fake_route (namespace, destination, link, table);
  g_array_index (namespace->routes, NetnsRoute, namespace->routes->len - 1).gateway = fake_parse ("192.0.2.1");
}

static void
test_routes (void)
{
  NetnsNamespace *host;
  NetnsLink *link;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  link = fake_link (host, 7, "tun0", "");
  fake_route (host, "0.0.0.0/0", 7, RT_TABLE_MAIN);
  fake_route (host, "::/0", 7, RT_TABLE_MAIN);
  fake_way (host, "10.8.0.0/16", 7, 51820);
  fake_way (host, "10.9.0.1/32", 99, RT_TABLE_MAIN);
  fake_way (host, "fd07::/48", 7, RT_TABLE_MAIN);
  assert_checked (host, NULL, "10.7.0.0/24", 0, NULL);
  assert_checked (host, NULL, "fd00::/64", 0, NULL);
  /* One at least as narrow is somebody's, a part of a wider one need not be. */
  assert_checked (host, NULL, "10.8.0.0/16", NETNS_ERROR_SUBNET_CONFLICT, "tun0");
  assert_checked (host, NULL, "10.8.0.0/15", NETNS_ERROR_SUBNET_CONFLICT, "51820");
  assert_checked (host, NULL, "10.8.3.0/24", 0, NULL);
  assert_checked (host, NULL, "fd07::/48", NETNS_ERROR_SUBNET_CONFLICT, "tun0");
  assert_checked (host, NULL, "fd07::/64", 0, NULL);
  assert_checked (host, NULL, "10.9.0.0/24", NETNS_ERROR_SUBNET_CONFLICT, "10.9.0.1");
  assert_checked (host, NULL, "10.9.1.0/24", 0, NULL);
  /* Without a router, those on the link are its neighbours, except for a VPN. */
  fake_route (host, "10.16.0.0/12", 7, RT_TABLE_MAIN);
  assert_checked (host, NULL, "10.17.0.0/24", 0, NULL);
  fake_address (link, "10.66.0.2/32");
  assert_checked (host, NULL, "10.17.0.0/24", 0, NULL);
  fake_address (link, "10.200.0.2/24");
  assert_checked (host, NULL, "10.17.0.0/24", NETNS_ERROR_SUBNET_CONFLICT, "tun0");
  link->info.flags |= IFF_POINTOPOINT | IFF_NOARP;
  assert_checked (host, NULL, "10.17.0.0/24", 0, NULL);
  g_array_index (host->routes, NetnsRoute, host->routes->len - 1).protocol = RTPROT_KERNEL;
  assert_checked (host, NULL, "10.17.0.0/24", NETNS_ERROR_SUBNET_CONFLICT, "tun0");
  /* Nobody has read them yet. */
  g_clear_pointer (&host->routes, g_array_unref);
  assert_checked (host, NULL, "10.8.0.0/16", 0, NULL);
}

/* Half of the Internet, in other words a default route. */
static void
test_broad_routes (void)
{
  static const char *const broad[] = { "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "::/1", "2000::/3", "fc00::/6" };
  NetnsNamespace *host;
  NetnsAddress subnet;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  fake_link (host, 7, "tun0", "");
  for (gsize i = 0; i < G_N_ELEMENTS (broad); i++)
    fake_route (host, broad[i], 7, RT_TABLE_MAIN);
  assert_checked (host, NULL, "10.8.3.0/24", 0, NULL);
  assert_checked (host, NULL, "192.168.3.0/24", 0, NULL);
  assert_checked (host, NULL, "fd00:1::/64", 0, NULL);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "10.213.0.0/24");
  /* What a VPN may have is the last choice. */
  fake_way (host, "10.0.0.0/8", 7, RT_TABLE_MAIN);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "172.16.0.0/24");
  fake_way (host, "172.16.0.0/12", 7, RT_TABLE_MAIN);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "192.168.0.0/24");
  fake_way (host, "192.168.0.0/16", 7, 52);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "10.213.0.0/24");
  fake_network ("one", "", "10.213.0.0/24", NULL);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "10.213.1.0/24");
  fake_way (host, "fc00::/7", 7, RT_TABLE_MAIN);
  g_assert_true (netns_pool_find_subnet6 (fake_core (), host, "lan", &subnet, NULL));
  g_assert_cmphex (subnet.bytes[0], ==, 0xfd);
}

static void
test_find_subnet (void)
{
  g_autoptr (GError) error = NULL;
  NetnsNamespace *host;
  NetnsAddress subnet;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "10.213.0.0/24");
  fake_network ("one", "", "10.213.0.128/25", NULL);
  fake_route (host, "10.213.1.0/32", 1, RT_TABLE_MAIN);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "10.213.2.0/24");
  fake_network ("most", "", "10.213.0.0/17", NULL);
  fake_network ("more", "", "10.213.128.0/17", NULL);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "172.16.0.0/24");
  fake_route (host, "172.16.0.7/32", 1, RT_TABLE_MAIN);
  fake_network ("docker", "", "172.16.16.0/20", NULL);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "172.16.32.0/24");
  fake_network ("all", "", "172.16.0.0/12", NULL);
  fake_network ("home", "", "192.168.0.0/17", NULL);
  g_assert_true (netns_pool_find_subnet (fake_core (), host, &subnet, NULL));
  assert_text (&subnet, "192.168.128.0/24");
  fake_network ("rest", "", "192.168.128.0/17", NULL);
  g_assert_false (netns_pool_find_subnet (fake_core (), host, &subnet, &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT);
}

static void
test_find_subnet6 (void)
{
  NetnsAddress first, again, other, next;
  NetnsNamespace *host;
  NetnsNetwork *network;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  g_assert_true (netns_pool_find_subnet6 (fake_core (), host, "lan", &first, NULL));
  g_assert_cmpint (first.family, ==, AF_INET6);
  g_assert_cmpint (first.prefix, ==, 64);
  g_assert_cmphex (first.bytes[0], ==, 0xfd);
  for (gsize i = 8; i < sizeof first.bytes; i++)
    g_assert_cmphex (first.bytes[i], ==, 0);
  if (g_file_test ("/etc/machine-id", G_FILE_TEST_EXISTS)) { /* else it is another one each time */
    g_assert_true (netns_pool_find_subnet6 (fake_core (), host, "lan", &again, NULL));
    g_assert_true (netns_address_equal (&first, &again));
    g_assert_true (netns_pool_find_subnet6 (fake_core (), host, "lab", &other, NULL));
    g_assert_false (netns_address_equal (&first, &other));
    g_assert_cmpmem (first.bytes, 6, other.bytes, 6);
    network = fake_network ("lan", "", "10.0.0.0/24", NULL);
    g_array_append_val (network->subnets, first);
    g_assert_true (netns_pool_find_subnet6 (fake_core (), host, "lan", &next, NULL));
    g_assert_cmpuint ((guint16) (next.bytes[6] << 8 | next.bytes[7]), ==,
                      (guint16) ((first.bytes[6] << 8 | first.bytes[7]) + 1));
  }
}

/* What Connect() with @wish gives; @code is 0 if it can have it. */
static void
assert_address (const NetnsNetwork *network, const char *wish, int code, const char *expected)
{
  g_autoptr (GError) error = NULL;
  NetnsAddress address = fake_parse (wish);

  if (netns_pool_check_address (fake_mirror (), network, &address, &error) != (code == 0))
    g_error ("%s: %s", wish, error ? error->message : "was taken");
  if (code == 0) {
    assert_text (&address, expected);
    return;
  }
  g_assert_error (error, NETNS_ERROR, code);
  if (strstr (error->message, expected) == NULL)
    g_error ("“%s” does not say “%s”", error->message, expected);
}

static void
test_addresses (void)
{
  NetnsNamespace *host, *web;
  NetnsNetwork *network;
  NetnsLink *bridge, *inside;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  web = fake_namespace ("web", 1000);
  network = fake_network ("lan", "", "10.0.0.0/29", "fd00::/64");
  /* Before there is a bridge. */
  assert_address (network, "10.0.0.2", 0, "10.0.0.2/29");
  bridge = fake_link (host, 2, "lan", "bridge");
  fake_address (bridge, "10.0.0.1/29");
  fake_address (bridge, "10.0.0.5/32");
  inside = fake_link (web, 2, "eth0", "veth");
  fake_plug (inside, fake_link (host, 3, "veth-web-h", "veth"), bridge);
  fake_address (inside, "10.0.0.2/24");
  fake_address (inside, "192.168.0.3/24");
  fake_address (inside, "fd00::2/64");
  assert_address (network, "10.0.0.0", NETNS_ERROR_INVALID_ARGUMENT, "10.0.0.0");
  assert_address (network, "10.0.0.1", NETNS_ERROR_ADDRESS_IN_USE, "gateway");
  assert_address (network, "10.0.0.2", NETNS_ERROR_ADDRESS_IN_USE, "web");
  assert_address (network, "10.0.0.5", NETNS_ERROR_ADDRESS_IN_USE, "bridge");
  assert_address (network, "10.0.0.6", 0, "10.0.0.6/29");
  assert_address (network, "10.0.0.6/24", 0, "10.0.0.6/24");
  assert_address (network, "10.0.0.7", NETNS_ERROR_INVALID_ARGUMENT, "10.0.0.7");
  assert_address (network, "10.0.0.8", NETNS_ERROR_INVALID_ARGUMENT, "10.0.0.8");
  assert_address (network, "fd00::2", NETNS_ERROR_ADDRESS_IN_USE, "web");
  assert_address (network, "fd00::", NETNS_ERROR_INVALID_ARGUMENT, "fd00::");
  assert_address (network, "fd00::ffff:ffff:ffff:ffff", 0, "fd00::ffff:ffff:ffff:ffff/64");
}

static void
test_find_address (void)
{
  g_autoptr (GArray) none = netns_addresses_new ();
  g_autoptr (GError) error = NULL;
  NetnsNamespace *host;
  NetnsNetwork *network;
  NetnsLink *bridge;
  NetnsAddress address;
  const NetnsAddress *subnet;

  fake_clear ();
  host = netns_mirror_get_namespace (fake_mirror (), "");
  network = fake_network ("lan", "", "10.0.0.0/29", "fd00::/64");
  subnet = &g_array_index (network->subnets, NetnsAddress, 0);
  bridge = fake_link (host, 2, "lan", "bridge");
  for (guint i = 2; i <= 6; i++) {
    g_autofree char *name = g_strdup_printf ("n%u", i), *expected = g_strdup_printf ("10.0.0.%u/29", i);
    NetnsLink *inside = fake_link (fake_namespace (name, 1000), 2, "eth0", "veth");

    g_assert_true (netns_pool_find_address (fake_mirror (), network, none, subnet, &address, NULL));
    assert_text (&address, expected);
    fake_plug (inside, fake_link (host, 100 + i, name, "veth"), bridge);
    fake_address (inside, expected);
  }
  g_assert_false (netns_pool_find_address (fake_mirror (), network, none, subnet, &address, &error));
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE);
  /* The other family has room, and knows of its own addresses only. */
  g_assert_true (netns_pool_find_address (fake_mirror (), network, none, subnet + 1, &address, NULL));
  assert_text (&address, "fd00::2/64");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/subnets", test_subnets);
  g_test_add_func ("/pool/routes", test_routes);
  g_test_add_func ("/pool/broad-routes", test_broad_routes);
  g_test_add_func ("/pool/find-subnet", test_find_subnet);
  g_test_add_func ("/pool/find-subnet6", test_find_subnet6);
  g_test_add_func ("/pool/addresses", test_addresses);
  g_test_add_func ("/pool/find-address", test_find_address);
  return g_test_run ();
}
