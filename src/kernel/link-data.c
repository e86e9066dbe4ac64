/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/link-data.h"

#include <linux/if_link.h>
#include <netlink/attr.h>

/* Appends IFLA_INFO_DATA, for a kind that has any, to the open attribute IFLA_LINKINFO of a request. */
void
netns_link_data_put (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  struct nlattr *nest;
  GVariantIter iter;
  GVariant *value;
  guint16 number;

  if (spec->data == NULL || g_variant_iter_init (&iter, spec->data) == 0)
    return;
  nest = netns_request_open_nest (message, IFLA_INFO_DATA);
  while (g_variant_iter_loop (&iter, "(q@ay)", &number, &value))
    netns_request_put (message, number, g_variant_get_size (value), g_variant_get_data (value));
  if (spec->parent != 0 && spec->parent_attribute != 0)
    netns_request_put_u32 (message, spec->parent_attribute, spec->parent);
  nla_nest_end (message, nest);
}
