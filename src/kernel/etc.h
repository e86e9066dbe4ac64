/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/netns/NAME: what `ip netns exec NAME` mounts over files of /etc. The administrator's are never touched. */
#pragma once

#include "common/grant.h"

#include <glib.h>

/* The files that the service writes, in this order. */
typedef enum { NETNS_ETC_RESOLV_CONF, NETNS_ETC_NSSWITCH_CONF, NETNS_ETC_N_FILES } NetnsEtcFile;

/**
 * NetnsEtcFiles:
 * @contents: what is in the service's files, %NULL for one that is not there or is the administrator's
 * @folder: whether there is a folder /etc/netns/NAME, also without any of them
 * @parent: whether there is /etc/netns
 */
typedef struct {
  char *contents[NETNS_ETC_N_FILES];
  gboolean folder;
  gboolean parent;
} NetnsEtcFiles;

void netns_etc_files_clear (NetnsEtcFiles *files);
gboolean netns_etc_replace (const NetnsGrant *grant, const char *name, const NetnsEtcFiles *files,
                            NetnsEtcFiles *before, GError **error);
gboolean netns_etc_get (const char *name, NetnsEtcFiles *files, GError **error);
char *netns_etc_read (const char *path);
char *netns_etc_print_identity (guint64 cookie, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsEtcFiles, netns_etc_files_clear)
