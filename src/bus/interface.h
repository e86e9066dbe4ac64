/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an interface is told to the dispatcher: two tables that read like its documentation, one of methods and one of
 * properties, beside what the introspection file says of them. */
#pragma once

#include "bus/object.h"
#include "core/core.h"
#include "core/eviction.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/**
 * NetnsCall:
 * @core: the service
 * @path: object that the method is called on
 * @parameters: its arguments
 * @uid: the caller's
 * @text: (nullable): what the plan wants the reply to know
 * @number: the same, a number
 * @plan: (nullable): for a reply: the plan that ran
 * @eviction: (nullable): what has to be done before the plan, outside of its turn
 * @connection: the bus
 * @sender: the caller's unique name
 * @descriptors: (nullable): those that came with the call
 * @reply_descriptors: (nullable): those that go with the reply
 */
typedef struct {
  NetnsCore *core;
  const char *path;
  GVariant *parameters;
  guint uid;
  char *text;
  guint number;
  NetnsPlan *plan;
  NetnsEviction *eviction;
  GDBusConnection *connection;
  const char *sender;
  GUnixFDList *descriptors;
  GUnixFDList *reply_descriptors;
} NetnsCall;

/* Whether a call is about namespaces without a name, which are found only while somebody looks. */
typedef enum {
  NETNS_LOOK_NEEDLESS,
  NETNS_LOOK,
  NETNS_LOOK_AGAIN, /* what it is about is not known yet */
} NetnsLook;

/**
 * NetnsMethod:
 * @name: its name
 * @plan: (nullable): what is to be done; %NULL for a method that only looks
 * @reply: (nullable): what it answers when all is done, %NULL for nothing; after a plan there is no object any more
 * @survey: (nullable): says what must be surveyed before there can be a plan, %NULL for nothing
 * @follow: (nullable): what else there is to do after the plan, outside of anybody's turn; calls its function once
 * @looks: (nullable): whether the call is about namespaces without a name, in another way than naming one
 *
 * @plan runs twice when the caller has to be authorized: before, to know what to ask for and to refuse at once what
 * makes no sense; and after, on what there is then.
 */
typedef struct {
  const char *name;
  NetnsPlan *(*plan) (NetnsCall *call, const NetnsObject *object, GError **error);
  GVariant *(*reply) (NetnsCall *call, const NetnsObject *object, GError **error);
  NetnsEviction *(*survey) (const NetnsCall *call, const NetnsObject *object);
  void (*follow) (NetnsCall *call, NetnsDoneFunc done, gpointer data);
  NetnsLook (*looks) (const NetnsCall *call);
} NetnsMethod;

/**
 * NetnsProperty:
 * @name: its name
 * @get: what it is now
 * @change: bits of the object's changes that touch it, 0 for one that never changes
 * @bound: (nullable): for a list: how many entries it has at most
 */
typedef struct {
  const char *name;
  GVariant *(*get) (NetnsCore *core, const NetnsObject *object);
  guint change;
  guint (*bound) (NetnsCore *core, const NetnsObject *object);
} NetnsProperty;

/**
 * NetnsInterface:
 * @info: what the introspection file says
 * @methods: (array zero-terminated=1): its methods
 * @properties: (array zero-terminated=1): its properties
 */
typedef struct {
  const GDBusInterfaceInfo *info;
  const NetnsMethod *methods;
  const NetnsProperty *properties;
} NetnsInterface;

extern const NetnsInterface netns_interface_manager;
extern const NetnsInterface netns_interface_object_manager;
extern const NetnsInterface netns_interface_namespace;
extern const NetnsInterface netns_interface_link;
extern const NetnsInterface netns_interface_veth;
extern const NetnsInterface netns_interface_bridge;
extern const NetnsInterface netns_interface_bridge_port;
extern const NetnsInterface netns_interface_network;
extern const NetnsInterface netns_interface_nat;
extern const NetnsInterface netns_interface_forward;
extern const NetnsInterface netns_interface_tap;
extern const NetnsInterface netns_interface_process;
extern const NetnsInterface netns_interface_firewall;

int netns_call_get_descriptor (const NetnsCall *call, gint32 handle, GError **error);
GVariant *netns_call_reply_descriptor (NetnsCall *call, GError **error);
const NetnsInterface *netns_interface_get (guint bit);
const NetnsInterface *netns_interface_find (const char *name);
const NetnsMethod *netns_interface_find_method (const NetnsInterface *interface, const char *name);
const NetnsProperty *netns_interface_find_property (const NetnsInterface *interface, const char *name);
GVariant *netns_interface_get_properties (const NetnsInterface *interface, NetnsCore *core, const NetnsObject *object);
GVariant *netns_interface_describe (NetnsCore *core, const NetnsObject *object, guint interfaces);
void netns_interfaces_seal (void);
