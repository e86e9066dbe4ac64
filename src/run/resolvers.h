/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs of the host that C libraries ask for names through sockets in the file system: they answer with what the host's
 * name servers say, whatever the namespace's resolv.conf is. An empty directory is mounted over each of their
 * directories, and again when one of them is made anew. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#define NETNS_RESOLVERS 4

/**
 * NetnsResolvers:
 * @hidden: the device of what was mounted over each directory, 0 for none
 */
typedef struct {
  dev_t hidden[NETNS_RESOLVERS];
} NetnsResolvers;

void netns_resolvers_watch (int inotify);
gboolean netns_resolvers_are_named (const char *name);
gboolean netns_resolvers_hide (NetnsResolvers *resolvers, GError **error);
