/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How networks and translations are written to key files, and read back. */
#pragma once

#include "common/address.h"

GKeyFile *netns_definition_open (const char *file, GError **error);
char *netns_definition_get_string (GKeyFile *key_file, const char *group, const char *key);
void netns_definition_set_addresses (GKeyFile *key_file, const char *group, const char *key, const GArray *addresses);
GArray *netns_definition_get_addresses (GKeyFile *key_file, const char *group, const char *key, GError **error);
GArray *netns_definition_copy_addresses (const GArray *addresses);
