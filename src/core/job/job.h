/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that runs or has ended, and what it means for it what its helper says. */
#pragma once

#include "kernel/channel.h"

typedef enum {
  NETNS_JOB_RUNNING,
  NETNS_JOB_ENDED,
} NetnsJobState;

/**
 * NetnsJob:
 * @id: its number, never given twice while the machine runs
 * @pid: process id as the service sees it, 0 when it has ended: another process may have the number then
 * @uid: whom it runs as
 * @namespace_name: (nullable): where; empty for the host, %NULL once the namespace is gone
 * @cookie: that of the namespace
 * @program: the first word of the command. The others can hold secrets, and all users can read properties
 * @client: (nullable): whose end is its end: a unique name on the bus
 * @state: whether it still runs
 * @status: exit status of one that has ended, -1 if a signal ended it; 0 before
 * @signal: that signal, or 0
 */
typedef struct {
  guint id;
  guint pid;
  guint uid;
  char *namespace_name;
  guint64 cookie;
  char *program;
  char *client;
  NetnsJobState state;
  gint32 status;
  gint32 signal;
} NetnsJob;

typedef enum {
  NETNS_JOB_NOTHING,
  NETNS_JOB_BEGINS,
  NETNS_JOB_FAILS, /* it will never run */
  NETNS_JOB_ENDS,
} NetnsJobNewsType;

/**
 * NetnsJobNews:
 * @type: what happens to the job
 * @pid: of one that begins
 * @error: why one fails, of #NetnsError
 * @text: the same in words, UTF-8, to be freed
 * @status: exit status of one that ends, or -1
 * @signal: the signal that ended it then
 */
typedef struct {
  NetnsJobNewsType type;
  guint pid;
  int error;
  char *text;
  int status;
  int signal;
} NetnsJobNews;

void netns_job_news_clear (NetnsJobNews *news);
void netns_job_news_take (NetnsJobNews *news, gboolean running, const NetnsChannelMessage *message);
gboolean netns_job_describe (NetnsJob *job, int instructions_fd);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsJobNews, netns_job_news_clear)
