/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that runs, and what it means for it what its helper says. */
#pragma once

#include "kernel/channel.h"

/**
 * NetnsJob:
 * @id: its number, never given twice while the machine runs
 * @pid: process id as the service sees it
 * @uid: whom it runs as
 * @namespace_name: (nullable): where; empty for the host, %NULL once the namespace is gone
 * @cookie: that of the namespace
 * @program: the first word of the command. The others can hold secrets, and all users can read properties
 * @client: (nullable): whose end is its end: a unique name on the bus
 */
typedef struct {
  guint id;
  guint pid;
  guint uid;
  char *namespace_name;
  guint64 cookie;
  char *program;
  char *client;
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
