/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/events.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/netlink.h"
#include "kernel/request.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Dumps arrive in parts of at most 32 KiB (netlink_dump() in net/netlink/af_netlink.c). */
#define RECEIVE_SIZE   (64 * 1024)
#define ANSWER_TIMEOUT 5000 /* ms; the kernel answers before sendmsg() returns, this only stops a defect */

struct _NetnsEventSocket {
  NetnsNlSock *socket;
  NetnsNetlink *queries; /* questions that must not take events out of the stream */
  NetnsEventFunc func;
  gpointer data;
  int host_nsid;
  gboolean overrun;
  GArray *ports; /* Port: bridge ports to read when the queue is empty */
  guint32 sequence;
  char *buffer;
};

typedef struct {
  int nsid;
  guint index;
} Port;

/* The answer that receive() waits for, none when @sequence is 0. */
typedef struct {
  guint32 sequence;
  int nsid;
  gboolean done;
  gboolean interrupted;
  int error_number;
} Question;

static const int groups[] = {
  RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,  RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_NSID,
};

static void
take_link (const struct nlmsghdr *header, gpointer data)
{
  NetnsLinkInfo *info = data;

  netns_link_info_clear (info);
  netns_message_parse_link (header, info);
}

static NetnsMessage *
ask_for_link (NetnsEventSocket *events, int nsid, guint index, guint32 leave_out)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };
  NetnsMessage *message = netns_request_new (RTM_GETLINK, 0, &body, sizeof body);

  if (nsid != events->host_nsid)
    netns_request_put_u32 (message, IFLA_TARGET_NETNSID, (guint32) nsid);
  netns_request_put_u32 (message, IFLA_EXT_MASK, leave_out);
  return message;
}

/* Asks for one link, past the queue of events. */
static gboolean
query_link (NetnsEventSocket *events, int nsid, guint index, NetnsLinkInfo *info)
{
  g_autoptr (NetnsMessage) message = ask_for_link (events, nsid, index, RTEXT_FILTER_SKIP_STATS);

  return netns_netlink_get (events->queries, message, take_link, info, NULL, "Cannot read link %u", index)
         && info->index == index;
}

static void
emit_read_link (NetnsEventSocket *events, guint index, NetnsEvent *event)
{
  event->type = NETNS_EVENT_LINK;
  event->from_dump = TRUE;
  if (query_link (events, event->nsid, index, &event->link))
    events->func (event, events->data);
  netns_link_info_clear (&event->link);
}

/* One change of a bridge makes several messages for each port: read it once. */
static void
note_port (NetnsEventSocket *events, int nsid, guint index)
{
  const Port port = { nsid, index };

  for (guint i = 0; i < events->ports->len; i++)
    if (memcmp (&g_array_index (events->ports, Port, i), &port, sizeof port) == 0)
      return;
  g_array_append_val (events->ports, port);
}

static void
read_ports (NetnsEventSocket *events)
{
  while (events->ports->len > 0) {
    const Port port = g_array_index (events->ports, Port, 0);

    g_array_remove_index (events->ports, 0);
    emit_read_link (events, port.index, &(NetnsEvent){ .nsid = port.nsid });
  }
}

static void
emit_link (NetnsEventSocket *events, const struct nlmsghdr *header, NetnsEvent *event)
{
  const struct ifinfomsg *body = nlmsg_data (header);

  /* The bridge module tells of a port's state with messages of its own (br_ifinfo_notify() in net/bridge/br_netlink.c),
   * RTM_DELLINK when the port leaves. They say little of the link, and it is not gone: read it. */
  if (body->ifi_family == AF_BRIDGE) {
    note_port (events, event->nsid, (guint) body->ifi_index);
    return;
  }
  event->type = header->nlmsg_type == RTM_DELLINK ? NETNS_EVENT_LINK_GONE : NETNS_EVENT_LINK;
  if (!netns_message_parse_link (header, &event->link))
    return;
  events->func (event, events->data);
  netns_link_info_clear (&event->link);
}

