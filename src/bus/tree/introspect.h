/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is at an object path: its interfaces, and what is below. */
#pragma once

#include "bus/tree/class.h"

gboolean netns_introspect_find (NetnsCore *core, const char *path, NetnsObject *object, guint *interfaces);
char *netns_introspect_describe (NetnsCore *core, const char *path);
