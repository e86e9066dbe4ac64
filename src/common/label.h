/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A readable label of what a process belongs to: a container, an application or a unit, found by the names that engines
 * and service managers give to their control groups and mounts. */
#pragma once

#include <glib.h>

char *netns_label_from_groups (const char *groups);
char *netns_label_from_mount (const char *path);
