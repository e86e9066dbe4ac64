/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespace belongs to which user. Kept by cookie, in one file each, so it survives a restart of the service and
 * a change of name, and can never pass to another namespace of the same name or inode. */
#pragma once

#include "mirror/mirror.h"

typedef struct _NetnsOwners NetnsOwners;

NetnsOwners *netns_owners_new (void);
void netns_owners_free (NetnsOwners *owners);
void netns_owners_prune (NetnsOwners *owners, NetnsMirror *mirror);
guint netns_owners_get (const NetnsOwners *owners, const NetnsNamespace *namespace);
void netns_owners_set (NetnsOwners *owners, guint64 cookie, guint uid);
char *netns_owners_file_for (guint64 cookie);
char *netns_owners_contents_for (guint uid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsOwners, netns_owners_free)
