/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says what message libnftables would send for commands, again and again: it looks at nothing that others make. */
#pragma once

#include <glib.h>

void netns_compiler_serve (int socket) G_GNUC_NORETURN;
