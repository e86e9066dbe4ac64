/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnl makes the socket and the messages; answers are read here, because libnl drops the kernel's own words
 * about an error (extended ACK), repeats interrupted dumps without end and turns ENOBUFS into something else. */
#include "kernel/netlink.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/message.h"
#include "kernel/netns.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

#define TIMEOUT_SECONDS 5           /* no answer takes that long; without it a lost one would stop the worker */
#define RECEIVE_SIZE    (32 * 1024) /* the kernel's maximum for one part of a dump (netlink_dump()) */
#define DUMP_ATTEMPTS   5
#define DUMP_FAILED     "Cannot read from the kernel"

struct _NetnsNetlink {
  NetnsNlSock *socket;
  guint64 cookie;
  int error_number;
  GByteArray *buffer;
};

/**
 * Answer:
 * @sequence: number of the request
 * @single: whether the first message that is no error ends it
 * @count: how many messages came
 * @list: (nullable): what @func puts together
 * @most: how many messages, and how many of the list, are enough; 0 for all
 * @func: (nullable): takes its messages
 * @data: for @func
 * @finished: whether all of it was read
 * @interrupted: whether the kernel's tables changed meanwhile
 * @error_number: errno, 0 for none
 * @extended_ack: (nullable): what the kernel said about it
 */
typedef struct {
  guint32 sequence;
  gboolean single;
  guint count;
  const GArray *list;
  guint most;
  NetnsMessageFunc func;
  gpointer data;
  gboolean finished;
  gboolean interrupted;
  int error_number;
  char *extended_ack;
} Answer;

static gboolean
set_option (NetnsNetlink *netlink, int level, int option, const void *value, socklen_t size)
{
  return setsockopt (nl_socket_get_fd (netlink->socket), level, option, value, size) == 0;
}

/**
 * netns_netlink_connect:
 * @socket: a new one
 * @protocol: NETLINK_*
 *
 * Connects it to the kernel. Whoever has CAP_NET_ADMIN in the namespace of a socket can send to it, forge answers, or keep
 * its queue full, so that an answer never comes to its end. To one that is connected only the kernel can send
 * (netlink_getsockbyportid() in net/netlink/af_netlink.c).
 *
 * Returns: 0, or an error of libnl
 */
int
netns_netlink_connect (struct nl_sock *socket, int protocol)
{
  const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
  int result = nl_connect (socket, protocol);

  if (result >= 0 && connect (nl_socket_get_fd (socket), (const struct sockaddr *) &kernel, sizeof kernel) < 0)
    return -nl_syserr2nlerr (errno);
  return result;
}