static void
emit_forwarding (NetnsEventSocket *events, const struct nlmsghdr *header, NetnsEvent *event)
{
  if (!netns_message_parse_forwarding (header, &event->family, &event->forwarding))
    return;
  event->type = NETNS_EVENT_FORWARDING;
  events->func (event, events->data);
}

static void
emit_routes (NetnsEventSocket *events, const struct nlmsghdr *header, NetnsEvent *event)
{
  g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  if (netns_message_parse_route (header, routes) == 0)
    return;
  event->type = NETNS_EVENT_ROUTES;
  event->routes = routes;
  if (header->nlmsg_type == RTM_DELROUTE)
    event->change = NETNS_ROUTES_REMOVED;
  else
    event->change = header->nlmsg_flags & NLM_F_REPLACE ? NETNS_ROUTES_REPLACED : NETNS_ROUTES_ADDED;
  events->func (event, events->data);
}

static void
emit_nsid_gone (NetnsEventSocket *events, const struct nlmsghdr *header, NetnsEvent *event)
{
  if (!netns_message_parse_nsid (header, &event->gone_nsid))
    return;
  event->type = NETNS_EVENT_NSID_GONE;
  events->func (event, events->data);
}

static void
emit (NetnsEventSocket *events, const struct nlmsghdr *header, int nsid, gboolean from_dump)
{
  NetnsEvent event = { .nsid = nsid, .from_dump = from_dump };

  switch (header->nlmsg_type) {
  case RTM_NEWLINK:
  case RTM_DELLINK:
    emit_link (events, header, &event);
    break;
  case RTM_NEWADDR:
  case RTM_DELADDR:
    event.type = header->nlmsg_type == RTM_NEWADDR ? NETNS_EVENT_ADDRESS : NETNS_EVENT_ADDRESS_GONE;
    if (netns_message_parse_address (header, &event.address))
      events->func (&event, events->data);
    break;
  case RTM_NEWROUTE:
  case RTM_DELROUTE:
    emit_routes (events, header, &event);
    break;
  case RTM_NEWNETCONF:
    emit_forwarding (events, header, &event);
    break;
  case RTM_DELNSID:
    emit_nsid_gone (events, header, &event);
    break;
  default:
    break;
  }
}

static void
take_answer (NetnsEventSocket *events, const struct nlmsghdr *header, Question *question)
{
  if (header->nlmsg_flags & NLM_F_DUMP_INTR)
    question->interrupted = TRUE;
  if (header->nlmsg_type == NLMSG_DONE) {
    question->done = TRUE;
  } else if (header->nlmsg_type == NLMSG_ERROR) {
    const struct nlmsgerr *answer = nlmsg_data (header);

    /* No room for the first part yet: the dump runs on as soon as there is (netlink_dump_start() in
     * net/netlink/af_netlink.c), and whoever asked anew meanwhile would be refused. */
    if (answer->error == -ENOBUFS)
      return;
    question->error_number = -answer->error;
    question->done = TRUE;
  } else {
    emit (events, header, question->nsid, TRUE);
  }
}

static int
message_nsid (struct msghdr *message, int host_nsid)
{
  for (struct cmsghdr *control = CMSG_FIRSTHDR (message); control; control = CMSG_NXTHDR (message, control)) {
    int nsid;

    if (control->cmsg_level != SOL_NETLINK || control->cmsg_type != NETLINK_LISTEN_ALL_NSID)
      continue;
    memcpy (&nsid, CMSG_DATA (control), sizeof nsid);
    return nsid;
  }
  return host_nsid;
}

