/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of new links. A wanted name longer than the kernel's 15 bytes becomes a short name and an alternative name, so
 * that `ip link show veth-webserver-h` works. */
#pragma once

#include "mirror/mirror.h"

void netns_link_choose_mac (guint8 mac[NETNS_MAC_LENGTH]);
gboolean netns_link_name_choose (NetnsNamespace *namespace, const char *wish, char **name, char **alternative,
                                 GError **error);
