/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocol between the service and its helper netnsd-run: messages of one size over a socket, with descriptors. */
#pragma once

#include "kernel/packet.h"

#include <glib.h>

/* One for each helper, which listens there for a restarted service. For root only. */
#define NETNS_CHANNEL_FOLDER "process" /* below /run/netnsd */
#define NETNS_CHANNEL_DIR    "/run/netnsd/" NETNS_CHANNEL_FOLDER

/**
 * NetnsChannelType:
 * @NETNS_CHANNEL_START: to the helper: run this; with the instructions, the namespace, and the command's descriptors
 * @NETNS_CHANNEL_SIGNAL: to the helper: send the command this signal (number)
 * @NETNS_CHANNEL_END: to the helper: end the command
 * @NETNS_CHANNEL_DONE: to the helper: its end was heard, it can go
 * @NETNS_CHANNEL_STARTED: from the helper: the command runs, its pid (number); with the instructions
 * @NETNS_CHANNEL_FAILED: from the helper: it does not: the error (number, text)
 * @NETNS_CHANNEL_EXITED: from the helper: its exit status (number), or -1 and the signal that ended it
 */
typedef enum {
  NETNS_CHANNEL_START,
  NETNS_CHANNEL_SIGNAL,
  NETNS_CHANNEL_END,
  NETNS_CHANNEL_DONE,
  NETNS_CHANNEL_STARTED,
  NETNS_CHANNEL_FAILED,
  NETNS_CHANNEL_EXITED,
} NetnsChannelType;

typedef struct {
  guint32 type;
  gint32 number;
  gint32 signal;
  char text[1012];
} NetnsChannelMessage;

gboolean netns_channel_new (int ends[2], GError **error);
gboolean netns_channel_tell (int socket, const NetnsChannelMessage *message, const int *fds, guint n_fds,
                             GError **error);
gboolean netns_channel_hear (int socket, NetnsChannelMessage *message, int *fds, guint *n_fds, GError **error);
int netns_channel_store (GVariant *instructions, GError **error);
GVariant *netns_channel_load (int fd, GError **error);