/* Takes in one datagram. Returns 0, or the errno: EAGAIN when there is none. */
static int
receive (NetnsEventSocket *events, Question *question)
{
  struct iovec vector = { .iov_base = events->buffer, .iov_len = RECEIVE_SIZE };
  struct sockaddr_nl sender;
  char control[CMSG_SPACE (sizeof (int))] __attribute__ ((aligned (__alignof__ (struct cmsghdr))));
  struct msghdr message = {
    .msg_name = &sender,
    .msg_namelen = sizeof sender,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = control,
    .msg_controllen = sizeof control,
  };
  guint32 port = nl_socket_get_local_port (events->socket);
  ssize_t received = recvmsg (nl_socket_get_fd (events->socket), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  int nsid, remaining;

  if (received < 0)
    return errno;
  if (sender.nl_pid != 0) /* some process sent this, not the kernel */
    return 0;
  nsid = message_nsid (&message, events->host_nsid);
  remaining = (int) received;
  for (struct nlmsghdr *header = (struct nlmsghdr *) events->buffer; nlmsg_ok (header, remaining);
       header = nlmsg_next (header, &remaining)) {
    if (question != NULL && header->nlmsg_seq == question->sequence && header->nlmsg_pid == port)
      take_answer (events, header, question);
    else if (sender.nl_groups != 0)
      emit (events, header, nsid, FALSE);
  }
  return 0;
}

static gboolean
open_socket (NetnsEventSocket *events, int receive_buffer, GError **error)
{
  int on = 1, fd, result;

  events->socket = nl_socket_alloc ();
  result = nl_connect (events->socket, NETLINK_ROUTE);
  if (result < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot open the event socket: %s",
                 nl_geterror (result));
    return FALSE;
  }
  fd = nl_socket_get_fd (events->socket);
  fcntl (fd, F_SETFD, FD_CLOEXEC);
  /* Root of a user namespace gets no more than everybody (net.core.rmem_max); an overrun costs time, nothing is lost. */
  if ((setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) < 0
       && (errno != EPERM || setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) < 0))
      || setsockopt (fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) < 0
      || setsockopt (fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0) {
    netns_error_set_errno (error, errno, "Cannot set up the event socket");
    return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (groups); i++) {
    result = nl_socket_add_membership (events->socket, groups[i]);
    if (result < 0) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot listen to event group %d: %s",
                   groups[i], nl_geterror (result));
      return FALSE;
    }
  }
  return TRUE;
}

/**
 * netns_event_socket_new:
 * @receive_buffer: bytes that the kernel may queue; a link event takes about 800
 * @func: called for each event, from within the functions below only
 * @data: for @func
 * @error: `KernelRefused`
 *
 * Gives the host namespace an id of its own: a veth's end in another namespace names the namespace of the far end
 * by id, and the kernel would make one up in the middle of a dump.
 *
 * Returns: (transfer full) (nullable): a socket in the calling thread's namespace
 */
NetnsEventSocket *
netns_event_socket_new (int receive_buffer, NetnsEventFunc func, gpointer data, GError **error)
{
  g_autoptr (NetnsEventSocket) events = g_new0 (NetnsEventSocket, 1);
  int self;

  events->func = func;
  events->data = data;
  events->host_nsid = NETNS_NSID_NONE;
  events->buffer = g_malloc (RECEIVE_SIZE);
  events->ports = g_array_new (FALSE, FALSE, sizeof (Port));
  if (!open_socket (events, receive_buffer, error))
    return NULL;
  events->queries = netns_netlink_new (-1, error);
  if (events->queries == NULL)
    return NULL;
  self = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (self < 0) {
    netns_error_set_errno (error, errno, "Cannot open /proc/thread-self/ns/net");
    return NULL;
  }
  events->host_nsid = netns_event_socket_assign_nsid (events, self, error);
  close (self);
  return events->host_nsid == NETNS_NSID_NONE ? NULL : g_steal_pointer (&events);
}

void
netns_event_socket_free (NetnsEventSocket *events)
{
  g_clear_pointer (&events->socket, nl_socket_free);
  g_clear_pointer (&events->queries, netns_netlink_free);
  g_free (events->buffer);
  g_array_unref (events->ports);
  g_free (events);
}

