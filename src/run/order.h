/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the helper is told to run: for whom, where, with what. */
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
 * @directory: where it starts
 * @instructions_fd: all of this, for a service that is started anew
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
  char *directory;
  int instructions_fd;
  int namespace_fd;
  int fds[NETNS_CHANNEL_DESCRIPTORS_MAX];
  guint n_fds;
} NetnsOrder;

gboolean netns_order_take (int socket, NetnsOrder *order, GError **error);
void netns_order_close_descriptors (NetnsOrder *order);
