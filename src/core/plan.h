/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan is what one call does to the kernel: steps in order, each of them data, each with its undo. The main thread
 * makes it and the worker runs it; when a step fails, those before it are undone, so a call happens or it does not. */
#pragma once

#include "common/grant.h"
#include "kernel/netlink.h"
#include "mirror/mirror.h"

typedef struct _NetnsPlan NetnsPlan;
typedef struct _NetnsStep NetnsStep;
typedef struct _NetnsRun NetnsRun;
typedef struct _NetnsOperation NetnsOperation;

/* Whose things a plan touches; decides which polkit actions are asked for. */
typedef enum {
  NETNS_REACH_OWN = 1 << 0,
  NETNS_REACH_FOREIGN = 1 << 1,
  NETNS_REACH_HOST = 1 << 2,
  NETNS_REACH_NAT = 1 << 3,
  NETNS_REACH_HOST_LINK = 1 << 4, /* a link of the host that NAT does not bring along */
  NETNS_REACH_RAW = 1 << 5, /* raw packets */
  NETNS_REACH_FORWARD = 1 << 6, /* ports of the host, for this machine */
  NETNS_REACH_PUBLIC = 1 << 7,  /* ports of the host, for all the world */
} NetnsReach;

typedef void (*NetnsCommitFunc) (NetnsPlan *plan, gpointer data);

/**
 * NetnsOperation:
 * @name: its name, as it is printed
 * @execute: does it; leaves nothing behind when it fails. May put what @undo needs into the step
 * @undo: (nullable): takes it back; %NULL for an operation that must be a plan's last
 * @quiet: whether the kernel may announce it to nobody, so that its link must be looked at afterwards
 *
 * One kind of step. Both functions run in the worker.
 */
struct _NetnsOperation {
  const char *name;
  gboolean (*execute) (NetnsRun *run, NetnsStep *step, GError **error);
  gboolean (*undo) (NetnsRun *run, NetnsStep *step, GError **error);
  gboolean quiet;
};

/**
 * NetnsStep:
 * @operation: what to do
 * @namespace_name: where
 * @parameters: with what, a{sv}
 * @undo: (nullable): what the operation remembers, a{sv}
 */
struct _NetnsStep {
  const NetnsOperation *operation;
  char *namespace_name;
  GVariant *parameters;
  GVariant *undo;
};

NetnsPlan *netns_plan_new (void);
void netns_plan_free (NetnsPlan *plan);
void netns_plan_add (NetnsPlan *plan, const NetnsOperation *operation, const char *namespace_name,
                     const char *format, ...);
void netns_plan_use_namespace (NetnsPlan *plan, const NetnsNamespace *namespace);
void netns_plan_change_name (NetnsPlan *plan, const char *name);
void netns_plan_on_commit (NetnsPlan *plan, NetnsCommitFunc commit, gpointer data, GDestroyNotify destroy);
void netns_plan_await_end (NetnsPlan *plan, NetnsEndWatch *watch);
NetnsEndWatch *netns_plan_get_end (const NetnsPlan *plan);
void netns_plan_add_reach (NetnsPlan *plan, NetnsReach reach);
NetnsReach netns_plan_get_reach (const NetnsPlan *plan);
void netns_plan_add_detail (NetnsPlan *plan, const char *key, const char *value, gboolean anew);
void netns_plan_set_detail (NetnsPlan *plan, const char *key, const char *value);
GHashTable *netns_plan_get_details (const NetnsPlan *plan);
const GPtrArray *netns_plan_get_names (const NetnsPlan *plan);
GPtrArray *netns_plan_get_steps (const NetnsPlan *plan);
NetnsNetlink *netns_plan_get_connection (const NetnsPlan *plan, const char *name);
void netns_plan_close_connections (NetnsPlan *plan);
guint64 netns_plan_get_cookie (const NetnsPlan *plan, const char *name);
GVariant *netns_plan_get_result (const NetnsPlan *plan);
int netns_plan_steal_descriptor (NetnsPlan *plan);
gboolean netns_plan_has_same_targets (const NetnsPlan *plan, NetnsPlan *other);
gboolean netns_plan_run (NetnsPlan *plan, const NetnsGrant *grant, GError **error);
void netns_plan_commit (NetnsPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsPlan, netns_plan_free)
