/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One method call, from its message to its answer. GDBus' own GDBusMethodInvocation cannot be made by others, and what
 * GDBus dispatches itself comes in the order of the messages, whoever sends how many (bus/call/gate.h). */
#pragma once

#include "bus/tree/interface.h"
#include "kernel/descriptors.h"

typedef struct _NetnsInvocation NetnsInvocation;

/**
 * NetnsInvocation:
 * @connection: (nullable): the bus, once it came from an inbox
 * @message: the call
 * @descriptors: (nullable): those that came with it
 * @sender: unique name of who calls
 * @path: object path
 * @interface: (nullable): name of the interface
 * @member: name of the method
 * @parameters: its arguments
 * @wants_reply: whether anybody waits for an answer
 * @changes: whether it is a method that can change something
 * @bytes: about what it needs while it waits
 * @info: (nullable): what the introspection file says of the method; %NULL for what every object has
 * @method: (nullable): the same, the handler
 * @uid: the caller's, once its turn has come
 * @done: (nullable): called before it is freed
 * @queue: for @done: where it is counted until then
 * @place: the sender there
 * @taken: whether its turn has come
 * @answered: bytes of the answer
 */
struct _NetnsInvocation {
  GDBusConnection *connection;
  GDBusMessage *message;
  NetnsDescriptors *descriptors;
  const char *sender;
  const char *path;
  const char *interface;
  const char *member;
  GVariant *parameters;
  gboolean wants_reply;
  gboolean changes;
  gsize bytes;
  const GDBusMethodInfo *info;
  const NetnsMethod *method;
  guint uid;
  void (*done) (const NetnsInvocation *invocation);
  gpointer queue;
  gpointer place;
  gboolean taken;
  gsize answered;
};

NetnsInvocation *netns_invocation_new (GDBusMessage *message, NetnsDescriptors *descriptors);
void netns_invocation_free (NetnsInvocation *invocation);
gboolean netns_invocation_is_of (const NetnsInvocation *invocation, const char *interface);
void netns_invocation_answer (NetnsInvocation *invocation, GVariant *value, GUnixFDList *descriptors);
void netns_invocation_refuse (NetnsInvocation *invocation, const char *name, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsInvocation, netns_invocation_free)
