/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In the language of nft, not in JSON: libnftables 1.0.6 cannot describe a set of raw bytes of a packet in JSON, and it
 * has no other word for the target of a neighbour advertisement. Nothing of others gets into the text: names of ports
 * consist of the characters that netns_validate_link_name() allows, and are quoted. */
#include "core/ruleset/guard-rules.h"

#include "common/names.h"

#include <string.h>
#include <sys/socket.h>

#define TABLE "bridge " NETNS_TABLE

/* Before the bridge learns where a hardware address is (br_handle_frame_finish() in net/bridge/br_input.c). Frames to the
 * addresses that no bridge forwards do not come by there, but the bridge learns from them, too (br_handle_local_finish()).
 *
 * - Whatever is no ARP and no IP is dropped: a tag of VLAN 0 would hide the packet from the rules, and a machine takes the
 *   tag off as if it had never been there. The spanning tree is not the members' business either.
 * - Who asks whether an address is free (RFC 5227, RFC 4862) has none yet; but an own one, or others would not get
 *   theirs.
 * - The target of a neighbour message is 8 bytes behind the beginning of its header (RFC 4861, 4.3 and 4.4). */
static const char sets[] = "add set " TABLE " ports { type ifname; }\n"
                           "add set " TABLE " macs { type ifname . ether_addr; }\n"
                           "add set " TABLE " addresses4 { type ifname . ipv4_addr; }\n"
                           "add set " TABLE " addresses6 { type ifname . ipv6_addr; }\n"
                           "add set " TABLE " targets6 { typeof iifname . @th,64,128; }\n";
static const char rules[]
  = "add chain " TABLE " member\n"
    "add chain " TABLE " member-arp\n"
    "add chain " TABLE " member-ip\n"
    "add chain " TABLE " member-ip6\n"
    "add chain " TABLE " prerouting { type filter hook prerouting priority -300; policy accept; }\n"
    "add chain " TABLE " input { type filter hook input priority -300; policy accept; }\n"
    "add rule " TABLE " prerouting iifname @ports goto member\n"
    "add rule " TABLE " input iifname @ports ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00 drop\n"
    "add rule " TABLE " member ether type != { arp, ip, ip6 } drop\n"
    "add rule " TABLE " member iifname . ether saddr != @macs drop\n"
    "add rule " TABLE " member ether type arp goto member-arp\n"
    "add rule " TABLE " member ether type ip goto member-ip\n"
    "add rule " TABLE " member goto member-ip6\n"
    "add rule " TABLE " member-arp iifname . arp saddr ether != @macs drop\n"
    "add rule " TABLE " member-arp iifname . arp saddr ip @addresses4 accept\n"
    "add rule " TABLE " member-arp arp saddr ip 0.0.0.0 iifname . arp daddr ip @addresses4 accept\n"
    "add rule " TABLE " member-arp drop\n"
    "add rule " TABLE " member-ip udp sport 67 drop\n"
    "add rule " TABLE " member-ip iifname . ip saddr @addresses4 accept\n"
    "add rule " TABLE " member-ip ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept\n"
    "add rule " TABLE " member-ip ip saddr 0.0.0.0 ip protocol igmp accept\n"
    "add rule " TABLE " member-ip drop\n"
    "add rule " TABLE " member-ip6 icmpv6 type { nd-router-advert, nd-redirect } drop\n"
    "add rule " TABLE " member-ip6 udp sport 547 drop\n"
    "add rule " TABLE " member-ip6 icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @targets6 drop\n"
    "add rule " TABLE " member-ip6 iifname . ip6 saddr @addresses6 accept\n"
    "add rule " TABLE " member-ip6 ip6 saddr :: icmpv6 type nd-neighbor-solicit iifname . @th,64,128 @targets6 accept\n"
    "add rule " TABLE " member-ip6 ip6 saddr :: icmpv6 type { mld-listener-report, mld-listener-done, "
    "mld2-listener-report } accept\n"
    "add rule " TABLE " member-ip6 drop\n";

/* ---- elements */

