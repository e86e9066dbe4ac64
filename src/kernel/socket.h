/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that live in another namespace than whoever uses them, and their addresses. */
#pragma once

#include "common/address.h"
#include "common/grant.h"
#include "kernel/credentials.h"

#include <sys/socket.h>

int netns_socket_open (const NetnsGrant *grant, int namespace_fd, const NetnsIdentity *identity, int domain, int type,
                       int protocol, GError **error);
socklen_t netns_socket_name (struct sockaddr_storage *name, int family, const NetnsAddress *address, guint16 port);
