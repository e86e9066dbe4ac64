/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl monitor: one line for each change, until it is interrupted. */
#include "config.h"

#include "client/busctl.h"
#include "client/command.h"
#include "client/output.h"
#include "client/value.h"
#include "client/watch.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

/* The signs of text and the words of JSON. To get or lose an interface, as a link that becomes a port does,
 * is a change of the object: `port=yes` in text. */
static const struct {
  const char *sign;
  const char *word;
  const char *text; /* of an event that concerns no object */
} events[] = {
  [NETNS_CHANGE_ADDED] = { "+", "added", NULL },
  [NETNS_CHANGE_REMOVED] = { "-", "removed", NULL },
  [NETNS_CHANGE_PROPERTY] = { "~", "changed", NULL },
  [NETNS_CHANGE_INTERFACE_ADDED] = { "~", "changed", NULL },
  [NETNS_CHANGE_INTERFACE_REMOVED] = { "~", "changed", NULL },
  [NETNS_CHANGE_SERVICE_GONE] = { "!", "service-gone", N_ ("the service is gone") },
  [NETNS_CHANGE_SERVICE_BACK] = { "!", "service-back", N_ ("the service is back") },
  [NETNS_CHANGE_RESTORED] = { "!", "rules-restored", N_ ("rules put back") },
  [NETNS_CHANGE_DRIFTED] = { "!", "drifted", NULL },
};

static const char *
kind_of (const char *path)
{
  if (g_str_has_prefix (path, NETNS_PATH_NETWORKS "/"))
    return "network";
  if (g_str_has_prefix (path, NETNS_PATH_NATS "/"))
    return "nat";
  if (g_str_has_prefix (path, NETNS_PATH_PROCESSES "/"))
    return "process";
  if (g_str_has_prefix (path, NETNS_PATH_FORWARDS "/"))
    return "forward";
  if (g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/"))
    return strstr (path, "/link/") ? "link" : "namespace";
  return "service";
}

/* The same facts for both ways of printing; free to be changed only by adding members. */
static JsonObject *
describe (const NetnsObjects *objects, NetnsChange change, const char *path, const char *name,
          GVariant *value)
{
  const char *kind = kind_of (path);
  gboolean is_link = strcmp (kind, "link") == 0;
  g_autofree char *object_name = strcmp (kind, "service") == 0 ? NULL : netns_objects_name (objects, path);
  g_autofree char *namespace_name = is_link ? netns_objects_namespace_of (objects, path) : NULL;
  g_autofree char *key = NULL;
  JsonObject *event = json_object_new ();
  JsonNode *node = netns_value_to_json (objects, name ? name : "", value);

  if (name != NULL)
    key = netns_value_key (strchr (name, '.') == NULL ? name : strrchr (name, '.') + 1);
  if (change == NETNS_CHANGE_INTERFACE_ADDED || change == NETNS_CHANGE_INTERFACE_REMOVED)
    json_node_init_boolean (node, change == NETNS_CHANGE_INTERFACE_ADDED);
  json_object_set_string_member (event, "event", events[change].word);
  json_object_set_string_member (event, "kind", kind);
  json_object_set_member (event, "namespace", netns_value_new_text (namespace_name));
  json_object_set_member (event, "name", netns_value_new_text (object_name));
  json_object_set_member (event, "property", netns_value_new_text (key));
  json_object_set_member (event, "value", node);
  return event;
}

/* `~ link web:eth0 mtu=1400` */
static char *
format_text (JsonObject *event, NetnsChange change)
{
  const char *namespace_name = json_object_get_string_member_with_default (event, "namespace", NULL);
  const char *name = json_object_get_string_member_with_default (event, "name", NULL);
  const char *property = json_object_get_string_member_with_default (event, "property", NULL);
  g_autoptr (GString) line = g_string_new (events[change].sign);
  g_autofree char *shown = NULL;

  if (events[change].text != NULL)
    g_string_append_printf (line, " %s", _ (events[change].text));
  else
    g_string_append_printf (line, " %s", json_object_get_string_member (event, "kind"));
  if (namespace_name != NULL)
    g_string_append_printf (line, " %s:%s", namespace_name, name);
  else if (name != NULL)
    g_string_append_printf (line, " %s", name);
  if (property != NULL) {
    g_autofree char *value = netns_value_to_text (json_object_get_member (event, "value"), ",");

    g_string_append_printf (line, " %s=%s", property, value);
  }
  shown = netns_output_escape (line->str);
  g_string_assign (line, shown);
  g_string_append_c (line, '\n');
  return netns_output_encode (line->str);
}

static gboolean
print (const NetnsObjects *objects, NetnsChange change, const char *path, const char *name, GVariant *value,
       gpointer data)
{
  const NetnsSettings *settings = data;
  JsonObject *event = describe (objects, change, path, name, value);
  g_autoptr (JsonNode) node = netns_value_new_object (event);
  g_autofree char *line = settings->format == NETNS_FORMAT_TEXT ? format_text (event, change)
                                                                : netns_output_format_json (settings, node);

  /* At once, for whoever reads the other end of a pipe; nobody there any more is the usual end of that. */
  return fputs (line, stdout) >= 0 && fflush (stdout) == 0;
}

static gboolean
monitor (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  if (connection->settings->busctl) {
    netns_busctl_print_monitor (connection->settings);
    return TRUE;
  }
  return netns_watch_run (connection, print, (gpointer)connection->settings, error);
}

const NetnsVerb netns_monitor_verbs[] = {
  { "", 0, 0, "", N_ ("Print a line for each change until interrupted"), monitor },
  { NULL },
};