static gboolean
open_socket (NetnsNetlink *netlink, int protocol, GError **error)
{
  struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
  socklen_t size = sizeof netlink->cookie;
  int yes = 1;
  int result = netns_netlink_connect (netlink->socket, protocol);

  if (result == -NLE_PROTO_MISMATCH && protocol == NETLINK_NETFILTER)
    return netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED, "This kernel has no nf_tables");
  if (result < 0)
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot open a netlink socket: %s", nl_geterror (result));
  /* Both only make errors readable and smaller: a kernel without them still works. */
  (void) set_option (netlink, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
  (void) set_option (netlink, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
  if (!set_option (netlink, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout)
      || getsockopt (nl_socket_get_fd (netlink->socket), SOL_SOCKET, SO_NETNS_COOKIE, &netlink->cookie, &size) < 0)
    return netns_error_set_errno (error, errno, "Cannot prepare a netlink socket");
  return TRUE;
}

/**
 * netns_netlink_new_for, netns_netlink_new:
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @protocol: NETLINK_*; NETLINK_ROUTE with netns_netlink_new()
 * @error: `KernelRefused`, `NotFound`, `NotSupported`
 *
 * With a namespace the thread enters it for a moment, so that the main thread may not ask for one.
 *
 * Returns: (transfer full) (nullable): a connection to that part of its kernel
 */
NetnsNetlink *
netns_netlink_new_for (int namespace_fd, int protocol, GError **error)
{
  g_autoptr (NetnsNetlink) netlink = g_new0 (NetnsNetlink, 1);
  g_auto (NetnsVisit) visit = FALSE;

  netlink->buffer = g_byte_array_new ();
  g_byte_array_set_size (netlink->buffer, RECEIVE_SIZE);
  netlink->socket = nl_socket_alloc ();
  if (netlink->socket == NULL)
    g_error ("Out of memory for a netlink socket");
  return netns_visit (&visit, namespace_fd, error) && open_socket (netlink, protocol, error)
           ? g_steal_pointer (&netlink)
           : NULL;
}

NetnsNetlink *
netns_netlink_new (int namespace_fd, GError **error)
{
  return netns_netlink_new_for (namespace_fd, NETLINK_ROUTE, error);
}

/* Returns: (transfer full) (nullable): another connection to NETLINK_ROUTE of the same namespace, for a question whose answer may
 * be cut off. Errors as of netns_netlink_new() */
NetnsNetlink *
netns_netlink_new_beside (const NetnsNetlink *netlink, GError **error)
{
  netns_autofd int namespace_fd = ioctl (nl_socket_get_fd (netlink->socket), SIOCGSKNS);

  if (namespace_fd >= 0)
    return netns_netlink_new (namespace_fd, error);
  netns_error_set_errno (error, errno, "Cannot open the namespace of a netlink socket");
  return NULL;
}

/* Closes it. */
void
netns_netlink_free (NetnsNetlink *netlink)
{
  nl_socket_free (netlink->socket);
  g_byte_array_unref (netlink->buffer);
  g_free (netlink);
}

/* Returns: the number of its namespace, which no other one gets before the machine is restarted (SO_NETNS_COOKIE) */
guint64
netns_netlink_get_cookie (const NetnsNetlink *netlink)
{
  return netlink->cookie;
}

/* For callers that know better than a general text what a certain errno means for their request.
 * Returns: how the last request ended: 0 when it went well, else the kernel's errno */
int
netns_netlink_get_errno (const NetnsNetlink *netlink)
{
  return netlink->error_number;
}

static gboolean
is_enough (const Answer *answer)
{
  return answer->most > 0 && MAX (answer->count, answer->list->len) >= answer->most;
}

static void
take_message (const struct nlmsghdr *header, Answer *answer)
{
  if (header->nlmsg_seq != answer->sequence)
    return; /* the rest of an answer that was given up */
  if (header->nlmsg_flags & NLM_F_DUMP_INTR)
    answer->interrupted = TRUE;
  if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
    /* Both begin with a negative errno; a short NLMSG_DONE means that all is well. */
    answer->finished = TRUE;
    if (header->nlmsg_len >= NLMSG_LENGTH (sizeof (int)))
      answer->error_number = -*(const int *) NLMSG_DATA (header);
    if (answer->error_number != 0)
      answer->extended_ack = netns_message_extended_ack (header);
    return;
  }
  if (header->nlmsg_type == NLMSG_NOOP)
    return;
  if (answer->func != NULL)
    answer->func (header, answer->data);
  answer->count++;
  if (answer->single || is_enough (answer))
    answer->finished = TRUE;
}

