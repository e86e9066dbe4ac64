/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes and what they need of a namespace: who lives where, names for namespaces that have none, sockets. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/credentials.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_process_adopt (NetnsCore *core, guint caller, const char *name, guint pid, int pidfd, GError **error);
NetnsPlan *netns_process_find (NetnsCore *core, guint caller, guint pid, char **name, GError **error);
gboolean netns_process_is_unnamed (NetnsCore *core, int fd, gboolean *known);
char *netns_process_find_by_descriptor (NetnsCore *core, int fd, GError **error);
NetnsPlan *netns_namespace_list_processes (NetnsCore *core, guint caller, const char *name, GError **error);
NetnsPlan *netns_namespace_open_socket (NetnsCore *core, const NetnsIdentity *caller, const char *name, int domain,
                                        int type, int protocol, GError **error);
NetnsPlan *netns_namespace_open (NetnsCore *core, guint caller, const char *name, GError **error);
