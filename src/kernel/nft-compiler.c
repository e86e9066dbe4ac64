/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* To start a program for each change takes longer than the change, so one stays for a while. */
#include "kernel/nft-compiler.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/nft-query.h"
#include "kernel/nft-helper.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TIMEOUT     (20 * G_TIME_SPAN_SECOND) /* on a very busy machine: else it takes milliseconds */
#define MESSAGE_MAX (64 * 1024 * 1024)

static GMutex mutex;
static int pidfd;
static int channel = -1; /* -1 while there is none */

static void
stop (void)
{
  if (channel < 0)
    return;
  netns_close_fd (&channel);
  netns_nft_helper_stop (pidfd);
}

static gboolean
start (GError **error)
{
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return netns_error_set_errno (error, errno, "Cannot create a socket pair");
  pidfd = netns_nft_helper_start (NETNS_COMPILER, ends[1], error);
  close (ends[1]);
  if (pidfd >= 0)
    channel = ends[0];
  else
    close (ends[0]);
  return pidfd >= 0;
}

static gboolean
wait_until_ready (short events, gint64 deadline)
{
  struct pollfd polled = { channel, events, 0 };
  gint64 left = (deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

  return left > 0 && (poll (&polled, 1, (int) left) > 0 || errno == EINTR);
}

static gboolean
send_all (gconstpointer data, gsize size, gint64 deadline)
{
  for (gsize done = 0; done < size;) {
    gssize count = send (channel, (const char *) data + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (count > 0)
      done += (gsize) count;
    else if ((errno != EAGAIN && errno != EINTR) || !wait_until_ready (POLLOUT, deadline))
      return FALSE;
  }
  return TRUE;
}

static gboolean
receive_all (gpointer data, gsize size, gint64 deadline)
{
  for (gsize done = 0; done < size;) {
    gssize count = recv (channel, (char *) data + done, size - done, MSG_DONTWAIT);

    if (count > 0)
      done += (gsize) count;
    else if (count == 0 || (errno != EAGAIN && errno != EINTR) || !wait_until_ready (POLLIN, deadline))
      return FALSE;
  }
  return TRUE;
}

/* Returns: (nullable): the answer, %NULL if none came */
static GBytes *
ask (GVariant *request, NetnsCompilerHead *head)
{
  gint64 deadline = g_get_monotonic_time () + TIMEOUT;
  g_autofree char *data = NULL;

  *head = (NetnsCompilerHead) { .size = (guint32) g_variant_get_size (request) };
  if (!send_all (head, sizeof *head, deadline)
      || !send_all (g_variant_get_data (request), g_variant_get_size (request), deadline)
      || !receive_all (head, sizeof *head, deadline) || head->size > MESSAGE_MAX)
    return NULL;
  data = g_malloc (head->size + 1);
  data[head->size] = '\0';
  return receive_all (data, head->size, deadline) ? g_bytes_new_take (g_steal_pointer (&data), head->size) : NULL;
}

/* One that has ended since, because nobody needed it, is started again. */
static GBytes *
ask_one (GVariant *request, NetnsCompilerHead *head, GError **error)
{
  for (gboolean is_new = FALSE; !is_new;) {
    GBytes *answer;

    is_new = channel < 0;
    if (is_new && !start (error))
      return NULL;
    answer = ask (request, head);
    if (answer != NULL)
      return answer;
    stop ();
  }
  netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "netnsd-nft ended or does not answer");
  return NULL;
}

/**
 * netns_nft_compile:
 * @frame: commands that make what @commands need to be there, empty for none
 * @commands: for libnftables, as JSON or in the language of nft
 * @error: `KernelRefused`, with the words of libnftables
 *
 * For any thread; looks at nothing that is there.
 *
 * Returns: (transfer full) (nullable): a transaction for netns_netlink_change_batch()
 */
GBytes *
netns_nft_compile (const char *frame, const char *commands, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  g_autoptr (GVariant) request = g_variant_ref_sink (g_variant_new (NETNS_COMPILER_REQUEST, frame, commands));
  NetnsCompilerHead head;
  g_autoptr (GBytes) answer = ask_one (request, &head, error);
  g_autofree char *text = NULL;

  if (answer == NULL || head.status == NETNS_NFT_ANSWERED)
    return g_steal_pointer (&answer);
  text = g_utf8_make_valid (g_bytes_get_data (answer, NULL), (gssize) head.size);
  netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "%s", text);
  return NULL;
}
