/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/nft-helper.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/broker.h"
#include "kernel/file.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define TIMEOUT  (20 * G_TIME_SPAN_SECOND) /* the limit of its CPU time comes first, unless the machine is busy */
#define INTERVAL 100 /* ms, between looks at whether it was stopped or is cancelled */
#define CHUNK    65536

/**
 * Helper:
 * @pidfd: the process
 * @connection: where the broker says what becomes of it
 * @has_ended: whether it said that it has ended
 * @status: how, as waitpid(2) says it
 * @id: the namespace that it looks at, of zeros if it works in one of its own
 * @unwanted: whether it was ended because that namespace is deleted
 * @output: what it prints
 * @deadline: when it is ended
 * @read: what it has printed
 *
 * One netnsd-nft.
 */
typedef struct {
  int pidfd;
  int connection;
  gboolean has_ended;
  int status;
  NetnsFileId id;
  gboolean unwanted;
  int output;
  gint64 deadline;
  GByteArray *read;
} Helper;

static GMutex mutex;
static GSList *helpers; /* Helper, all that look at a namespace */

/* In memory, because nobody need read it in time. */
static int
write_parameter (GVariant *parameter, GError **error)
{
  netns_autofd int fd = memfd_create ("parameter", MFD_CLOEXEC);
  const char *data = parameter ? g_variant_get_data (parameter) : "";

  if (fd >= 0 && netns_file_write (fd, data, parameter ? g_variant_get_size (parameter) : 0))
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot write down what to ask netnsd-nft");
  return -1;
}

/* @input, @output, @parameter_fd: -1 for none; all other descriptors are closed by the program itself
 * Returns: whether @connection and @pidfd are of one that was started */
static gboolean
start (const char *argument, int input, int output, int parameter_fd, int *connection, int *pidfd, GError **error)
{
  NetnsBrokerRequest request = { .work = NETNS_BROKER_NFT };
  netns_autofd int null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  const int fds[] = {
    input >= 0 ? input : null_fd,
    output >= 0 ? output : null_fd,
    parameter_fd >= 0 ? parameter_fd : null_fd,
  };
  NetnsBrokerReply reply;

  if (null_fd < 0)
    return netns_error_set_errno (error, errno, "Cannot start netnsd-nft: cannot open /dev/null");
  g_strlcpy (request.argument, argument, sizeof request.argument);
  *connection = netns_broker_open (&request, fds, G_N_ELEMENTS (fds), &reply, pidfd, error);
  if (*connection < 0)
    return FALSE;
  if (reply.error_number == 0)
    return TRUE;
  netns_close_fd (connection);
  return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot start netnsd-nft: %s",
                       g_strerror (reply.error_number));
}

static void
end (int pidfd)
{
  int nothing;

  netns_process_try_each (&pidfd, 1, SIGKILL, &nothing);
}

/* Whether there was news. */
static gboolean
hear (Helper *helper, int flags, NetnsBrokerReply *reply)
{
  if (!netns_packet_hear (helper->connection, reply, sizeof *reply, flags, NULL, NULL))
    return FALSE;
  if (reply->news == NETNS_BROKER_ENDED) {
    helper->has_ended = TRUE;
    helper->status = reply->status;
  }
  return TRUE;
}

typedef enum {
  ENDED,
  TOO_LONG,
  TOO_LATE,
  STOPPED,
  CANCELLED,
} End;

/* Root of its user namespace may stop it, for others to wait. There is nothing good in that, not even if it goes on now. */
static gboolean
was_stopped (Helper *helper)
{
  NetnsBrokerReply reply;

  while (!helper->has_ended && hear (helper, MSG_DONTWAIT, &reply))
    if (reply.news == NETNS_BROKER_STOPPED)
      return TRUE;
  return FALSE;
}

