/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that others chose, for a terminal or a log: names and descriptions of links are anybody's. */
#pragma once

#include <glib.h>

char *netns_text_escape (const char *text, const char *keep);
