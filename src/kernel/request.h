/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds netlink requests with libnl. */
#pragma once

#include "kernel/cleanup.h"

NetnsMessage *netns_request_new (int type, int flags, gconstpointer body, gsize size);
void netns_request_put (NetnsMessage *request, int type, gsize size, gconstpointer value);
void netns_request_put_u32 (NetnsMessage *request, int type, guint32 value);
void netns_request_put_string (NetnsMessage *request, int type, const char *value);
void netns_request_append (NetnsMessage *request, gconstpointer data, gsize size);
struct nlattr *netns_request_open_nest (NetnsMessage *request, int type);
