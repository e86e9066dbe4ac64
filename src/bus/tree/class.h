/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The classes of objects: the table in class.c says for each where its objects are and which interfaces they have.
 * Nothing is registered for single objects: a path is looked up when a call comes. */
#pragma once

#include "bus/tree/interface.h"

#define NETNS_CLASS_INTERFACES_MAX 5

typedef void (*NetnsObjectFunc) (const NetnsObject *object, gpointer data);

/**
 * NetnsObjectClass:
 * @folder: (nullable): the folder of its objects, below their parent's path or the service's; %NULL for the service
 * @parent: (nullable): class of the objects that they are below
 * @find: puts in the object that has a label, if there is one; what it is below is already there
 * @get_path: its object path
 * @foreach: calls a function for each
 * @definitions: (nullable): what is remembered of them
 * @repeats: whether it is noted as changed more often than it changes, so that what was announced must be kept
 * @interfaces: its interfaces, each with a function that says whether an object has it, %NULL if all do; bits for
 *   interfaces of an object are the positions in this list
 */
struct _NetnsObjectClass {
  const char *folder;
  const NetnsObjectClass *parent;
  gboolean (*find) (NetnsCore *core, const char *label, NetnsObject *object);
  char *(*get_path) (const NetnsObject *object);
  void (*foreach) (NetnsCore *core, const NetnsObjectClass *class, NetnsObjectFunc func, gpointer data);
  const NetnsDefinitionClass *definitions;
  gboolean repeats;
  struct {
    const NetnsInterface *interface;
    gboolean (*has) (const NetnsObject *object);
  } interfaces[NETNS_CLASS_INTERFACES_MAX + 1];
};

NetnsObject netns_object_for_service (void);
NetnsObject netns_object_for_namespace (NetnsNamespace *namespace);
NetnsObject netns_object_for_link (NetnsLink *link);
NetnsObject netns_object_for_job (NetnsJob *job);
NetnsObject netns_object_for_definition (NetnsDefinition *definition);

gboolean netns_object_find (NetnsCore *core, const char *path, NetnsObject *object);
char *netns_object_describe_missing (const char *path);
void netns_object_foreach (NetnsCore *core, NetnsObjectFunc func, gpointer data);
char *netns_object_get_namespace_name (const char *path);
char *netns_object_get_path (const NetnsObject *object);
guint netns_object_get_interfaces (const NetnsObject *object);
const NetnsInterface *netns_object_find_interface (const NetnsObject *object, const char *name);
GVariant *netns_object_describe (NetnsCore *core, const NetnsObject *object, guint interfaces);

GStrv netns_classes_list_folders (void);
const NetnsInterface *netns_classes_find_interface (const char *name);
void netns_classes_seal (void);