/**
 * netns_event_socket_get_fd:
 * @events: the socket
 *
 * Returns: a descriptor to poll for G_IO_IN; netns_event_socket_drain() is then due
 */
int
netns_event_socket_get_fd (const NetnsEventSocket *events)
{
  return nl_socket_get_fd (events->socket);
}

/**
 * netns_event_socket_get_host_nsid:
 * @events: the socket
 *
 * Returns: the id that the host namespace has for itself
 */
int
netns_event_socket_get_host_nsid (const NetnsEventSocket *events)
{
  return events->host_nsid;
}

/**
 * netns_event_socket_drain:
 * @events: the socket
 * @error: an error other than an overrun, which netns_event_socket_take_overrun() tells
 *
 * Takes in what is queued, without waiting.
 *
 * Returns: whether the socket still works
 */
gboolean
netns_event_socket_drain (NetnsEventSocket *events, GError **error)
{
  for (;;) {
    int error_number = receive (events, NULL);

    if (error_number == EAGAIN) {
      read_ports (events);
      return TRUE;
    }
    if (error_number == ENOBUFS)
      events->overrun = TRUE;
    else if (error_number != 0 && error_number != EINTR) {
      netns_error_set_errno (error, error_number, "Cannot read kernel events");
      return FALSE;
    }
  }
}

/**
 * netns_event_socket_take_overrun:
 * @events: the socket
 *
 * Returns: whether events were lost since the last call; everything must then be read again
 */
gboolean
netns_event_socket_take_overrun (NetnsEventSocket *events)
{
  gboolean overrun = events->overrun;

  events->overrun = FALSE;
  return overrun;
}

static gboolean
wait_for_answer (NetnsEventSocket *events, Question *question, GError **error)
{
  struct pollfd ready = { .fd = nl_socket_get_fd (events->socket), .events = POLLIN };

  while (!question->done) {
    int error_number = receive (events, question);

    if (error_number == ENOBUFS) {
      events->overrun = TRUE;
    } else if (error_number == EAGAIN) {
      if (poll (&ready, 1, ANSWER_TIMEOUT) == 0)
        question->error_number = ETIMEDOUT, question->done = TRUE;
    } else if (error_number != 0 && error_number != EINTR) {
      question->error_number = error_number;
      question->done = TRUE;
    }
  }
  read_ports (events);
  if (question->error_number == 0)
    return TRUE;
  netns_error_set_errno (error, question->error_number, "Cannot read namespace with id %d", question->nsid);
  return FALSE;
}

static gboolean
dump (NetnsEventSocket *events, NetnsMessage *message, int nsid, gboolean *interrupted, GError **error)
{
  struct nlmsghdr *header = nlmsg_hdr (message);
  Question question = { .nsid = nsid };
  int result;

  if (++events->sequence == 0)
    events->sequence = 1;
  question.sequence = events->sequence;
  header->nlmsg_seq = question.sequence;
  header->nlmsg_pid = nl_socket_get_local_port (events->socket);
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  result = nl_sendto (events->socket, header, header->nlmsg_len);
  if (result < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot ask the kernel: %s", nl_geterror (result));
    return FALSE;
  }
  if (!wait_for_answer (events, &question, error))
    return FALSE;
  *interrupted |= question.interrupted;
  return TRUE;
}

/**
 * netns_event_socket_read_links:
 * @events: the socket
 * @nsid: id of a namespace
 * @interrupted: (inout): set when something changed meanwhile, so that a link may be missing in the answer
 * @error: `NotFound` when no namespace has that id any more
 *
 * Has every link of a namespace announced as an event with from_dump, between those that happen meanwhile.
 *
 * Returns: whether the answer came
 */
