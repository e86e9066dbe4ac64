/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/range.h"

#include "common/error.h"
#include "core/network/pool.h"

#include <string.h>

static gboolean
parse_range (const char *text, NetnsAddress *first, NetnsAddress *last, GError **error)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 3);

  if (g_strv_length (ends) != 2)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not a range of addresses; give FIRST-LAST, such as 10.0.0.100-10.0.0.199", text);
  return netns_address_parse_host (ends[0], first, error) && netns_address_parse_host (ends[1], last, error);
}

/* Whether @address is in the range; all three are of one family. */
static gboolean
is_within (const NetnsAddress *address, const NetnsAddress *first, const NetnsAddress *last)
{
  return address->family == first->family && memcmp (address->bytes, first->bytes, sizeof first->bytes) >= 0
         && memcmp (address->bytes, last->bytes, sizeof last->bytes) <= 0;
}

/* Whether one end of the range @text can be a member's. */
static gboolean
check_end (const char *text, const NetnsAddress *subnet, const NetnsAddress *end, GError **error)
{
  char end_text[NETNS_ADDRESS_MAX_TEXT], subnet_text[NETNS_ADDRESS_MAX_TEXT];

  if (!netns_address_contains (subnet, end))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Range %s is not inside of one subnet", text);
  if (!netns_pool_is_for_hosts (subnet, end))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid range %s: %s is not a host address of %s", text,
                         netns_address_print_host (end, end_text), netns_address_print (subnet, subnet_text));
  return TRUE;
}

static gboolean
check_range (const NetnsNetwork *network, const char *text, const NetnsAddress *first, const NetnsAddress *last,
             GError **error)
{
  const NetnsAddress *subnet = netns_addresses_find (network->subnets, netns_address_contains, first);
  char gateway_text[NETNS_ADDRESS_MAX_TEXT], subnet_text[NETNS_ADDRESS_MAX_TEXT];

  if (subnet == NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Range %s is in no subnet of the network", text);
  if (!check_end (text, subnet, first, error) || !check_end (text, subnet, last, error))
    return FALSE;
  if (memcmp (first->bytes, last->bytes, sizeof first->bytes) > 0)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid range %s: start is greater than end", text);
  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);

    if (is_within (gateway, first, last))
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid range %s: %s is the gateway", text,
                           netns_address_print_host (gateway, gateway_text));
  }
  if (netns_addresses_find (network->ranges, netns_address_overlaps, subnet) != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Subnet %s has two ranges",
                         netns_address_print (subnet, subnet_text));
  return TRUE;
}

/* Gives @network, which has its subnets and gateways, the ranges that are listed in @text with commas between them; one
 * for each subnet at most. The error is `InvalidArgument`. */
gboolean
netns_range_parse_list (const char *text, NetnsNetwork *network, GError **error)
{
  g_auto (GStrv) texts = g_strsplit (text, ",", (gint) network->subnets->len + 1);

  for (gsize i = 0; texts[i] != NULL; i++) {
    NetnsAddress first, last;

    if (!parse_range (texts[i], &first, &last, error) || !check_range (network, texts[i], &first, &last, error))
      return FALSE;
    g_array_append_val (network->ranges, first);
    g_array_append_val (network->ranges, last);
  }
  return TRUE;
}
