/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/sandbox.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/uid.h"
#include "nft/legacy.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Besides others' work: whoever makes rules that take long to list makes nobody else wait. */
#define NICE     10
#define CPU_TIME 5                    /* s */
#define MEMORY   (512 * 1024 * 1024l) /* bytes */
#define FILES    64

/* No file is then this process's, and nothing that root may read; and no other process has this uid, which could stop it.
 * In a user namespace there may be no other uid than root's; outside of it that is nobody special. */
static gboolean
become_unused (GError **error)
{
  capng_clear (CAPNG_SELECT_BOTH);
  capng_updatev (CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN, CAP_SYS_ADMIN, -1);
  if (capng_change_id (NETNS_UID_UNUSED, NETNS_UID_UNUSED, CAPNG_DROP_SUPP_GRP) == 0)
    return TRUE;
  if (errno == EINVAL && capng_apply (CAPNG_SELECT_CAPS) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot give up root's rights");
}

static gboolean
keep_only_net_admin (GError **error)
{
  capng_clear (CAPNG_SELECT_BOTH);
  capng_update (CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
  if (capng_apply (CAPNG_SELECT_CAPS) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot give up capabilities");
}

/* The user namespace that the network namespace belongs to, where CAP_NET_ADMIN reaches no other namespace than those
 * that belong to it as well. One that is ours cannot be entered, and need not be. */
static gboolean
enter_owner (int namespace_fd, GError **error)
{
  netns_autofd int owner = ioctl (namespace_fd, NS_GET_USERNS);
  struct stat own, status;

  if (owner < 0 && errno != EPERM) /* what is above ours */
    return netns_error_set_errno (error, errno, "Cannot find the owner of the namespace");
  if (owner < 0
      || (stat ("/proc/self/ns/user", &own) == 0 && fstat (owner, &status) == 0 && own.st_dev == status.st_dev
          && own.st_ino == status.st_ino))
    return TRUE;
  if (setns (owner, CLONE_NEWUSER) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot enter the user namespace of the namespace");
}

/**
 * netns_sandbox_enter:
 * @namespace_fd: a network namespace
 * @error: `KernelRefused`
 *
 * Enters it for good, and gives up all rights but that to list its rules: the kernel wants CAP_NET_ADMIN in the user
 * namespace that it belongs to (nfnetlink_rcv() in net/netfilter/nfnetlink.c).
 *
 * Returns: whether this is done
 */
gboolean
netns_sandbox_enter (int namespace_fd, GError **error)
{
  if (setns (namespace_fd, CLONE_NEWNET) < 0)
    return netns_error_set_errno (error, errno, "Cannot enter the namespace");
  netns_legacy_read ();
  return become_unused (error) && enter_owner (namespace_fd, error) && keep_only_net_admin (error);
}

/* As netns_sandbox_enter(), into a namespace that nobody else can get to. */
gboolean
netns_sandbox_enter_empty (GError **error)
{
  if (unshare (CLONE_NEWNET) < 0)
    return netns_error_set_errno (error, errno, "Cannot create a namespace");
  return become_unused (error) && keep_only_net_admin (error);
}

static gboolean
limit (int resource, rlim_t soft, rlim_t hard)
{
  const struct rlimit value = { soft, hard };

  return setrlimit ((__rlimit_resource_t) resource, &value) == 0;
}

/* What a sanitizer reserves for itself is more than any limit. */
static gboolean
limit_memory (void)
{
#ifdef __SANITIZE_ADDRESS__
  return TRUE;
#else
  return limit (RLIMIT_AS, MEMORY, MEMORY);
#endif
}

/* Everything else fails with EPERM. Files can only be read: libnftables has names of protocols and marks from below /etc,
 * and loads the extensions of iptables that it needs to print rules of iptables-nft. */
static gboolean
allow_calls (scmp_filter_ctx filter)
{
  static const int calls[] = {
    SCMP_SYS (bind),         SCMP_SYS (brk),          SCMP_SYS (clock_gettime),
    SCMP_SYS (close),        SCMP_SYS (exit),         SCMP_SYS (exit_group),
    SCMP_SYS (fcntl),        SCMP_SYS (fstat),        SCMP_SYS (futex),
    SCMP_SYS (getdents64),   SCMP_SYS (getpid),       SCMP_SYS (getrandom),
    SCMP_SYS (getsockname),  SCMP_SYS (getsockopt),   SCMP_SYS (gettid),
    SCMP_SYS (lseek),        SCMP_SYS (madvise),      SCMP_SYS (mmap),
    SCMP_SYS (mprotect),     SCMP_SYS (mremap),       SCMP_SYS (munmap),
    SCMP_SYS (newfstatat),   SCMP_SYS (poll),         SCMP_SYS (pread64),
    SCMP_SYS (pselect6),     SCMP_SYS (read),         SCMP_SYS (recvfrom),
    SCMP_SYS (recvmsg),      SCMP_SYS (rt_sigaction), SCMP_SYS (rt_sigprocmask),
    SCMP_SYS (rt_sigreturn), SCMP_SYS (select),       SCMP_SYS (sendmsg),
    SCMP_SYS (sendto),       SCMP_SYS (setsockopt),   SCMP_SYS (sigaltstack),
    SCMP_SYS (statx),        SCMP_SYS (write),        SCMP_SYS (writev),
  };
  int failed = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
    failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, calls[i], 0);
  failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (openat), 1,
                              SCMP_A2 (SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
  /* abort(); netnsd-run has this uid as well. */
  failed
    |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (tgkill), 1, SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t) getpid ()));
  /* Not rtnetlink: in a namespace of our own user namespace, CAP_NET_ADMIN reaches the host there. */
  failed |= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (socket), 2, SCMP_A0 (SCMP_CMP_EQ, AF_NETLINK),
                              SCMP_A2 (SCMP_CMP_EQ, NETLINK_NETFILTER));
  return failed == 0 && seccomp_load (filter) == 0;
}

/**
 * netns_sandbox_limit:
 * @looks: whether it looks at what others have made
 * @error: `KernelRefused`
 *
 * From now on this process gets as much memory, and if it looks at what others have made time, as a list may take; no
 * other process can look into it.
 *
 * Returns: whether this is so
 */
gboolean
netns_sandbox_limit (gboolean looks, GError **error)
{
  if ((looks && (setpriority (PRIO_PROCESS, 0, NICE) < 0 || !limit (RLIMIT_CPU, CPU_TIME, CPU_TIME + 1)))
      || prctl (PR_SET_DUMPABLE, 0) < 0 || !limit (RLIMIT_CORE, 0, 0) || !limit (RLIMIT_FSIZE, 0, 0)
      || !limit (RLIMIT_NPROC, 0, 0) || !limit (RLIMIT_NOFILE, FILES, FILES) || !limit_memory ())
    return netns_error_set_errno (error, errno, "Cannot set limits");
  return TRUE;
}

/**
 * netns_sandbox_lock:
 * @error: `KernelRefused`
 *
 * From now on this process can read files and use netlink for nf_tables, and nothing else.
 *
 * Returns: whether this is so
 */
gboolean
netns_sandbox_lock (GError **error)
{
  scmp_filter_ctx filter;
  gboolean locked;

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return netns_error_set_errno (error, errno, "Cannot limit the system calls");
  filter = seccomp_init (SCMP_ACT_ERRNO (EPERM));
  locked = filter != NULL && allow_calls (filter);
  seccomp_release (filter);
  return locked || netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot limit the system calls");
}
