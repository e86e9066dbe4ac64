/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd-broker: the process that opens sockets, is other users and starts netnsd-nft for the service, which itself may not. A
 * connection for each request. */
#pragma once

#include "common/address.h"
#include "kernel/credentials.h"
#include "kernel/packet.h"

#include <sys/types.h>

/* Where the service has it listen, if nobody else does. */
#define NETNS_BROKER_SOCKET "/run/netnsd/broker"

/**
 * NetnsBrokerWork:
 * @NETNS_BROKER_SOCKETS: open sockets (count, domain, type, protocol) of somebody (identity) in the namespace that comes
 *   along, or in that of the broker
 * @NETNS_BROKER_PORT: open a socket (type, protocol) that is bound to a port (address, port), for both families if that is
 *   of none
 * @NETNS_BROKER_SIGNAL: send a signal to the processes that come along, with the rights of somebody (identity); 0 only asks
 *   whether that is allowed
 * @NETNS_BROKER_NFT: start netnsd-nft with an argument and, as they come along, its standard input, its standard output and
 *   descriptor 3
 */
typedef enum {
  NETNS_BROKER_SOCKETS,
  NETNS_BROKER_PORT,
  NETNS_BROKER_SIGNAL,
  NETNS_BROKER_NFT,
} NetnsBrokerWork;

typedef struct {
  guint32 work;
  NetnsIdentity identity;
  guint32 count;
  gint32 domain;
  gint32 type;
  gint32 protocol;
  NetnsAddress address;
  guint16 port;
  gint32 signal;
  char argument[32];
} NetnsBrokerRequest;

/**
 * NetnsBrokerNews:
 * @NETNS_BROKER_HELLO: the broker is there; with a pidfd of it
 * @NETNS_BROKER_DONE: the request was done, or not; with what was asked for, of netnsd-nft a pidfd
 * @NETNS_BROKER_STOPPED: netnsd-nft was stopped or continued by somebody
 * @NETNS_BROKER_ENDED: it has ended
 *
 * What the broker says over a connection, in this order; STOPPED may come several times or not at all.
 */
typedef enum {
  NETNS_BROKER_HELLO,
  NETNS_BROKER_DONE,
  NETNS_BROKER_STOPPED,
  NETNS_BROKER_ENDED,
} NetnsBrokerNews;

/**
 * NetnsBrokerReply:
 * @news: what this is about
 * @error_number: of DONE: why it was not done, 0 if it was
 * @pid: of HELLO: the broker's number
 * @status: of STOPPED and ENDED: what happened, as waitpid(2) says it
 * @error_numbers: of DONE for signals: for each process why it got none, 0 if it did or has ended
 */
typedef struct {
  guint32 news;
  gint32 error_number;
  gint32 pid;
  gint32 status;
  gint32 error_numbers[NETNS_PACKET_DESCRIPTORS_MAX];
} NetnsBrokerReply;

void netns_broker_use (const char *path, const char *nft_path);
gboolean netns_broker_run (const char *program, const char *nft_helper, const char *path, GError **error);
int netns_broker_begin (const NetnsBrokerRequest *request, GError **error);
int netns_broker_open (const NetnsBrokerRequest *request, const int *fds, guint n_fds, NetnsBrokerReply *reply,
                       int *answer, GError **error);
gboolean netns_broker_ask (const NetnsBrokerRequest *request, const int *fds, guint n_fds, NetnsBrokerReply *reply,
                           int *answer, GError **error);
gboolean netns_broker_is_ours (guint pid, const char *command);
