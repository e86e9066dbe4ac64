/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who would keep a namespace alive after its names in /run/netns are gone. */
#pragma once

#include "kernel/holders.h"

GArray *netns_keepers_list (int fd, GError **error);
char *netns_keepers_describe (const GArray *keepers);