/* Reads one datagram into the buffer, however big it is. Returns its size, or a negative errno. */
static gssize
receive (NetnsNetlink *netlink)
{
  int fd = nl_socket_get_fd (netlink->socket);
  struct sockaddr_nl sender = { 0 };
  socklen_t sender_size = sizeof sender;
  gssize size;

  do
    size = recv (fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
  while (size < 0 && errno == EINTR);
  if (size > (gssize) netlink->buffer->len)
    g_byte_array_set_size (netlink->buffer, (guint) size);
  if (size >= 0)
    size = recvfrom (fd, netlink->buffer->data, netlink->buffer->len, 0, (struct sockaddr *) &sender, &sender_size);
  if (size < 0)
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
  return sender.nl_pid == 0 ? size : 0; /* only the kernel answers */
}

/* Sends @message and reads until its answer is complete. Returns whether the kernel did it; @error begins with @what. */
static gboolean
converse (NetnsNetlink *netlink, struct nl_msg *message, int flags, Answer *answer, GError **error, const char *what)
{
  struct nlmsghdr *header = nlmsg_hdr (message);
  g_autofree char *words = NULL;

  header->nlmsg_seq = NL_AUTO_SEQ;
  nl_socket_disable_auto_ack (netlink->socket);
  nl_complete_msg (netlink->socket, message);
  header->nlmsg_flags |= (guint16) flags;
  answer->sequence = header->nlmsg_seq;
  if (send (nl_socket_get_fd (netlink->socket), header, header->nlmsg_len, 0) < 0) {
    answer->error_number = errno;
    answer->finished = TRUE;
  }
  while (!answer->finished) {
    gssize rest = receive (netlink);
    const struct nlmsghdr *part = (const struct nlmsghdr *) (gconstpointer) netlink->buffer->data;

    if (rest < 0) {
      answer->error_number = (int) -rest;
      break;
    }
    for (; NLMSG_OK (part, rest); part = NLMSG_NEXT (part, rest))
      take_message (part, answer);
  }
  netlink->error_number = answer->error_number;
  words = g_steal_pointer (&answer->extended_ack);
  return answer->error_number == 0 || netns_error_set_kernel (error, answer->error_number, words, "%s", what);
}

/**
 * netns_netlink_change, netns_netlink_get:
 * @grant: who may do it
 * @netlink: a connection
 * @message: (transfer none): a request that the kernel confirms, such as RTM_NEWLINK; or a question with one answer,
 *   such as RTM_GETLINK for one link
 * @func: (scope call): gets the answer
 * @data: for @func
 * @error: what the kernel answered, in its own words where it has some
 * @format: what the error text begins with, such as `Cannot create link “a”`
 * @...: its arguments
 *
 * Returns: whether it was done, or there was an answer
 */
gboolean
netns_netlink_change (const NetnsGrant *grant, NetnsNetlink *netlink, struct nl_msg *message, GError **error,
                      const char *format, ...)
{
  Answer answer = { 0 };
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return converse (netlink, message, NLM_F_ACK, &answer, error, what);
}

gboolean
netns_netlink_get (NetnsNetlink *netlink, struct nl_msg *message, NetnsMessageFunc func, gpointer data, GError **error,
                   const char *format, ...)
{
  Answer answer = { .single = TRUE, .func = func, .data = data };
  g_autofree char *what = NULL;
  va_list arguments;

  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return converse (netlink, message, 0, &answer, error, what);
}

/* Answers to a batch are there when it has been sent (netlink_rcv_skb() and nfnetlink_rcv_batch() in the kernel run in
 * sendmsg()); what went well has none. The first error says why all of it was refused. */
static void
read_errors (NetnsNetlink *netlink, Answer *answer)
{
  int fd = nl_socket_get_fd (netlink->socket);

  while (recv (fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT) >= 0) {
    gssize rest = receive (netlink);
    const struct nlmsghdr *part = (const struct nlmsghdr *) (gconstpointer) netlink->buffer->data;

    if (rest < 0 && answer->error_number == 0)
      answer->error_number = (int) -rest;
    for (; rest > 0 && NLMSG_OK (part, rest) && answer->error_number == 0; part = NLMSG_NEXT (part, rest)) {
      answer->sequence = part->nlmsg_seq;
      take_message (part, answer);
    }
  }
  if (errno != EAGAIN && answer->error_number == 0)
    answer->error_number = errno;
}

/* Sends a transaction, messages from NFNL_MSG_BATCH_BEGIN to NFNL_MSG_BATCH_END, over a connection of NETLINK_NETFILTER:
 * all of it is done, or nothing. The error is `KernelRefused`, and begins with @what. */
gboolean
netns_netlink_change_batch (const NetnsGrant *grant, NetnsNetlink *netlink, gconstpointer batch, gsize size,
                            GError **error, const char *what)
{
  Answer answer = { 0 };
  int room = (int) MIN (size * 2, G_MAXINT);

  /* The kernel wants all of it at once; without the right to more room the message is refused, and said so. */
  (void) set_option (netlink, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  if (send (nl_socket_get_fd (netlink->socket), batch, size, 0) < 0)
    answer.error_number = errno;
  else
    read_errors (netlink, &answer);
  netlink->error_number = answer.error_number;
  if (answer.error_number != 0)
    netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "%s: %s", what,
                  answer.extended_ack ? answer.extended_ack : g_strerror (answer.error_number));
  g_free (answer.extended_ack);
  return answer.error_number == 0;
}

/**
 * netns_netlink_dump:
 * @netlink: a connection
 * @message: (transfer none): a question for all of something, such as RTM_GETLINK
 * @func: (scope call): gets one message after the other
 * @data: for @func
 * @interrupted: (out) (optional): whether something changed meanwhile, so that the answer may lack some or hold some
 *   twice (NLM_F_DUMP_INTR); how often to try again is the caller's decision
 * @error: what the kernel answered
 *
 * Returns: whether the answer came to its end
 */
gboolean
netns_netlink_dump (NetnsNetlink *netlink, struct nl_msg *message, NetnsMessageFunc func, gpointer data,
                    gboolean *interrupted, GError **error)
{
  Answer answer = { .func = func, .data = data };
  gboolean done = converse (netlink, message, NLM_F_DUMP, &answer, error, DUMP_FAILED);

  if (interrupted != NULL)
    *interrupted = answer.interrupted;
  return done;
}

/**
 * netns_netlink_list:
 * @netlink: a connection
 * @message: (transfer none): a question for all of something
 * @most: how many messages or, where one of them gives several, how many of what is listed; 0 for all. When there are as
 *   many, netns_netlink_get_errno() is EMSGSIZE, and the connection cannot be asked anything afterwards
 * @size: bytes of one of what is listed
 * @func: (scope call): gets one message after the other and the list, to append to
 * @what: what is read, such as `The routes`
 * @error: `Busy` (it changes all the time), or what the kernel answered
 *
 * Reads until nothing changed meanwhile, but not for ever while others keep changing things.
 *
 * Returns: (transfer full) (nullable): the list
 */
GArray *
netns_netlink_list (NetnsNetlink *netlink, struct nl_msg *message, guint most, gsize size, NetnsMessageFunc func,
                    const char *what, GError **error)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, (guint) size);

  for (guint i = 0; i < DUMP_ATTEMPTS; i++) {
    Answer answer = { .func = func, .data = items, .list = items, .most = most };

    g_array_set_size (items, 0);
    if (!converse (netlink, message, NLM_F_DUMP, &answer, error, DUMP_FAILED))
      return NULL;
    if (is_enough (&answer))
      netlink->error_number = EMSGSIZE;
    if (!answer.interrupted)
      return g_steal_pointer (&items);
  }
  netns_refuse (error, NETNS_ERROR_BUSY, "%s changed each of the %d times that they were read; try again", what,
                DUMP_ATTEMPTS);
  return NULL;
}

