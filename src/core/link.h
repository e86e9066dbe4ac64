/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with links: one function for each method on the bus. A link is given by its namespace's name and its
 * ifindex. */
#pragma once

#include "common/validate.h"
#include "core/link-kind.h"
#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

/**
 * NetnsLinkTarget:
 * @namespace_name: its namespace, empty for the host
 * @index: its ifindex
 */
typedef struct {
  const char *namespace_name;
  guint index;
} NetnsLinkTarget;

/**
 * NetnsLinkOptions:
 * @addresses: (element-type NetnsAddress): addresses of a new link
 * @peer_addresses: (element-type NetnsAddress): of its other end
 * @mtu: bytes, 0 for the default
 * @mac: hardware address, empty for a random one
 * @peer_mac: of its other end
 * @enabled: whether it is set up
 */
typedef struct {
  GArray *addresses;
  GArray *peer_addresses;
  guint32 mtu;
  const char *mac;
  const char *peer_mac;
  gboolean enabled;
} NetnsLinkOptions;

NetnsLink *netns_link_use (NetnsCore *core, NetnsPlan *plan, guint caller, const NetnsLinkTarget *target, GError **error);
NetnsPlan *netns_link_create_veth (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                                   const char *peer_namespace_name, const char *peer_name,
                                   const NetnsLinkOptions *options, GError **error);
NetnsPlan *netns_link_create_bridge (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                                     const NetnsLinkOptions *options, GVariant *more, GError **error);
NetnsPlan *netns_link_create_tap (NetnsCore *core, guint caller, const char *namespace_name, const char *name, guint owner,
                                  const NetnsLinkOptions *options, GError **error);
NetnsPlan *netns_link_create (NetnsCore *core, guint caller, const char *namespace_name, const NetnsLinkKind *kind,
                              const char *name, const NetnsLinkOptions *options, GVariant *more, GError **error);
NetnsPlan *netns_link_delete (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error);
NetnsPlan *netns_link_set_enabled (NetnsCore *core, guint caller, const NetnsLinkTarget *target, gboolean enabled,
                                   GError **error);
NetnsPlan *netns_link_set_name (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *name,
                                GError **error);
NetnsPlan *netns_link_set_mtu (NetnsCore *core, guint caller, const NetnsLinkTarget *target, guint32 mtu,
                               GError **error);
NetnsPlan *netns_link_set_mac (NetnsCore *core, guint caller, const NetnsLinkTarget *target, const char *mac,
                               GError **error);
NetnsPlan *netns_link_set_description (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                       const char *description, GError **error);
NetnsPlan *netns_link_add_address (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                   const NetnsAddress *address, GError **error);
NetnsPlan *netns_link_remove_address (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                      const NetnsAddress *address, GError **error);
NetnsPlan *netns_link_move_to (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                               const char *namespace_name, const char *new_name, char **name_there, GError **error);
NetnsPlan *netns_link_attach_to (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                 const NetnsLinkTarget *bridge, GError **error);
NetnsPlan *netns_link_detach (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error);
