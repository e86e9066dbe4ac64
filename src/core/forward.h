/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A port forward: ports of the host that lead to ports of a namespace. The definition's namespace is the target; the
 * ports are always the host's. */
#pragma once

#include "core/definition.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

#define NETNS_FORWARD_COUNT_MAX 1024

/* What can change of a forward; one bit for each property on the bus. */
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
} NetnsForward;

/**
 * NetnsForwardOptions:
 * @protocol: `tcp`, `udp` or `sctp`
 * @target_port: first port inside
 * @listen_port: first port of the host, 0 for @target_port
 * @listen_address: (nullable): an address of the host, %NULL for all
 * @count: how many ports
 * @scope: `loopback`, `host` or `public`
 */
typedef struct {
  const char *protocol;
  guint16 target_port;
  guint16 listen_port;
  const NetnsAddress *listen_address;
  guint16 count;
  const char *scope;
} NetnsForwardOptions;

extern const NetnsDefinitionClass netns_forward_class;

const char *netns_scope_print (NetnsScope scope);
gboolean netns_scope_parse (const char *text, NetnsScope *scope);
const char *netns_protocol_print (guint8 protocol);
gboolean netns_protocol_parse (const char *text, guint8 *protocol);
gboolean netns_forward_has_family (const NetnsForward *forward, int family);
NetnsAddress netns_forward_choose_relay_target (const NetnsForward *forward);
gboolean netns_forward_takes_loopback6 (const NetnsForward *forward);
gboolean netns_forward_is_of_host (NetnsCore *core, const NetnsAddress *address);
void netns_forward_locate (NetnsCore *core, NetnsForward *forward);

NetnsPlan *netns_forward_create (NetnsCore *core, guint caller, const char *namespace_name,
                                 const NetnsForwardOptions *options, guint *number, GError **error);
NetnsPlan *netns_forward_delete (NetnsCore *core, guint caller, const NetnsForward *forward, GError **error);
NetnsPlan *netns_forward_read_counters (NetnsCore *core, guint caller, const NetnsForward *forward, GError **error);
void netns_forward_plan_hold (NetnsPlan *plan, const NetnsForward *forward, gboolean if_free);
void netns_forward_plan_move (NetnsCore *core, NetnsPlan *plan, GPtrArray *before, GPtrArray *after);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsForward, netns_definition_free)
