/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kind of links that Manager.CreateLink makes; each has a file of its own in this folder. Its options are named in the
 * introspection file, with their types, limits and defaults. Whether the running kernel has a kind is the kernel's to say.
 * This is how an option becomes an attribute of IFLA_INFO_DATA. */
#pragma once

#include "common/fields.h"

/**
 * NetnsLinkAttribute:
 * @option: the option, and where it is in the kind's record
 * @number: of the attribute; of an address, that of an IPv4 one
 * @number6: of the attribute of an IPv6 address
 * @is_short: whether a number has two bytes in the message
 * @network_order: whether it is in network byte order there
 */
typedef struct {
  NetnsField option;
  guint16 number;
  guint16 number6;
  gboolean is_short;
  gboolean network_order;
} NetnsLinkAttribute;

/**
 * NetnsLinkKind:
 * @name: what the kernel calls it
 * @size: of the record that its options are read into
 * @attributes: (nullable): its options, with a row of zeros behind them
 * @parent_attribute: the attribute that names the link that it stands on, besides IFLA_LINK; 0 for none
 * @check: (nullable): whether options make sense together
 */
typedef struct {
  const char *name;
  gsize size;
  const NetnsLinkAttribute *attributes;
  guint16 parent_attribute;
  gboolean (*check) (gconstpointer record, GVariant *options, GError **error);
} NetnsLinkKind;
