/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root's word that a bridge may be in a loop although it does not speak the spanning tree protocol. */
#pragma once

#include "core/state/definition.h"

/**
 * NetnsLoopPermit:
 * @base: a name of its own, and where the bridge is
 * @index: ifindex of the bridge, which stays when it gets another name
 */
typedef struct {
  NetnsDefinition base;
  guint32 index;
} NetnsLoopPermit;

extern const NetnsDefinitionClass netns_loop_permit_class;

NetnsLoopPermit *netns_loop_permit_new (const NetnsLink *bridge);
NetnsLink *netns_loop_permit_find_bridge (const NetnsLoopPermit *permit, NetnsMirror *mirror);
char *netns_loop_permit_name_for (const NetnsLink *bridge);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsLoopPermit, netns_definition_free)
