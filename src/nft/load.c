/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/load.h"

#include "nft/links.h"

#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

/* Of headers: linux/tcp.h cannot be included beside netinet/. */
#define TCP_FLAGS      13
#define TCP_ACK_NUMBER 8
#define SYN            0x02
#define SYN_ACK        0x12

/* Priorities of the kernel, see its uapi/linux/netfilter_ipv4.h */
#define PRIORITY_CONNTRACK (-200)
#define PRIORITY_NAT_DST   (-100)
#define PRIORITY_NAT_SRC   100

/* What is known of the status of any connection that is looked at. */
#define STATUS_KNOWN                                                                                                   \
  (IPS_EXPECTED | IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED | IPS_SRC_NAT | IPS_DST_NAT | IPS_DYING)

/* ---- packets */

static void
get_edges (const NetnsAddress *subnet, guint size, guint8 *first, guint8 *last)
{
  for (guint i = 0; i < size; i++) {
    guint bits = MIN (8, subnet->prefix - MIN (subnet->prefix, 8 * i));
    guint8 mask = (guint8) (0xff00 >> bits);

    first[i] = subnet->bytes[i] & mask;
    last[i] = first[i] | (guint8) ~mask;
  }
}

/* What is not the world outside: private, shared, local and multicast addresses. */
static const NetnsAddress special4[] = {
  { AF_INET, 8,  { 0 }        },
  { AF_INET, 8,  { 10 }       },
  { AF_INET, 10, { 100, 64 }  },
  { AF_INET, 8,  { 127 }      },
  { AF_INET, 16, { 169, 254 } },
  { AF_INET, 12, { 172, 16 }  },
  { AF_INET, 16, { 192, 168 } },
  { AF_INET, 3,  { 0xe0 }     },
};
static const NetnsAddress global6 = { AF_INET6, 3, { 0x20 } };

static GArray *
get_world (int family)
{
  static const guint8 none[4] = { 0 }, all[4] = { 0xff, 0xff, 0xff, 0xff };
  g_autoptr (GArray) special = netns_ranges_new (), everything = netns_ranges_new ();
  guint8 first[NETNS_VALUE_MAX], last[NETNS_VALUE_MAX];

  if (family != AF_INET) {
    get_edges (&global6, 16, first, last);
    netns_ranges_add (everything, first, last, 16);
    return g_steal_pointer (&everything);
  }
  netns_ranges_add (everything, none, all, 4);
  for (gsize i = 0; i < G_N_ELEMENTS (special4); i++) {
    get_edges (&special4[i], 4, first, last);
    netns_ranges_add (special, first, last, 4);
  }
  return netns_ranges_subtract (everything, special, 4);
}

static GArray *
get_addresses (const NetnsAddress *subnet, int family, guint size)
{
  guint8 first[NETNS_VALUE_MAX], last[NETNS_VALUE_MAX];
  GArray *ranges;

  if (subnet->family == AF_UNSPEC)
    return get_world (family);
  ranges = netns_ranges_new ();
  get_edges (subnet, size, first, last);
  netns_ranges_add (ranges, first, last, size);
  return ranges;
}

static void
get_sizes (int family, guint *sizes)
{
  const guint address = family == AF_INET ? 4 : 16;
  const guint all[NETNS_N_VARIES] = { address, address, 2, 2, 2, 1, 1 };

  memcpy (sizes, all, sizeof all);
}

/* Returns: (transfer full): all packets of a passage */
NetnsPackets *
netns_passage_get_packets (const NetnsPassage *passage)
{
  static const guint8 none[NETNS_VALUE_MAX] = { 0 };
  NetnsPackets *packets = g_new0 (NetnsPackets, 1);
  guint sizes[NETNS_N_VARIES];
  guint8 all[NETNS_VALUE_MAX];

  memset (all, 0xff, sizeof all);
  get_sizes (passage->family, sizes);
  packets->ranges[NETNS_VARIES_SOURCE] = get_addresses (&passage->source, passage->family, sizes[NETNS_VARIES_SOURCE]);
  packets->ranges[NETNS_VARIES_DESTINATION]
    = get_addresses (&passage->destination, passage->family, sizes[NETNS_VARIES_DESTINATION]);
  for (NetnsVaries varies = NETNS_VARIES_SOURCE_PORT; varies < NETNS_N_VARIES; varies++) {
    packets->ranges[varies] = netns_ranges_new ();
    netns_ranges_add (packets->ranges[varies], none, all, sizes[varies]);
  }
  packets->mark.known = packets->connection_mark.known = G_MAXUINT32;
  return packets;
}

