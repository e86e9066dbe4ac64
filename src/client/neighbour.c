/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl neighbour */
#include "client/verb.h"

#include <glib/gi18n.h>

static const NetnsColumn columns[] = {
  { "address", N_ ("Address"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "mac-address", N_ ("MAC"), NULL, NULL },
  { "state", N_ ("State"), NULL, NULL },
  { NULL },
};

const NetnsVerb netns_neighbour_verbs[] = {
  { "list", 1, 1, "NS", N_ ("List the neighbours (ARP/NDP) of a namespace"), .method = "Namespace.ListNeighbours",
   .reply = "(a(ssss))", .columns = columns },
  { NULL },
};
