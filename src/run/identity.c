/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/identity.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_SOFT 1024   /* more than select() can take breaks programs: systemd's default, too */
#define DESCRIPTORS_HARD 524288

/* All signals do what they do by default, and none is blocked. */
void
netns_identity_reset_signals (void)
{
  sigset_t none;

  for (int number = 1; number <= SIGRTMAX; number++)
    signal (number, SIG_DFL); /* not for KILL, STOP and those that libc keeps for itself */
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

/* The kernel's initial limits, INIT_RLIMITS of include/asm-generic/resource.h, except those that it computes from the
 * size of the machine, which nothing has changed. */
static const struct {
  int resource;
  rlim_t soft;
  rlim_t hard;
} limits[] = {
  { RLIMIT_CPU,      RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_FSIZE,    RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_DATA,     RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_STACK,    8 * 1024 * 1024,  RLIM_INFINITY    },
  { RLIMIT_CORE,     0,                RLIM_INFINITY    },
  { RLIMIT_RSS,      RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_NOFILE,   DESCRIPTORS_SOFT, DESCRIPTORS_HARD },
  { RLIMIT_AS,       RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_LOCKS,    RLIM_INFINITY,    RLIM_INFINITY    },
  { RLIMIT_MSGQUEUE, 819200,           819200           },
  { RLIMIT_NICE,     0,                0                },
  { RLIMIT_RTPRIO,   0,                0                },
  { RLIMIT_RTTIME,   RLIM_INFINITY,    RLIM_INFINITY    },
};

/* Whether an administrator made the service unlikely to be killed says nothing about the command. */
static void
reset_oom_score (void)
{
  netns_autofd int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  if (fd >= 0 && write (fd, "0", 1) < 0)
    g_debug ("oom_score_adj: %s", g_strerror (errno));
}

/* The limits of an ordinary process, but never more than this one can have, and the usual file mode mask.
 * Returns: whether all are set; @error: `KernelRefused` */
gboolean
netns_identity_reset_limits (GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++) {
    struct rlimit now, limit = { limits[i].soft, limits[i].hard };

    if (getrlimit (limits[i].resource, &now) == 0) {
      limit.rlim_max = MIN (limit.rlim_max, now.rlim_max);
      limit.rlim_cur = MIN (limit.rlim_cur, limit.rlim_max);
      if (setrlimit (limits[i].resource, &limit) == 0)
        continue;
    }
    return netns_error_set_errno (error, errno, "Cannot set limit %d", limits[i].resource);
  }
  reset_oom_score ();
  umask (022);
  return TRUE;
}

/* Root is left what root has in the service's place: as root without capabilities it could do nothing in the namespace
 * that it came for. */
static gboolean
drop_capabilities (void)
{
  if (prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return FALSE;
  for (unsigned long number = 0; prctl (PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
    if (prctl (PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
      return FALSE;
  return TRUE;
}

/* Gives up all but these; inheritable ones would survive a change of uid. @permitted: what this process can use after it
 * has become root again */
gboolean
netns_identity_keep_capabilities (guint32 effective, guint32 permitted)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
    { .effective = effective, .permitted = permitted }
  };

  return syscall (SYS_capset, &header, data) == 0;
}

static gboolean
has_become (guint uid, guint gid)
{
  uid_t real, effective, saved;
  gid_t real_group, effective_group, saved_group;

  return getresuid (&real, &effective, &saved) == 0 && real == uid && effective == uid && saved == uid
         && getresgid (&real_group, &effective_group, &saved_group) == 0 && real_group == gid && effective_group == gid
         && saved_group == gid;
}

/* Returns: whether this process has a group and further ones, and no others; @error: `KernelRefused` */
gboolean
netns_identity_set_groups (guint gid, const guint32 *groups, gsize n_groups, GError **error)
{
  if (setgroups (n_groups, groups) == 0 && setresgid (gid, gid, gid) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot take on group %u", gid);
}

/* Turns this process into a user's, after netns_identity_set_groups(), for ever: no capability, no program that would
 * give it one. Until it executes another program the user can neither trace it nor have its memory dumped.
 * Returns: whether it is; @error: `KernelRefused` */
gboolean
netns_identity_become (guint uid, guint gid, GError **error)
{
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0
      || (uid != 0 && !drop_capabilities ()) || setresuid (uid, uid, uid) < 0
      || (uid != 0 && !netns_identity_keep_capabilities (0, 0)) || prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
    return netns_error_set_errno (error, errno, "Cannot become user %u", uid);
  if (!has_become (uid, gid))
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot become user %u", uid);
  /* Not the service's keys; a kernel or container without keys has none to give. */
  if (syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
    g_debug ("No session keyring: %s", g_strerror (errno));
  return TRUE;
}