/* Without the descriptor of a GCancellable: GLib ends the process when there is none left. */
static End
read_all (Helper *helper, GCancellable *cancellable)
{
  struct pollfd polled = { helper->output, POLLIN, 0 };

  while (helper->read->len <= NETNS_QUERY_ANSWER_MAX) {
    guint before = helper->read->len;
    gssize count;
    int ready;

    if (g_get_monotonic_time () >= helper->deadline)
      return TOO_LATE;
    if (g_cancellable_is_cancelled (cancellable))
      return CANCELLED;
    if (was_stopped (helper))
      return STOPPED;
    ready = poll (&polled, 1, INTERVAL);
    if (ready < 0 && errno != EINTR)
      return TOO_LATE;
    if (ready <= 0)
      continue;
    g_byte_array_set_size (helper->read, before + CHUNK);
    do
      count = read (helper->output, helper->read->data + before, CHUNK);
    while (count < 0 && errno == EINTR);
    g_byte_array_set_size (helper->read, before + (guint) MAX (count, 0));
    if (count <= 0)
      return ENDED;
  }
  return TOO_LONG;
}

/* Whoever got hold of the program can close its output and live on: nobody waits for that. One that ends keeps the status
 * that it ended with, because the kernel sets that before it closes the output (do_group_exit() in kernel/exit.c). */
static void
end_and_wait (Helper *helper)
{
  NetnsBrokerReply reply;

  end (helper->pidfd);
  while (!helper->has_ended && hear (helper, 0, &reply))
    continue;
}

/* From the beginning, so that it is ended if the namespace is deleted now. */
static void
add_helper (Helper *helper)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  helpers = g_slist_prepend (helpers, helper);
}

static void
set_process (Helper *helper, int pidfd)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  helper->pidfd = pidfd;
  if (helper->unwanted)
    end (pidfd);
}

static void
remove_helper (Helper *helper)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  helpers = g_slist_remove (helpers, helper);
  netns_close_fd (&helper->pidfd);
  netns_close_fd (&helper->connection);
  netns_close_fd (&helper->output);
}

static gboolean
set_error (GError **error, const Helper *helper, End how)
{
  int status = helper->status, code = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  g_autofree char *text = NULL;

  if (helper->unwanted)
    return netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE, "The namespace was deleted while its rules were read");
  if (!helper->has_ended)
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "netnsd-broker ended while the rules were read");
  if (how == CANCELLED)
    return netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE, "Nobody waits for these rules any longer");
  if (how == STOPPED)
    return netns_refuse (error, NETNS_ERROR_UNREADABLE,
                         "The firewall cannot be read: netnsd-nft was stopped meanwhile");
  if (how == TOO_LONG || code == NETNS_NFT_TOO_LARGE)
    return netns_refuse (error, NETNS_ERROR_TOO_LARGE,
                         "The firewall is too large to be read: its list has more than %d MiB",
                         NETNS_QUERY_ANSWER_MAX / (1024 * 1024));
  if (how == TOO_LATE || (WIFSIGNALED (status) && (WTERMSIG (status) == SIGXCPU || WTERMSIG (status) == SIGKILL)))
    return netns_refuse (error, NETNS_ERROR_TOO_LARGE, "The firewall is too large to be read: it takes too long");
  if (code == NETNS_NFT_NO_MEMORY)
    return netns_refuse (error, NETNS_ERROR_TOO_LARGE,
                         "The firewall is too large to be read: it takes too much memory");
  if (code != NETNS_NFT_REFUSED && code != NETNS_NFT_NOT_SUPPORTED)
    return netns_refuse (error, NETNS_ERROR_UNREADABLE, "The firewall cannot be read: %s %d",
                         code >= 0 ? "netnsd-nft ended with status" : "libnftables was ended by signal",
                         code >= 0 ? code : WTERMSIG (status));
  text = g_utf8_make_valid ((const char *) helper->read->data, helper->read->len);
  return netns_refuse (error, code == NETNS_NFT_REFUSED ? NETNS_ERROR_KERNEL_REFUSED : NETNS_ERROR_NOT_SUPPORTED, "%s",
                       text);
}

