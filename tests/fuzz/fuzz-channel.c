/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the service and netnsd-run, over real sockets: what the helper takes for an order, and what the service makes of
 * what a helper says. */
#include "common/cleanup.h"
#include "core/job/job.h"
#include "run/order.h"

#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGES_MAX 4

/**
 * Head:
 * @of_service: whether it is the service that hears this
 * @n_fds: how many descriptors come with the first message
 * @sealed: whether the instructions, which are the first of these, cannot be changed
 * @n_messages: how many
 * @messages: their beginnings, without their texts
 * @cut: of the first message, what is left out at its end
 *
 * The beginning of an input. The texts of the messages are the rest of it, and so are the instructions.
 */
typedef struct {
  guint8 of_service;
  guint8 n_fds;
  guint8 sealed;
  guint8 n_messages;
  gint32 messages[MESSAGES_MAX][3];
  guint16 cut;
} Head;

static int
make_instructions (const guint8 *data, gsize size, gboolean sealed)
{
  int fd = memfd_create ("instructions", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  g_assert_cmpint (write (fd, data, size), ==, size);
  if (sealed)
    g_assert_no_errno (fcntl (fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
  return fd;
}

static void
send_message (int socket, const Head *head, guint number, const char *text, const int *fds, guint n_fds)
{
  NetnsChannelMessage message = { .type = (guint32) head->messages[number][0],
                                  .number = head->messages[number][1],
                                  .signal = head->messages[number][2] };

  memcpy (message.text, text, sizeof message.text); /* maybe without an end */
  if (number == 0 && head->cut != 0)
    g_assert_cmpint (send (socket, &message, sizeof message - head->cut % sizeof message, 0), >, 0);
  else
    g_assert_true (netns_channel_tell (socket, &message, fds, n_fds, NULL));
}

static void
hear_order (int socket)
{
  g_auto (NetnsOrder) order = { .instructions_fd = -1, .namespace_fd = -1 };
  g_autoptr (GError) error = NULL;

  if (!netns_order_take (socket, &order, &error)) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_cmpint (order.instructions_fd, >=, 0);
  g_assert_cmpint (order.namespace_fd, >=, 0);
  g_assert_cmpuint (order.n_groups, >, 0);
  g_assert_nonnull (order.command[0]);
  g_assert_nonnull (g_environ_getenv (order.environment, "PATH"));
}

static void
clear_job (NetnsJob *job)
{
  g_free (job->namespace_name);
  g_free (job->program);
  g_free (job->client);
}

/* A job begins once, and ends once after that; or fails, and never begins. */
static void
hear_helper (int socket)
{
  g_auto (NetnsJobNews) news = { NETNS_JOB_NOTHING };
  NetnsChannelMessage message;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds = 0;
  gboolean running = FALSE, said = TRUE;

  for (guint i = 0; said && news.type != NETNS_JOB_FAILS && news.type != NETNS_JOB_ENDS; i++) {
    said = i == 0 ? netns_channel_hear (socket, &message, fds, &n_fds, NULL)
                  : netns_channel_hear (socket, &message, NULL, NULL, NULL);
    netns_job_news_clear (&news);
    netns_job_news_take (&news, running, said ? &message : NULL);
    g_assert_true (news.type != NETNS_JOB_BEGINS || (!running && news.pid > 0));
    g_assert_true (news.type != NETNS_JOB_FAILS || (!running && g_utf8_validate (news.text, -1, NULL)));
    g_assert_true (news.type != NETNS_JOB_ENDS
                   || (running && (news.status >= 0 ? news.signal == 0 : news.signal > 0 && news.signal <= SIGRTMAX)));
    running |= news.type == NETNS_JOB_BEGINS;
  }
  g_assert_true (news.type == NETNS_JOB_FAILS || news.type == NETNS_JOB_ENDS);
  if (n_fds > 0) {
    NetnsJob job = { 0 };

    if (netns_job_describe (&job, fds[0]))
      g_assert_true (job.program != NULL && g_utf8_validate (job.program, -1, NULL));
    clear_job (&job);
  }
  for (guint i = 0; i < n_fds; i++)
    close (fds[i]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  int ends[2], fds[NETNS_PACKET_DESCRIPTORS_MAX];
  netns_autofd int instructions = -1;
  char text[sizeof (((NetnsChannelMessage *) NULL)->text)] = { 0 };
  Head head;
  guint n_fds;

  if (size < sizeof head)
    return 0;
  memcpy (&head, data, sizeof head);
  data += sizeof head;
  size -= sizeof head;
  memcpy (text, data, MIN (size, sizeof text));
  instructions = make_instructions (data, size, head.sealed & 1);
  n_fds = head.n_fds % 8 == 7 ? NETNS_PACKET_DESCRIPTORS_MAX : head.n_fds % 8;
  for (guint i = 0; i < n_fds; i++)
    fds[i] = instructions;
  g_assert_true (netns_channel_new (ends, NULL));
  for (guint i = 0; i < head.n_messages % (MESSAGES_MAX + 1); i++)
    send_message (ends[0], &head, i, text, fds, i == 0 ? n_fds : 0);
  close (ends[0]); /* behind the last one, the other side is gone */
  if (head.of_service & 1)
    hear_helper (ends[1]);
  else
    hear_order (ends[1]);
  close (ends[1]);
  return 0;
}

/* An order; a command that runs and ends, one that fails, one that ends before it begins, and one that fails afterwards. */
const guint8 *
netns_fuzz_get_seed (guint number, gsize *size)
{
  static const Head heads[] = {
    { .of_service = FALSE, .n_fds = 5, .sealed = TRUE, .n_messages = 1, .messages = { { NETNS_CHANNEL_START } } },
    { .of_service = TRUE,
     .n_fds = 1,
     .sealed = TRUE,
     .n_messages = 2,
     .messages = { { NETNS_CHANNEL_STARTED, 4711 }, { NETNS_CHANNEL_EXITED, -1, SIGTERM } } },
    { .of_service = TRUE, .n_messages = 1, .messages = { { NETNS_CHANNEL_FAILED, 3 } } },
    { .of_service = TRUE, .n_messages = 1, .messages = { { NETNS_CHANNEL_EXITED, 0 } } },
    { .of_service = TRUE, .n_messages = 2, .messages = { { NETNS_CHANNEL_STARTED, 1 }, { NETNS_CHANNEL_FAILED, 3 } } },
  };
  static guint8 seed[1024];
  g_autoptr (GVariant) instructions = g_variant_ref_sink (
    g_variant_new_parsed ("{'id': <uint32 7>, 'uid': <uint32 0>, 'groups': <[uint32 0, 4]>, 'namespace': <'web'>,"
                          " 'cookie': <uint64 9>, 'command': <['true', '']>, 'environment': <['A=b']>,"
                          " 'all-files': <true>, 'directory': <'/'>, 'client': <':1.7'>}"));

  if (number >= G_N_ELEMENTS (heads))
    return NULL;
  *size = sizeof (Head) + g_variant_get_size (instructions);
  g_assert_cmpuint (*size, <=, sizeof seed);
  memcpy (seed, &heads[number], sizeof (Head));
  memcpy (seed + sizeof (Head), g_variant_get_data (instructions), *size - sizeof (Head));
  return seed;
}
