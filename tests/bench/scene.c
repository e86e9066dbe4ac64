/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene.h"

#include "timing.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIR "/run/netns"
#define SELF    "/proc/thread-self/ns/net"

typedef struct {
  struct nlmsghdr header;
  char rest[1000];
} Message;

static int
must (int result, const char *what)
{
  if (result < 0)
    err (EXIT_FAILURE, "%s", what);
  return result;
}

static void
begin (Message *message, int type, int flags, const void *body, size_t size)
{
  memset (message, 0, sizeof message->header + size);
  message->header.nlmsg_type = (uint16_t) type;
  message->header.nlmsg_flags = (uint16_t) (NLM_F_REQUEST | NLM_F_ACK | flags);
  message->header.nlmsg_len = NLMSG_LENGTH ((uint32_t) size);
  memcpy (NLMSG_DATA (&message->header), body, size);
}

static struct rtattr *
put (Message *message, int type, const void *value, size_t size)
{
  struct rtattr *attribute = (struct rtattr *) ((char *) message + NLMSG_ALIGN (message->header.nlmsg_len));

  attribute->rta_type = (uint16_t) type;
  attribute->rta_len = (uint16_t) RTA_LENGTH (size);
  if (size > 0)
    memcpy (RTA_DATA (attribute), value, size);
  message->header.nlmsg_len = NLMSG_ALIGN (message->header.nlmsg_len) + RTA_ALIGN (attribute->rta_len);
  return attribute;
}

static void
put_text (Message *message, int type, const char *text)
{
  put (message, type, text, strlen (text) + 1);
}

static void
put_number (Message *message, int type, uint32_t number)
{
  put (message, type, &number, sizeof number);
}

static void
end (Message *message, struct rtattr *nest)
{
  nest->rta_len = (uint16_t) ((char *) message + message->header.nlmsg_len - (char *) nest);
}

static void
converse (int netlink, Message *message, const char *what)
{
  char buffer[4096];
  const struct nlmsghdr *answer = (const struct nlmsghdr *) buffer;

  must ((int) send (netlink, message, message->header.nlmsg_len, 0), what);
  must ((int) recv (netlink, buffer, sizeof buffer, 0), what);
  errno = answer->nlmsg_type == NLMSG_ERROR ? -((const struct nlmsgerr *) NLMSG_DATA (answer))->error : EPROTO;
  if (errno != 0)
    err (EXIT_FAILURE, "%s", what);
}

int
scene_open_namespace (const char *name)
{
  char path[300];

  snprintf (path, sizeof path, RUN_DIR "/%s", name);
  return must (open (path, O_RDONLY | O_CLOEXEC), path);
}

