/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of one size with descriptors, over a SOCK_SEQPACKET socket of AF_UNIX between two of our programs. */
#pragma once

#include <glib.h>

/* SCM_MAX_FD of include/net/scm.h is 253. */
#define NETNS_PACKET_DESCRIPTORS_MAX 128

int netns_packet_listen (const char *path, GError **error);
int netns_packet_connect (const char *path, int flags, GError **error);
gboolean netns_packet_tell (int socket, gconstpointer message, gsize size, const int *fds, guint n_fds);
gboolean netns_packet_hear (int socket, gpointer message, gsize size, int flags, int *fds, guint *n_fds);
void netns_packet_close_all (const int *fds, guint n_fds);
