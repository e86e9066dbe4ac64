/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one program that the service starts. */
#pragma once

#include <glib.h>

gboolean netns_helper_start (const char *path, int socket, GError **error);
