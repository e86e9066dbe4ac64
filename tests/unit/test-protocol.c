/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/protocol.h"

#include <netinet/in.h>
#include <sys/socket.h>

static void
test_names (void)
{
  for (gsize i = 0; i < NETNS_N_PROTOCOLS; i++) {
    g_assert_true (netns_protocol_find (netns_protocols[i].name) == &netns_protocols[i]);
    g_assert_cmpstr (netns_protocol_print (netns_protocols[i].number), ==, netns_protocols[i].name);
  }
  g_assert_null (netns_protocol_find (""));
  g_assert_null (netns_protocol_find ("TCP"));
  g_assert_cmpint (netns_protocol_find ("icmpv6")->family, ==, AF_INET6);
  g_assert_false (netns_protocol_find ("esp")->has_ports);
}

static void
test_forwarded (void)
{
  guint32 number = 0;

  g_assert_true (netns_word_parse (netns_forwarded_protocols, "sctp", &number));
  g_assert_cmpuint (number, ==, IPPROTO_SCTP);
  g_assert_false (netns_word_parse (netns_forwarded_protocols, "dccp", &number));
  g_assert_false (netns_word_parse (netns_forwarded_protocols, "icmp", &number));
  g_assert_false (netns_word_parse (netns_forwarded_protocols, "", &number));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/protocol/names", test_names);
  g_test_add_func ("/protocol/forwarded", test_forwarded);
  return g_test_run ();
}
