/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/socket-search.h"

#include "common/cleanup.h"
#include "kernel/descriptors.h"
#include "kernel/process.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Copies of the sockets of one process, at a time. */
#define COPIES 64
/* One whose sockets cannot be closed (SO_LINGER) is no longer asked. */
#define UNCLOSED_MAX 256

struct _NetnsSocketSearch {
  NetnsFileId id;
  GHashTable *others; /* inodes of sockets in other namespaces, as a set: many have the same ones as their parents */
  int pidfd;
  guint uid;
  GArray *copies; /* int */
};

/* Returns: (transfer full): a search for sockets in namespace @id */
NetnsSocketSearch *
netns_socket_search_new (const NetnsFileId *id)
{
  NetnsSocketSearch *search = g_new0 (NetnsSocketSearch, 1);

  search->id = *id;
  search->others = g_hash_table_new (NULL, NULL);
  search->pidfd = -1;
  search->copies = g_array_new (FALSE, FALSE, sizeof (int));
  return search;
}

/* @search: (nullable) (transfer full): between two processes */
void
netns_socket_search_free (NetnsSocketSearch *search)
{
  if (search == NULL)
    return;
  g_assert (search->copies->len == 0);
  g_hash_table_unref (search->others);
  g_array_unref (search->copies);
  g_free (search);
}

/* Whoever closed it meanwhile made this process the last one that has it: a thread that may hang closes it. */
static void
close_copies (NetnsSocketSearch *search)
{
  gsize count;
  int *copies;

  if (search->copies->len == 0)
    return;
  copies = g_array_steal (search->copies, &count);
  netns_descriptors_close (netns_descriptors_new (copies, (guint) count), search->uid);
}

/* What follows is about the sockets of process @pid of user @uid. */
void
netns_socket_search_begin (NetnsSocketSearch *search, guint pid, guint uid)
{
  search->pidfd = netns_descriptors_count_unclosed (uid) < UNCLOSED_MAX ? netns_process_open (pid) : -1;
  search->uid = uid;
}

void
netns_socket_search_end (NetnsSocketSearch *search)
{
  close_copies (search);
  netns_close_fd (&search->pidfd);
}

static int
copy (NetnsSocketSearch *search, int fd)
{
  int socket;

  if (search->copies->len >= COPIES) {
    close_copies (search);
    if (netns_descriptors_count_unclosed (search->uid) >= 4 * UNCLOSED_MAX)
      netns_close_fd (&search->pidfd);
  }
  if (search->pidfd < 0)
    return -1;
  socket = (int) syscall (SYS_pidfd_getfd, search->pidfd, fd, 0);
  if (socket >= 0)
    g_array_append_val (search->copies, socket);
  return socket;
}

/**
 * netns_socket_search_ask:
 * @search: between netns_socket_search_begin() and netns_socket_search_end()
 * @inode: of a socket
 * @fd: its number in the process
 *
 * The number can be that of anything by now: only a socket answers, and nothing else is asked.
 *
 * Returns: whether it was made in the namespace; %FALSE also if that cannot be found out
 */
gboolean
netns_socket_search_ask (NetnsSocketSearch *search, guint64 inode, int fd)
{
  netns_autofd int namespace_fd = -1;
  NetnsFileId id;
  socklen_t size;
  int socket, type;

  if (search->pidfd < 0 || g_hash_table_contains (search->others, GSIZE_TO_POINTER (inode)))
    return FALSE;
  socket = copy (search, fd);
  size = sizeof type;
  if (socket >= 0 && getsockopt (socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
    namespace_fd = ioctl (socket, SIOCGSKNS);
  if (namespace_fd < 0 || !netns_nsfs_identify (namespace_fd, &id, NULL))
    return FALSE;
  if (id.device == search->id.device && id.inode == search->id.inode)
    return TRUE;
  g_hash_table_add (search->others, GSIZE_TO_POINTER (inode));
  return FALSE;
}
