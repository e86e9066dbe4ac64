/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Being somebody else for a few system calls: the kernel then decides by that user's rights, and what it makes for the
 * thread is that user's for ever. */
#pragma once

#include <glib.h>

/**
 * NetnsIdentity:
 * @uid: a user
 * @gid: the group that new files and sockets of this user belong to
 */
typedef struct {
  guint uid;
  guint gid;
} NetnsIdentity;

/* To be declared g_auto (NetnsAssumed), of zeros at first. */
typedef struct {
  gboolean active;
  guint64 effective;
  guint gid;
} NetnsAssumed;

gboolean netns_identity_assume (NetnsAssumed *before, const NetnsIdentity *identity, guint64 capabilities,
                                GError **error);
void netns_identity_resume (NetnsAssumed *before);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsAssumed, netns_identity_resume)
