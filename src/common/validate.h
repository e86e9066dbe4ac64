/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of what callers pass: each one returns an error that says what is wrong and what would be right. */
#pragma once

#include <glib.h>

#define NETNS_NAMESPACE_NAME_MAX   255 /* NAME_MAX: it is a file in /run/netns */
#define NETNS_LINK_NAME_MAX        15  /* IFNAMSIZ - 1 */
#define NETNS_ALTERNATIVE_NAME_MAX 127 /* ALTIFNAMSIZ - 1 */
#define NETNS_MAC_LENGTH           6
#define NETNS_MTU_MIN              68 /* RFC 791: every module must forward 68 octets */

gboolean netns_validate_namespace_name (const char *name, GError **error);
gboolean netns_validate_network_name (const char *name, GError **error);
gboolean netns_validate_link_name (const char *name, GError **error);
gboolean netns_validate_mtu (guint32 mtu, GError **error);
gboolean netns_parse_mac (const char *text, guint8 mac[NETNS_MAC_LENGTH], GError **error);
char *netns_print_mac (const guint8 mac[NETNS_MAC_LENGTH]);
