/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules can name links by number, and libnftables asks rtnetlink for their names (iface_cache_update() in its src/iface.c).
 * In a namespace that belongs to the same user namespace as the host's, a socket for that could change the host. So the
 * names are read before, and these functions, in the place of the C library's, answer that one question. */
#include "nft/links.h"

#include "common/error.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The answer about one link. */
typedef struct {
  struct nlmsghdr header;
  struct ifinfomsg link;
  struct nlattr name_header;
  char name[IF_NAMESIZE];
} Answer;

static const struct if_nameindex *links; /* NULL in a namespace of our own: nothing is asked there */
static const struct if_nameindex *next;
static int asked_fd = -1; /* what libnftables takes for rtnetlink */
static guint32 sequence;

/**
 * netns_links_read:
 * @error: `KernelRefused`
 *
 * Reads the names of the links in this namespace, for libnftables.
 *
 * Returns: whether they are known
 */
gboolean
netns_links_read (GError **error)
{
  links = if_nameindex ();
  return links != NULL || netns_error_set_errno (error, errno, "Cannot list links");
}

/* Returns: the number of a link, 0 if there is none of that name */
guint
netns_links_find (const char *name)
{
  for (const struct if_nameindex *link = links; link != NULL && link->if_index != 0; link++)
    if (strcmp (link->if_name, name) == 0)
      return link->if_index;
  return 0;
}

/* A socket that can do no more than the others: it only has to look like one. */
int
socket (int domain, int type, int protocol)
{
  if (domain != AF_NETLINK || protocol != NETLINK_ROUTE || links == NULL)
    return (int) syscall (SYS_socket, domain, type, protocol);
  asked_fd = (int) syscall (SYS_socket, domain, type, NETLINK_NETFILTER);
  return asked_fd;
}

ssize_t
sendto (int fd, const void *data, size_t length, int flags, const struct sockaddr *address, socklen_t address_length)
{
  const struct nlmsghdr *header = data;

  if (fd != asked_fd || fd < 0)
    return syscall (SYS_sendto, fd, data, length, flags, address, address_length);
  if (length < sizeof *header || header->nlmsg_type != RTM_GETLINK) {
    errno = EPERM;
    return -1;
  }
  sequence = header->nlmsg_seq;
  next = links;
  return (ssize_t) length;
}

static Answer
make_answer (void)
{
  Answer answer = {
    .header = { .nlmsg_len = sizeof answer, .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = sequence }
  };

  if (next == NULL || next->if_index == 0) {
    answer.header.nlmsg_type = NLMSG_DONE;
    asked_fd = -1; /* it is closed then, and something else may get the number */
    return answer;
  }
  answer.header.nlmsg_type = RTM_NEWLINK;
  answer.link.ifi_index = (int) next->if_index;
  answer.name_header = (struct nlattr) { sizeof answer.name_header + IF_NAMESIZE, IFLA_IFNAME };
  g_strlcpy (answer.name, next->if_name, sizeof answer.name);
  next++;
  return answer;
}

ssize_t
recvmsg (int fd, struct msghdr *message, int flags)
{
  const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  Answer answer;

  if (fd != asked_fd || fd < 0)
    return syscall (SYS_recvmsg, fd, message, flags);
  if (message->msg_iovlen != 1 || message->msg_iov->iov_len < sizeof answer || message->msg_namelen < sizeof kernel) {
    errno = EINVAL;
    return -1;
  }
  answer = make_answer ();
  memcpy (message->msg_iov->iov_base, &answer, sizeof answer);
  memcpy (message->msg_name, &kernel, sizeof kernel);
  message->msg_namelen = sizeof kernel;
  message->msg_flags = 0;
  message->msg_controllen = 0;
  return sizeof answer;
}
