/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where foreign firewalls may drop packets of networks in the host: read again whenever one of them changes. */
#pragma once

#include "core/service/core.h"

typedef struct _NetnsForeignFirewalls NetnsForeignFirewalls;

NetnsForeignFirewalls *netns_foreign_firewalls_new (NetnsCore *core);
void netns_foreign_firewalls_free (NetnsForeignFirewalls *firewalls);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsForeignFirewalls, netns_foreign_firewalls_free)