void
netns_here_set_sizes (NetnsHere *here)
{
  get_sizes (here->passage->family, here->sizes);
}

/* Returns: whether their connection is known there */
gboolean
netns_here_is_tracked (const NetnsHere *here, const NetnsPackets *packets)
{
  return !packets->untracked
         && !(here->chain->hook == NF_INET_PRE_ROUTING && here->chain->priority < PRIORITY_CONNTRACK);
}

/* The destination of an answer to packets that were translated is not the one that it goes to, until that is undone. */
static gboolean
is_before_translation (const NetnsHere *here)
{
  return here->passage->is_answer && here->chain->hook == NF_INET_PRE_ROUTING
         && here->chain->priority < PRIORITY_NAT_DST;
}

/* And the source of packets that begin is ours no longer, once they are translated. */
static gboolean
is_after_translation (const NetnsHere *here)
{
  return !here->passage->is_answer && here->chain->hook == NF_INET_POST_ROUTING
         && here->chain->priority > PRIORITY_NAT_SRC;
}

static gboolean
is_hidden (const NetnsHere *here, NetnsVaries varies)
{
  if (varies == NETNS_VARIES_DESTINATION)
    return is_before_translation (here);
  return (varies == NETNS_VARIES_SOURCE || varies == NETNS_VARIES_SOURCE_PORT) && is_after_translation (here);
}

/* ---- bytes */

void
netns_load_fixed (NetnsByte *bytes, gconstpointer value, guint length)
{
  for (guint i = 0; i < length; i++)
    bytes[i] = (NetnsByte) { .origin = NETNS_BYTE_FIXED, .value = ((const guint8 *) value)[i] };
}

void
netns_load_unknown (NetnsByte *bytes, guint length)
{
  for (guint i = 0; i < length; i++)
    bytes[i] = (NetnsByte) { .origin = NETNS_BYTE_UNKNOWN, .mask = 0xff };
}

/* @known: which bits of @value are known */
static void
load_bits (NetnsByte *bytes, gconstpointer value, gconstpointer known, guint length)
{
  for (guint i = 0; i < length; i++) {
    guint8 mask = ((const guint8 *) known)[i];

    bytes[i] = (NetnsByte) { .origin = mask == 0xff ? NETNS_BYTE_FIXED : NETNS_BYTE_UNKNOWN,
                             .mask = (guint8) ~mask,
                             .value = ((const guint8 *) value)[i] & mask };
  }
}

static NetnsByte
varying_byte (const NetnsHere *here, const NetnsPackets *packets, NetnsVaries varies, guint index)
{
  if (packets->rewritten & 1u << varies || is_hidden (here, varies))
    return (NetnsByte) { .origin = NETNS_BYTE_UNKNOWN, .mask = 0xff };
  return (NetnsByte) { .origin = (gint8) varies, .index = (guint8) index, .mask = 0xff };
}

/* Returns: their number */
guint
netns_load_varies (const NetnsHere *here, const NetnsPackets *packets, NetnsVaries varies, NetnsByte *bytes)
{
  for (guint i = 0; i < here->sizes[varies]; i++)
    bytes[i] = varying_byte (here, packets, varies, i);
  return here->sizes[varies];
}

static void
load_number (NetnsByte *bytes, guint32 number)
{
  netns_load_fixed (bytes, &number, sizeof number);
}

static void
load_number16 (NetnsByte *bytes, guint16 number)
{
  netns_load_fixed (bytes, &number, sizeof number);
}

static void
load_byte (NetnsByte *bytes, guint8 number)
{
  netns_load_fixed (bytes, &number, sizeof number);
}

/* ---- meta */

/* A packet that was not yet routed leaves by no link: that is number 0 without a name (nft_meta_get_eval()). */
static const char *
get_link (const NetnsHere *here, gboolean is_out)
{
  if (!is_out)
    return here->passage->in;
  return here->chain->hook == NF_INET_PRE_ROUTING ? "" : here->passage->out;
}

