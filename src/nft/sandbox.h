/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes from this process what it does not need to read rules. What it reads others have made, and libnftables was not
 * written for that: whoever gets hold of the process must not gain anything by it. */
#pragma once

#include <glib.h>

gboolean netns_sandbox_enter (int namespace_fd, GError **error);
gboolean netns_sandbox_enter_empty (GError **error);
gboolean netns_sandbox_limit (gboolean looks, GError **error);
gboolean netns_sandbox_lock (GError **error);
