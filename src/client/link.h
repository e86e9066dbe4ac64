/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands on links of one kind share with those on all links. */
#pragma once

#include "client/key-values.h"
#include "client/table.h"

/* What a bridge can be told, as rows of a table of keys. */
#define NETNS_BRIDGE_KEYS                                                                                             \
  { "stp", NETNS_KEY_FLAG }, { "vlan-filtering", NETNS_KEY_FLAG }, { "forward-delay", NETNS_KEY_NUMBER },            \
      { "ageing-time", NETNS_KEY_NUMBER },                                                                           \
  {                                                                                                                  \
    "multicast-snooping", NETNS_KEY_FLAG                                                                             \
  }

gboolean netns_link_print_list (NetnsConnection *connection, const NetnsColumn *columns,
                                const NetnsObjects *objects, GStrv paths, GError **error);
gboolean netns_link_create (NetnsConnection *connection, const char *method, GVariant *parameters,
                            GError **error);
