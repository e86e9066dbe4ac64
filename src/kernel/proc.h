/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A walk through directories of /proc. The descriptor of a process's directory stands for this one process, also if
 * another one gets its number meanwhile. */
#pragma once

#include <dirent.h>
#include <glib.h>

#define NETNS_COMMAND_SIZE 16 /* of a process's name (comm), with its end */

typedef void (*NetnsLineFunc) (const char *line, gpointer data);

gboolean netns_proc_read_lines (int directory, const char *name, gsize most, NetnsLineFunc func, gpointer data);
gint64 netns_proc_measure (void);
GArray *netns_proc_list_pids (DIR *proc);
GArray *netns_proc_sort_by_descriptors (int proc, const GArray *pids);
DIR *netns_proc_open (int directory, const char *name);
const char *netns_proc_next (DIR *directory);
void netns_proc_read_command (int process, char command[NETNS_COMMAND_SIZE]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)
