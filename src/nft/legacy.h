/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules of iptables-legacy, which nf_tables knows nothing of: whether there are any. */
#pragma once

#include <glib.h>

void netns_legacy_read (void);
char *netns_legacy_describe (int family);
