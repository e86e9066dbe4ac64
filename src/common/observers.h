/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of those who want to know of differences: each is a struct of functions, any of which may be %NULL, and data for
 * them. */
#pragma once

#include <glib.h>

typedef struct {
  gconstpointer functions;
  gpointer data;
} NetnsObserverEntry;

/* Returns: (transfer full) (element-type NetnsObserverEntry): an empty list */
static inline GArray *
netns_observers_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (NetnsObserverEntry));
}

/* @functions: a struct that must outlive the list */
static inline void
netns_observers_add (GArray *observers, gconstpointer functions, gpointer data)
{
  NetnsObserverEntry entry = { functions, data };

  g_array_append_val (observers, entry);
}

/* Calls a function of each, with the arguments that follow and its data. */
#define NETNS_OBSERVERS_NOTIFY(observers, Functions, function, ...)                                                    \
  for (guint observer_index = 0; observer_index < (observers)->len; observer_index++) {                                \
    const NetnsObserverEntry *observer = &g_array_index (observers, NetnsObserverEntry, observer_index);               \
                                                                                                                       \
    if (((const Functions *) observer->functions)->function != NULL)                                                   \
      ((const Functions *) observer->functions)->function (__VA_ARGS__, observer->data);                               \
  }