static void
add_element (GString *text, const char *verb, const char *set, const char *port, const char *value)
{
  g_string_append_printf (text, "%s element " TABLE " %s { \"%s\"%s%s }\n", verb, set, port, *value ? " . " : "",
                          value);
}

/* An address as the number that nft takes raw bytes for, as it prints it: without leading zeros. */
static char *
print_number (const NetnsAddress *address)
{
  GString *digits = g_string_new (NULL);
  gsize zeros;

  for (gsize i = 0; i < sizeof address->bytes; i++)
    g_string_append_printf (digits, "%02x", address->bytes[i]);
  zeros = MIN (strspn (digits->str, "0"), digits->len - 1);
  g_string_erase (digits, 0, (gssize) zeros);
  g_string_prepend (digits, "0x");
  return g_string_free (digits, FALSE);
}

static void
add_address (GString *text, const char *verb, const char *port, const NetnsAddress *address)
{
  g_autofree char *number = NULL;
  char host[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print_host (address, host);
  add_element (text, verb, address->family == AF_INET ? "addresses4" : "addresses6", port, host);
  if (address->family == AF_INET)
    return;
  number = print_number (address);
  add_element (text, verb, "targets6", port, number);
}

/* A link of a network can have an address twice, with two prefix lengths. */
static gboolean
is_first (const GArray *addresses, guint position)
{
  const NetnsAddress *address = &g_array_index (addresses, NetnsAddress, position);

  return netns_addresses_find (addresses, netns_address_equal_host, address) == address;
}

static void
add_binding (GString *text, const char *verb, const NetnsBinding *binding)
{
  g_autofree char *mac = netns_print_mac (binding->mac);
  NetnsAddress link_local;

  add_element (text, verb, "ports", binding->port, "");
  add_element (text, verb, "macs", binding->port, mac);
  netns_binding_get_link_local (binding->mac, &link_local);
  add_address (text, verb, binding->port, &link_local);
  for (guint i = 0; i < binding->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (binding->addresses, NetnsAddress, i);

    if (is_first (binding->addresses, i) && !netns_address_equal_host (address, &link_local))
      add_address (text, verb, binding->port, address);
  }
}

static void
add_bindings (GString *text, const char *verb, GPtrArray *bindings)
{
  for (guint i = 0; i < bindings->len; i++)
    add_binding (text, verb, g_ptr_array_index (bindings, i));
}

/* ---- commands */

/**
 * netns_guard_rules_build:
 * @bindings: (element-type NetnsBinding): those of one namespace
 *
 * The transaction replaces the table; other programs and packets see either the old one or the new one.
 *
 * Returns: (transfer full): commands for libnftables
 */
char *
netns_guard_rules_build (GPtrArray *bindings)
{
  g_autofree char *removal = netns_guard_rules_build_removal ();
  GString *text = g_string_new (removal);

  g_string_append (text, "add table " TABLE "\n");
  g_string_append (text, sets);
  g_string_append (text, rules);
  add_bindings (text, "add", bindings);
  return g_string_free (text, FALSE);
}

/* Returns: (transfer full): commands for libnftables that remove the table, if it is there */
char *
netns_guard_rules_build_removal (void)
{
  return g_strdup ("add table " TABLE "\n"
                   "delete table " TABLE "\n");
}

/* Returns: (transfer full): commands for libnftables that make a table with the sets of netns_guard_rules_build_change(),
 * and nothing else */
char *
netns_guard_rules_build_sets (void)
{
  return g_strconcat ("add table " TABLE "\n", sets, NULL);
}

/**
 * netns_guard_rules_build_change:
 * @old: (element-type NetnsBinding): bindings that go
 * @new: (element-type NetnsBinding): bindings that come
 *
 * Returns: (transfer full): commands for libnftables, for a table that has all else
 */
char *
netns_guard_rules_build_change (GPtrArray *old, GPtrArray *new)
{
  GString *text = g_string_new (NULL);

  add_bindings (text, "delete", old);
  add_bindings (text, "add", new);
  return g_string_free (text, FALSE);
}
