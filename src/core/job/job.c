/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job/job.h"

#include "common/error.h"

#include <signal.h>

void
netns_job_news_clear (NetnsJobNews *news)
{
  g_clear_pointer (&news->text, g_free);
}

static void
set_failed (NetnsJobNews *news, int error, const char *text)
{
  news->type = NETNS_JOB_FAILS;
  news->error = error;
  news->text = g_utf8_make_valid (text, -1);
}

static void
set_ended (NetnsJobNews *news, int status, int signal)
{
  gboolean exited = status >= 0;

  news->type = NETNS_JOB_ENDS;
  news->status = exited ? status : -1;
  news->signal = exited ? 0 : CLAMP (signal, 1, SIGRTMAX);
}

/**
 * netns_job_news_take:
 * @news: (out caller-allocates): what happened
 * @running: whether the job runs
 * @message: (nullable): what its helper said, %NULL if that is gone, and has taken the command along
 *
 * What does not fit to a job that runs, or to one that does not, is ignored, or is the end of one that never began: whoever
 * waits for the job always hears of it.
 */
void
netns_job_news_take (NetnsJobNews *news, gboolean running, const NetnsChannelMessage *message)
{
  *news = (NetnsJobNews) { NETNS_JOB_NOTHING };
  if (message == NULL && running) {
    set_ended (news, -1, SIGKILL);
  } else if (message == NULL || (message->type == NETNS_CHANNEL_EXITED && !running)) {
    set_failed (news, NETNS_ERROR_KERNEL_REFUSED,
                "The helper netnsd-run exited before it ran the command; see its log");
  } else if (message->type == NETNS_CHANNEL_STARTED && !running && message->number > 0) {
    news->type = NETNS_JOB_BEGINS;
    news->pid = (guint) message->number;
  } else if (message->type == NETNS_CHANNEL_FAILED && !running) {
    set_failed (news, CLAMP (message->number, 0, NETNS_N_ERRORS - 1), message->text);
  } else if (message->type == NETNS_CHANNEL_EXITED) {
    set_ended (news, message->number, message->signal);
  }
}

/* Reads the instructions that its helper had. Returns: whether they are complete */
gboolean
netns_job_describe (NetnsJob *job, int instructions_fd)
{
  g_autoptr (GVariant) instructions = netns_channel_load (instructions_fd, NULL);
  g_autofree const char **command = NULL;

  if (instructions == NULL || !g_variant_lookup (instructions, "uid", "u", &job->uid)
      || !g_variant_lookup (instructions, "namespace", "s", &job->namespace_name)
      || !g_variant_lookup (instructions, "cookie", "t", &job->cookie)
      || !g_variant_lookup (instructions, "command", "^a&s", &command) || command[0] == NULL)
    return FALSE;
  job->program = g_strdup (command[0]);
  g_variant_lookup (instructions, "client", "s", &job->client);
  return TRUE;
}
