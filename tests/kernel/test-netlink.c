/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections, ids of namespaces, and messages that are not what they seem. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/datagram.h"
#include "kernel/message.h"
#include "kernel/netns.h"
#include "kernel/request.h"
#include "sandbox.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel gives an inode to the next namespace, a cookie never again; but they do not grow (gen_cookie_next()). */
static void
test_cookie (void)
{
  g_autoptr (NetnsNetlink) home = sandbox_connect ("");
  g_autoptr (NetnsNetlink) again = sandbox_connect ("");
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  guint64 cookie = netns_netlink_get_cookie (home);

  g_assert_cmpuint (cookie, !=, 0);
  g_assert_cmpuint (netns_netlink_get_cookie (again), ==, cookie);
  g_hash_table_add (seen, g_memdup2 (&cookie, sizeof cookie));
  for (guint i = 0; i < 10; i++) {
    g_autoptr (NetnsNetlink) netlink = NULL;

    g_free (sandbox_run ("ip netns add c"));
    netlink = sandbox_connect ("c");
    cookie = netns_netlink_get_cookie (netlink);
    g_assert_true (g_hash_table_add (seen, g_memdup2 (&cookie, sizeof cookie)));
    g_free (sandbox_run ("ip netns delete c"));
  }
}

static void
test_nsid (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NetnsNetlink) home = sandbox_connect ("");
  netns_autofd int first = netns_nsfs_create (sandbox_grant, "first", &error);
  netns_autofd int second = netns_nsfs_create (sandbox_grant, "second", &error);
  int nsid;

  g_free (sandbox_run ("ip netns set second 17"));
  g_assert_cmpint (netns_netlink_assign_nsid (home, second, &error), ==, 17);
  nsid = netns_netlink_assign_nsid (home, first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (nsid, >=, 0);
  g_assert_cmpint (netns_netlink_assign_nsid (home, first, &error), ==, nsid);
  {
    g_autofree char *expected = g_strdup_printf ("[%d]", nsid);

    assert_query ("map(select(.name == \"first\").id)", expected, "ip -json netns list");
  }
  g_assert_cmpint (netns_netlink_assign_nsid (home, 0, &error), ==, NETNS_NSID_NONE);
  g_assert_nonnull (error);
  g_free (sandbox_run ("ip netns delete first; ip netns delete second"));
}

/* Sends something to each netlink socket of this process of that protocol, as anybody can who has CAP_NET_ADMIN in its
 * namespace. Returns: how many sockets there are; none of them takes it */
static guint
try_to_send (int protocol)
{
  const struct nlmsghdr forged = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = NLMSG_DONE };
  netns_autofd int stranger = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  guint found = 0;

  for (int fd = 0; fd < 256; fd++) {
    struct sockaddr_nl name = { 0 };
    socklen_t size = sizeof name, integer_size = sizeof (int);
    int its_protocol;

    if (fd == stranger || getsockname (fd, (struct sockaddr *) &name, &size) < 0 || name.nl_family != AF_NETLINK
        || getsockopt (fd, SOL_SOCKET, SO_PROTOCOL, &its_protocol, &integer_size) < 0 || its_protocol != protocol)
      continue;
    found++;
    name.nl_groups = 0;
    errno = 0;
    g_assert_cmpint (
      sendto (stranger, &forged, sizeof forged, MSG_DONTWAIT, (const struct sockaddr *) &name, sizeof name), <, 0);
    g_assert_cmpint (errno, ==, ECONNREFUSED);
  }
  return found;
}

static void
test_strangers (void)
{
  static const int groups[] = { RTNLGRP_LINK, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (NetnsNetlink) firewall = netns_netlink_new_for (-1, NETLINK_NETFILTER, &error);
  guint before = try_to_send (NETLINK_ROUTE);
  g_autoptr (NetnsNetlink) netlink = sandbox_connect ("");
  g_autoptr (NetnsNlSock) events = netns_datagram_open (NETLINK_ROUTE, groups, 65536, "events", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (try_to_send (NETLINK_NETFILTER), ==, 1);
  g_assert_cmpuint (try_to_send (NETLINK_ROUTE), ==, before + 2);
}

static void
count (const struct nlmsghdr *header, gpointer data)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netns_message_parse_link (header, &info))
    ++*(guint *) data;
}

/* With more links than fit into one datagram; deleting the namespace is quicker than deleting them. */
static NetnsNetlink *
make_full_namespace (void)
{
  g_free (sandbox_run ("ip netns add full; for i in $(seq 100); do echo link add d$i type veth peer name e$i; done |"
                       "ip -n full -batch -"));
  return sandbox_connect ("full");
}

