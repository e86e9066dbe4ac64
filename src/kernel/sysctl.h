/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings below /proc/sys/net, which show the namespace of the thread that opens them. */
#pragma once

#include "common/grant.h"

#include <glib.h>

char *netns_sysctl_get (int namespace_fd, const char *path, GError **error);
gboolean netns_sysctl_set (const NetnsGrant *grant, int namespace_fd, const char *path, const char *value,
                           GError **error);
