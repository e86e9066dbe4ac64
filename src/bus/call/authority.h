/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks polkit, and makes the grants that every change of the kernel needs. The only file that can. */
#pragma once

#include "common/grant.h"

#include <gio/gio.h>

/* polkitd has 128 pending replies for all callers (max_replies_per_connection of the bus): without limits of our own,
 * one user with many open dialogs would lock out all others. */
#define NETNS_QUESTIONS_RUNNING          64 /* in all */
#define NETNS_QUESTIONS_RUNNING_PER_USER 4
#define NETNS_QUESTIONS_WAITING_PER_USER 64

typedef struct _NetnsAuthority NetnsAuthority;

/**
 * NetnsQuestion:
 * @sender: unique bus name of the caller, the polkit subject
 * @uid: its uid
 * @interactive: whether the caller allows that its user is asked for a password
 * @method: (nullable): what is called
 * @actions: (array zero-terminated=1): polkit actions, each of which must be allowed
 * @details: (element-type utf8 utf8): what rules and dialogs may look at: `verb`, `namespace`, `link` ...
 */
typedef struct {
  const char *sender;
  guint uid;
  gboolean interactive;
  const GDBusMethodInfo *method;
  const char *const *actions;
  GHashTable *details;
} NetnsQuestion;

/**
 * NetnsAnsweredFunc:
 * @grant: (transfer full) (nullable): proof that all actions are allowed
 * @error: (nullable): `AccessDenied`, `InteractiveAuthorizationRequired`, `AuthorizationDismissed`,
 *         `LimitsExceeded`
 * @data: given to netns_authority_ask()
 */
typedef void (*NetnsAnsweredFunc) (NetnsGrant *grant, const GError *error, gpointer data);

NetnsAuthority *netns_authority_new (GDBusConnection *connection);
void netns_authority_free (NetnsAuthority *authority);
void netns_authority_ask (NetnsAuthority *authority, const NetnsQuestion *question, NetnsAnsweredFunc answered,
                          gpointer data);
NetnsGrant *netns_authority_grant_service (void);
void netns_grant_free (NetnsGrant *grant);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsAuthority, netns_authority_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsGrant, netns_grant_free)
