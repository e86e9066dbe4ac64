/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look into a namespace, or hand something out of it. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/credentials.h"
#include "kernel/netns.h"

/**
 * NetnsSocketOpen:
 * @domain: as socket(2) takes it
 * @type: the same
 * @protocol: the same
 * @identity: whose it will be
 */
typedef struct {
  guint32 domain;
  guint32 type;
  guint32 protocol;
  NetnsIdentity identity;
} NetnsSocketOpen;

/**
 * NetnsProcessAdopt:
 * @pid: a process
 * @id: the namespace in which it must be, and which gets the name of the step's namespace
 */
typedef struct {
  guint pid;
  NetnsFileId id;
} NetnsProcessAdopt;

NETNS_DECLARE_OPERATION (socket_open, NetnsSocketOpen)
NETNS_DECLARE_PLAIN_OPERATION (namespace_open)
NETNS_DECLARE_OPERATION (process_adopt, NetnsProcessAdopt)
