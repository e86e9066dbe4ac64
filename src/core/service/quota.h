/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of everything one user may have; netnsd(8) has the list. */
#pragma once

#include "core/service/core.h"

gboolean netns_core_check_quota (NetnsCore *core, guint caller, guint new_namespaces, guint new_links, GError **error);
gboolean netns_core_check_definitions (NetnsCore *core, guint caller, const NetnsDefinitionClass *class,
                                       GError **error);
gboolean netns_core_check_rules (NetnsCore *core, guint caller, GError **error);
