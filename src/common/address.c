/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/address.h"
#include "common/error.h"

#include <arpa/inet.h>
#include <string.h>

static guint
family_bits (int family)
{
  return family == AF_INET ? 32 : 128;
}

/**
 * netns_address_parse_host, netns_address_parse, netns_address_parse_subnet:
 * @text: an address such as `192.0.2.1` or `2001:db8::1`; with a prefix length, such as `192.0.2.1/24`, which is that
 *   of a single host where it is missing; or a subnet such as `192.0.2.0/24`
 * @address: (out caller-allocates): the address
 * @error: `InvalidArgument`, also for a subnet with bits behind the prefix
 *
 * Returns: whether it was one
 */
gboolean
netns_address_parse_host (const char *text, NetnsAddress *address, GError **error)
{
  memset (address, 0, sizeof *address);
  if (inet_pton (AF_INET, text, address->bytes) == 1)
    address->family = AF_INET;
  else if (inet_pton (AF_INET6, text, address->bytes) == 1)
    address->family = AF_INET6;
  else
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not an IPv4 or IPv6 address (such as 192.0.2.1 or 2001:db8::1)", text);
  address->prefix = (guint8) family_bits (address->family);
  return TRUE;
}

gboolean
netns_address_parse (const char *text, NetnsAddress *address, GError **error)
{
  const char *slash = strchr (text, '/');
  g_autofree char *host = slash ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  guint64 prefix;

  if (!netns_address_parse_host (host, address, error))
    return FALSE;
  if (slash == NULL)
    return TRUE;
  if (!g_ascii_isdigit (slash[1])
      || !g_ascii_string_to_unsigned (slash + 1, 10, 0, family_bits (address->family), &prefix, NULL))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” needs a prefix length between 0 and %u after the slash", text,
                         family_bits (address->family));
  address->prefix = (guint8) prefix;
  return TRUE;
}

gboolean
netns_address_parse_subnet (const char *text, NetnsAddress *subnet, GError **error)
{
  NetnsAddress expected;
  char expected_text[NETNS_ADDRESS_MAX_TEXT];

  if (!netns_address_parse (text, subnet, error))
    return FALSE;
  netns_address_get_subnet (subnet, &expected);
  if (netns_address_equal (subnet, &expected))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "“%s” is not a subnet: bits after its prefix are set; did you mean %s?", text,
                       netns_address_print (&expected, expected_text));
}

/* @bytes: 4 or 16 bytes in network byte order, %NULL for all zeros; @prefix: prefix length in bits */
void
netns_address_set_bytes (NetnsAddress *address, int family, const void *bytes, guint prefix)
{
  memset (address, 0, sizeof *address);
  address->family = (guint8) family;
  address->prefix = (guint8) prefix;
  if (bytes != NULL)
    memcpy (address->bytes, bytes, netns_address_size (address));
}

/* Returns: how many bytes of @address count: 4 or 16 */
gsize
netns_address_size (const NetnsAddress *address)
{
  return family_bits (address->family) / 8;
}

/* Returns: @text, the address without its prefix length */
const char *
netns_address_print_host (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT])
{
  if (inet_ntop (address->family, address->bytes, text, NETNS_ADDRESS_MAX_TEXT) == NULL)
    text[0] = '\0';
  return text;
}

/* Returns: @text, the address with its prefix length */
const char *
netns_address_print (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT])
{
  gsize length;

  netns_address_print_host (address, text);
  length = strlen (text);
  g_snprintf (text + length, NETNS_ADDRESS_MAX_TEXT - length, "/%u", address->prefix);
  return text;
}

/* Returns: whether address and prefix length are the same */
gboolean
netns_address_equal (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->prefix == b->prefix && netns_address_equal_host (a, b);
}

