/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thing that an object on the bus stands for, and how property getters say what they mean. */
#pragma once

#include "core/job/jobs.h"
#include "core/service/core.h"

typedef struct _NetnsObjectClass NetnsObjectClass;

/* A change of a namespace or link that the mirror does not know of: its owner. */
#define NETNS_OBJECT_OWNER (1u << 31)
/* The same of a bridge: whether it may be in a loop. */
#define NETNS_OBJECT_ALLOW_LOOP (1u << 30)

/* A change of a command: where it is, and that it has ended. */
#define NETNS_OBJECT_PLACE (1u << 0)
#define NETNS_OBJECT_END   (1u << 1)

/**
 * NetnsObject:
 * @class: its class (bus/tree/class.h)
 * @namespace: a namespace, or that of @link
 * @link: a link
 * @definition: a network, NAT or a forward
 * @network: a network
 * @nat: NAT
 * @job: a command that runs or has ended
 * @forward: a port forward
 *
 * Good only until the main loop turns: the thing may then be gone.
 */
typedef struct {
  const NetnsObjectClass *class;
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

char *netns_link_get_object_path (const NetnsLink *link);
GVariant *netns_text_to_variant (const char *text);
GVariant *netns_texts_to_variant (const char *const *texts);
GVariant *netns_path_to_variant (char *path);
GVariant *netns_namespace_to_path (const char *name);
GVariant *netns_link_to_path (const NetnsLink *link);
GVariant *netns_links_to_paths (GPtrArray *links);
GVariant *netns_addresses_to_texts (const GArray *addresses, const char *(*print) (const NetnsAddress *address,
                                                                                   char text[NETNS_ADDRESS_MAX_TEXT]));
char *netns_text_to_utf8 (const char *text);
