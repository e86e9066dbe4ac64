/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that others write: resolv.conf of a namespace, names of control groups and mounts, addresses of a caller. */
#include "common/address.h"
#include "common/dns.h"
#include "common/label.h"

#include "fuzz.h"

#include <string.h>

static void
parse_dns (const char *text, gconstpointer data)
{
  g_autoptr (NetnsDns) dns = netns_dns_parse (text);

  netns_dns_is_ours (text);
  if (dns != NULL)
    g_assert_nonnull (dns->servers);
}

static void
parse_groups (const char *text, gconstpointer data)
{
  g_autofree char *label = netns_label_from_groups (text);

  g_assert_true (label == NULL || *label != '\0');
}

static void
parse_mount (const char *text, gconstpointer data)
{
  g_autofree char *label = netns_label_from_mount (text);

  g_assert_true (label == NULL || *label != '\0');
}

/* What is taken is printed, and what is printed is taken for the same. */
static void
parse_address (const char *text, gconstpointer data)
{
  NetnsAddress address = { 0 }, again = { 0 };
  char printed[NETNS_ADDRESS_MAX_TEXT];

  if (!netns_address_parse (text, &address, NULL))
    return;
  netns_address_print (&address, printed);
  g_assert_true (netns_address_parse (printed, &again, NULL));
  g_assert_true (netns_address_equal (&address, &again));
}

const NetnsFuzzText netns_fuzz_texts[] = {
  { parse_dns, NULL,
   "# Made by netnsd\nnameserver 9.9.9.9\nnameserver 2620:fe::fe\nsearch example.org lan\noptions ndots:1\n" },
  { parse_groups, NULL,
   "0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope\n" },
  { parse_groups, NULL,
   "1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.example.App-42.scope\n" },
  { parse_mount, NULL, "/run/docker/netns/0123456789ab" },
  { parse_address, NULL, "2001:db8::1/64" },
  { parse_address, NULL, "192.0.2.1/24" },
  { NULL },
};
