/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that runs in a namespace, on the bus a Process object. The helper netnsd-run is its parent and outlives the
 * service, which finds it again after a restart. How it ended is kept for a while, so that nobody misses it. */
#pragma once

#include "core/job/job.h"
#include "mirror/mirror.h"

typedef struct _NetnsJobs NetnsJobs;

/* GLib takes them apart in a time that grows with the square of their number: 90,000 in a second. */
#define NETNS_JOB_STRINGS_MAX 8192

/**
 * NetnsJobRequest:
 * @command: the program and its arguments
 * @environment: `NAME=VALUE`
 * @directory: where to start, empty for /
 * @n_descriptors: how many descriptors come along
 * @detach: whether it outlives the caller
 * @all_files: whether all that is in /etc/netns/NAME is for it, not only what its user can reach
 */
typedef struct {
  const char *const *command;
  const char *const *environment;
  const char *directory;
  gsize n_descriptors;
  gboolean detach;
  gboolean all_files;
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
 * @exited: after it has ended
 * @removed: before, when that is forgotten
 * @ended: before, whether it ran or not, when nothing is left of it
 */
typedef struct {
  void (*begun) (NetnsJob *job, gpointer data);
  void (*added) (NetnsJob *job, gpointer data);
  void (*changed) (NetnsJob *job, gpointer data);
  void (*exited) (NetnsJob *job, gpointer data);
  void (*removed) (NetnsJob *job, gpointer data);
  void (*ended) (NetnsJob *job, gpointer data);
} NetnsJobObserver;

/* @job is %NULL if @error says why it does not run. */
typedef void (*NetnsJobStartedFunc) (NetnsJob *job, const GError *error, gpointer data);
/* Starts netnsd-run with @socket as its standard input. Later failures are reported to netns_jobs_fail(). */
typedef gboolean (*NetnsJobSpawnFunc) (guint id, int socket, gpointer data, GError **error);

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
void netns_jobs_relocate (NetnsJobs *jobs, NetnsMirror *mirror);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsJobs, netns_jobs_free)
