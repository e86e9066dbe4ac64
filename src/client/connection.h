/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the service: the system bus of this machine, or of another one over ssh. */
#pragma once

#include "client/agent.h"
#include "client/settings.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/**
 * NetnsConnection:
 * @settings: the settings of this run
 * @bus: (nullable): the bus, from the first call on
 * @agent: (nullable): who asks for passwords, from the first change on
 * @method: (nullable): the method called last, or the command, for the advice that a failure gives
 * @status: exit status of a command that worked, usually 0
 */
typedef struct {
  const NetnsSettings *settings;
  GDBusConnection *bus;
  NetnsAgent *agent;
  const char *method;
  int status;
} NetnsConnection;

/* The domain of errors that mean: no way to the service. */
#define NETNS_UNREACHABLE (netns_unreachable_quark ())

GQuark netns_unreachable_quark (void);
gboolean netns_connection_open (NetnsConnection *connection, GError **error);
void netns_connection_clear (NetnsConnection *connection);
GVariant *netns_connection_read (NetnsConnection *connection, const char *path, const char *interface,
                                 const char *method, GVariant *arguments, const char *reply_type, GError **error);
gboolean netns_connection_change (NetnsConnection *connection, const char *path, const char *interface,
                                  const char *method, GVariant *arguments, GUnixFDList *descriptors,
                                  const char *reply_type, GVariant **reply, GError **error);
char *netns_connection_find_link (NetnsConnection *connection, const char *namespace_name, const char *link,
                                  GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsConnection, netns_connection_clear)
