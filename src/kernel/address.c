/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/address.h"
#include "common/error.h"
#include "kernel/link.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* What can be asked for (inet6_rtm_newaddr() in net/ipv6/addrconf.c); the others say what has become of an address. */
#define FLAGS_TO_GIVE                                                                                                  \
  (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN | IFA_F_OPTIMISTIC)

/* A record of its own. */
typedef struct {
  NetnsLinkAddress whole;
} Whole;

const NetnsField netns_link_address_fields[] = { NETNS_LINK_ADDRESS_FIELDS (Whole, whole), { NULL } };

static NetnsMessage *
make_message (int type, int flags, guint index, const NetnsLinkAddress *address)
{
  const NetnsAddress *own = &address->address, *peer = address->peer.family == AF_UNSPEC ? own : &address->peer;
  struct ifaddrmsg body
    = { .ifa_family = own->family, .ifa_prefixlen = own->prefix, .ifa_scope = address->scope, .ifa_index = index };
  NetnsMessage *message = netns_request_new (type, flags, &body, sizeof body);

  /* IPv4 wants IFA_LOCAL (rtm_to_ifaddr()), IPv6 takes either (inet6_rtm_newaddr()). */
  netns_request_put (message, IFA_LOCAL, netns_address_size (own), own->bytes);
  netns_request_put (message, IFA_ADDRESS, netns_address_size (peer), peer->bytes);
  return message;
}

/* Seconds that are left, G_MAXUINT32 for ever. What is over already ends at once. */
static guint32
seconds_until (guint64 end)
{
  guint64 now = (guint64) (g_get_monotonic_time () / G_USEC_PER_SEC);

  if (end == 0)
    return G_MAXUINT32;
  return end > now ? (guint32) MIN (end - now, G_MAXUINT32 - 1) : 0;
}

static void
put_lifetimes (NetnsMessage *message, const NetnsLinkAddress *address)
{
  struct ifa_cacheinfo lifetimes = { .ifa_valid = MAX (seconds_until (address->valid_until), 1) };

  if (address->valid_until == 0 && address->preferred_until == 0)
    return;
  lifetimes.ifa_prefered = MIN (seconds_until (address->preferred_until), lifetimes.ifa_valid);
  netns_request_put (message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
}

static void
put_attributes (NetnsMessage *message, const NetnsLinkAddress *address)
{
  guint32 flags = address->flags & FLAGS_TO_GIVE;
  gsize label_size = strlen (address->label) + 1;

  if (flags != 0)
    netns_request_put_u32 (message, IFA_FLAGS, flags);
  if (address->metric != 0)
    netns_request_put_u32 (message, IFA_RT_PRIORITY, address->metric);
  if (address->protocol != IFAPROT_UNSPEC)
    netns_request_put (message, IFA_PROTO, sizeof address->protocol, &address->protocol);
  if (address->broadcast.family != AF_UNSPEC)
    netns_request_put (message, IFA_BROADCAST, netns_address_size (&address->broadcast), address->broadcast.bytes);
  if (label_size > 1)
    netns_request_put (message, IFA_LABEL, label_size, address->label);
  put_lifetimes (message, address);
}

/* The kernel's words about IPv6 that is off do not say how to switch it on. */
static gboolean
refuse_ipv6 (NetnsNetlink *netlink, guint index, const char *text, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED,
                       "Link “%s” cannot have address %s: IPv6 is off there; set net.ipv6.conf.%s.disable_ipv6 to 0",
                       info.name, text, info.name);
}

/**
 * netns_rtnl_address_add, netns_rtnl_address_remove:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @address: an address; to add without IFA_F_NODAD, the neighbours are asked first if one of them has it, for IPv6
 *   (RFC 4862, 5.4): it answers after a second then, else at once
 * @error: `Exists` (this link has it), `NotFound` (the link, or the link does not have it), `NotSupported` (IPv6 is off
 *   on the link, or in the kernel), `KernelRefused`
 *
 * Adding makes the route to the subnet too, if the link is up.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_address_add (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const NetnsLinkAddress *address,
                        GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
  g_autoptr (GError) refusal = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  put_attributes (message, address);
  netns_address_print (&address->address, text);
  if (netns_netlink_change (grant, netlink, message, &refusal, "cannot add address %s", text))
    return TRUE;
  if (address->address.family == AF_INET6 && netns_netlink_get_errno (netlink) == EACCES)
    return refuse_ipv6 (netlink, index, text, error);
  return netns_rtnl_link_refuse (netlink, index, g_steal_pointer (&refusal), error);
}

gboolean
netns_rtnl_address_remove (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const NetnsLinkAddress *address,
                           GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_DELADDR, 0, index, address);
  g_autoptr (GError) refusal = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (&address->address, text);
  if (netns_netlink_change (grant, netlink, message, &refusal, "cannot remove address %s", text))
    return TRUE;
  /* It has this meaning only here; for other requests it means something else. */
  if (netns_netlink_get_errno (netlink) == EADDRNOTAVAIL)
    refusal->code = NETNS_ERROR_NOT_FOUND;
  return netns_rtnl_link_refuse (netlink, index, g_steal_pointer (&refusal), error);
}

