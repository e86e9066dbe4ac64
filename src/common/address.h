/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An IPv4 or IPv6 address with a prefix length: an address of a link, a subnet, or a route's destination. A plain
 * value without memory of its own, because the mirror holds a hundred thousand of them. */
#pragma once

#include <glib.h>

#define NETNS_ADDRESS_MAX_TEXT 50 /* an IPv6 address, `/128` and the end */

/**
 * NetnsAddress:
 * @family: AF_INET or AF_INET6, AF_UNSPEC for no address
 * @prefix: prefix length in bits
 * @bytes: the address in network byte order, the rest 0
 */
typedef struct {
  guint8 family;
  guint8 prefix;
  guint8 bytes[16];
} NetnsAddress;

/* A comparison such as netns_address_contains(). */
typedef gboolean (*NetnsAddressFunc) (const NetnsAddress *a, const NetnsAddress *b);

gboolean netns_address_parse (const char *text, NetnsAddress *address, GError **error);
gboolean netns_address_parse_host (const char *text, NetnsAddress *address, GError **error);
gboolean netns_address_parse_subnet (const char *text, NetnsAddress *subnet, GError **error);
void netns_address_set_bytes (NetnsAddress *address, int family, const void *bytes, guint prefix);
gsize netns_address_size (const NetnsAddress *address);
const char *netns_address_print (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT]);
const char *netns_address_print_host (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT]);
gboolean netns_address_equal (const NetnsAddress *a, const NetnsAddress *b);
gboolean netns_address_equal_host (const NetnsAddress *a, const NetnsAddress *b);
gboolean netns_address_is_loopback (const NetnsAddress *address);
gboolean netns_address_is_link_local (const NetnsAddress *address);
gboolean netns_address_contains (const NetnsAddress *subnet, const NetnsAddress *address);
gboolean netns_address_overlaps (const NetnsAddress *a, const NetnsAddress *b);
void netns_address_add (NetnsAddress *address, guint32 count);
void netns_address_get_subnet (const NetnsAddress *address, NetnsAddress *subnet);
void netns_address_get_end (const NetnsAddress *subnet, NetnsAddress *end);
gboolean netns_address_get_last (const NetnsAddress *subnet, NetnsAddress *last);
GArray *netns_addresses_new (void);
const NetnsAddress *netns_addresses_find (const GArray *addresses, NetnsAddressFunc fits, const NetnsAddress *address);
gboolean netns_addresses_have_family (const GArray *addresses, int family);
