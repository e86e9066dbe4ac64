/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel itself says of the rules of this namespace. libnftables tells of matches and targets of iptables nothing
 * but their names, and its words differ from one version to the next. */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

/**
 * NetnsDumpFunc:
 * @message: one chain, rule or set, or a part of a set; complete
 * @data: as given
 */
typedef void (*NetnsDumpFunc) (struct nlmsghdr *message, gpointer data);

/**
 * NetnsDump:
 * @type: what, such as NFT_MSG_GETRULE
 * @family: of which family, NFPROTO_UNSPEC for all
 * @table: (nullable): of which table
 * @set: (nullable): of which set
 * @most: how many bytes may come, 0 for any number
 */
typedef struct {
  guint8 type;
  guint8 family;
  const char *table;
  const char *set;
  gsize most;
} NetnsDump;

int netns_dump_open (GError **error);
gboolean netns_dump_run (int fd, const NetnsDump *dump, NetnsDumpFunc func, gpointer data, gboolean *changed,
                         GError **error);
