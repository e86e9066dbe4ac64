/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan is what one call does to the kernel: steps in order, each of them data, each with its undo. The main thread
 * makes it and the worker runs it; when a step fails, those before it are undone, so a call happens or it does not.
 *
 * A function of core/ that makes the plan for a method takes the service, the uid that asks for it and what the method
 * is about: a name (a namespace's is empty for the host), arguments as the introspection file has them, options as
 * a{sv}. It returns (transfer full) the plan, or %NULL with @error. */
#pragma once

#include "common/fields.h"
#include "common/grant.h"
#include "common/nft-query.h"
#include "kernel/netlink.h"
#include "mirror/mirror.h"

typedef struct _NetnsPlan NetnsPlan;
typedef struct _NetnsStep NetnsStep;
typedef struct _NetnsRun NetnsRun;
typedef struct _NetnsOperation NetnsOperation;

/* Whose things a plan touches; decides which polkit actions are asked for. */
typedef enum {
  NETNS_AUTH_SCOPE_OWN = 1 << 0,
  NETNS_AUTH_SCOPE_FOREIGN = 1 << 1,
  NETNS_AUTH_SCOPE_HOST = 1 << 2,
  NETNS_AUTH_SCOPE_NAT = 1 << 3,
  NETNS_AUTH_SCOPE_HOST_LINK = 1 << 4, /* a link of the host that NAT does not bring along */
  NETNS_AUTH_SCOPE_RAW = 1 << 5, /* raw packets */
  NETNS_AUTH_SCOPE_FORWARD = 1 << 6, /* ports of the host, for this machine */
  NETNS_AUTH_SCOPE_PUBLIC = 1 << 7,  /* ports of the host, for all the world */
} NetnsAuthScope;

/**
 * NetnsTakenBack:
 * @NETNS_TAKEN_BACK_GONE: nothing was done: it is another namespace
 * @NETNS_TAKEN_BACK_DONE: all is as before
 * @NETNS_TAKEN_BACK_FAILED: not all is
 */
typedef enum {
  NETNS_TAKEN_BACK_GONE,
  NETNS_TAKEN_BACK_DONE,
  NETNS_TAKEN_BACK_FAILED,
} NetnsTakenBack;

/**
 * NetnsNews:
 * @setting: (nullable): path below /proc/sys of a kernel setting that was changed
 * @rate_limit_of: ifindex of a link whose rate limit was changed, or 0
 *
 * What a step has changed that the mirror does not show.
 */
typedef struct {
  const char *setting;
  guint rate_limit_of;
} NetnsNews;

typedef void (*NetnsNewsFunc) (NetnsNamespace *namespace, const NetnsNews *news, gpointer data);

/* Reads something about a namespace, in the background, with a limit of its own; floating. */
typedef GVariant *(*NetnsReadFunc) (int namespace_fd, GError **error);
typedef void (*NetnsCommitFunc) (NetnsPlan *plan, gpointer data);

/**
 * NetnsOperation:
 * @name: its name, as it is printed
 * @execute: does it; leaves nothing behind when it fails. May put what @undo needs into the step
 * @undo: (nullable): takes it back; %NULL for an operation that must be a plan's last, or has nothing to take back
 * @finish: (nullable): of a plan with netns_plan_await_end(): what is left to do when it is known that nothing of it is taken
 *   back; in the worker
 * @reads: whether it only looks, or does what needs no undo
 * @parameter: its parameter, of no bytes for one without
 * @kept: what it keeps for its undo, of no bytes for nothing
 * @refresh: (nullable): has the mirror look at what the kernel may not have announced, in the main thread
 * @tell: (nullable): of a step that was done: gives what it changed that the mirror does not show
 * @data: (nullable): for operations that share their functions
 *
 * One kind of step. @execute and @undo run in the worker. The parameter of a step and what it keeps for undo are
 * records described by rows, so that they can be written to a file.
 */
struct _NetnsOperation {
  const char *name;
  gboolean (*execute) (NetnsRun *run, NetnsStep *step, GError **error);
  gboolean (*undo) (NetnsRun *run, NetnsStep *step, GError **error);
  gboolean (*finish) (NetnsRun *run, NetnsStep *step, GError **error);
  gboolean reads;
  NetnsRecord parameter;
  NetnsRecord kept;
  void (*refresh) (const NetnsStep *step, NetnsMirror *mirror);
  NetnsNews (*tell) (const NetnsStep *step);
  gconstpointer data;
};

/**
 * NetnsStep:
 * @operation: what to do
 * @namespace_name: where
 * @parameter: (nullable): with what, of the operation's type
 * @kept: (nullable): what the operation keeps for its undo, of the type that it says; of zeros before
 */
struct _NetnsStep {
  const NetnsOperation *operation;
  char *namespace_name;
  gpointer parameter;
  gpointer kept;
};

/**
 * NETNS_DECLARE_OPERATION:
 * @name: what is done
 * @Type: type of its parameter
 *
 * Declares netns_operation_name and the function that adds such a step to a plan, netns_plan_name(). That copies the
 * parameter, which may be a compound literal that leaves out what is 0 or empty. The namespace is empty for the host.
 */
#define NETNS_DECLARE_OPERATION(name, Type)                                                                            \
  extern const NetnsOperation netns_operation_##name;                                                                  \
                                                                                                                       \
  static inline void netns_plan_##name (NetnsPlan *plan, const char *namespace_name, const Type *parameter)            \
  {                                                                                                                    \
    netns_plan_add_step (plan, &netns_operation_##name, namespace_name, parameter);                                    \
  }

/* One without a parameter. */
#define NETNS_DECLARE_PLAIN_OPERATION(name)                                                                            \
  extern const NetnsOperation netns_operation_##name;                                                                  \
                                                                                                                       \
  static inline void netns_plan_##name (NetnsPlan *plan, const char *namespace_name)                                   \
  {                                                                                                                    \
    netns_plan_add_step (plan, &netns_operation_##name, namespace_name, NULL);                                         \
  }

NetnsPlan *netns_plan_new (void);
NetnsRun *netns_plan_new_run (const NetnsPlan *plan, const NetnsGrant *grant);
void netns_plan_free (NetnsPlan *plan);
void netns_plan_add_step (NetnsPlan *plan, const NetnsOperation *operation, const char *namespace_name,
                          gconstpointer parameter);
void netns_plan_use_namespace (NetnsPlan *plan, const NetnsNamespace *namespace);
const char *netns_plan_get_target_name (const NetnsPlan *plan);
guint64 netns_plan_get_target_cookie (const NetnsPlan *plan);
NetnsNamespace *netns_plan_find_target (const NetnsPlan *plan, NetnsMirror *mirror);
void netns_plan_tell (const NetnsPlan *plan, NetnsMirror *mirror, NetnsNewsFunc func, gpointer data);
void netns_plan_use_identity (NetnsPlan *plan, guint64 identity);
void netns_plan_change_name (NetnsPlan *plan, const char *name);
void netns_plan_on_commit (NetnsPlan *plan, NetnsCommitFunc commit, gpointer data, GDestroyNotify destroy);
void netns_plan_await_end (NetnsPlan *plan, NetnsEndWatch *watch, guint owner);
NetnsEndWatch *netns_plan_get_end (const NetnsPlan *plan);
NetnsEndWatch *netns_plan_steal_end (NetnsPlan *plan, guint *owner);
void netns_plan_set_reader (NetnsPlan *plan, NetnsReadFunc read);
NetnsReadFunc netns_plan_get_reader (const NetnsPlan *plan);
void netns_plan_set_query (NetnsPlan *plan, const NetnsNftQuery *query, GVariant *parameter);
const NetnsNftQuery *netns_plan_get_query (const NetnsPlan *plan, GVariant **parameter);
void netns_plan_add_auth_scope (NetnsPlan *plan, NetnsAuthScope scope);
NetnsAuthScope netns_plan_get_auth_scope (const NetnsPlan *plan);
void netns_plan_add_detail (NetnsPlan *plan, const char *key, const char *value, gboolean anew);
void netns_plan_set_detail (NetnsPlan *plan, const char *key, const char *value);
GHashTable *netns_plan_get_details (const NetnsPlan *plan);
const GPtrArray *netns_plan_get_names (const NetnsPlan *plan);
GPtrArray *netns_plan_get_steps (const NetnsPlan *plan);
NetnsNetlink *netns_plan_get_connection (const NetnsPlan *plan, const char *name);
void netns_plan_close_connections (NetnsPlan *plan);
guint64 netns_plan_get_cookie (const NetnsPlan *plan, const char *name);
void netns_plan_set_result (NetnsPlan *plan, GVariant *result);
GVariant *netns_plan_get_result (const NetnsPlan *plan);
const GArray *netns_plan_get_left_out (const NetnsPlan *plan);
int netns_plan_steal_descriptor (NetnsPlan *plan);
gboolean netns_plan_has_same_targets (const NetnsPlan *plan, NetnsPlan *other);
gboolean netns_plan_has_unknown_target (const NetnsPlan *plan);
gboolean netns_plan_has_same_identities (const NetnsPlan *plan, const NetnsPlan *other);
gboolean netns_plan_run (NetnsPlan *plan, const NetnsGrant *grant, GError **error);
NetnsTakenBack netns_plan_take_back (NetnsPlan *plan, const NetnsGrant *grant, int namespace_fd, GError **error);
gboolean netns_plan_finish (NetnsPlan *plan, const NetnsGrant *grant, GError **error);
void netns_plan_commit (NetnsPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsPlan, netns_plan_free)
