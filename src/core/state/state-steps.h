/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that write what the service remembers. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsStateWrite:
 * @file: a file below /run/netnsd
 * @contents: (nullable): what it must say, %NULL to remove it
 */
typedef struct {
  const char *file;
  const char *contents;
} NetnsStateWrite;

/**
 * NetnsNamespaceOwner:
 * @owner: uid that the step's namespace belongs to from now on, NETNS_UID_NOBODY for nobody
 */
typedef struct {
  guint owner;
} NetnsNamespaceOwner;

NETNS_DECLARE_OPERATION (state_write, NetnsStateWrite)
NETNS_DECLARE_OPERATION (namespace_owner, NetnsNamespaceOwner)
