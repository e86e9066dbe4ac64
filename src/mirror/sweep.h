/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One search for what holds network namespaces. It runs in a thread of its own, since it looks at each process of the
 * machine, and hands over what it finds in pieces. */
#pragma once

#include "mirror/types.h"

/**
 * NetnsFound:
 * @id: a namespace
 * @named: whether it has a name in /run/netns
 * @source: how it is held, the strongest hold that there is
 * @path: what leads to it
 * @label: (nullable): what holds it
 * @fd: it, if it was not known before; open only until the piece is taken
 */
typedef struct {
  NetnsFileId id;
  gboolean named;
  NetnsSource source;
  char *path;
  char *label;
  int fd;
} NetnsFound;

/**
 * NetnsSweep:
 * @known: (element-type guint64): inodes of namespaces that need not be opened
 * @residents: threads that live in a namespace with a name, as this search found them
 * @previous_residents: (nullable): the same as the search before found them
 * @previous_end: when that one ended, by the monotonic clock; 0 if there was none
 * @found: (element-type NetnsFound): what was found, the host's namespace left out
 * @begin: where the piece begins that is to be taken
 * @end: where it ends
 * @cost: how long the thread worked for it, in microseconds
 * @complete: whether all was looked at; else what was not found may be there all the same
 * @error: (nullable): why nothing was found
 */
typedef struct {
  GHashTable *known;
  GHashTable *residents;
  GHashTable *previous_residents;
  gint64 previous_end;
  GArray *found;
  guint begin;
  guint end;
  gint64 cost;
  gboolean complete;
  GError *error;
} NetnsSweep;

NetnsSweep *netns_sweep_new (GHashTable *known, GHashTable *residents, gint64 previous_end);
void netns_sweep_free (NetnsSweep *sweep);
void netns_sweep_run (NetnsSweep *sweep, const NetnsFileId *host);
gboolean netns_sweep_is_complete (const NetnsSweep *sweep);
