/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper's instructions: what to run, for which user, where, and with which descriptors. */
#pragma once

#include "kernel/channel.h"

/**
 * NetnsOrder:
 * @id: number of the process object
 * @uid: whom the command runs as
 * @gid: with which group
 * @groups: with which groups
 * @n_groups: how many
 * @namespace_name: the namespace's name, empty for the host
 * @command: the program and its arguments
 * @environment: `NAME=VALUE`, completed
 * @files: what the files that the service wrote for the namespace say about whose they are. The helper cannot work it out:
 *   containers give programs different boot ids to see
 * @all_files: whether all that is in /etc/netns/NAME is for the command, not only what its user can reach
 * @directory: where it starts
 * @instructions_fd: all of this, for a restarted service
 * @namespace_fd: the namespace
 * @fds: its descriptors, the first one is its standard input
 * @n_fds: how many
 */
typedef struct {
  guint id;
  guint uid;
  guint gid;
  guint32 *groups;
  gsize n_groups;
  char *namespace_name;
  char **command;
  char **environment;
  char *files;
  gboolean all_files;
  char *directory;
  int instructions_fd;
  int namespace_fd;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds;
} NetnsOrder;

gboolean netns_order_take (int socket, NetnsOrder *order, GError **error);
void netns_order_close_descriptors (NetnsOrder *order);
void netns_order_clear (NetnsOrder *order);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsOrder, netns_order_clear)
