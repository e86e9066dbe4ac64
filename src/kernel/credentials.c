/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/credentials.h"

#include "common/error.h"
#include "common/uid.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean
get_effective (guint64 *effective, struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3])
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };

  if (syscall (SYS_capget, &header, data) < 0)
    return FALSE;
  *effective = data[0].effective | (guint64) data[1].effective << 32;
  return TRUE;
}

/* Of the calling thread alone: the system call, not what a library would do to all threads. */
static gboolean
set_effective (guint64 effective)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  guint64 before;

  if (!get_effective (&before, data))
    return FALSE;
  data[0].effective = (guint32) effective & data[0].permitted;
  data[1].effective = (guint32) (effective >> 32) & data[1].permitted;
  return syscall (SYS_capset, &header, data) == 0;
}

/* Of the calling thread alone, as above. */
static gboolean
set_users (guint real, guint effective, guint saved)
{
  return syscall (SYS_setresuid, real, effective, saved) == 0;
}

/* setfsgid(2) tells no error; who asks with an invalid gid changes nothing and is told what it is. */
static gboolean
set_group (guint gid)
{
  setfsgid (gid);
  return (guint) setfsgid ((gid_t) -1) == gid;
}

/**
 * netns_identity_assume:
 * @before: (out caller-allocates): what it was
 * @identity: whom to be; for root nothing changes
 * @capabilities: bits of those that the thread keeps of its own
 * @error: `KernelRefused`; the thread is then as before
 *
 * The effective user is @identity's: by it the kernel decides what the thread may signal (kill_ok_by_cred() in
 * kernel/signal.c) and open. The real one is nobody's and the saved one stays root's, so that @identity can neither
 * signal nor trace the thread. Capabilities stay permitted, so that @identity can neither change its priority or processors
 * (cap_safe_nice() in security/commoncap.c). Files that it opens meanwhile, sockets included, carry these credentials
 * (`f_cred`), which rules on the user of a socket (`meta skuid`) and checks of the opener of a netlink socket look at.
 *
 * Returns: whether it is, until @before goes out of scope
 */
gboolean
netns_identity_assume (NetnsAssumed *before, const NetnsIdentity *identity, guint64 capabilities, GError **error)
{
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

  *before = (NetnsAssumed) { .active = FALSE };
  if (identity->uid == 0)
    return TRUE;
  if (!get_effective (&before->effective, data))
    return netns_error_set_errno (error, errno, "Cannot read capabilities");
  before->active = TRUE;
  before->gid = (guint) setfsgid ((gid_t) -1);
  if (set_group (identity->gid) && set_users (NETNS_UID_UNUSED, identity->uid, 0)
      && set_effective (before->effective & capabilities))
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot act as user %u", identity->uid);
  netns_identity_resume (before);
  return FALSE;
}

/* If that is impossible the process ends: later jobs would do their work as a user. */
void
netns_identity_resume (NetnsAssumed *before)
{
  int saved = errno;

  if (!before->active)
    return;
  before->active = FALSE;
  if (!set_users (0, 0, 0) || !set_effective (before->effective) || !set_group (before->gid))
    g_error ("Cannot become root again: %s", g_strerror (errno));
  errno = saved;
}
