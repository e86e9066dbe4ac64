/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users of network namespaces, which keep them alive: processes in them, open descriptors of them, and mounts of
 * them in any mount namespace. */
#pragma once

#include "kernel/netns.h"

typedef enum {
  NETNS_REFERENCE_PROCESS,
  NETNS_REFERENCE_MOUNT,
  NETNS_REFERENCE_DESCRIPTOR,
  NETNS_REFERENCE_SOCKET,
} NetnsReferenceKind;

/**
 * NetnsReference:
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
 * One reference. A process is named once for each namespace that it or its threads live in.
 */
typedef struct {
  NetnsReferenceKind kind;
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
} NetnsReference;

GArray *netns_references_list (const NetnsFileId *only, GHashTable *sockets, gboolean search, guint limit,
                               gboolean *complete, GError **error);
char *netns_reference_get_path (const NetnsReference *reference);
int netns_reference_open (const char *path, const NetnsFileId *id, GError **error);
