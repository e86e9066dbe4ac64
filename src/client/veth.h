/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One end of a veth pair as the user types it: `web:eth0=10.0.0.2/24,fd00::2/64`. */
#pragma once

#include <glib.h>

GVariant *netns_veth_end_parse (const char *text, GError **error);
