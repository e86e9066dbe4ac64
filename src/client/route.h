/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A route as the user types it: `10.1.0.0/16 via 10.0.0.1 dev eth0 metric 100`. */
#pragma once

#include <glib.h>

GVariant *netns_route_parse (char **words, GVariant *options, GError **error);
