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

/* Also for text with a trailing `/N`: @host is a copy of what is in front. */
static gboolean
parse_host_part (const char *host, NetnsAddress *address)
{
  memset (address, 0, sizeof *address);
  if (inet_pton (AF_INET, host, address->bytes) == 1)
    address->family = AF_INET;
  else if (inet_pton (AF_INET6, host, address->bytes) == 1)
    address->family = AF_INET6;
  else
    return FALSE;
  address->prefix = (guint8) family_bits (address->family);
  return TRUE;
}

/**
 * netns_address_parse_host:
 * @text: an address without prefix length, such as `192.0.2.1` or `2001:db8::1`
 * @address: (out caller-allocates): the address, its prefix length that of a single host
 * @error: `InvalidArgument`
 *
 * Returns: whether it was one
 */
gboolean
netns_address_parse_host (const char *text, NetnsAddress *address, GError **error)
{
  if (parse_host_part (text, address))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "“%s” is no IPv4 or IPv6 address (such as 192.0.2.1 or 2001:db8::1)", text);
  return FALSE;
}

/**
 * netns_address_parse:
 * @text: an address with prefix length, such as `192.0.2.1/24`; without, it is a single host
 * @address: (out caller-allocates): the address
 * @error: `InvalidArgument`
 *
 * Returns: whether it was one
 */
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
      || !g_ascii_string_to_unsigned (slash + 1, 10, 0, family_bits (address->family), &prefix, NULL)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” has no prefix length from 0 to %u after the slash", text, family_bits (address->family));
    return FALSE;
  }
  address->prefix = (guint8) prefix;
  return TRUE;
}

/**
 * netns_address_parse_subnet:
 * @text: a subnet such as `192.0.2.0/24`
 * @subnet: (out caller-allocates): the subnet
 * @error: `InvalidArgument`, also when bits behind the prefix are set
 *
 * Returns: whether it was one
 */
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "“%s” is no subnet, bits after its prefix are set; did you mean %s?", text,
               netns_address_print (&expected, expected_text));
  return FALSE;
}

/**
 * netns_address_set_bytes:
 * @address: (out caller-allocates): where to put it
 * @family: AF_INET or AF_INET6
 * @bytes: 4 or 16 bytes in network byte order, %NULL for all zeros
 * @prefix: prefix length in bits
 */
void
netns_address_set_bytes (NetnsAddress *address, int family, const void *bytes, guint prefix)
{
  memset (address, 0, sizeof *address);
  address->family = (guint8) family;
  address->prefix = (guint8) prefix;
  if (bytes != NULL)
    memcpy (address->bytes, bytes, netns_address_size (address));
}

/**
 * netns_address_size:
 * @address: an address
 *
 * Returns: how many bytes of it count: 4 or 16
 */
gsize
netns_address_size (const NetnsAddress *address)
{
  return family_bits (address->family) / 8;
}

/**
 * netns_address_print_host:
 * @address: an address
 * @text: (out caller-allocates): room for it
 *
 * Returns: @text, the address without its prefix length
 */
const char *
netns_address_print_host (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT])
{
  if (inet_ntop (address->family, address->bytes, text, NETNS_ADDRESS_MAX_TEXT) == NULL)
    text[0] = '\0';
  return text;
}

/**
 * netns_address_print:
 * @address: an address
 * @text: (out caller-allocates): room for it
 *
 * Returns: @text, the address with its prefix length
 */
const char *
netns_address_print (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT])
{
  gsize length;

  netns_address_print_host (address, text);
  length = strlen (text);
  g_snprintf (text + length, NETNS_ADDRESS_MAX_TEXT - length, "/%u", address->prefix);
  return text;
}

/**
 * netns_address_equal:
 * @a: an address
 * @b: another
 *
 * Returns: whether address and prefix length are the same
 */
gboolean
netns_address_equal (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->prefix == b->prefix && netns_address_equal_host (a, b);
}

/**
 * netns_address_equal_host:
 * @a: an address
 * @b: another
 *
 * Returns: whether they are the same but for the prefix length
 */
gboolean
netns_address_equal_host (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->family == b->family && memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static gboolean
same_bits (const NetnsAddress *a, const NetnsAddress *b, guint bits)
{
  if (memcmp (a->bytes, b->bytes, bits / 8) != 0)
    return FALSE;
  return bits % 8 == 0 || ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) >> (8 - bits % 8)) == 0;
}

/**
 * netns_address_contains:
 * @subnet: a subnet
 * @address: an address; its prefix length does not count
 *
 * Returns: whether @address lies in @subnet
 */
gboolean
netns_address_contains (const NetnsAddress *subnet, const NetnsAddress *address)
{
  return subnet->family == address->family && same_bits (subnet, address, subnet->prefix);
}

/**
 * netns_address_overlaps:
 * @a: a subnet
 * @b: another
 *
 * Returns: whether there is an address in both
 */
gboolean
netns_address_overlaps (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->family == b->family && same_bits (a, b, MIN (a->prefix, b->prefix));
}

/**
 * netns_address_add:
 * @address: (inout): an address
 * @count: how far to go up
 */
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

/**
 * netns_address_get_subnet:
 * @address: an address with prefix length
 * @subnet: (out caller-allocates): the subnet that it lies in
 */
void
netns_address_get_subnet (const NetnsAddress *address, NetnsAddress *subnet)
{
  *subnet = *address;
  for (guint bit = address->prefix; bit < family_bits (address->family); bit++)
    subnet->bytes[bit / 8] &= (guint8) ~(0x80 >> (bit % 8));
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
  guint bits = family_bits (subnet->family);

  *last = *subnet;
  for (guint bit = subnet->prefix; bit < bits; bit++)
    last->bytes[bit / 8] |= (guint8) (0x80 >> (bit % 8));
  if (subnet->family == AF_INET && subnet->prefix < 31)
    last->bytes[3] &= 0xfe;
  return subnet->prefix < bits;
}
