/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service without its bus: the mirror, the worker, and what it has to remember itself. One call at a time plans and
 * runs, so each plan starts from what the one before left. */
#pragma once

#include "core/firewall.h"
#include "core/forward.h"
#include "core/job.h"
#include "core/nat.h"
#include "core/network.h"
#include "core/origins.h"
#include "core/owners.h"
#include "core/plan.h"
#include "core/turns.h"
#include "mirror/mirror.h"

typedef struct _NetnsCore NetnsCore;

#define NETNS_N_DEFINITION_CLASSES 4

/* What can change of the machine besides what is mirrored; the bits are others than those of NetnsMirrorChanges. */
typedef enum {
  NETNS_CORE_FOREIGN_FIREWALLS = 1 << 16,
} NetnsCoreChanges;

/**
 * NetnsCoreObserver:
 * @definition_added: after
 * @definition_removed: before
 * @definition_changed: after, with what its class calls the changes
 * @owner_changed: a namespace belongs to somebody else now
 * @machine_changed: after, with NetnsCoreChanges
 */
typedef struct {
  void (*definition_added) (NetnsDefinition *definition, gpointer data);
  void (*definition_removed) (NetnsDefinition *definition, gpointer data);
  void (*definition_changed) (NetnsDefinition *definition, guint changes, gpointer data);
  void (*owner_changed) (NetnsNamespace *namespace, gpointer data);
  void (*machine_changed) (guint changes, gpointer data);
} NetnsCoreObserver;

typedef void (*NetnsDoneFunc) (const GError *error, gpointer data);
/* Returns: whether there is something to do first; @done is then called with @data afterwards. */
typedef gboolean (*NetnsFollowFunc) (NetnsSettledFunc done, gpointer data, gpointer follower);

NetnsCore *netns_core_new (NetnsMirror *mirror, NetnsWorker *worker, GError **error);
void netns_core_free (NetnsCore *core);
void netns_core_start (NetnsCore *core);
void netns_core_observe (NetnsCore *core, const NetnsCoreObserver *observer, gpointer data);
void netns_core_wait_for_turn (NetnsCore *core, guint uid, NetnsTurnFunc turn, gpointer data);
void netns_core_skip (NetnsCore *core);
gboolean netns_core_is_busy (const NetnsCore *core);
guint64 netns_core_get_generation (NetnsCore *core);
void netns_core_run (NetnsCore *core, NetnsPlan *plan, const NetnsGrant *grant, NetnsDoneFunc done, gpointer data);

void netns_core_set_follower (NetnsCore *core, NetnsFollowFunc follow, gpointer follower);
gpointer netns_core_get_follower (NetnsCore *core);
NetnsMirror *netns_core_get_mirror (NetnsCore *core);
NetnsWorker *netns_core_get_worker (NetnsCore *core);
NetnsOwners *netns_core_get_owners (NetnsCore *core);
NetnsOrigins *netns_core_get_origins (NetnsCore *core);
GHashTable *netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class);
guint netns_core_find_free_number (NetnsCore *core, const NetnsDefinitionClass *class);
GPtrArray *netns_core_list_definitions (NetnsCore *core, const char *namespace_name);
NetnsJobs *netns_core_get_jobs (NetnsCore *core);

NetnsNamespace *netns_core_find_namespace (NetnsCore *core, const char *name, GError **error);
NetnsNamespace *netns_core_use_namespace (NetnsCore *core, NetnsPlan *plan, guint caller, const char *name,
                                          GError **error);
gboolean netns_core_check_named (const NetnsNamespace *namespace, GError **error);
gboolean netns_core_check_quota (NetnsCore *core, guint caller, guint new_namespaces, guint new_links, GError **error);
void netns_core_add_foreign (NetnsPlan *plan, const char *namespace_name, guint owner);
gboolean netns_core_is_orphan (NetnsCore *core, const NetnsDefinition *definition);
guint netns_core_get_link_owner (NetnsCore *core, NetnsLink *link);

void netns_core_put_definition (NetnsCore *core, NetnsDefinition *definition);
void netns_core_drop_definition (NetnsCore *core, const NetnsDefinition *like);
void netns_core_set_foreign_firewalls (NetnsCore *core, GStrv firewalls);
const char *const *netns_core_get_foreign_firewalls (NetnsCore *core);
void netns_core_touch_owner (NetnsCore *core, NetnsNamespace *namespace);
void netns_core_forget_namespace (NetnsCore *core, const char *name);
void netns_core_rename_namespace (NetnsCore *core, const char *name, const char *new_name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsCore, netns_core_free)
