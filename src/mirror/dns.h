/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/netns/NAME/resolv.conf: which name servers `ip netns exec` gives to a namespace, followed by inotify, also by
 * way of symbolic links. Whether there is such a namespace makes no difference here. */
#pragma once

#include "mirror/state.h"

typedef struct _NetnsDnsReader NetnsDnsReader;

NetnsDnsReader *netns_dns_reader_new (NetnsMirrorState *state, GError **error);
void netns_dns_reader_free (NetnsDnsReader *reader);
void netns_dns_reader_watch (NetnsDnsReader *reader, gboolean watch);
void netns_dns_reader_drain (NetnsDnsReader *reader);
GPtrArray *netns_dns_reader_list_ours (const NetnsDnsReader *reader);
const NetnsDns *netns_dns_reader_get (const NetnsDnsReader *reader, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDnsReader, netns_dns_reader_free)