gboolean
netns_event_socket_read_links (NetnsEventSocket *events, int nsid, gboolean *interrupted, GError **error)
{
  /* With any filter the kernel first looks at all links of the host, whichever namespace is asked for (rtnl_calcit() in
   * net/core/rtnetlink.c); that pays for the host itself only. */
  g_autoptr (NetnsMessage) message
    = ask_for_link (events, nsid, 0, nsid == events->host_nsid ? RTEXT_FILTER_SKIP_STATS : 0);

  return dump (events, message, nsid, interrupted, error);
}

/**
 * netns_event_socket_read_link:
 * @events: the socket
 * @nsid: id of a namespace
 * @index: ifindex of a link in it
 *
 * Has one link announced as an event with from_dump, if it is still there.
 */
void
netns_event_socket_read_link (NetnsEventSocket *events, int nsid, guint index)
{
  emit_read_link (events, index, &(NetnsEvent){ .nsid = nsid });
}

/**
 * netns_event_socket_read_addresses:
 * @events: the socket
 * @nsid: id of a namespace
 * @interrupted: (inout): set when something changed meanwhile, so that an address may be missing in the answer
 * @error: `NotFound` when no namespace has that id any more
 *
 * As netns_event_socket_read_links(), for addresses.
 *
 * Returns: whether the answer came
 */
gboolean
netns_event_socket_read_addresses (NetnsEventSocket *events, int nsid, gboolean *interrupted, GError **error)
{
  struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETADDR, 0, &body, sizeof body);

  if (nsid != events->host_nsid)
    netns_request_put_u32 (message, IFA_TARGET_NETNSID, (guint32) nsid);
  return dump (events, message, nsid, interrupted, error);
}

/**
 * netns_event_socket_resolve_peer:
 * @events: the socket
 * @nsid: id of a namespace
 * @index: ifindex of a link in it
 * @peer_index: (out): ifindex of its other end
 * @peer_nsid: (out): id of that one's namespace as the host knows it, or NETNS_LINK_SAME_NAMESPACE
 *
 * An event names the namespace of a veth's far end by the id that the *event's* namespace has for it, an answer to a
 * question by the id that the *asking* namespace has (rtnl_fill_link_netnsid() in net/core/rtnetlink.c). So what an
 * event says is asked for once more.
 *
 * Returns: whether the link is still there
 */
gboolean
netns_event_socket_resolve_peer (NetnsEventSocket *events, int nsid, guint index, guint *peer_index, int *peer_nsid)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!query_link (events, nsid, index, &info))
    return FALSE;
  *peer_index = info.peer_index;
  *peer_nsid = info.peer_nsid;
  return TRUE;
}

static void
take_statistics (const struct nlmsghdr *header, gpointer data)
{
  netns_message_parse_statistics (header, data);
}

/**
 * netns_event_socket_read_statistics:
 * @events: the socket
 * @nsid: id of a namespace
 * @index: ifindex of a link in it
 * @counters: (element-type utf8 guint64): where to put its counters
 * @error: `NotFound`
 *
 * Returns: whether the link is still there
 */
gboolean
netns_event_socket_read_statistics (NetnsEventSocket *events, int nsid, guint index, GHashTable *counters,
                                    GError **error)
{
  g_autoptr (NetnsMessage) message = ask_for_link (events, nsid, index, 0);

  return netns_netlink_get (events->queries, message, take_statistics, counters, error,
                            "Cannot read the counters of link %u", index);
}

/**
 * netns_event_socket_assign_nsid:
 * @events: the socket
 * @namespace_fd: a namespace
 * @error: `KernelRefused`
 *
 * Makes the events of a namespace arrive here, by giving it an id in the host namespace unless it has one.
 *
 * Returns: its id, NETNS_NSID_NONE on error
 */
int
netns_event_socket_assign_nsid (NetnsEventSocket *events, int namespace_fd, GError **error)
{
  return netns_netlink_assign_nsid (events->queries, namespace_fd, error);
}
