/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes of messages of nf_tables, which others have made: each is there or not, and as long as it should be. Numbers in
 * them are in network byte order. */
#pragma once

#include <glib.h>
#include <netlink/attr.h>

/* struct nlattr *NAME[], by type: those in @nested, %NULL where there is none or @nested is none */
#define NETNS_ATTRIBUTES(name, nested, max)                                                                            \
  struct nlattr *name[(max) + 1];                                                                                      \
  netns_attributes_parse (nested, name, max)

void netns_attributes_parse (struct nlattr *nested, struct nlattr **found, int max);
guint32 netns_attribute_get_number (struct nlattr *attribute, guint32 otherwise);
guint64 netns_attribute_get_number64 (struct nlattr *attribute);
guint8 netns_attribute_get_byte (struct nlattr *attribute);
const char *netns_attribute_get_text (struct nlattr *attribute);
const guint8 *netns_attribute_get_bytes (struct nlattr *attribute, guint *length);
