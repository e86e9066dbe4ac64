/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One structured line in the journal for every change that was allowed or refused: who, what, on what, result. */
#pragma once

#include "bus/call/invocation.h"
#include "core/plan/plan.h"

typedef struct _NetnsAudit NetnsAudit;

NetnsAudit *netns_audit_new (void);
void netns_audit_free (NetnsAudit *audit);
void netns_audit_write (NetnsAudit *audit, const NetnsInvocation *invocation, guint uid, const NetnsPlan *plan,
                        const GError *error);
