/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an object path to the thing that it stands for, and back. Nothing is registered for single objects: a path is
 * looked up when a call comes. */
#pragma once

#include "core/core.h"

typedef enum {
  NETNS_OBJECT_ROOT,
  NETNS_OBJECT_NAMESPACE,
  NETNS_OBJECT_LINK,
  NETNS_OBJECT_NETWORK,
  NETNS_OBJECT_NAT,
  NETNS_OBJECT_PROCESS,
  NETNS_OBJECT_FORWARD,
} NetnsObjectType;

/* Interfaces as bits; the position of a bit is the interface's place in the table of interface.c. */
typedef enum {
  NETNS_HAS_MANAGER = 1 << 0,
  NETNS_HAS_OBJECT_MANAGER = 1 << 1,
  NETNS_HAS_NAMESPACE = 1 << 2,
  NETNS_HAS_LINK = 1 << 3,
  NETNS_HAS_VETH = 1 << 4,
  NETNS_HAS_BRIDGE = 1 << 5,
  NETNS_HAS_BRIDGE_PORT = 1 << 6,
  NETNS_HAS_NETWORK = 1 << 7,
  NETNS_HAS_NAT = 1 << 8,
  NETNS_HAS_TAP = 1 << 9,
  NETNS_HAS_PROCESS = 1 << 10,
  NETNS_HAS_FIREWALL = 1 << 11,
  NETNS_HAS_FORWARD = 1 << 12,
} NetnsInterfaceBits;

#define NETNS_N_INTERFACES 13

/**
 * NetnsObject:
 * @type: what it is
 * @namespace: a namespace, or that of @link
 * @link: a link
 * @definition: a network, a translation or a forward
 * @network: a network
 * @nat: a translation
 * @job: a command that runs
 * @forward: a port forward
 *
 * Good only until the main loop turns: the thing may then be gone.
 */
typedef struct {
  NetnsObjectType type;
  NetnsNamespace *namespace;
  NetnsLink *link;
  union {
    NetnsDefinition *definition;
    NetnsNetwork *network;
    NetnsNat *nat;
    NetnsForward *forward;
  };
  NetnsJob *job;
} NetnsObject;

gboolean netns_object_find (NetnsCore *core, const char *path, NetnsObject *object);
char *netns_object_get_namespace_name (const char *path);
guint netns_object_get_interfaces (const NetnsObject *object);
char *netns_object_get_path (const NetnsObject *object);
NetnsObject netns_object_for_definition (NetnsDefinition *definition);
char *netns_link_get_object_path (const NetnsLink *link);
void netns_object_foreach (NetnsCore *core, void (*func) (const NetnsObject *object, gpointer data), gpointer data);

/* How property getters say what they mean. */
GVariant *netns_link_to_path (const NetnsLink *link);
GVariant *netns_links_to_paths (GPtrArray *links);
GVariant *netns_addresses_to_texts (const GArray *addresses,
                                    const char *(*print) (const NetnsAddress *address,
                                                          char text[NETNS_ADDRESS_MAX_TEXT]));
char *netns_text_to_utf8 (const char *text);
