/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service has to remember because the kernel does not: that these links, addresses and rules are a network, a
 * translation and so on. Each is a key file in /run/netnsd and an object on the bus. */
#pragma once

#include "common/address.h"

typedef struct _NetnsDefinition NetnsDefinition;

/**
 * NetnsDefinitionClass:
 * @folder: where its files are, below /run/netnsd
 * @group: group of the key file
 * @size: of the structure
 * @copy: gives a copy pointers of its own, where it has those of the original
 * @clear: frees what they point to
 * @print: writes what the class has besides the common part
 * @parse: reads it back; %FALSE when it cannot be used
 * @compare: (nullable): what differs between two of one name, as bits of the class; %NULL if nothing ever does
 * @renamed: bits of what differs when its namespace gets another name
 * @hidden: whether it is no object on the bus
 */
typedef struct {
  const char *folder;
  const char *group;
  gsize size;
  void (*copy) (NetnsDefinition *copy);
  void (*clear) (NetnsDefinition *definition);
  void (*print) (const NetnsDefinition *definition, GKeyFile *key_file);
  gboolean (*parse) (NetnsDefinition *definition, GKeyFile *key_file, GError **error);
  guint (*compare) (const NetnsDefinition *definition, const NetnsDefinition *other);
  guint renamed;
  gboolean hidden;
} NetnsDefinitionClass;

/**
 * NetnsDefinition:
 * @class: what it is
 * @name: its name, which no other one of its class has; a number for those that have no name
 * @namespace_name: the namespace where it is
 * @cookie: that of the namespace: another one of its name is not meant
 * @owner: uid that it belongs to
 *
 * What all classes have: the first member of each.
 */
struct _NetnsDefinition {
  const NetnsDefinitionClass *class;
  char *name;
  char *namespace_name;
  guint64 cookie;
  guint owner;
};

gpointer netns_definition_new (const NetnsDefinitionClass *class, const char *name, const char *namespace_name,
                               guint64 cookie, guint owner);
gpointer netns_definition_copy (gconstpointer definition);
void netns_definition_free (gpointer definition);
NetnsDefinition *netns_definition_load (const NetnsDefinitionClass *class, const char *file, GError **error);
char *netns_definition_get_file (const NetnsDefinition *definition);
char *netns_definition_print (const NetnsDefinition *definition);
guint64 netns_definition_get_number (const NetnsDefinition *definition);

/* For the classes. */
char *netns_definition_get_string (GKeyFile *key_file, const char *group, const char *key);
void netns_definition_set_addresses (GKeyFile *key_file, const char *group, const char *key, const GArray *addresses);
GArray *netns_definition_get_addresses (GKeyFile *key_file, const char *group, const char *key, GError **error);
GArray *netns_definition_copy_addresses (const GArray *addresses);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDefinition, netns_definition_free)