/* Returns: whether they are the same but for the prefix length */
gboolean
netns_address_equal_host (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->family == b->family && memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Returns: whether it is ::1, or in 127.0.0.0/8 */
gboolean
netns_address_is_loopback (const NetnsAddress *address)
{
  static const guint8 loopback6[sizeof address->bytes] = { [15] = 1 };

  return address->family == AF_INET6 ? memcmp (address->bytes, loopback6, sizeof loopback6) == 0
                                     : address->family == AF_INET && address->bytes[0] == 127;
}

/* Returns: whether it is in fe80::/10: on each link there can be the same one */
gboolean
netns_address_is_link_local (const NetnsAddress *address)
{
  return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static gboolean
same_bits (const NetnsAddress *a, const NetnsAddress *b, guint bits)
{
  if (memcmp (a->bytes, b->bytes, bits / 8) != 0)
    return FALSE;
  return bits % 8 == 0 || ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) >> (8 - bits % 8)) == 0;
}

/* Returns: whether @address lies in @subnet; its prefix length does not count */
gboolean
netns_address_contains (const NetnsAddress *subnet, const NetnsAddress *address)
{
  return subnet->family == address->family && same_bits (subnet, address, subnet->prefix);
}

/* Returns: whether there is an address in both subnets */
gboolean
netns_address_overlaps (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->family == b->family && same_bits (a, b, MIN (a->prefix, b->prefix));
}

/* Goes up from @address by @count addresses. */
void
netns_address_add (NetnsAddress *address, guint32 count)
{
  guint64 carry = count;

  for (gssize i = (gssize) netns_address_size (address) - 1; i >= 0 && carry > 0; i--) {
    carry += address->bytes[i];
    address->bytes[i] = (guint8) (carry & 0xff);
    carry >>= 8;
  }
}

/* @subnet: (out caller-allocates): the subnet that @address lies in */
void
netns_address_get_subnet (const NetnsAddress *address, NetnsAddress *subnet)
{
  *subnet = *address;
  for (guint bit = address->prefix; bit < family_bits (address->family); bit++)
    subnet->bytes[bit / 8] &= (guint8) ~(0x80 >> (bit % 8));
}

/* The last address of @subnet, whatever it is for. */
void
netns_address_get_end (const NetnsAddress *subnet, NetnsAddress *end)
{
  *end = *subnet;
  for (guint bit = subnet->prefix; bit < family_bits (subnet->family); bit++)
    end->bytes[bit / 8] |= (guint8) (0x80 >> (bit % 8));
}

/**
 * netns_address_get_last:
 * @subnet: a subnet
 * @last: (out caller-allocates): its last address that a host can have
 *
 * The all-ones address of an IPv4 subnet is for broadcast (RFC 1122, 3.2.1.3), unless the subnet has only two
 * addresses or one (RFC 3021).
 *
 * Returns: whether more than one address is left for hosts
 */
gboolean
netns_address_get_last (const NetnsAddress *subnet, NetnsAddress *last)
{
  netns_address_get_end (subnet, last);
  if (subnet->family == AF_INET && subnet->prefix < 31)
    last->bytes[3] &= 0xfe;
  return subnet->prefix < family_bits (subnet->family);
}

/* Returns: (transfer full) (element-type NetnsAddress): an empty list */
GArray *
netns_addresses_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
}

/**
 * netns_addresses_find:
 * @addresses: (element-type NetnsAddress): a list
 * @fits: (scope call): compares one of the list, its first argument, with @address
 * @address: an address or subnet
 *
 * Returns: (transfer none) (nullable): the first of the list that fits
 */
const NetnsAddress *
netns_addresses_find (const GArray *addresses, NetnsAddressFunc fits, const NetnsAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (fits (&g_array_index (addresses, NetnsAddress, i), address))
      return &g_array_index (addresses, NetnsAddress, i);
  return NULL;
}

/* Returns: whether one of @addresses (element-type NetnsAddress) is of @family */
gboolean
netns_addresses_have_family (const GArray *addresses, int family)
{
  for (guint i = 0; i < addresses->len; i++)
    if (g_array_index (addresses, NetnsAddress, i).family == family)
      return TRUE;
  return FALSE;
}