static void
test_dump (void)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
  g_autoptr (NetnsNetlink) netlink = make_full_namespace ();
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETLINK, 0, &body, sizeof body);
  g_autoptr (NetnsMessage) nonsense = netns_request_new (RTM_MAX - 1, 0, &body, sizeof body);
  g_autoptr (GError) error = NULL;
  gboolean interrupted = TRUE;
  guint links = 0;

  g_assert_true (netns_netlink_dump (netlink, message, count, &links, &interrupted, &error));
  g_assert_cmpuint (links, ==, 201);
  g_assert_false (interrupted);
  g_assert_false (netns_netlink_dump (netlink, nonsense, count, &links, &interrupted, &error));
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "Cannot read from the kernel");
  /* The connection is good for more. */
  links = 0;
  g_assert_true (netns_netlink_dump (netlink, message, count, &links, &interrupted, &error));
  g_assert_cmpuint (links, ==, 201);
  g_free (sandbox_run ("ip netns delete full"));
}

static void
test_interrupted (void)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
  g_autoptr (NetnsNetlink) netlink = make_full_namespace ();
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETLINK, 0, &body, sizeof body);
  g_autoptr (GError) error = NULL;
  gboolean interrupted = FALSE;

  g_free (sandbox_run ("(while echo link add x type ifb; echo link delete x; do :; done | ip -n full -batch - &"
                       " echo $! > /run/churn) > /dev/null 2>&1"));
  for (guint i = 0; i < 2000 && !interrupted; i++) {
    guint links = 0;

    g_assert_true (netns_netlink_dump (netlink, message, count, &links, &interrupted, &error));
  }
  g_free (sandbox_run ("kill $(cat /run/churn); ip netns delete full"));
  g_assert_true (interrupted);
}

static void
take_size (const struct nlmsghdr *header, gpointer data)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  g_assert_true (netns_message_parse_link (header, &info));
  *(guint *) data = header->nlmsg_len;
}

/* One link with so many names that its message is longer than the buffer. */
static void
test_long_message (void)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
  g_autoptr (NetnsNetlink) home = sandbox_connect ("");
  g_autoptr (NetnsMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  guint size = 0;

  g_free (sandbox_run ("ip link add long type ifb; for i in $(seq 400); do"
                       "  echo link property add dev long altname $(printf 'n%%0120d' $i);"
                       "done | ip -force -batch - 2> /dev/null || true"));
  body.ifi_index = (int) sandbox_link_index (home, "long");
  message = netns_request_new (RTM_GETLINK, 0, &body, sizeof body);
  g_assert_true (netns_netlink_get (home, message, take_size, &size, &error, "Cannot read link"));
  g_assert_cmpuint (size, >, 32 * 1024);
  g_free (sandbox_run ("ip link delete long"));
}

/* Messages that are no complete record, though their type says so. */
static void
test_partial_links (void)
{
  struct ifinfomsg bridge = { .ifi_family = AF_BRIDGE, .ifi_index = 5 };
  struct ifinfomsg wireless = { .ifi_family = AF_UNSPEC, .ifi_index = 5 };
  g_autoptr (NetnsMessage) first = netns_request_new (RTM_NEWLINK, 0, &bridge, sizeof bridge);
  g_autoptr (NetnsMessage) second = netns_request_new (RTM_NEWLINK, 0, &wireless, sizeof wireless);
  g_autoptr (NetnsMessage) third = netns_request_new (RTM_NEWADDR, 0, &wireless, sizeof wireless);
  g_autoptr (NetnsMessage) fourth = netns_request_new (RTM_NEWLINK, 0, "x", 1);
  g_autoptr (NetnsMessage) good = netns_request_new (RTM_NEWLINK, 0, &wireless, sizeof wireless);
  g_auto (NetnsLinkInfo) info = { 0 };

  netns_request_put_string (first, IFLA_IFNAME, "port");
  netns_request_put_string (third, IFLA_IFNAME, "name");
  g_assert_false (netns_message_parse_link (nlmsg_hdr (first), &info));
  g_assert_false (netns_message_parse_link (nlmsg_hdr (second), &info));
  g_assert_false (netns_message_parse_link (nlmsg_hdr (third), &info));
  g_assert_false (netns_message_parse_link (nlmsg_hdr (fourth), &info));
  netns_request_put_string (good, IFLA_IFNAME, "\377\376");
  g_assert_true (netns_message_parse_link (nlmsg_hdr (good), &info));
  g_assert_cmpstr (info.name, ==, "\377\376");
  g_assert_cmpstr (info.kind, ==, "");
  g_assert_cmpint (info.peer_nsid, ==, NETNS_LINK_SAME_NAMESPACE);
  g_assert_null (info.alternative_names);
  g_assert_null (info.description);
}

