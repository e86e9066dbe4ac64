/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands on links of one kind share with those on all links. */
#pragma once

#include "client/table.h"

gboolean netns_link_print_list (NetnsConnection *connection, const NetnsColumn *columns,
                                const NetnsObjects *objects, GStrv paths, GError **error);
gboolean netns_link_create (NetnsConnection *connection, const char *method, GVariant *parameters,
                            GError **error);
