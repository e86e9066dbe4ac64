/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows the objects on the bus by their signals, and tells what really became different. */
#pragma once

#include "client/objects.h"

/**
 * NetnsChange:
 * @NETNS_CHANGE_ADDED: an object came
 * @NETNS_CHANGE_REMOVED: one is about to be forgotten
 * @NETNS_CHANGE_PROPERTY: a property has another value
 * @NETNS_CHANGE_INTERFACE_ADDED: an object that was there got an interface more
 * @NETNS_CHANGE_INTERFACE_REMOVED: it lost one
 * @NETNS_CHANGE_SERVICE_GONE: the service left the bus; its objects may still be what they were
 * @NETNS_CHANGE_SERVICE_BACK: it came back; the differences follow
 * @NETNS_CHANGE_RESTORED: rules were put back, the value says for what
 * @NETNS_CHANGE_DRIFTED: something that an object needs is not as it should be; the value is what was found
 */
typedef enum {
  NETNS_CHANGE_ADDED,
  NETNS_CHANGE_REMOVED,
  NETNS_CHANGE_PROPERTY,
  NETNS_CHANGE_INTERFACE_ADDED,
  NETNS_CHANGE_INTERFACE_REMOVED,
  NETNS_CHANGE_SERVICE_GONE,
  NETNS_CHANGE_SERVICE_BACK,
  NETNS_CHANGE_RESTORED,
  NETNS_CHANGE_DRIFTED,
} NetnsChange;

/**
 * NetnsWatchFunc:
 * @objects: how things are now
 * @change: what happened
 * @path: the object that it happened to
 * @name: (nullable): the property or interface
 * @value: (nullable): the property's new value
 * @data: what the caller gave
 *
 * Returns: whether to go on
 */
typedef gboolean (*NetnsWatchFunc) (const NetnsObjects *objects, NetnsChange change, const char *path, const char *name,
                                    GVariant *value, gpointer data);

gboolean netns_watch_run (NetnsConnection *connection, NetnsWatchFunc func, gpointer data, GError **error);
