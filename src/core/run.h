/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the steps of one plan share while the worker runs them: the namespaces that it has open. */
#pragma once

#include "common/grant.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "kernel/nft.h"

typedef struct _NetnsRun NetnsRun;

NetnsRun *netns_run_new (const NetnsGrant *grant);
void netns_run_free (NetnsRun *run);
const NetnsGrant *netns_run_get_grant (const NetnsRun *run);
void netns_run_expect (NetnsRun *run, const char *name, const NetnsFileId *id, guint64 cookie, const char *path);
void netns_run_add_namespace (NetnsRun *run, const char *name, int fd);
void netns_run_rename_namespace (NetnsRun *run, const char *name, const char *new_name);
gboolean netns_run_get_fd (NetnsRun *run, const char *name, int *fd, GError **error);
NetnsNetlink *netns_run_get_netlink (NetnsRun *run, const char *name, GError **error);
NetnsNetlink *netns_run_steal_netlink (NetnsRun *run, const char *name);
NetnsNft *netns_run_get_nft (NetnsRun *run, const char *name, GError **error);
void netns_run_set_result (NetnsRun *run, GVariant *result);
GVariant *netns_run_steal_result (NetnsRun *run);
void netns_run_set_descriptor (NetnsRun *run, int fd);
int netns_run_steal_descriptor (NetnsRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRun, netns_run_free)