/* Whatever the bytes are, in normal form they are a value of that type. */
static GVariant *
take_answer (const NetnsNftQuery *query, GByteArray *bytes)
{
  g_autoptr (GBytes) data = g_byte_array_free_to_bytes (bytes);
  g_autoptr (GVariant) value
    = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (query->answer), data, FALSE));

  return g_variant_get_normal_form (value);
}

/**
 * netns_nft_helper_ask:
 * @query: what to ask
 * @namespace_fd: the namespace whose rules it is about, -1 for a query that works in an empty one
 * @parameter: (nullable): of the query's type; a floating reference is taken
 * @cancellable: (nullable): ends it
 * @error: `TooLarge` (more than 4 MiB, 5 s of CPU time, 20 s or 512 MiB of memory), `Unreadable` when libnftables does
 *   not survive it or somebody stops netnsd-nft, `NamespaceGone` when the namespace is deleted meanwhile,
 *   `NotSupported`, `KernelRefused` with the words of libnftables
 *
 * Waits up to 20 s.
 *
 * Returns: (transfer full) (nullable): the answer, of the query's type
 */
GVariant *
netns_nft_helper_ask (const NetnsNftQuery *query, int namespace_fd, GVariant *parameter, GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GVariant) owned = parameter ? g_variant_ref_sink (parameter) : NULL;
  netns_autofd int parameter_fd = write_parameter (owned, error);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Helper helper = { .pidfd = -1, .connection = -1, .output = -1, .read = bytes };
  int ends[2], pidfd;
  gboolean started;
  End how = ENDED;

  if (parameter_fd < 0 || (namespace_fd >= 0 && !netns_nsfs_identify (namespace_fd, &helper.id, error)))
    return NULL;
  if (pipe2 (ends, O_CLOEXEC) < 0) {
    netns_error_set_errno (error, errno, "Cannot create a pipe");
    return NULL;
  }
  helper.output = ends[0];
  helper.deadline = g_get_monotonic_time () + TIMEOUT;
  add_helper (&helper);
  started = start (query->name, namespace_fd, ends[1], parameter_fd, &helper.connection, &pidfd, error);
  close (ends[1]);
  if (started) {
    set_process (&helper, pidfd);
    how = read_all (&helper, cancellable);
    end_and_wait (&helper);
  }
  remove_helper (&helper);
  if (!started)
    return NULL;
  if (how == ENDED && helper.has_ended && WIFEXITED (helper.status)
      && WEXITSTATUS (helper.status) == NETNS_NFT_ANSWERED)
    return take_answer (query, g_steal_pointer (&bytes));
  set_error (error, &helper, how);
  return NULL;
}

/**
 * netns_nft_helper_start:
 * @argument: what it is to do
 * @input: its standard input
 * @error: `KernelRefused`
 *
 * Starts one that goes on until its input ends.
 *
 * Returns: a pidfd for netns_nft_helper_stop(), -1 on error
 */
int
netns_nft_helper_start (const char *argument, int input, GError **error)
{
  netns_autofd int connection = -1;
  int pidfd;

  return start (argument, input, -1, -1, &connection, &pidfd, error) ? pidfd : -1;
}

/* Ends one that netns_nft_helper_start() started, and closes @pidfd. */
void
netns_nft_helper_stop (int pidfd)
{
  end (pidfd);
  close (pidfd);
}

/**
 * netns_nft_helper_end:
 * @id: a namespace that is deleted
 *
 * Ends all that look at its rules: they would keep it alive. Who asked gets `NamespaceGone`. For any thread.
 */
void
netns_nft_helper_end (const NetnsFileId *id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  for (GSList *item = helpers; item != NULL; item = item->next) {
    Helper *helper = item->data;

    if (helper->id.device != id->device || helper->id.inode != id->inode)
      continue;
    helper->unwanted = TRUE;
    if (helper->pidfd >= 0)
      end (helper->pidfd);
  }
}
