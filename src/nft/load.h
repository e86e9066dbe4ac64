/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the expressions of nf_tables find in a packet that is forwarded. */
#pragma once

#include "common/address.h"
#include "nft/condition.h"

/**
 * NetnsPassage:
 * @in: the link that it comes by
 * @out: (nullable): the link that it leaves by, if known
 * @source: where it is from, family AF_UNSPEC for the world outside
 * @destination: where it goes to, family AF_UNSPEC for the world outside
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP, IPPROTO_UDP, or of its family IPPROTO_ICMP or IPPROTO_ICMPV6
 * @is_answer: whether it belongs to a connection that is up; else it is the first one of one: a SYN, or an echo request
 *
 * Packets that are forwarded.
 */
typedef struct {
  const char *in;
  const char *out;
  NetnsAddress source;
  NetnsAddress destination;
  int family;
  guint8 protocol;
  gboolean is_answer;
} NetnsPassage;

/**
 * NetnsHere:
 * @passage: what passes
 * @chain: the base chain where it is
 * @sizes: bytes of what differs
 *
 * Where packets are.
 */
typedef struct {
  const NetnsPassage *passage;
  const NetnsChain *chain;
  guint sizes[NETNS_N_VARIES];
} NetnsHere;

#define NETNS_REGISTERS (NFT_REG32_COUNT * NFT_REG32_SIZE) /* bytes */

NetnsPackets *netns_passage_get_packets (const NetnsPassage *passage);
void netns_here_set_sizes (NetnsHere *here);
gboolean netns_here_is_tracked (const NetnsHere *here, const NetnsPackets *packets);

void netns_load_fixed (NetnsByte *bytes, gconstpointer value, guint length);
void netns_load_unknown (NetnsByte *bytes, guint length);
guint netns_load_varies (const NetnsHere *here, const NetnsPackets *packets, NetnsVaries varies, NetnsByte *bytes);
gboolean netns_load_meta (const NetnsHere *here, const NetnsPackets *packets, guint key, NetnsByte *bytes);
gboolean netns_load_connection (const NetnsHere *here, const NetnsPackets *packets, guint key, guint direction,
                                NetnsByte *bytes);
void netns_load_payload (const NetnsHere *here, const NetnsPackets *packets, guint base, guint offset, guint length,
                         NetnsByte *bytes);
void netns_load_route (const NetnsHere *here, guint result, guint flags, NetnsByte *bytes);
guint8 netns_here_get_icmp_type (const NetnsHere *here);
guint netns_here_get_states (const NetnsHere *here, const NetnsPackets *packets);
void netns_here_get_status (const NetnsHere *here, const NetnsPackets *packets, guint32 *value, guint32 *known);
guint8 netns_here_get_address_type (const NetnsHere *here, gboolean of_source);
