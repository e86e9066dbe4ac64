/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* resolv.conf and nsswitch.conf: what is taken from them, what is written, and what a caller may give. */
#include "common/dns.h"
#include "common/error.h"

#include <string.h>

#define STRINGS(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define NONE         ((const char *const[]) { NULL })

static void
assert_taken (const char *const *servers, const char *const *search)
{
  g_autoptr (GError) error = NULL;

  netns_dns_validate (servers, search, &error);
  g_assert_no_error (error);
}

static void
assert_refused (const char *const *servers, const char *const *search)
{
  g_autoptr (GError) error = NULL;

  if (netns_dns_validate (servers, search, &error))
    g_error ("%s %s was taken", servers[0] ? servers[0] : "-", search[0] ? search[0] : "-");
  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strpbrk (error->message, "\n\r\t\x1b"));
}

static void
test_servers (void)
{
  static const char *const bad[] = { "",
                                     "web",
                                     "192.0.2.1/24",
                                     "192.0.2.1:53",
                                     "192.0.2.1 192.0.2.2",
                                     "192.0.2.1\nnameserver 192.0.2.2",
                                     "224.0.0.251",
                                     "ff02::fb",
                                     "fe80::1",
                                     "fe80::1%",
                                     "fe80::1%a b",
                                     "fe80::1%a/b",
                                     "fe80::1%eth0\n",
                                     "fe80::1%a-name-of-more-than-15",
                                     "fe80::1%eth0%eth1",
                                     "2001:db8::1%eth0",
                                     "192.0.2.1%eth0",
                                     "%eth0" };

  assert_taken (NONE, NONE);
  assert_taken (STRINGS ("192.0.2.1"), NONE);
  assert_taken (STRINGS ("192.0.2.1", "2001:db8::1", "fe80::1%eth0"), NONE);
  assert_taken (STRINGS ("fe80::1%2", "febf::1%br-lan.5"), NONE);
  assert_refused (STRINGS ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"), NONE);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    assert_refused (STRINGS (bad[i]), NONE);
    assert_refused (STRINGS ("192.0.2.1", bad[i]), NONE);
  }
}

static void
test_search (void)
{
  static const char *const bad[]
    = { "", ".", "a b", "a..b", ".a", "-a", "a-", "a.-b", "a\n", "a\nnameserver 192.0.2.2", "ü", "a/b", "#", "*" };
  g_autofree char *label = g_strnfill (63, 'a'), *long_label = g_strnfill (64, 'a');
  g_autofree char *domain = g_strdup_printf ("%s.%s.%s.%.61s", label, label, label, label);
  g_autofree char *long_domain = g_strdup_printf ("%s.%s.%s.%.62s", label, label, label, label);

  assert_taken (STRINGS ("192.0.2.1"), STRINGS ("example.org", "a", "a-b.c_d.", "1.2"));
  assert_taken (STRINGS ("192.0.2.1"), STRINGS ("a", "b", "c", "d", "e", "f"));
  assert_taken (STRINGS ("192.0.2.1"), STRINGS (label));
  assert_taken (STRINGS ("192.0.2.1"), STRINGS (domain));
  assert_refused (STRINGS ("192.0.2.1"), STRINGS (long_domain));
  assert_refused (STRINGS ("192.0.2.1"), STRINGS (long_label));
  assert_refused (STRINGS ("192.0.2.1"), STRINGS ("a", "b", "c", "d", "e", "f", "g"));
  assert_refused (STRINGS ("192.0.2.1"), STRINGS (domain, "b.c"));
  assert_refused (NONE, STRINGS ("example.org"));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (STRINGS ("192.0.2.1"), STRINGS ("example.org", bad[i]));
}

static void
assert_parsed (const char *contents, const char *const *servers, const char *const *search)
{
  g_autoptr (NetnsDns) dns = netns_dns_parse (contents);

  g_assert_cmpstrv (dns->servers, servers);
  g_assert_cmpstrv (dns->search, search);
}

