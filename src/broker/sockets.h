/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets for the service and for its callers. */
#pragma once

#include "kernel/broker.h"

int netns_open_sockets (const NetnsBrokerRequest *request, int namespace_fd, int *fds, guint *n_fds);
int netns_open_port (const NetnsBrokerRequest *request, int *fds, guint *n_fds);
