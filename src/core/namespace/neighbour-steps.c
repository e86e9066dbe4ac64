/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/neighbour-steps.h"

#include "core/link/link-ref.h"
#include "core/plan/run.h"
#include "kernel/neighbour.h"

#include <linux/neighbour.h>

static const char *
print_state (guint16 state)
{
  static const struct {
    guint16 state;
    const char *word;
  } states[] = {
    { NUD_PERMANENT,  "permanent"  },
    { NUD_REACHABLE,  "reachable"  },
    { NUD_STALE,      "stale"      },
    { NUD_DELAY,      "delay"      },
    { NUD_PROBE,      "probe"      },
    { NUD_INCOMPLETE, "incomplete" },
    { NUD_FAILED,     "failed"     }
  };

  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    if (state & states[i].state)
      return states[i].word;
  return "";
}

/* The name of a link is bytes. One that came with its link just now has none yet, and is left out. */
static gboolean
list_neighbours (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sayss)"));
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autoptr (GHashTable) names = netlink ? netns_link_ref_list_names (netlink, error) : NULL;
  g_autoptr (GArray) neighbours = names ? netns_rtnl_neighbour_list (netlink, error) : NULL;

  if (neighbours == NULL)
    return FALSE;
  for (guint i = 0; i < neighbours->len; i++) {
    const NetnsNeighbour *neighbour = &g_array_index (neighbours, NetnsNeighbour, i);
    const char *link = g_hash_table_lookup (names, GUINT_TO_POINTER (neighbour->link));
    g_autofree char *mac = neighbour->has_mac ? netns_print_mac (neighbour->mac) : g_strdup ("");
    char text[NETNS_ADDRESS_MAX_TEXT];

    if (link != NULL)
      g_variant_builder_add (&rows, "(s^ayss)", netns_address_print_host (&neighbour->address, text), link, mac,
                             print_state (neighbour->state));
  }
  netns_run_set_result (run, g_variant_builder_end (&rows));
  return TRUE;
}

const NetnsOperation netns_operation_neighbours_list = {
  .name = "neighbours-list",
  .execute = list_neighbours,
  .reads = TRUE,
};