/* Attributes that are shorter than their type, or strings without end. */
static void
test_short_attributes (void)
{
  static const int numbers[] = { IFLA_MTU, IFLA_MASTER, IFLA_LINK, IFLA_OPERSTATE, IFLA_LINK_NETNSID };
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autoptr (NetnsMessage) message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
    g_auto (NetnsLinkInfo) info = { 0 };

    netns_request_put_string (message, IFLA_IFNAME, "short");
    netns_request_put (message, numbers[i], 0, NULL);
    g_assert_false (netns_message_parse_link (nlmsg_hdr (message), &info));
  }
  {
    g_autoptr (NetnsMessage) message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
    g_auto (NetnsLinkInfo) info = { 0 };

    netns_request_put (message, IFLA_IFNAME, 4, "endless");
    g_assert_false (netns_message_parse_link (nlmsg_hdr (message), &info));
  }
}

static void
test_addresses (void)
{
  struct ifaddrmsg body = { .ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 7 };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_NEWADDR, 0, &body, sizeof body);
  g_autoptr (NetnsMessage) empty = netns_request_new (RTM_NEWADDR, 0, &body, sizeof body);
  g_autoptr (NetnsMessage) wide = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];
  NetnsLinkAddress address;

  /* Point to point: the other end's address is not ours. */
  netns_request_put (message, IFA_ADDRESS, 4, "\012\0\0\2");
  netns_request_put (message, IFA_LOCAL, 4, "\012\0\0\1");
  netns_request_put_u32 (message, IFA_FLAGS, 0x12345);
  g_assert_true (netns_message_parse_address (nlmsg_hdr (message), &address));
  g_assert_cmpstr (netns_address_print (&address.address, text), ==, "10.0.0.1/32");
  g_assert_cmpstr (netns_address_print_host (&address.peer, text), ==, "10.0.0.2");
  g_assert_cmpuint (address.index, ==, 7);
  g_assert_cmpuint (address.flags, ==, 0x12345);
  g_assert_false (netns_message_parse_address (nlmsg_hdr (empty), &address));
  body.ifa_prefixlen = 33;
  wide = netns_request_new (RTM_NEWADDR, 0, &body, sizeof body);
  netns_request_put (wide, IFA_LOCAL, 4, "\012\0\0\1");
  g_assert_false (netns_message_parse_address (nlmsg_hdr (wide), &address));
}

static void
test_extended_ack (void)
{
  struct nlmsgerr body = { .error = -22, .msg = { .nlmsg_len = 20 + 16 } };
  int done = -22;
  g_autoptr (NetnsMessage) capped = netns_request_new (NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED, &body, sizeof body);
  g_autoptr (NetnsMessage) whole = netns_request_new (NLMSG_ERROR, NLM_F_ACK_TLVS, &body, sizeof body);
  g_autoptr (NetnsMessage) end = netns_request_new (NLMSG_DONE, NLM_F_ACK_TLVS, &done, sizeof done);
  g_autoptr (NetnsMessage) none = netns_request_new (NLMSG_ERROR, 0, &body, sizeof body);
  g_autoptr (NetnsMessage) lie = NULL;
  NetnsMessage *const messages[] = { capped, whole, end };

  nlmsg_reserve (whole, 20, 4);
  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++) {
    g_autofree char *text = NULL;

    netns_request_put_string (messages[i], NLMSGERR_ATTR_MSG, "kernel's words");
    text = netns_message_extended_ack (nlmsg_hdr (messages[i]));
    g_assert_cmpstr (text, ==, "kernel's words");
  }
  g_assert_null (netns_message_extended_ack (nlmsg_hdr (none)));
  body.msg.nlmsg_len = 0xffffff00;
  lie = netns_request_new (NLMSG_ERROR, NLM_F_ACK_TLVS, &body, sizeof body);
  g_assert_null (netns_message_extended_ack (nlmsg_hdr (lie)));
}

static void
add_tests (void)
{
  g_test_add_func ("/netlink/cookie", test_cookie);
  g_test_add_func ("/netlink/nsid", test_nsid);
  g_test_add_func ("/netlink/strangers", test_strangers);
  g_test_add_func ("/netlink/dump", test_dump);
  g_test_add_func ("/netlink/interrupted", test_interrupted);
  g_test_add_func ("/netlink/long-message", test_long_message);
  g_test_add_func ("/message/partial-links", test_partial_links);
  g_test_add_func ("/message/short-attributes", test_short_attributes);
  g_test_add_func ("/message/addresses", test_addresses);
  g_test_add_func ("/message/extended-ack", test_extended_ack);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
