/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One structured line in the journal for every change that was allowed or refused: who, what, on what, result. */
#pragma once

#include "core/plan.h"

#include <gio/gio.h>

typedef struct _NetnsAudit NetnsAudit;

NetnsAudit *netns_audit_new (void);
void netns_audit_free (NetnsAudit *audit);
void netns_audit_write (NetnsAudit *audit, GDBusMethodInvocation *invocation, guint uid, const NetnsPlan *plan,
                        const GError *error);
