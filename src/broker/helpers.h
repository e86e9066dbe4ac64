/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts netnsd-nft for the service, each time as a child of this process, and says how each of these ends. */
#pragma once

#include "kernel/broker.h"

gboolean netns_helpers_begin (const char *program);
int netns_helpers_start (const NetnsBrokerRequest *request, const int *fds, guint n_fds, int connection, int *pidfd);
