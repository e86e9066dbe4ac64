/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks polkit, and makes the grants that every change of the kernel needs. The only file that can. */
#pragma once

#include "common/grant.h"

#include <gio/gio.h>

typedef struct _NetnsAuthority NetnsAuthority;

/**
 * NetnsQuestion:
 * @sender: unique bus name of the caller, the polkit subject
 * @uid: its uid, from netns_authority_identify()
 * @interactive: whether the caller allows that its user is asked for a password
 * @actions: (array zero-terminated=1): polkit actions, each of which must be allowed
 * @details: (element-type utf8 utf8): what rules and dialogs may look at: `verb`, `namespace`, `link` ...
 */
typedef struct {
  const char *sender;
  guint uid;
  gboolean interactive;
  const char *const *actions;
  GHashTable *details;
} NetnsQuestion;

/**
 * NetnsIdentifiedFunc:
 * @uid: the caller's uid
 * @error: (nullable): why it could not be found out; @uid then means nothing
 * @data: given to netns_authority_identify()
 */
typedef void (*NetnsIdentifiedFunc) (guint uid, const GError *error, gpointer data);

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
void netns_authority_identify (NetnsAuthority *authority, const char *sender, NetnsIdentifiedFunc identified,
                               gpointer data);
void netns_authority_ask (NetnsAuthority *authority, const NetnsQuestion *question, NetnsAnsweredFunc answered,
                          gpointer data);
NetnsGrant *netns_authority_grant_service (void);
void netns_grant_free (NetnsGrant *grant);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsAuthority, netns_authority_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsGrant, netns_grant_free)
