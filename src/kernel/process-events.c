/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/process-events.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define RECEIVE_BUFFER (1024 * 1024) /* some thousand processes that begin between two looks */

/* The headers around an event; the kernel puts one event into each datagram. */
typedef struct {
  struct nlmsghdr header;
  struct cn_msg message;
} Envelope;

typedef struct {
  Envelope envelope;
  enum proc_cn_mcast_op operation;
} Request;

/* Ends of processes, changes of users and the like would only wake us up. */
static gboolean
leave_out_others (int fd)
{
  const struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, sizeof (Envelope) + offsetof (struct proc_event, what)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, GUINT32_TO_BE (PROC_EVENT_NONE), 2, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, GUINT32_TO_BE (PROC_EVENT_FORK), 1, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, GUINT32_TO_BE (PROC_EVENT_EXEC), 0, 1),
    BPF_STMT (BPF_RET | BPF_K, G_MAXUINT32),
    BPF_STMT (BPF_RET | BPF_K, 0),
  };
  const struct sock_fprog program = { G_N_ELEMENTS (code), (struct sock_filter *) code };

  return setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static gboolean
ask (int fd, enum proc_cn_mcast_op operation)
{
  const Request request = {
    .envelope = { .header = { .nlmsg_len = sizeof request, .nlmsg_type = NLMSG_DONE },
                 .message = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof request.operation } },
    .operation = operation,
  };

  return send (fd, &request, sizeof request, 0) == (gssize) sizeof request;
}

/* Returns %FALSE when nothing more is queued, or on error. */
static gboolean
receive (int fd, struct proc_event *event)
{
  guint8 datagram[sizeof (Envelope) + sizeof *event]; /* where the event is not aligned */
  struct sockaddr_nl sender = { 0 };
  socklen_t sender_size = sizeof sender;
  gssize size;

  do
    size = recvfrom (fd, datagram, sizeof datagram, MSG_DONTWAIT, (struct sockaddr *) &sender, &sender_size);
  while (size < 0 && errno == EINTR);
  if (size == (gssize) sizeof datagram && sender.nl_pid == 0)
    memcpy (event, datagram + sizeof (Envelope), sizeof *event);
  else
    memset (event, 0xff, sizeof *event); /* none that we know */
  return size >= 0;
}

/* The kernel confirms at once; where it must not tell us of processes, it says nothing (cn_proc_mcast_ctl() in
 * drivers/connector/cn_proc.c). */
static gboolean
is_confirmed (int fd)
{
  struct proc_event event;

  while (receive (fd, &event))
    if (event.what == PROC_EVENT_NONE)
      return event.event_data.ack.err == 0;
  return FALSE;
}

/**
 * netns_process_events_open:
 * @error: `NotSupported`: the kernel has none, or does not tell us: it does so only to who is privileged and in none but
 *   the first network, process and user namespace
 *
 * Returns: a descriptor to poll for G_IO_IN, and to close with netns_process_events_close(); -1 on error
 */
int
netns_process_events_open (GError **error)
{
  netns_autofd int fd = socket (AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
  const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
  int size = RECEIVE_BUFFER;

  if (fd < 0 || bind (fd, (const struct sockaddr *) &address, sizeof address) < 0 || !leave_out_others (fd)
      || !ask (fd, PROC_CN_MCAST_LISTEN) || !is_confirmed (fd)) {
    netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED, "Process events are not available");
    return -1;
  }
  /* Without it news are lost sooner, and that is noticed. */
  (void) setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  return g_steal_fd (&fd);
}

/* Without a listener the kernel makes no news. */
void
netns_process_events_close (int *fd)
{
  if (*fd >= 0)
    (void) ask (*fd, PROC_CN_MCAST_IGNORE);
  netns_close_fd (fd);
}

static void
take (const struct proc_event *event, GHashTable *pids)
{
  if (event->what == PROC_EVENT_EXEC)
    g_hash_table_add (pids, GINT_TO_POINTER (event->event_data.exec.process_tgid));
  /* A thread is nothing new. */
  else if (event->what == PROC_EVENT_FORK && event->event_data.fork.child_pid == event->event_data.fork.child_tgid)
    g_hash_table_add (pids, GINT_TO_POINTER (event->event_data.fork.child_tgid));
}

/* Puts the processes that began or became another program since the last call into @pids (element-type guint), without
 * waiting.
 * Returns: %FALSE when news were lost */
gboolean
netns_process_events_read (int fd, GHashTable *pids)
{
  struct proc_event event;

  while (receive (fd, &event))
    take (&event, pids);
  return errno == EAGAIN;
}
