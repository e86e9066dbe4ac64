/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that runs in a namespace, on the bus a Process object. The helper netnsd-run is its parent and outlives the
 * service, which finds it again when it is started anew. */
#pragma once

#include "mirror/mirror.h"

typedef struct _NetnsCore NetnsCore;
typedef struct _NetnsPlan NetnsPlan;
typedef struct _NetnsJobs NetnsJobs;

/* GLib takes them apart in a time that grows with the square of their number: 90,000 in a second. */
#define NETNS_JOB_STRINGS_MAX 8192

/**
 * NetnsJob:
 * @id: its number, never given twice while the machine runs
 * @pid: process id as the service sees it
 * @uid: whom it runs as
 * @namespace_name: (nullable): where; empty for the host, %NULL once the namespace is gone
 * @cookie: that of the namespace
 * @program: the first word of the command. The others can hold secrets, and everybody can read what is on the bus
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

/**
 * NetnsJobRequest:
 * @command: the program and its arguments
 * @environment: `NAME=VALUE`
 * @directory: where to start, empty for /
 * @n_descriptors: how many descriptors come along
 * @detach: whether it outlives the caller
 */
typedef struct {
  const char *const *command;
  const char *const *environment;
  const char *directory;
  gsize n_descriptors;
  gboolean detach;
} NetnsJobRequest;

/**
 * NetnsJobIdentity:
 * @uid: whom a command runs as
 * @groups: (array length=n_groups): and with which groups
 * @n_groups: how many
 * @client: unique name of the caller on the bus
 */
typedef struct {
  guint uid;
  const guint32 *groups;
  gsize n_groups;
  const char *client;
} NetnsJobIdentity;

/**
 * NetnsJobObserver:
 * @begun: before it runs; it may never
 * @added: after
 * @changed: after; it is the namespace
 * @exited: with its exit status, or -1 and the signal that ended it; @removed follows
 * @removed: before
 * @ended: before, whether it ran or not
 */
typedef struct {
  void (*begun) (NetnsJob *job, gpointer data);
  void (*added) (NetnsJob *job, gpointer data);
  void (*changed) (NetnsJob *job, gpointer data);
  void (*exited) (NetnsJob *job, int status, int signal, gpointer data);
  void (*removed) (NetnsJob *job, gpointer data);
  void (*ended) (NetnsJob *job, gpointer data);
} NetnsJobObserver;

/* @job is %NULL if @error says why it does not run. */
typedef void (*NetnsJobStartedFunc) (NetnsJob *job, const GError *error, gpointer data);
/* Starts netnsd-run with @socket as its standard input. What fails later is told to netns_jobs_fail(). */
typedef gboolean (*NetnsJobSpawnFunc) (guint id, int socket, gpointer data, GError **error);

NetnsPlan *netns_namespace_run (NetnsCore *core, guint caller, const char *name, const NetnsJobRequest *request,
                                GError **error);
NetnsPlan *netns_job_signal (NetnsCore *core, guint caller, guint id, int number, GError **error);

NetnsJobs *netns_jobs_new (void);
void netns_jobs_free (NetnsJobs *jobs);
void netns_jobs_observe (NetnsJobs *jobs, const NetnsJobObserver *observer, gpointer data);
void netns_jobs_set_spawn (NetnsJobs *jobs, NetnsJobSpawnFunc spawn, gpointer data);
void netns_jobs_resume (NetnsJobs *jobs);
void netns_jobs_listen (NetnsJobs *jobs);
NetnsJob *netns_jobs_get (NetnsJobs *jobs, guint id);
GPtrArray *netns_jobs_list (NetnsJobs *jobs);
guint netns_jobs_count (NetnsJobs *jobs, guint uid);
void netns_jobs_start (NetnsJobs *jobs, const NetnsJobIdentity *identity, const char *namespace_name, guint64 cookie,
                       const NetnsJobRequest *request, int namespace_fd, const int *fds, NetnsJobStartedFunc started,
                       gpointer data);
void netns_jobs_fail (NetnsJobs *jobs, guint id, const char *text);
gboolean netns_jobs_signal (NetnsJobs *jobs, guint id, int number, GError **error);
void netns_jobs_end (NetnsJobs *jobs, guint id);
void netns_jobs_rename_namespace (NetnsJobs *jobs, const char *name, const char *new_name);
void netns_jobs_forget_namespaces (NetnsJobs *jobs, NetnsMirror *mirror);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsJobs, netns_jobs_free)
