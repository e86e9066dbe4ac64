/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.freedesktop.DBus.Properties of every object. */
#pragma once

#include "bus/tree/interface.h"

#define NETNS_PROPERTIES_INTERFACE     "org.freedesktop.DBus.Properties"
#define NETNS_INTROSPECTABLE_INTERFACE "org.freedesktop.DBus.Introspectable"

GVariant *netns_properties_read (const NetnsCall *call, const NetnsObject *object, const char *method, GError **error);
