/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/events.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/cleanup.h"
#include "kernel/datagram.h"
#include "kernel/netlink.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_TIMEOUT 5000 /* ms; the kernel answers before sendmsg() returns, this only stops a defect */

/* What wait_for_answer() waits for. */
typedef struct {
  guint32 sequence;
  int nsid;
  gboolean done;
  gboolean interrupted;
  int error_number;
} Question;

struct _NetnsEventSocket {
  NetnsNlSock *socket;
  NetnsNetlink *queries; /* questions that must not take events out of the stream */
  NetnsEventFunc func;
  gpointer data;
  int host_nsid;
  gboolean overrun;
  GArray *ports; /* Port: bridge ports to read when the queue is empty */
  guint32 sequence; /* of the last question */
  Question *question; /* NULL while none is asked */
  char *buffer;
};

typedef struct {
  int nsid;
  guint index;
} Port;

static const int groups[] = {
  RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_NSID,
  RTNLGRP_NEXTHOP,    RTNLGRP_IPV4_RULE,    RTNLGRP_IPV6_RULE,    0,
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

/* Has one link announced as an event with from_dump, if it is still there. */
void
netns_event_socket_read_link (NetnsEventSocket *events, int nsid, guint index)
{
  NetnsEvent event = { .type = NETNS_EVENT_LINK, .nsid = nsid, .from_dump = TRUE };

  if (query_link (events, nsid, index, &event.link))
    events->func (&event, events->data);
  netns_link_info_clear (&event.link);
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
    netns_event_socket_read_link (events, port.nsid, port.index);
  }
}

static void
emit_link (NetnsEventSocket *events, const struct nlmsghdr *header, NetnsEvent *event)
{
  const struct ifinfomsg *body = nlmsg_data (header);

  if (!nlmsg_valid_hdr ((struct nlmsghdr *) header, sizeof *body))
    return;
  /* The bridge module announces a port's state with its own messages (br_ifinfo_notify() in net/bridge/br_netlink.c),
   * RTM_DELLINK when the port leaves. They have few attributes of the link, and the link still exists: read it. */
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

/* Routes by a nexthop object change with it, and go with it, without events of their own (fib_flush() in
 * net/ipv4/fib_frontend.c). */
static void
emit_nexthop (NetnsEventSocket *events, NetnsEvent *event)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  event->type = NETNS_EVENT_ROUTES;
  event->routes = none;
  event->change = NETNS_ROUTES_REPLACED;
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
  case RTM_NEWNEXTHOP:
  case RTM_DELNEXTHOP:
    emit_nexthop (events, &event);
    break;
  case RTM_NEWRULE:
  case RTM_DELRULE:
    event.type = NETNS_EVENT_ROUTING_RULES;
    events->func (&event, events->data);
    break;
  case RTM_NEWNETCONF:
    event.type = NETNS_EVENT_FORWARDING;
    if (netns_message_parse_forwarding (header, &event.family, &event.index, &event.forwarding))
      events->func (&event, events->data);
    break;
  case RTM_DELNSID:
    event.type = NETNS_EVENT_NSID_GONE;
    if (netns_message_parse_nsid (header, &event.gone_nsid))
      events->func (&event, events->data);
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

    if (!nlmsg_valid_hdr ((struct nlmsghdr *) header, sizeof *answer))
      return;
    /* No room for the first part yet: the dump continues as soon as there is (netlink_dump_start() in
     * net/netlink/af_netlink.c), and another request meanwhile would be refused. */
    if (answer->error == -ENOBUFS)
      return;
    question->error_number = -answer->error;
    question->done = TRUE;
  } else {
    emit (events, header, question->nsid, TRUE);
  }
}

static void
take_message (const struct nlmsghdr *header, int nsid, gboolean is_event, gpointer data)
{
  NetnsEventSocket *events = data;

  if (events->question != NULL && header->nlmsg_seq == events->question->sequence
      && header->nlmsg_pid == nl_socket_get_local_port (events->socket))
    take_answer (events, header, events->question);
  else if (is_event)
    emit (events, header, nsid == NETNS_NSID_NONE ? events->host_nsid : nsid, FALSE);
}

