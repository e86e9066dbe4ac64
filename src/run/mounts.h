/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command sees of the file system: /sys of its network, and the files of /etc/netns/NAME in place of those of
 * /etc, as `ip netns exec` has it. */
#pragma once

#include <glib.h>

gboolean netns_mounts_make_private (const char *namespace_name, GError **error);
