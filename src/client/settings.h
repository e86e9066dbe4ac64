/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The global options, in front of the object word; the same for every command of one run. */
#pragma once

#include <glib.h>

typedef enum {
  NETNS_FORMAT_TEXT,
  NETNS_FORMAT_JSON_SHORT,
  NETNS_FORMAT_JSON_PRETTY,
} NetnsFormat;

/**
 * NetnsSettings:
 * @format: for people, or for programs on one line or on several
 * @pager: whether long output may go through a pager
 * @legend: whether tables have a heading
 * @busctl: whether to print what would be called instead of calling it
 * @ask_password: whether polkit may ask the user
 * @host: (nullable): the machine to talk to, %NULL for this one
 */
typedef struct {
  NetnsFormat format;
  gboolean pager;
  gboolean legend;
  gboolean busctl;
  gboolean ask_password;
  const char *host;
} NetnsSettings;