static void
take_address (const struct nlmsghdr *header, gpointer data)
{
  NetnsLinkAddress address;

  if (netns_message_parse_address (header, &address))
    g_array_append_val (data, address);
}

/* Returns: (transfer full) (nullable) (element-type NetnsLinkAddress): the addresses of one link, in the kernel's order;
 * @error: `Busy` (the addresses of its namespace change all the time), `KernelRefused` */
GArray *
netns_rtnl_address_list (NetnsNetlink *netlink, guint index, GError **error)
{
  struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETADDR, 0, &body, sizeof body);
  GArray *addresses
    = netns_netlink_list (netlink, message, 0, sizeof (NetnsLinkAddress), take_address, "The addresses", error);

  for (guint i = addresses ? addresses->len : 0; i > 0; i--)
    if (g_array_index (addresses, NetnsLinkAddress, i - 1).index != index)
      g_array_remove_index (addresses, i - 1);
  return addresses;
}

/* Whether a link cannot have both: of IPv4 it can have one address for several peers (__inet_insert_ifa() in
 * net/ipv4/devinet.c) */
static gboolean
is_same (const NetnsLinkAddress *a, const NetnsLinkAddress *b)
{
  return netns_address_equal (&a->address, &b->address)
         && (a->address.family == AF_INET6 || netns_address_equal_host (&a->peer, &b->peer));
}

/* Returns: (transfer none) (nullable): which of @addresses (element-type NetnsLinkAddress) (nullable) the kernel takes for
 * @address; with (out) (optional) @position */
NetnsLinkAddress *
netns_link_addresses_find (const GArray *addresses, const NetnsLinkAddress *address, guint *position)
{
  for (guint i = 0; addresses != NULL && i < addresses->len; i++) {
    NetnsLinkAddress *other = &g_array_index (addresses, NetnsLinkAddress, i);

    if (!is_same (address, other))
      continue;
    if (position != NULL)
      *position = i;
    return other;
  }
  return NULL;
}

/* Others come by themselves on each link. */
static gboolean
is_given (const NetnsLinkAddress *address)
{
  gboolean temporary = address->address.family == AF_INET6 && (address->flags & IFA_F_TEMPORARY) != 0;

  return !temporary && (address->protocol == IFAPROT_UNSPEC || address->protocol > IFAPROT_KERNEL_LL);
}

/**
 * netns_link_addresses_save, netns_link_addresses_load:
 * @addresses: (element-type NetnsLinkAddress) (nullable): the addresses of a link
 * @link_name: its name, which it may lose
 * @saved: (element-type GVariant): what was made of them
 *
 * Without those that the kernel gives to a link by itself.
 *
 * Returns: (transfer full): them as dictionaries, which a state file can hold; or them again
 */
GPtrArray *
netns_link_addresses_save (const GArray *addresses, const char *link_name)
{
  GPtrArray *saved = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  int n_ipv4 = 0;

  for (guint i = 0; addresses != NULL && i < addresses->len; i++) {
    NetnsLinkAddress address = g_array_index (addresses, NetnsLinkAddress, i);

    if (!is_given (&address))
      continue;
    if (strcmp (address.label, link_name) == 0)
      *address.label = '\0';
    if (address.address.family == AF_INET)
      n_ipv4 = (int) saved->len + 1;
    /* The kernel lists IPv4 addresses in the order in which they came, and IPv6 addresses the other way round
     * (ipv6_link_dev_addr() in net/ipv6/addrconf.c). */
    g_ptr_array_insert (saved, address.address.family == AF_INET ? -1 : n_ipv4,
                        g_variant_ref_sink (netns_fields_to_variant (netns_link_address_fields, &address)));
  }
  return saved;
}

GArray *
netns_link_addresses_load (const GPtrArray *saved)
{
  GArray *addresses = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));

  for (guint i = 0; i < saved->len; i++) {
    NetnsLinkAddress address = { 0 };

    /* Nothing of one that the kernel has removed meanwhile must come back. */
    if (netns_fields_from_variant (netns_link_address_fields, &address, g_ptr_array_index (saved, i), NULL)
        && address.address.family != AF_UNSPEC && seconds_until (address.valid_until) > 0)
      g_array_append_val (addresses, address);
  }
  return addresses;
}
