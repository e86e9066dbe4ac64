/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects on the bus, from one reply of GetManagedObjects: consistent, and always one round trip. */
#pragma once

#include "client/connection.h"

#define NETNS_OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/**
 * NetnsObjects:
 * @by_path: object path → `a{sa{sv}}`, its interfaces with their properties
 * @users: uid → name, as they were asked for
 * @local_users: whether the service has the same users as this program
 */
typedef struct {
  GHashTable *by_path;
  GHashTable *users;
  gboolean local_users;
} NetnsObjects;

NetnsObjects *netns_objects_new (GVariant *reply, gboolean local_users);
NetnsObjects *netns_objects_read (NetnsConnection *connection, GError **error);
void netns_objects_free (NetnsObjects *objects);
GVariant *netns_objects_get (const NetnsObjects *objects, const char *path, const char *interface);
void netns_objects_set (NetnsObjects *objects, const char *path, GVariant *interfaces);
GPtrArray *netns_objects_list (const NetnsObjects *objects, const char *interface, gboolean all);
const char *netns_objects_find_namespace (const NetnsObjects *objects, const char *name, GError **error);
const char *netns_objects_find_link (const NetnsObjects *objects, const char *namespace_name, const char *link,
                                     GError **error);
char *netns_objects_path_for_network (const char *text);
const char *netns_objects_find_network (const NetnsObjects *objects, const char *name, GError **error);
char *netns_objects_namespace_of (const NetnsObjects *objects, const char *path);
gboolean netns_objects_is_unnamed (const char *path);
char *netns_objects_name (const NetnsObjects *objects, const char *path);
const char *netns_objects_user (const NetnsObjects *objects, guint32 uid);

const char *netns_property_text (GVariant *properties, const char *name);
gboolean netns_property_flag (GVariant *properties, const char *name);
guint32 netns_property_number (GVariant *properties, const char *name, guint32 fallback);
GStrv netns_property_paths (GVariant *properties, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsObjects, netns_objects_free)
