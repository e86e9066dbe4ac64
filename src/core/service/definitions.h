/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all that the service remembers because the kernel does not: networks, NAT, firewalls, forwards ... What is
 * in a namespace is bound to its cookie: it goes along when that gets another name, by whomever, and ends with it. */
#pragma once

#include "core/state/definition.h"

typedef struct _NetnsDefinitions NetnsDefinitions;

/**
 * NetnsDefinitionsObserver:
 * @added: after
 * @removed: before
 * @changed: after, with what its class calls the changes
 */
typedef struct {
  void (*added) (NetnsDefinition *definition, gpointer data);
  void (*removed) (NetnsDefinition *definition, gpointer data);
  void (*changed) (NetnsDefinition *definition, guint changes, gpointer data);
} NetnsDefinitionsObserver;

NetnsDefinitions *netns_definitions_new (const NetnsDefinitionsObserver *observer, gpointer data);
void netns_definitions_free (NetnsDefinitions *definitions);
GHashTable *netns_definitions_get (NetnsDefinitions *definitions, const NetnsDefinitionClass *class);
GPtrArray *netns_definitions_list (NetnsDefinitions *definitions, const NetnsDefinitionClass *class,
                                   const char *namespace_name);
void netns_definitions_put (NetnsDefinitions *definitions, NetnsDefinition *definition);
void netns_definitions_drop (NetnsDefinitions *definitions, const NetnsDefinition *like);
void netns_definitions_move (NetnsDefinitions *definitions, NetnsDefinition *definition, const char *namespace_name);
void netns_definitions_follow (NetnsDefinitions *definitions, const NetnsNamespace *namespace);
void netns_definitions_follow_all (NetnsDefinitions *definitions, NetnsMirror *mirror);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDefinitions, netns_definitions_free)
