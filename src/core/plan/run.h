/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State that the steps of one plan share while the worker runs them: the open namespaces. */
#pragma once

#include "common/address.h"
#include "common/grant.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "kernel/nft.h"

typedef struct _NetnsRun NetnsRun;

/**
 * NetnsTarget:
 * @name: its name
 * @id: where it is found
 * @cookie: its cookie, 0 if it was not known yet
 * @path: (nullable): what leads to it if it has no name, else %NULL
 *
 * One namespace that a plan is for: that very one, as another one can have its name by the time the plan runs.
 */
typedef struct {
  char *name;
  NetnsFileId id;
  guint64 cookie;
  char *path;
} NetnsTarget;

NetnsRun *netns_run_new (const NetnsGrant *grant, const NetnsTarget *targets, guint n_targets);
void netns_run_free (NetnsRun *run);
const NetnsGrant *netns_run_get_grant (const NetnsRun *run);
void netns_run_add_namespace (NetnsRun *run, const char *name, int fd);
void netns_run_rename_namespace (NetnsRun *run, const char *name, const char *new_name);
gboolean netns_run_get_fd (NetnsRun *run, const char *name, int *fd, GError **error);
gboolean netns_run_get_any_fd (NetnsRun *run, const char *name, int *fd, GError **error);
NetnsNetlink *netns_run_get_netlink (NetnsRun *run, const char *name, GError **error);
NetnsNetlink *netns_run_steal_netlink (NetnsRun *run, const char *name);
NetnsNft *netns_run_get_nft (NetnsRun *run, const char *name, GError **error);
void netns_run_leave_out (NetnsRun *run, const NetnsAddress *address);
const GArray *netns_run_get_left_out (const NetnsRun *run);
void netns_run_set_result (NetnsRun *run, GVariant *result);
GVariant *netns_run_steal_result (NetnsRun *run);
void netns_run_set_descriptor (NetnsRun *run, int fd);
int netns_run_steal_descriptor (NetnsRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRun, netns_run_free)
