/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cleanup functions for libnl, all in one place. */
#pragma once

#include <glib.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

typedef struct nl_msg NetnsMessage;
typedef struct nl_sock NetnsNlSock;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsMessage, nlmsg_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNlSock, nl_socket_free)
