/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For LD_PRELOAD into netnsd: one call that its worker makes to the kernel fails, once, with an errno of the test's
 * choice. Test and service share a counter in a file, so that a test can walk through all calls of a method, one after
 * the other (faults.py is the other end). Coming home from another namespace never fails: netnsd then ends itself, on
 * purpose (netns_visit_end() in src/kernel/netns.c). Neither do calls that only close, wait or receive. */
#undef _FILE_OFFSET_BITS /* with it open() is open64(), and both are needed here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER "netns-worker"

/* faults.py unpacks it as "iiii112s". */
typedef struct {
  int target; /* which call is to fail, counted from 1; 0: none */
  int count;
  int error_number;
  int fired;
  char call[112];
} Counter;

static Counter *counter;

#define REAL(function)                                                                                                 \
  static __typeof__ (function) *real;                                                                                  \
  if (real == NULL)                                                                                                    \
  real = (__typeof__ (function) *) dlsym (RTLD_NEXT, #function)

__attribute__ ((constructor)) static void
map_counter (void)
{
  const char *path = getenv ("FAIL_NTH_FILE");
  int fd = path ? open (path, O_RDWR | O_CLOEXEC) : -1;
  void *memory;

  if (fd < 0)
    return;
  memory = mmap (NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  if (memory != MAP_FAILED)
    counter = memory;
}

static bool
in_worker (void)
{
  char name[16] = "";

  return prctl (PR_GET_NAME, name) == 0 && strcmp (name, WORKER) == 0;
}

static bool
is_armed (void)
{
  return counter != NULL && counter->target != 0 && !counter->fired && in_worker ();
}

/* Whether this call is the one; errno is then set. */
static bool
must_fail (const char *call, const char *detail)
{
  if (!is_armed () || __atomic_add_fetch (&counter->count, 1, __ATOMIC_SEQ_CST) != counter->target)
    return false;
  snprintf (counter->call, sizeof counter->call, "%s %s", call, detail ? detail : "");
  counter->fired = 1;
  errno = counter->error_number;
  return true;
}

ssize_t
send (int fd, const void *buffer, size_t size, int flags)
{
  REAL (send);
  return must_fail ("send", NULL) ? -1 : real (fd, buffer, size, flags);
}

ssize_t
sendto (int fd, const void *buffer, size_t size, int flags, const struct sockaddr *address, socklen_t length)
{
  REAL (sendto);
  return must_fail ("sendto", NULL) ? -1 : real (fd, buffer, size, flags, address, length);
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  REAL (sendmsg);
  return must_fail ("sendmsg", NULL) ? -1 : real (fd, message, flags);
}

int
mount (const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
  REAL (mount);
  return must_fail ("mount", target) ? -1 : real (source, target, type, flags, data);
}

int
umount2 (const char *target, int flags)
{
  REAL (umount2);
  return must_fail ("umount2", target) ? -1 : real (target, flags);
}

int
unshare (int flags)
{
  REAL (unshare);
  return must_fail ("unshare", NULL) ? -1 : real (flags);
}

static bool
is_home (int fd)
{
  struct stat there, home;

  return fstat (fd, &there) == 0 && stat ("/proc/self/ns/net", &home) == 0 && there.st_ino == home.st_ino;
}

int
setns (int fd, int type)
{
  REAL (setns);
  return !is_home (fd) && must_fail ("setns", NULL) ? -1 : real (fd, type);
}

#define DEFINE_OPEN(function)                                                                                          \
  int function (const char *path, int flags, ...)                                                                      \
  {                                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    va_list arguments;                                                                                                 \
    REAL (function);                                                                                                   \
                                                                                                                       \
    va_start (arguments, flags);                                                                                       \
    if (flags & (O_CREAT | O_TMPFILE))                                                                                 \
      mode = va_arg (arguments, mode_t);                                                                               \
    va_end (arguments);                                                                                                \
    return must_fail (#function, path) ? -1 : real (path, flags, mode);                                                \
  }

DEFINE_OPEN (open)
DEFINE_OPEN (open64)

/* Without O_CREAT it is the walk through /proc, in which a process that cannot be opened is none. */
#define DEFINE_OPENAT(function)                                                                                        \
  int function (int folder, const char *path, int flags, ...)                                                          \
  {                                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    va_list arguments;                                                                                                 \
    REAL (function);                                                                                                   \
                                                                                                                       \
    va_start (arguments, flags);                                                                                       \
    if (flags & (O_CREAT | O_TMPFILE))                                                                                 \
      mode = va_arg (arguments, mode_t);                                                                               \
    va_end (arguments);                                                                                                \
    return (flags & O_CREAT) && must_fail (#function, path) ? -1 : real (folder, path, flags, mode);                   \
  }

DEFINE_OPENAT (openat)
DEFINE_OPENAT (openat64)

/* What open() is called when the compiler watches over it (_FORTIFY_SOURCE). */
#define DEFINE_OPEN_2(function)                                                                                        \
  int function (const char *path, int flags);                                                                          \
  int function (const char *path, int flags)                                                                           \
  {                                                                                                                    \
    REAL (function);                                                                                                   \
    return must_fail (#function, path) ? -1 : real (path, flags);                                                      \
  }

DEFINE_OPEN_2 (__open_2)
DEFINE_OPEN_2 (__open64_2)

/* Making a tap. */
int
ioctl (int fd, unsigned long request, ...)
{
  va_list arguments;
  void *argument;
  char text[16];
  REAL (ioctl);

  va_start (arguments, request);
  argument = va_arg (arguments, void *);
  va_end (arguments);
  snprintf (text, sizeof text, "%#lx", request);
  return must_fail ("ioctl", text) ? -1 : real (fd, request, argument);
}

int
mkdir (const char *path, mode_t mode)
{
  REAL (mkdir);
  return must_fail ("mkdir", path) ? -1 : real (path, mode);
}

int
mkdirat (int folder, const char *path, mode_t mode)
{
  REAL (mkdirat);
  return must_fail ("mkdirat", path) ? -1 : real (folder, path, mode);
}

int
unlinkat (int folder, const char *path, int flags)
{
  REAL (unlinkat);
  return must_fail ("unlinkat", path) ? -1 : real (folder, path, flags);
}

int
renameat (int from_folder, const char *from, int to_folder, const char *to)
{
  REAL (renameat);
  return must_fail ("renameat", to) ? -1 : real (from_folder, from, to_folder, to);
}

int
unlink (const char *path)
{
  REAL (unlink);
  return must_fail ("unlink", path) ? -1 : real (path);
}

int
rename (const char *from, const char *to)
{
  REAL (rename);
  return must_fail ("rename", to) ? -1 : real (from, to);
}

int
fsync (int fd)
{
  REAL (fsync);
  return must_fail ("fsync", NULL) ? -1 : real (fd);
}

/* Settings of the kernel and files; pipes and eventfds, with which threads wake each other, are left alone. */
ssize_t
write (int fd, const void *buffer, size_t size)
{
  char link[32], path[96];
  ssize_t length;
  REAL (write);

  if (!is_armed ())
    return real (fd, buffer, size);
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink (link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  return path[0] == '/' && must_fail ("write", path) ? -1 : real (fd, buffer, size);
}
