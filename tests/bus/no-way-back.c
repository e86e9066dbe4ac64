/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel that lets a process into another mount namespace, and not back again, once the file that NO_WAY_BACK names is there. */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

int
setns (int fd, int type)
{
  static unsigned int entered;
  int (*original) (int, int) = (int (*) (int, int)) dlsym (RTLD_NEXT, "setns");

  if (type != CLONE_NEWNS || access (NO_WAY_BACK, F_OK) != 0 || ++entered == 1)
    return original (fd, type);
  errno = ENOMEM;
  return -1;
}
