/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cleanup functions for libnl and libnftables, all in one place. */
#pragma once

#include <glib.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <nftables/libnftables.h>

typedef struct nl_msg NetnsMessage;
typedef struct nl_sock NetnsNlSock;
typedef struct nft_ctx NetnsNftContext;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsMessage, nlmsg_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNlSock, nl_socket_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNftContext, nft_ctx_free)