/* A connection to the rtnetlink of a namespace, -1 for that of the caller. */
int
scene_open_netlink (int namespace_fd)
{
  int home = must (open (SELF, O_RDONLY | O_CLOEXEC), SELF), netlink;

  must (setns (namespace_fd < 0 ? home : namespace_fd, CLONE_NEWNET), "enter");
  netlink = must (socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");
  must (setns (home, CLONE_NEWNET), "return");
  close (home);
  return netlink;
}

static void
share_directory (void)
{
  if (mkdir (RUN_DIR, 0755) < 0 && errno != EEXIST)
    err (EXIT_FAILURE, RUN_DIR);
  if (mount ("", RUN_DIR, "none", MS_SHARED, NULL) == 0)
    return;
  must (mount (RUN_DIR, RUN_DIR, "none", MS_BIND, NULL), RUN_DIR);
  must (mount ("", RUN_DIR, "none", MS_SHARED, NULL), RUN_DIR);
}

int
scene_add_namespace (const char *name)
{
  int home = must (open (SELF, O_RDONLY | O_CLOEXEC), SELF), fd;
  char path[300], source[64];

  snprintf (path, sizeof path, RUN_DIR "/%s", name);
  share_directory ();
  close (must (open (path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0), path));
  must (unshare (CLONE_NEWNET), "unshare");
  fd = must (open (SELF, O_RDONLY | O_CLOEXEC), SELF);
  must (setns (home, CLONE_NEWNET), "return");
  snprintf (source, sizeof source, "/proc/self/fd/%d", fd);
  must (mount (source, path, "none", MS_BIND, NULL), path);
  close (home);
  return fd;
}

void
scene_remove_namespace (const char *name)
{
  char path[300];

  snprintf (path, sizeof path, RUN_DIR "/%s", name);
  must (umount2 (path, MNT_DETACH), path);
  must (unlink (path), path);
}

void
scene_add_bridge (int netlink, const char *name, int index)
{
  struct ifinfomsg body = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
  struct rtattr *info;
  Message message;

  begin (&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_text (&message, IFLA_IFNAME, name);
  info = put (&message, IFLA_LINKINFO, NULL, 0);
  put_text (&message, IFLA_INFO_KIND, "bridge");
  end (&message, info);
  converse (netlink, &message, name);
}

/* Returns the time of the moment before the kernel got it. */
double
scene_add_veth_timed (int netlink, const SceneLink *link)
{
  struct ifinfomsg body = { .ifi_index = link->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
  struct ifinfomsg peer_body = { .ifi_index = link->peer_index };
  struct rtattr *info, *data, *peer;
  Message message;
  double before;

  begin (&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_text (&message, IFLA_IFNAME, link->name);
  if (link->master != 0)
    put_number (&message, IFLA_MASTER, (uint32_t) link->master);
  info = put (&message, IFLA_LINKINFO, NULL, 0);
  put_text (&message, IFLA_INFO_KIND, "veth");
  data = put (&message, IFLA_INFO_DATA, NULL, 0);
  peer = put (&message, VETH_INFO_PEER, &peer_body, sizeof peer_body);
  put_text (&message, IFLA_IFNAME, link->peer_name);
  if (link->peer_namespace_fd >= 0)
    put_number (&message, IFLA_NET_NS_FD, (uint32_t) link->peer_namespace_fd);
  end (&message, peer);
  end (&message, data);
  end (&message, info);
  before = timing_now ();
  converse (netlink, &message, link->name);
  return before;
}

void
scene_add_veth (int netlink, const SceneLink *link)
{
  scene_add_veth_timed (netlink, link);
}

void
scene_add_alternative_name (int netlink, int index, const char *name)
{
  struct ifinfomsg body = { .ifi_index = index };
  struct rtattr *list;
  Message message;

  begin (&message, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, &body, sizeof body);
  list = put (&message, IFLA_PROP_LIST | NLA_F_NESTED, NULL, 0);
  put_text (&message, IFLA_ALT_IFNAME, name);
  end (&message, list);
  converse (netlink, &message, name);
}

void
scene_remove_link (int netlink, int index)
{
  struct ifinfomsg body = { .ifi_index = index };
  Message message;

  begin (&message, RTM_DELLINK, 0, &body, sizeof body);
  converse (netlink, &message, "remove link");
}

void
scene_enable (int netlink, int index)
{
  struct ifinfomsg body = { .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
  Message message;

  begin (&message, RTM_NEWLINK, 0, &body, sizeof body);
  converse (netlink, &message, "enable");
}

/* @address is in the byte order of the machine. */
void
scene_add_address (int netlink, int index, uint32_t address, unsigned prefix)
{
  struct ifaddrmsg body = { .ifa_family = AF_INET, .ifa_prefixlen = (uint8_t) prefix, .ifa_index = (uint32_t) index };
  Message message;

  begin (&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_number (&message, IFA_LOCAL, htonl (address));
  put_number (&message, IFA_ADDRESS, htonl (address));
  put_number (&message, IFA_BROADCAST, htonl (address | (0xffffffffu >> prefix)));
  converse (netlink, &message, "address");
}

void
scene_add_default_route (int netlink, int index, uint32_t gateway)
{
  struct rtmsg body
    = { .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC, .rtm_type = RTN_UNICAST };
  Message message;

  begin (&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  put_number (&message, RTA_GATEWAY, htonl (gateway));
  put_number (&message, RTA_OIF, (uint32_t) index);
  converse (netlink, &message, "default route");
}

void
scene_write_setting (const char *path, const char *value)
{
  int fd = must (open (path, O_WRONLY | O_CLOEXEC), path);

  must ((int) write (fd, value, strlen (value)), path);
  close (fd);
}
