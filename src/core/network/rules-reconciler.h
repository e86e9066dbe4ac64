/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restores our rules when another program has removed or changed them, such as by `nft flush ruleset`, without
 * being called: traffic depends on them. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsRulesReconciler NetnsRulesReconciler;

/* @what: what the rules are for, as netns_desired_name_rules() has it */
typedef void (*NetnsRestoredFunc) (const char *const *what, gpointer data);

NetnsRulesReconciler *netns_rules_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsRestoredFunc restored,
                                                  gpointer data);
void netns_rules_reconciler_free (NetnsRulesReconciler *rules);
