/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of methods on what the user named by words: a namespace, a link in one, a network, a number. */
#pragma once

#include "client/connection.h"

guint netns_call_n_target_words (const char *method);
gboolean netns_call (NetnsConnection *connection, const char *method, char **words, GVariant *arguments,
                     const char *reply_type, GVariant **reply, GError **error);
void netns_call_explain (NetnsConnection *connection, const char *method, char **words, const char *path,
                         GError **error);
