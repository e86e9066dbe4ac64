/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A descriptor that closes itself, until GLib 2.76's g_autofd can be asked for. */
#pragma once

#include <errno.h>
#include <glib.h>
#include <unistd.h>

/* Keeps errno: it runs on the way out of a function that failed. */
static inline void
netns_close_fd (int *fd)
{
  int saved = errno;

  if (*fd >= 0)
    close (*fd);
  *fd = -1;
  errno = saved;
}

#define netns_autofd __attribute__ ((cleanup (netns_close_fd)))
