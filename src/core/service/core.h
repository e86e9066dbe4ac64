/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service without its bus: the mirror, the worker, and what it has to remember itself. One call at a time plans and
 * runs, so each plan starts from what the one before left. */
#pragma once

#include "core/plan/plan.h"
#include "core/service/detections.h"
#include "core/service/ending.h"
#include "core/service/lingering.h"
#include "core/state/binding.h"
#include "core/state/firewall.h"
#include "core/state/forward.h"
#include "core/state/loop-permit.h"
#include "core/state/nat.h"
#include "core/state/network.h"
#include "core/state/origins.h"
#include "core/state/parked.h"
#include "core/state/owners.h"
#include "kernel/background.h"
#include "mirror/mirror.h"

typedef struct _NetnsCore NetnsCore;
typedef struct _NetnsJobs NetnsJobs;
typedef struct _NetnsInquiry NetnsInquiry;

/* Changes of the machine that are not mirrored; the bits do not overlap those of NetnsMirrorChanges. */
typedef enum {
  NETNS_CORE_FOREIGN_FIREWALLS = 1 << 16,
  NETNS_CORE_RULESET_ERROR = 1 << 17, /* of a namespace */
} NetnsCoreChanges;

/**
 * NetnsCoreObserver:
 * @definition_added: after
 * @definition_removed: before
 * @definition_changed: after, with what its class calls the changes
 * @owner_changed: a namespace has another owner now
 * @ruleset_error_changed: whether the rules of a namespace can be read has changed
 * @machine_changed: after, with NetnsCoreChanges
 * @told: a plan changed what the mirror does not show; before its call is answered
 */
typedef struct {
  void (*definition_added) (NetnsDefinition *definition, gpointer data);
  void (*definition_removed) (NetnsDefinition *definition, gpointer data);
  void (*definition_changed) (NetnsDefinition *definition, guint changes, gpointer data);
  void (*owner_changed) (NetnsNamespace *namespace, gpointer data);
  void (*ruleset_error_changed) (NetnsNamespace *namespace, gpointer data);
  void (*machine_changed) (guint changes, gpointer data);
  void (*told) (NetnsNamespace *namespace, const NetnsNews *news, gpointer data);
} NetnsCoreObserver;

/* Called when it is the caller's turn. */
typedef void (*NetnsQueueFunc) (gpointer data);
typedef void (*NetnsDoneFunc) (const GError *error, gpointer data);
/* Returns: whether a step is one that is looked for */
typedef gboolean (*NetnsStepFunc) (const NetnsStep *step, gconstpointer data);
/* Returns: whether there is something to do first; @done is then called with @data afterwards. */
typedef gboolean (*NetnsHoldCallFunc) (NetnsSettledFunc done, gpointer data, gpointer forward_reconciler);

NetnsCore *netns_core_new (NetnsMirror *mirror, NetnsWorker *worker, GError **error);
void netns_core_close (NetnsCore *core);
void netns_core_free (NetnsCore *core);
void netns_core_start (NetnsCore *core);
void netns_core_observe (NetnsCore *core, const NetnsCoreObserver *observer, gpointer data);
void netns_core_enqueue (NetnsCore *core, guint uid, NetnsQueueFunc func, gpointer data);
void netns_core_skip (NetnsCore *core);
gboolean netns_core_is_busy (const NetnsCore *core);
gboolean netns_core_runs_step (NetnsCore *core, NetnsStepFunc is_one, gconstpointer data);
guint64 netns_core_get_generation (NetnsCore *core);
void netns_core_run (NetnsCore *core, NetnsPlan *plan, const NetnsGrant *grant, NetnsDoneFunc done, gpointer data);

void netns_core_set_forward_reconciler (NetnsCore *core, NetnsHoldCallFunc hold_call, gpointer forward_reconciler);
gpointer netns_core_get_forward_reconciler (NetnsCore *core);
NetnsMirror *netns_core_get_mirror (NetnsCore *core);
NetnsBackground *netns_core_get_background (NetnsCore *core);
NetnsOwners *netns_core_get_owners (NetnsCore *core);
NetnsLingering *netns_core_get_lingering (NetnsCore *core);
NetnsDetections *netns_core_get_detections (NetnsCore *core);
NetnsEndings *netns_core_get_endings (NetnsCore *core);
NetnsOrigins *netns_core_get_origins (NetnsCore *core);
NetnsParked *netns_core_get_parked (NetnsCore *core);
GHashTable *netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class);
guint netns_core_find_free_number (NetnsCore *core, const NetnsDefinitionClass *class);
GPtrArray *netns_core_list_definitions (NetnsCore *core, const NetnsDefinitionClass *class, const char *namespace_name);
NetnsJobs *netns_core_get_jobs (NetnsCore *core);
GPtrArray *netns_core_get_inquiries (NetnsCore *core);

void netns_core_put_definition (NetnsCore *core, NetnsDefinition *definition);
void netns_core_drop_definition (NetnsCore *core, const NetnsDefinition *like);
void netns_core_set_foreign_firewalls (NetnsCore *core, GStrv firewalls);
const char *const *netns_core_get_foreign_firewalls (NetnsCore *core);
void netns_core_touch_owner (NetnsCore *core, NetnsNamespace *namespace);
void netns_core_set_ruleset_error (NetnsCore *core, NetnsNamespace *namespace, const char *text);
const char *netns_core_get_ruleset_error (NetnsCore *core, const NetnsNamespace *namespace);
void netns_core_forget_namespace (NetnsCore *core, const char *name);
void netns_core_rename_namespace (NetnsCore *core, const char *name, const char *new_name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsCore, netns_core_free)