static void
load_link_name (NetnsByte *bytes, const char *name)
{
  char padded[NETNS_VALUE_MAX] = { 0 };

  if (name == NULL) {
    netns_load_unknown (bytes, sizeof padded);
    return;
  }
  g_strlcpy (padded, name, sizeof padded);
  netns_load_fixed (bytes, padded, sizeof padded);
}

static void
load_link_index (NetnsByte *bytes, const char *name)
{
  guint index = name != NULL && *name != '\0' ? netns_links_find (name) : 0;

  if (index != 0 || (name != NULL && *name == '\0'))
    load_number (bytes, index);
  else
    netns_load_unknown (bytes, sizeof index);
}

static void
load_mark (NetnsByte *bytes, const NetnsMark *mark)
{
  load_bits (bytes, &mark->value, &mark->known, sizeof mark->value);
}

/* The length is a number of the machine's byte order. */
static void
load_length (const NetnsHere *here, const NetnsPackets *packets, NetnsByte *bytes)
{
  NetnsByte in_order[4] = { { .origin = NETNS_BYTE_FIXED }, { .origin = NETNS_BYTE_FIXED } };

  netns_load_varies (here, packets, NETNS_VARIES_LENGTH, in_order + 2);
  for (guint i = 0; i < G_N_ELEMENTS (in_order); i++)
    bytes[i] = in_order[G_BYTE_ORDER == G_LITTLE_ENDIAN ? G_N_ELEMENTS (in_order) - 1 - i : i];
}

/**
 * netns_load_meta:
 * @here: where
 * @packets: which
 * @key: NFT_META_*
 * @bytes: (out caller-allocates): 16 bytes, the rest of what is loaded stays as it is
 *
 * Returns: %FALSE if no packet has it, so that the rule does not fit
 */
