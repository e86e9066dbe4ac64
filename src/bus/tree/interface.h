/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an interface is described to the dispatcher: by two tables that read like its documentation, one of methods and
 * one of properties, in addition to the introspection file. */
#pragma once

#include "bus/tree/object.h"
#include "core/namespace/eviction.h"
#include "core/network/inquiry.h"
#include "core/service/core.h"
#include "kernel/descriptors.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

typedef struct _NetnsExport NetnsExport;
typedef struct _NetnsWaits NetnsWaits;

/**
 * NetnsCall:
 * @core: the service
 * @path: object that the method is called on
 * @parameters: its arguments
 * @uid: the caller's
 * @gid: the caller's, for a method that wants it
 * @groups: (nullable): au, all that the caller has, for a method that wants them
 * @text: (nullable): what the plan wants the reply to know
 * @number: the same, a number
 * @cookie: the same, a namespace
 * @plan: (nullable): for a reply: the plan that ran
 * @grant: (nullable): what it ran with
 * @eviction: (nullable): what has to be done before the plan, outside of its turn
 * @inquiry: (nullable): what neighbours are asked before the plan runs
 * @connection: the bus
 * @sender: the caller's unique name
 * @export: who emits signals
 * @waits: who waits for the end of commands
 * @descriptors: (nullable): those that came with the call
 * @reply_descriptors: (nullable): those that go with the reply
 */
typedef struct {
  NetnsCore *core;
  const char *path;
  GVariant *parameters;
  guint uid;
  guint gid;
  GVariant *groups;
  char *text;
  guint number;
  guint64 cookie;
  NetnsPlan *plan;
  const NetnsGrant *grant;
  NetnsEviction *eviction;
  NetnsInquiry *inquiry;
  GDBusConnection *connection;
  const char *sender;
  NetnsExport *export;
  NetnsWaits *waits;
  const NetnsDescriptors *descriptors;
  GUnixFDList *reply_descriptors;
} NetnsCall;

/* Whether a call is about namespaces without a name, which are only searched for while a client watches. */
typedef enum {
  NETNS_SEARCH_NONE,
  NETNS_SEARCH_ONCE,
  NETNS_SEARCH_AGAIN, /* its object is not known yet */
} NetnsSearch;

/**
 * NetnsMethod:
 * @name: its name
 * @plan: (nullable): what is to be done; %NULL for a method that only looks
 * @reply: (nullable): the values of the reply when all is done, %NULL for none; after a plan its object is NULL
 * @survey: (nullable): says what must be surveyed before there can be a plan, %NULL for nothing
 * @after_plan: (nullable): work after the plan, outside of the queue; calls its function once
 * @wait: (nullable): of a method that only looks: waits for what it is to tell; calls its function once, maybe at once
 * @groups: whether it wants to know the caller's groups
 * @search: (nullable): whether the call is about namespaces without a name, in another way than naming one
 *
 * @plan runs twice when the caller has to be authorized: before, to know what to ask for and to refuse at once what
 * makes no sense; and after, on what there is then.
 */
typedef struct {
  const char *name;
  NetnsPlan *(*plan) (NetnsCall *call, const NetnsObject *object, GError **error);
  GVariant *(*reply) (NetnsCall *call, const NetnsObject *object, GError **error);
  NetnsEviction *(*survey) (const NetnsCall *call, const NetnsObject *object);
  void (*after_plan) (NetnsCall *call, NetnsDoneFunc done, gpointer data);
  void (*wait) (NetnsCall *call, const NetnsObject *object, NetnsDoneFunc done, gpointer data);
  gboolean groups;
  NetnsSearch (*search) (const NetnsCall *call);
} NetnsMethod;

/**
 * NetnsProperty:
 * @name: its name
 * @change: bits of the object's changes that touch it, 0 for one that never changes
 * @get: (nullable): what it is now; %NULL for what is a member of the thing that the object stands for
 * @bound: (nullable): for a list: how many entries it has at most
 * @member: (nullable): where that member is; NETNS_MEMBER()
 * @show: (nullable): makes what is on the bus of a member that is a text
 * @entry: (nullable): for a list whose entries come and go: what one is called; signals of that name with `Added` and
 *   `Removed` have the entry as their arguments
 */
typedef struct {
  const char *name;
  guint change;
  GVariant *(*get) (NetnsCore *core, const NetnsObject *object);
  guint (*bound) (NetnsCore *core, const NetnsObject *object);
  NetnsField member;
  GVariant *(*show) (const char *text);
  const char *entry;
} NetnsProperty;

/* For a row: { "Mtu", NETNS_LINK_MTU, NETNS_MEMBER (UINT32, NetnsLink, info.mtu) }. Words for its numbers may follow. */
#define NETNS_MEMBER(type, record, place, ...)                                                                         \
  .member = { NULL, NETNS_FIELD_##type, offsetof (record, place), ##__VA_ARGS__ }

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

extern const NetnsMethod netns_no_methods[];
extern const NetnsProperty netns_no_properties[];

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
GVariant *netns_call_reply_answer (NetnsCall *call, const NetnsObject *object, GError **error);
GVariant *netns_call_reply_result (NetnsCall *call, const NetnsObject *object, GError **error);
GVariant *netns_call_reply_descriptor (NetnsCall *call, const NetnsObject *object, GError **error);
const NetnsMethod *netns_interface_find_method (const NetnsInterface *interface, const char *name);
const NetnsProperty *netns_interface_find_property (const NetnsInterface *interface, const char *name);
GVariant *netns_property_get (const NetnsProperty *property, NetnsCore *core, const NetnsObject *object);
GVariant *netns_interface_get_properties (const NetnsInterface *interface, NetnsCore *core, const NetnsObject *object);
void netns_call_await_addresses (NetnsCall *call, NetnsDoneFunc done, gpointer data);
void netns_interface_emit (GDBusConnection *connection, const char *path, const char *interface, const char *signal,
                           GVariant *parameters);
void netns_interface_seal (const NetnsInterface *interface);
