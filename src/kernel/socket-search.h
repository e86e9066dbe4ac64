/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets in a namespace that no list of the kernel shows: one that is not bound is in no table (sock_diag(7)). So each
 * socket of a process is asked itself. */
#pragma once

#include "kernel/netns.h"

typedef struct _NetnsSocketSearch NetnsSocketSearch;

NetnsSocketSearch *netns_socket_search_new (const NetnsFileId *id);
void netns_socket_search_free (NetnsSocketSearch *search);
void netns_socket_search_begin (NetnsSocketSearch *search, guint pid, guint uid);
gboolean netns_socket_search_ask (NetnsSocketSearch *search, guint64 inode, int fd);
void netns_socket_search_end (NetnsSocketSearch *search);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsSocketSearch, netns_socket_search_free)
