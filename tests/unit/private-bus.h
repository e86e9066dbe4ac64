/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bus for one test program, and a polkit on it. What this polkit answers is the last word of the action:
 * `allow`, `deny`, `challenge`, `dismiss`, `fail`; a `hold` is a dialog that stays open. */
#pragma once

#include <gio/gio.h>

#define wait_for(condition)                                                                                            \
  while (!(condition))                                                                                                 \
  g_main_context_iteration (NULL, TRUE)

typedef struct {
  GDBusConnection *connection;
  GQueue held;      /* GDBusMethodInvocation, the oldest first */
  GPtrArray *asked; /* last words of the actions */
  GVariant *last;   /* parameters of the last question */
} MockPolkit;

GTestDBus *private_bus_start (void);
void private_bus_stop (GTestDBus *bus);
const char *private_bus_address (void);
GDBusConnection *connect_to_bus (void);
void disconnect (GDBusConnection **connection);
void wait_in_vain (void);
MockPolkit *mock_polkit_new (void);
void mock_polkit_free (MockPolkit *polkit);
void mock_polkit_release (MockPolkit *polkit, const char *word);
