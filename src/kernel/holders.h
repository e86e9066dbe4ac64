/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who keeps network namespaces alive: the processes that live in them, open descriptors of them, and mounts of them in
 * any mount namespace. */
#pragma once

#include "kernel/netns.h"

typedef enum {
  NETNS_HOLDER_PROCESS,
  NETNS_HOLDER_MOUNT,
  NETNS_HOLDER_DESCRIPTOR,
  NETNS_HOLDER_SOCKET,
} NetnsHolderKind;

/**
 * NetnsHolder:
 * @kind: how it is held
 * @id: the namespace
 * @pid: process id as the service sees it; of a mount: of one process that sees it, this one if it does
 * @tid: for PROCESS: the thread that lives there, which is @pid unless the process as a whole lives elsewhere
 * @uid: effective uid of the process
 * @command: its name (comm), at most 15 bytes
 * @fd: for DESCRIPTOR and SOCKET: its number in the process, else -1
 * @mount: (nullable): for MOUNT: where it is mounted, as process @pid sees it
 * @mount_namespace: for MOUNT: inode of the mount namespace
 * @place: (nullable): for MOUNT: the file that it is mounted on, in the file system that this is in
 * @shared: for MOUNT: number of the peer group of the mount below it, 0 for none (mount_namespaces(7))
 * @master: for MOUNT: number of the peer group that the mount below it receives from, 0 for none
 *
 * One holder. A process is named once for each namespace that it or its threads live in.
 */
typedef struct {
  NetnsHolderKind kind;
  NetnsFileId id;
  guint pid;
  guint tid;
  guint uid;
  char command[16];
  int fd;
  char *mount;
  guint64 mount_namespace;
  char *place;
  guint shared;
  guint master;
} NetnsHolder;

GArray *netns_holders_list (const NetnsFileId *only, GError **error);
GArray *netns_holders_list_with_sockets (const NetnsFileId *only, GHashTable *sockets, GError **error);
char *netns_holder_get_path (const NetnsHolder *holder);
int netns_holder_open (const char *path, const NetnsFileId *id, GError **error);
