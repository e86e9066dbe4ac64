/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call as the line for a shell that does the same with busctl(1): documentation that cannot be out of date.
 */
#pragma once

#include "client/settings.h"

char *netns_busctl_format (const NetnsSettings *settings, const char *path, const char *interface, const char *method,
                           GVariant *arguments);
void netns_busctl_print (const NetnsSettings *settings, const char *path, const char *interface, const char *method,
                         GVariant *arguments);
void netns_busctl_print_monitor (const NetnsSettings *settings);
