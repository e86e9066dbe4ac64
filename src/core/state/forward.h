/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port forward: ports of the host that lead to ports of a namespace. The definition's namespace is the target; the
 * ports are always the host's. */
#pragma once

#include "core/state/definition.h"

#define NETNS_FORWARD_COUNT_MAX 1024

/* The changes of a forward; one bit for each property on the bus. */
typedef enum {
  NETNS_FORWARD_TARGET = 1 << 0,
  NETNS_FORWARD_ADDRESSES = 1 << 1,
} NetnsForwardChanges;

/* From where it can be used; each includes those before. */
typedef enum {
  NETNS_SCOPE_LOOPBACK,
  NETNS_SCOPE_HOST,
  NETNS_SCOPE_PUBLIC,
} NetnsScope;

/**
 * NetnsForward:
 * @base: its number, and the namespace that it leads to
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @listen_address: the one address of the host that it takes, family AF_UNSPEC for all
 * @listen_port: first port of the host
 * @count: how many ports
 * @target_port: first port inside
 * @scope: from where it can be used
 * @network: network that it goes through, empty while the namespace is connected to none
 * @bridge: that network's bridge
 * @port: the port of the bridge that the namespace is behind
 * @addresses: addresses of the namespace there, one of each family; AF_UNSPEC for none
 * @away: (element-type NetnsAddress): callers whom the namespace does not answer by way of the network, so that they
 *        are shown to it as the host's address there: ranges, each as its first and its last address
 */
typedef struct {
  NetnsDefinition base;
  guint8 protocol;
  NetnsAddress listen_address;
  guint16 listen_port;
  guint16 count;
  guint16 target_port;
  NetnsScope scope;
  char *network;
  char *bridge;
  char *port;
  NetnsAddress addresses[2];
  GArray *away;
} NetnsForward;

extern const NetnsDefinitionClass netns_forward_class;
extern const NetnsWord netns_scopes[];

gboolean netns_forward_has_family (const NetnsForward *forward, int family);
NetnsAddress netns_forward_choose_relay_target (const NetnsForward *forward);
gboolean netns_forward_has_same_way (const NetnsForward *forward, const NetnsForward *other);
gboolean netns_forward_has_same_answers (const NetnsForward *forward, const NetnsForward *other);
gboolean netns_forward_takes_loopback6 (const NetnsForward *forward);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsForward, netns_definition_free)
