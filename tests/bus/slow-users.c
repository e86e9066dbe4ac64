/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user database that takes its time, as sssd does over a slow line. */
#include <dlfcn.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#define SLOW 4000 /* ms */

static void
note (void)
{
  static const char line[] = "asked for a user\n";

  (void) !write (STDERR_FILENO, line, sizeof line - 1);
  poll (NULL, 0, SLOW);
}

int
getpwuid_r (uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
  int (*original) (uid_t, struct passwd *, char *, size_t, struct passwd **)
    = (int (*) (uid_t, struct passwd *, char *, size_t, struct passwd **)) dlsym (RTLD_NEXT, "getpwuid_r");

  note ();
  return original (uid, entry, buffer, size, found);
}

struct passwd *
getpwuid (uid_t uid)
{
  struct passwd *(*original) (uid_t) = (struct passwd * (*) (uid_t)) dlsym (RTLD_NEXT, "getpwuid");

  note ();
  return original (uid);
}