static void
test_parse (void)
{
  assert_parsed ("", NONE, NONE);
  assert_parsed ("nameserver 192.0.2.1", STRINGS ("192.0.2.1"), NONE);
  assert_parsed ("# a\n;nameserver 192.0.2.9\n nameserver 192.0.2.9\nnameserver\t192.0.2.1 \nnameservers 192.0.2.9\n"
                 "nameserver nowhere\nnameserver 2001:db8::1\noptions ndots:2\n",
                 STRINGS ("192.0.2.1", "2001:db8::1"), NONE);
  assert_parsed ("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
                 STRINGS ("192.0.2.1", "192.0.2.2", "192.0.2.3"), NONE);
  assert_parsed ("search a  b\tc \n", NONE, STRINGS ("a", "b", "c"));
  assert_parsed ("search a b\ndomain c d\n", NONE, STRINGS ("c"));
  assert_parsed ("domain c\nsearch a b\n", NONE, STRINGS ("a", "b"));
  assert_parsed ("search \xff\n", NONE, STRINGS ("\xef\xbf\xbd"));
  assert_parsed ("nameserver", NONE, NONE);
}

static void
test_print (void)
{
  g_autofree char *text
    = netns_dns_print_resolv_conf ("7 of boot x", STRINGS ("192.0.2.1", "fe80::1%eth0"), STRINGS ("a", "b.c"));
  g_autofree char *identity = netns_dns_get_identity (text);

  g_assert_true (netns_dns_is_ours (text));
  g_assert_nonnull (strstr (text, "\nsearch a b.c\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n"));
  g_assert_cmpint (text[0], ==, '#');
  g_assert_cmpstr (identity, ==, "7 of boot x");
  g_assert_null (netns_dns_get_identity (strchr (text, '\n') + 1));
  g_assert_null (netns_dns_get_identity ("# Written by netnsd"));
  g_assert_null (netns_dns_get_identity ("# Written by netnsd\n"));
  assert_parsed (text, STRINGS ("192.0.2.1", "fe80::1%eth0"), STRINGS ("a", "b.c"));
  g_assert_false (netns_dns_is_ours ("nameserver 192.0.2.1\n# Written by netnsd\n"));
}

static void
assert_hosts (const char *before, const char *after)
{
  g_autofree char *host = g_strdup_printf ("passwd: files systemd\n%s\nnetworks: files\n", before);
  g_autofree char *text = netns_dns_print_nsswitch_conf ("7", host);
  g_autofree char *expected
    = g_strdup_printf ("\n# It goes with namespace 7\npasswd: files systemd\n%s\nnetworks: files\n", after);

  g_assert_true (netns_dns_is_ours (text));
  g_assert_cmpstr (strchr (text, '\n'), ==, expected);
}

static void
test_nsswitch (void)
{
  assert_hosts ("hosts: files dns", "hosts: files dns");
  assert_hosts ("hosts:          files dns myhostname", "hosts: files dns myhostname");
  assert_hosts ("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns", "hosts: files myhostname dns");
  assert_hosts ("hosts: files mymachines dns", "hosts: files dns");
  assert_hosts ("hosts: files resolve", "hosts: files dns");
  assert_hosts ("hosts:files resolve[NOTFOUND=return SUCCESS=return] [UNAVAIL=continue] dns # text",
                "hosts: files dns");
  assert_hosts ("hosts: mdns4_minimal [NOTFOUND=return] dns", "hosts: mdns4_minimal [NOTFOUND=return] dns");
  assert_hosts ("  hosts: resolved resolve", "hosts: resolved dns");
  assert_hosts ("hosts: resolve [", "hosts: dns");
  assert_hosts ("hosts:", "hosts: dns");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dns/servers", test_servers);
  g_test_add_func ("/dns/search", test_search);
  g_test_add_func ("/dns/parse", test_parse);
  g_test_add_func ("/dns/print", test_print);
  g_test_add_func ("/dns/nsswitch", test_nsswitch);
  return g_test_run ();
}
