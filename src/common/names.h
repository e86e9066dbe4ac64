/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names on the bus: the service, its interfaces, and object paths that a client can compute without asking. */
#pragma once

#include <glib.h>

#define NETNS_BUS_NAME         "org.example.NetNS1"
#define NETNS_INTERFACE_PREFIX "org.example.NetNS1."
#define NETNS_ERROR_PREFIX     "org.example.NetNS1.Error."
#define NETNS_PATH             "/org/example/NetNS1"
#define NETNS_PATH_NAMESPACES  NETNS_PATH "/namespace"

#define NETNS_INTERFACE_MANAGER     NETNS_INTERFACE_PREFIX "Manager"
#define NETNS_INTERFACE_NAMESPACE   NETNS_INTERFACE_PREFIX "Namespace"
#define NETNS_INTERFACE_LINK        NETNS_INTERFACE_PREFIX "Link"
#define NETNS_INTERFACE_VETH        NETNS_INTERFACE_PREFIX "Veth"
#define NETNS_INTERFACE_BRIDGE      NETNS_INTERFACE_PREFIX "Bridge"
#define NETNS_INTERFACE_BRIDGE_PORT NETNS_INTERFACE_PREFIX "BridgePort"
#define NETNS_INTERFACE_TAP         NETNS_INTERFACE_PREFIX "Tap"
#define NETNS_INTERFACE_NETWORK     NETNS_INTERFACE_PREFIX "Network"
#define NETNS_INTERFACE_FIREWALL    NETNS_INTERFACE_PREFIX "Firewall"
#define NETNS_INTERFACE_NAT         NETNS_INTERFACE_PREFIX "Nat"
#define NETNS_INTERFACE_PROCESS     NETNS_INTERFACE_PREFIX "Process"
#define NETNS_INTERFACE_FORWARD     NETNS_INTERFACE_PREFIX "Forward"

/* Where `ip netns` keeps namespaces; both programs see each other's. */
#define NETNS_RUN_DIR "/run/netns"
/* The files that `ip netns exec` mounts over those of /etc, in a folder for each namespace. */
#define NETNS_ETC_DIR "/etc/netns"
/* The state that the service must remember as long as the machine runs. */
#define NETNS_STATE_DIR "/run/netnsd"

/* Our tables of families inet and bridge, in each namespace that has rules of ours. */
#define NETNS_TABLE "netnsd"

/* Property Owner of objects without an owner: (uid_t) -1, which no process can have. */
#define NETNS_UID_NOBODY G_MAXUINT32

char *netns_path_escape (const char *name);
char *netns_path_unescape (const char *label);
char *netns_name_for_id (guint64 inode);
gboolean netns_name_is_id (const char *name);
char *netns_name_from_label (const char *label);
char *netns_path_for_namespace (const char *name);
char *netns_path_for_link (const char *namespace_name, guint index);
char *netns_path_for_network (const char *namespace_name, const char *name);
char *netns_path_for_number (const char *kind, guint number);
char *netns_path_get_kind (const char *path);
char *netns_name_for_network (const char *namespace_name, const char *name);
const char *netns_name_split_network (const char *text, char **namespace_name);
