/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport protocols that rules and forwards can name. */
#pragma once

#include "common/fields.h"

/**
 * NetnsProtocol:
 * @name: as nftables and netnsctl call it
 * @number: IPPROTO_*
 * @family: the only one that it exists in, AF_UNSPEC for both
 * @has_ports: whether its packets have ports
 */
typedef struct {
  const char *name;
  guint8 number;
  int family;
  gboolean has_ports;
} NetnsProtocol;

#define NETNS_N_PROTOCOLS 10

extern const NetnsProtocol netns_protocols[NETNS_N_PROTOCOLS];

/* Those whose ports can be forwarded, and their numbers. */
extern const NetnsWord netns_forwarded_protocols[];

const NetnsProtocol *netns_protocol_find (const char *name);
const char *netns_protocol_print (guint number);