static NetnsMessage *
make_nsid_message (int type, int namespace_fd)
{
  struct rtgenmsg body = { .rtgen_family = AF_UNSPEC };
  NetnsMessage *message = netns_request_new (type, 0, &body, sizeof body);

  netns_request_put_u32 (message, NETNSA_FD, (guint32) namespace_fd);
  return message;
}

static void
take_nsid (const struct nlmsghdr *header, gpointer data)
{
  netns_message_parse_nsid (header, data);
}

static gboolean
get_nsid (NetnsNetlink *netlink, int namespace_fd, int *nsid, GError **error)
{
  g_autoptr (NetnsMessage) message = make_nsid_message (RTM_GETNSID, namespace_fd);

  *nsid = NETNS_NSID_NONE;
  return netns_netlink_get (netlink, message, take_nsid, nsid, error, "Cannot read the id of a namespace");
}

/* Gives @namespace_fd an id in the namespace of @netlink, unless it has one: only then its events can be heard from
 * there (NETLINK_LISTEN_ALL_NSID).
 * Returns: the id, NETNS_NSID_NONE on error (`KernelRefused`) */
int
netns_netlink_assign_nsid (NetnsNetlink *netlink, int namespace_fd, GError **error)
{
  g_autoptr (NetnsMessage) message = NULL;
  g_autoptr (GError) refusal = NULL;
  Answer answer = { 0 };
  int nsid;

  if (!get_nsid (netlink, namespace_fd, &nsid, error) || nsid != NETNS_NSID_NONE)
    return nsid;
  message = make_nsid_message (RTM_NEWNSID, namespace_fd);
  netns_request_put_u32 (message, NETNSA_NSID, (guint32) NETNS_NSID_NONE); /* the kernel chooses */
  if (!converse (netlink, message, NLM_F_ACK, &answer, &refusal, "Cannot give an id to a namespace")
      && answer.error_number != EEXIST)
    g_propagate_error (error, g_steal_pointer (&refusal));
  else if (get_nsid (netlink, namespace_fd, &nsid, error) && nsid == NETNS_NSID_NONE)
    netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE, "A namespace vanished while it got an id");
  return nsid;
}
