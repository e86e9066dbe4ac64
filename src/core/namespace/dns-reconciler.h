/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes the files in /etc/netns that the service wrote for a namespace that has ended: by whomever, while the service
 * did not run, or with the machine. Another namespace of the name must not ask these name servers. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsDnsReconciler NetnsDnsReconciler;

NetnsDnsReconciler *netns_dns_reconciler_new (NetnsCore *core, const NetnsGrant *grant);
void netns_dns_reconciler_free (NetnsDnsReconciler *reconciler);
