/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step that removes rules of ours which nothing of the service needs: somebody saved the rules of a namespace, and loaded
 * them again after what they were for had gone.
 *
 * A table is ours by its family and name. A rule in a chain of others is ours if the chain is one that we put rules into,
 * the rule has the form that we give them, and our comment. Whoever can make such rules is root of the user namespace that
 * the network namespace belongs to. Where that is another one than the service's, nothing is removed or even read: the owner
 * can have any rules there, which concern nobody else, and we put none into chains of others there. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsLeftovers:
 * @inet: whether no table of family inet is wanted
 * @bridge: whether none of family bridge is wanted
 */
typedef struct {
  gboolean inet;
  gboolean bridge;
} NetnsLeftovers;

/**
 * NetnsLeftoversFound:
 * @removed_inet: whether there was such a table, which is gone now
 * @removed_bridge: the same of family bridge
 * @has_chain: whether there is a chain of others with room for rules of ours, which has to be read
 */
typedef struct {
  gboolean removed_inet;
  gboolean removed_bridge;
  gboolean has_chain;
} NetnsLeftoversFound;

/* Never fails: of a namespace that is gone there is nothing to remove. */
NETNS_DECLARE_OPERATION (leftovers, NetnsLeftovers)
