/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service must remember because the kernel does not: that these links, addresses and rules are a network, a
 * NAT and so on. Each is a key file in /run/netnsd and an object on the bus. */
#pragma once

#include "common/fields.h"
#include "mirror/mirror.h"

typedef struct _NetnsDefinition NetnsDefinition;

/**
 * NetnsDefinitionClass:
 * @folder: where its files are, below /run/netnsd
 * @group: group of the key file
 * @size: of the structure
 * @fields: what the class has besides the common part; what differs between two of one name is bits of the class
 * @check: (nullable): whether what was read can be used
 * @update: (nullable): gives one that an earlier version wrote the name that it has now
 * @renamed: bits of what differs when its namespace gets another name
 * @in_host: whether it has its rules in the host, whatever its namespace, and so does not end with that
 * @below: whether it is called by its namespace as well, unless that is the host, and is another object when that gets
 *   another name
 */
typedef struct {
  const char *folder;
  const char *group;
  gsize size;
  const NetnsField *fields;
  gboolean (*check) (NetnsDefinition *definition, GError **error);
  void (*update) (NetnsDefinition *definition);
  guint renamed;
  gboolean in_host;
  gboolean below;
} NetnsDefinitionClass;

/**
 * NetnsDefinition:
 * @class: what it is
 * @name: its name, which no other one of its class has; a number for those that have no name
 * @namespace_name: the namespace where it is
 * @cookie: that of the namespace: another one of its name is not meant
 * @owner: uid that it belongs to
 * @identity: a number that no other one ever has; one of the same name that comes later is not meant by a call
 *
 * What all classes have: the first member of each.
 */
struct _NetnsDefinition {
  const NetnsDefinitionClass *class;
  char *name;
  char *namespace_name;
  guint64 cookie;
  guint owner;
  guint64 identity;
};

gpointer netns_definition_new (const NetnsDefinitionClass *class, const char *name, const char *namespace_name,
                               guint64 cookie, guint owner);
gpointer netns_definition_copy (gconstpointer definition);
void netns_definition_free (gpointer definition);
guint netns_definition_compare (gconstpointer definition, gconstpointer other);
NetnsDefinition *netns_definition_parse (const NetnsDefinitionClass *class, const char *text, GError **error);
NetnsDefinition *netns_definition_load (const NetnsDefinitionClass *class, const char *file);
char *netns_definition_get_file (const NetnsDefinition *definition);
char *netns_definition_print (const NetnsDefinition *definition);
guint64 netns_definition_get_number (const NetnsDefinition *definition);
NetnsNamespace *netns_definition_find_namespace (const NetnsDefinition *definition, NetnsMirror *mirror);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDefinition, netns_definition_free)