gboolean
netns_load_meta (const NetnsHere *here, const NetnsPackets *packets, guint key, NetnsByte *bytes)
{
  const gboolean is_ipv4 = here->passage->family == AF_INET;

  switch (key) {
  case NFT_META_LEN:
    load_length (here, packets, bytes);
    return TRUE;
  case NFT_META_PROTOCOL:
    load_number16 (bytes, GUINT16_TO_BE (is_ipv4 ? ETH_P_IP : ETH_P_IPV6));
    return TRUE;
  case NFT_META_NFPROTO:
    load_byte (bytes, is_ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
    return TRUE;
  case NFT_META_L4PROTO:
    load_byte (bytes, here->passage->protocol);
    return TRUE;
  case NFT_META_MARK:
    load_mark (bytes, &packets->mark);
    return TRUE;
  case NFT_META_IIF:
  case NFT_META_OIF:
    load_link_index (bytes, get_link (here, key == NFT_META_OIF));
    return TRUE;
  case NFT_META_IIFNAME:
  case NFT_META_OIFNAME:
    load_link_name (bytes, get_link (here, key == NFT_META_OIFNAME));
    return TRUE;
  case NFT_META_PKTTYPE:
    load_byte (bytes, 0 /* PACKET_HOST, else they are not forwarded */);
    return TRUE;
  case NFT_META_SECPATH:
  case NFT_META_NFTRACE:
    load_byte (bytes, 0);
    return TRUE;
  case NFT_META_SKUID: /* it has no socket here */
  case NFT_META_SKGID:
  case NFT_META_CGROUP:
    return FALSE;
  default:
    netns_load_unknown (bytes, NETNS_VALUE_MAX);
    return TRUE;
  }
}

/* ---- connections */

/* Returns: bits as `ct state` has them */
guint
netns_here_get_states (const NetnsHere *here, const NetnsPackets *packets)
{
  if (packets->untracked)
    return NF_CT_STATE_UNTRACKED_BIT;
  if (!netns_here_is_tracked (here, packets))
    return NF_CT_STATE_INVALID_BIT;
  return NF_CT_STATE_BIT (here->passage->is_answer ? IP_CT_ESTABLISHED : IP_CT_NEW);
}

/* @known: (out): which bits are */
void
netns_here_get_status (const NetnsHere *here, const NetnsPackets *packets, guint32 *value, guint32 *known)
{
  *known = STATUS_KNOWN;
  *value = packets->redirected ? IPS_DST_NAT : 0;
  if (here->passage->is_answer) {
    *value |= IPS_SEEN_REPLY | IPS_CONFIRMED;
    *known &= ~(guint32) (IPS_ASSURED | IPS_SRC_NAT | IPS_EXPECTED);
  } else if (is_after_translation (here)) {
    *known &= ~(guint32) IPS_SRC_NAT;
  }
}

static void
load_status (const NetnsHere *here, const NetnsPackets *packets, NetnsByte *bytes)
{
  guint32 value, known;

  netns_here_get_status (here, packets, &value, &known);
  load_bits (bytes, &value, &known, sizeof value);
}

/* What the first packet of the connection had, @of_source in that direction. The addresses of answers before they were
 * translated back are not known. */
static void
load_tuple (const NetnsHere *here, const NetnsPackets *packets, guint direction, gboolean of_source, gboolean is_port,
            NetnsByte *bytes)
{
  NetnsVaries source = is_port ? NETNS_VARIES_SOURCE_PORT : NETNS_VARIES_SOURCE,
              destination = is_port ? NETNS_VARIES_DESTINATION_PORT : NETNS_VARIES_DESTINATION;

  netns_load_unknown (bytes, NETNS_VALUE_MAX);
  if (!here->passage->is_answer && direction == IP_CT_DIR_ORIGINAL)
    netns_load_varies (here, packets, of_source ? source : destination, bytes);
}

/**
 * netns_load_connection:
 * @here: where
 * @packets: which
 * @key: NFT_CT_*
 * @direction: IP_CT_DIR_*, of keys that have one
 * @bytes: (out caller-allocates): 16 bytes, the rest of what is loaded stays as it is
 *
 * Returns: %FALSE if no packet has it, so that the rule does not fit
 */
gboolean
netns_load_connection (const NetnsHere *here, const NetnsPackets *packets, guint key, guint direction, NetnsByte *bytes)
{
  if (key == NFT_CT_STATE) {
    load_number (bytes, netns_here_get_states (here, packets));
    return TRUE;
  }
  if (!netns_here_is_tracked (here, packets))
    return FALSE;
  switch (key) {
  case NFT_CT_DIRECTION:
    load_byte (bytes, here->passage->is_answer ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL);
    return TRUE;
  case NFT_CT_STATUS:
    load_status (here, packets, bytes);
    return TRUE;
  case NFT_CT_MARK:
    load_mark (bytes, &packets->connection_mark);
    return TRUE;
  case NFT_CT_HELPER:
    netns_load_unknown (bytes, NETNS_VALUE_MAX);
    return here->passage->is_answer;
  case NFT_CT_L3PROTOCOL:
    load_byte (bytes, here->passage->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6);
    return TRUE;
  case NFT_CT_PROTOCOL:
    load_byte (bytes, here->passage->protocol);
    return TRUE;
  case NFT_CT_SRC:
  case NFT_CT_SRC_IP:
  case NFT_CT_SRC_IP6:
  case NFT_CT_DST:
  case NFT_CT_DST_IP:
  case NFT_CT_DST_IP6:
    load_tuple (here, packets, direction, key == NFT_CT_SRC || key == NFT_CT_SRC_IP || key == NFT_CT_SRC_IP6, FALSE,
                bytes);
    return TRUE;
  case NFT_CT_PROTO_SRC:
  case NFT_CT_PROTO_DST:
    load_tuple (here, packets, direction, key == NFT_CT_PROTO_SRC, TRUE, bytes);
    return TRUE;
  default:
    netns_load_unknown (bytes, NETNS_VALUE_MAX);
    return TRUE;
  }
}

/* ---- headers */

#define FIXED(number)   ((NetnsByte) { .origin = NETNS_BYTE_FIXED, .value = (number) })
#define UNKNOWN(bits)   ((NetnsByte) { .origin = NETNS_BYTE_UNKNOWN, .mask = (bits) })
#define VARIES(what, i) varying_byte (here, packets, NETNS_VARIES_##what, i)

static NetnsByte
ipv4_byte (const NetnsHere *here, const NetnsPackets *packets, guint offset)
{
  if (offset >= 12 && offset < 16)
    return VARIES (SOURCE, offset - 12);
  if (offset >= 16 && offset < 20)
    return VARIES (DESTINATION, offset - 16);
  switch (offset) {
  case 0:
    return FIXED (0x45);
  case 1:
    return VARIES (TOS, 0);
  case 2:
  case 3:
    return VARIES (LENGTH, offset - 2);
  case 6: /* no fragment, but it may forbid to make some of it */
    return UNKNOWN (0x40);
  case 7:
    return FIXED (0);
  case 8:
    return VARIES (TTL, 0);
  case 9:
    return FIXED (here->passage->protocol);
  default:
    return UNKNOWN (0xff);
  }
}

static NetnsByte
ipv6_byte (const NetnsHere *here, const NetnsPackets *packets, guint offset)
{
  if (offset >= 8 && offset < 24)
    return VARIES (SOURCE, offset - 8);
  if (offset >= 24 && offset < 40)
    return VARIES (DESTINATION, offset - 24);
  switch (offset) {
  case 0:
    return (NetnsByte) { .origin = NETNS_BYTE_UNKNOWN, .mask = 0x0f, .value = 0x60 };
  case 6:
    return FIXED (here->passage->protocol);
  case 7:
    return VARIES (TTL, 0);
  default:
    return UNKNOWN (0xff);
  }
}

/* Returns: of an echo request, or a reply */
guint8
netns_here_get_icmp_type (const NetnsHere *here)
{
  if (here->passage->family == AF_INET)
    return here->passage->is_answer ? ICMP_ECHOREPLY : ICMP_ECHO;
  return here->passage->is_answer ? ICMP6_ECHO_REPLY : ICMP6_ECHO_REQUEST;
}

static NetnsByte
transport_byte (const NetnsHere *here, const NetnsPackets *packets, guint offset)
{
  const guint8 protocol = here->passage->protocol;

  if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
    return offset == 0 ? FIXED (netns_here_get_icmp_type (here)) : offset == 1 ? FIXED (0) : UNKNOWN (0xff);
  if (offset < 2)
    return VARIES (SOURCE_PORT, offset);
  if (offset < 4)
    return VARIES (DESTINATION_PORT, offset - 2);
  if (protocol == IPPROTO_TCP && offset == TCP_FLAGS)
    return FIXED (here->passage->is_answer ? SYN_ACK : SYN);
  if (protocol == IPPROTO_TCP && !here->passage->is_answer && offset >= TCP_ACK_NUMBER && offset < TCP_ACK_NUMBER + 4)
    return FIXED (0);
  return UNKNOWN (0xff);
}

/* @base: NFT_PAYLOAD_* */
void
netns_load_payload (const NetnsHere *here, const NetnsPackets *packets, guint base, guint offset, guint length,
                    NetnsByte *bytes)
{
  for (guint i = 0; i < length; i++)
    if (base == NFT_PAYLOAD_TRANSPORT_HEADER)
      bytes[i] = transport_byte (here, packets, offset + i);
    else if (base == NFT_PAYLOAD_NETWORK_HEADER)
      bytes[i] = here->passage->family == AF_INET ? ipv4_byte (here, packets, offset + i)
                                                  : ipv6_byte (here, packets, offset + i);
    else
      bytes[i] = UNKNOWN (0xff);
}

/* ---- routes */

/* Returns: RTN_*, 0 if it is not known: packets are forwarded that come from others and go to others */
guint8
netns_here_get_address_type (const NetnsHere *here, gboolean of_source)
{
  return of_source || !is_before_translation (here) ? RTN_UNICAST : RTN_UNSPEC;
}

/* What `fib` answers: NFT_FIB_RESULT_* and NFTA_FIB_F_*. The way back to the source is the way that it came. */
void
netns_load_route (const NetnsHere *here, guint result, guint flags, NetnsByte *bytes)
{
  const gboolean of_source = (flags & NFTA_FIB_F_SADDR) != 0;
  const char *link = of_source ? here->passage->in : here->passage->out;

  if (netns_here_get_address_type (here, of_source) == RTN_UNSPEC)
    netns_load_unknown (bytes, NETNS_VALUE_MAX);
  else if (result == NFT_FIB_RESULT_ADDRTYPE)
    load_number (bytes, RTN_UNICAST);
  else if (flags & NFTA_FIB_F_PRESENT)
    load_number (bytes, G_BYTE_ORDER == G_LITTLE_ENDIAN ? 1 : 1u << 24);
  else if (result == NFT_FIB_RESULT_OIF)
    load_link_index (bytes, link);
  else
    load_link_name (bytes, link);
}
