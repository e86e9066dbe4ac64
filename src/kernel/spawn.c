/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/spawn.h"

#include "common/error.h"

static void
on_end (GPid pid, int status, gpointer data)
{
  if (status != 0)
    g_debug ("netnsd-run (%d) ended with status %d", pid, status);
  g_spawn_close_pid (pid);
}

/* Starts netnsd-run at @path, with @socket as its standard input, in the main thread, which never leaves the host
 * namespace. All other descriptors are closed in the child, and its environment is empty. @error: `KernelRefused` */
gboolean
netns_helper_start (const char *path, int socket, GError **error)
{
  const char *arguments[] = { path, NULL }, *environment[] = { NULL };
  g_autoptr (GError) spawn_error = NULL;
  GPid pid;

  if (!g_spawn_async_with_pipes_and_fds (NULL, arguments, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, socket,
                                         -1, -1, NULL, NULL, 0, &pid, NULL, NULL, NULL, &spawn_error))
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot start %s: %s", path, spawn_error->message);
  g_child_watch_add (pid, on_end, NULL);
  return TRUE;
}
