/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that live in another namespace than whoever uses them. */
#pragma once

#include "common/grant.h"

#include <glib.h>

int netns_socket_open (const NetnsGrant *grant, int namespace_fd, int domain, int type, int protocol, GError **error);