/* Takes in one datagram. Returns 0, or the errno: EAGAIN when there is none. */
static int
receive (NetnsEventSocket *events)
{
  return netns_datagram_receive (nl_socket_get_fd (events->socket), events->buffer, take_message, events);
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
  netns_autofd int self = -1;
  int on = 1;

  events->func = func;
  events->data = data;
  events->host_nsid = NETNS_NSID_NONE;
  events->buffer = g_malloc (NETNS_DATAGRAM_SIZE);
  events->ports = g_array_new (FALSE, FALSE, sizeof (Port));
  events->socket = netns_datagram_open (NETLINK_ROUTE, groups, receive_buffer, "the event socket", error);
  if (events->socket == NULL)
    return NULL;
  if (setsockopt (nl_socket_get_fd (events->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0) {
    netns_error_set_errno (error, errno, "Cannot set up the event socket");
    return NULL;
  }
  events->queries = netns_netlink_new (-1, error);
  self = events->queries ? netns_nsfs_open ("/proc/thread-self/ns/net", error) : -1;
  if (self < 0)
    return NULL;
  events->host_nsid = netns_event_socket_assign_nsid (events, self, error);
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

/* Returns: a descriptor to poll for G_IO_IN; netns_event_socket_drain() is then due */
int
netns_event_socket_get_fd (const NetnsEventSocket *events)
{
  return nl_socket_get_fd (events->socket);
}

/* Returns: the id that the host namespace has for itself */
int
netns_event_socket_get_host_nsid (const NetnsEventSocket *events)
{
  return events->host_nsid;
}

/* Takes in what is queued, without waiting. Of an overrun netns_event_socket_take_overrun() tells, of other errors
 * @error.
 * Returns: whether the socket still works */
gboolean
netns_event_socket_drain (NetnsEventSocket *events, GError **error)
{
  for (;;) {
    int error_number = receive (events);

    if (error_number == EAGAIN) {
      read_ports (events);
      return TRUE;
    }
    if (error_number == ENOBUFS)
      events->overrun = TRUE;
    else if (error_number != 0 && error_number != EINTR)
      return netns_error_set_errno (error, error_number, "Cannot read kernel events");
  }
}

/* Returns: whether events were lost since the last call; everything must then be read again */
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

  events->question = question;
  while (!question->done) {
    int error_number = receive (events);

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
  events->question = NULL;
  read_ports (events);
  if (question->error_number == 0)
    return TRUE;
  return netns_error_set_errno (error, question->error_number, "Cannot read namespace with id %d", question->nsid);
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
  if (result < 0)
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot ask the kernel: %s", nl_geterror (result));
  if (!wait_for_answer (events, &question, error))
    return FALSE;
  *interrupted |= question.interrupted;
  return TRUE;
}

/**
 * netns_event_socket_read_links, netns_event_socket_read_addresses:
 * @events: the socket
 * @nsid: id of a namespace
 * @interrupted: (inout): set when something changed meanwhile, so that a link or an address may be missing in the
 *   answer
 * @error: `NotFound` when no namespace has that id now
 *
 * Has every link, or address, of a namespace announced as an event with from_dump, between those that happen meanwhile.
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

/* Puts the counters of a link (element-type utf8 guint64) into @counters. @error: `NotFound`
 * Returns: whether the link is still there */
gboolean
netns_event_socket_read_statistics (NetnsEventSocket *events, int nsid, guint index, GHashTable *counters,
                                    GError **error)
{
  g_autoptr (NetnsMessage) message = ask_for_link (events, nsid, index, 0);

  return netns_netlink_get (events->queries, message, take_statistics, counters, error,
                            "Cannot read the counters of link #%u", index);
}

/* Makes the events of a namespace arrive here, by giving it an id in the host namespace unless it has one.
 * Returns: its id, NETNS_NSID_NONE on error (`KernelRefused`) */
int
netns_event_socket_assign_nsid (NetnsEventSocket *events, int namespace_fd, GError **error)
{
  return netns_netlink_assign_nsid (events->queries, namespace_fd, error);
}
