/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel is told about one kind of link, read by libnl's own parser: also of kinds that the kernel of the
 * machine on which this runs may not have. */
#include "common/options.h"
#include "core/link/link-kind.h"
#include "kernel/link-data.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/ipvlan.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>
#include <netlink/route/link/vxlan.h>

typedef struct rtnl_link Link;
typedef struct nl_addr Address;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Link, rtnl_link_put)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Address, nl_addr_put)

static void
take_object (struct nl_object *object, void *data)
{
  nl_object_get (object);
  *(Link **) data = (Link *) (gpointer) object;
}

/* A whole message, as netns_rtnl_link_create() makes it, and what libnl takes it for. */
static Link *
read_back (const char *name, guint parent, const char *options)
{
  const NetnsLinkKind *kind = netns_link_kind_find (name, NULL);
  g_autoptr (GVariant) values = g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL);
  g_autoptr (GVariant) complete = netns_options_complete (netns_options_manager_create_link, name, values, NULL);
  g_autoptr (GVariant) attributes = netns_link_kind_read (kind, complete, NULL);
  NetnsLinkSpec spec
    = { .kind = name, .parent = parent, .parent_attribute = kind->parent_attribute, .data = attributes };
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = 7 };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
  struct nlattr *info;
  Link *link = NULL;

  netns_request_put_string (message, IFLA_IFNAME, "new");
  info = netns_request_open_nest (message, IFLA_LINKINFO);
  netns_request_put_string (message, IFLA_INFO_KIND, spec.kind);
  netns_link_data_put (message, &spec);
  nla_nest_end (message, info);
  nlmsg_set_proto (message, NETLINK_ROUTE);
  g_assert_cmpint (nl_msg_parse (message, take_object, &link), ==, 0);
  g_assert_nonnull (link);
  g_assert_cmpstr (rtnl_link_get_type (link), ==, spec.kind);
  return link;
}

static void
test_vlan (void)
{
  g_autoptr (Link) link = read_back ("vlan", 3, "{'link': <'up'>, 'id': <uint32 4094>, 'protocol': <'802.1ad'>}");

  g_assert_cmpint (rtnl_link_vlan_get_id (link), ==, 4094);
  g_assert_cmpint (ntohs ((guint16) rtnl_link_vlan_get_protocol (link)), ==, ETH_P_8021AD);
}

static void
test_ipvlan (void)
{
  g_autoptr (Link) link = read_back ("ipvlan", 3, "{'link': <'up'>, 'mode': <'l3s'>}");
  guint16 mode = 0;

  g_assert_cmpint (rtnl_link_ipvlan_get_mode (link, &mode), ==, 0);
  g_assert_cmpint (mode, ==, IPVLAN_MODE_L3S);
}

static void
test_macvlan (void)
{
  g_autoptr (Link) link = read_back ("macvlan", 3, "{'link': <'up'>, 'mode': <'vepa'>}");

  g_assert_cmpuint (rtnl_link_macvlan_get_mode (link), ==, MACVLAN_MODE_VEPA);
}

static void
assert_address (Address *address, const char *expected)
{
  char text[64];

  g_assert_cmpstr (nl_addr2str (address, text, sizeof text), ==, expected);
}

static void
test_vxlan (void)
{
  g_autoptr (Link) link = NULL, bare = NULL;
  g_autoptr (Address) remote = NULL, local = NULL, none = NULL;
  guint32 number = 0;

  link = read_back ("vxlan", 3,
                    "{'id': <uint32 0xabcdef>, 'port': <uint16 8472>, 'learning': <false>, 'remote': <'fd00::1'>,"
                    " 'local': <'fd00::2'>}");
  g_assert_cmpint (rtnl_link_vxlan_get_id (link, &number), ==, 0);
  g_assert_cmphex (number, ==, 0xabcdef);
  g_assert_cmpint (rtnl_link_vxlan_get_port (link, &number), ==, 0);
  g_assert_cmpint (number, ==, 8472);
  g_assert_cmpint (rtnl_link_vxlan_get_link (link, &number), ==, 0);
  g_assert_cmpint (number, ==, 3);
  g_assert_cmpint (rtnl_link_vxlan_get_learning (link), ==, 0);
  g_assert_cmpint (rtnl_link_vxlan_get_group (link, &remote), ==, 0);
  assert_address (remote, "fd00::1");
  g_assert_cmpint (rtnl_link_vxlan_get_local (link, &local), ==, 0);
  assert_address (local, "fd00::2");

  bare = read_back ("vxlan", 0, "{'id': <uint32 1>}");
  g_assert_cmpint (rtnl_link_vxlan_get_learning (bare), ==, 1);
  g_assert_cmpint (rtnl_link_vxlan_get_link (bare, &number), <, 0);
  g_assert_cmpint (rtnl_link_vxlan_get_group (bare, &none), <, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link-data/vlan", test_vlan);
  g_test_add_func ("/link-data/ipvlan", test_ipvlan);
  g_test_add_func ("/link-data/macvlan", test_macvlan);
  g_test_add_func ("/link-data/vxlan", test_vxlan);
  return g_test_run ();
}
