/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments such as `mtu=1400`, which become the `a{sv}` of a call. */
#pragma once

#include <glib.h>

/**
 * NetnsKeyType:
 * @NETNS_KEY_TEXT: a text
 * @NETNS_KEY_TEXTS: several, with commas between them
 * @NETNS_KEY_FLAG: on or off
 * @NETNS_KEY_NUMBER: 0 to 4294967295
 * @NETNS_KEY_PORT: 0 to 65535
 * @NETNS_KEY_NAMESPACE: a namespace, `@host` for the host
 * @NETNS_KEY_USER: a user's name or number
 */
typedef enum {
  NETNS_KEY_TEXT,
  NETNS_KEY_TEXTS,
  NETNS_KEY_FLAG,
  NETNS_KEY_NUMBER,
  NETNS_KEY_PORT,
  NETNS_KEY_NAMESPACE,
  NETNS_KEY_USER,
} NetnsKeyType;

/**
 * NetnsKey:
 * @key: what stands in front of `=`, the same as on the bus; %NULL ends a table
 * @type: what stands behind it
 */
typedef struct {
  const char *key;
  NetnsKeyType type;
} NetnsKey;

GVariant *netns_key_values_parse (const NetnsKey *keys, char **words, gboolean local_users, GError **error);
