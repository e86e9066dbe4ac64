/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl monitor: one line for each change, until it is interrupted. */
#include "client/busctl.h"
#include "client/output.h"
#include "client/value.h"
#include "client/verb.h"
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
  [NETNS_CHANGE_ADDED] = { "+", "added",          NULL                       },
  [NETNS_CHANGE_REMOVED] = { "-", "removed",        NULL                       },
  [NETNS_CHANGE_PROPERTY] = { "~", "changed",        NULL                       },
  [NETNS_CHANGE_INTERFACE_ADDED] = { "~", "changed",        NULL                       },
  [NETNS_CHANGE_INTERFACE_REMOVED] = { "~", "changed",        NULL                       },
  [NETNS_CHANGE_SERVICE_GONE] = { "!", "service-gone",   N_ ("the service is gone") },
  [NETNS_CHANGE_SERVICE_BACK] = { "!", "service-back",   N_ ("the service is back") },
  [NETNS_CHANGE_RESTORED] = { "!", "rules-restored", N_ ("rules restored")      },
  [NETNS_CHANGE_DRIFTED] = { "!", "drifted",        NULL                       },
};

/* The same facts for both ways of printing; free to be changed only by adding members. */
static GVariant *
describe (const NetnsObjects *objects, NetnsChange change, const char *path, const char *name, GVariant *value)
{
  g_autofree char *kind = netns_path_get_kind (path);
  gboolean is_link = strcmp (kind, "link") == 0;
  g_autofree char *object_name = strcmp (kind, "service") == 0 ? NULL : netns_objects_name (objects, path);
  g_autofree char *namespace_name = is_link ? netns_objects_namespace_of (objects, path) : NULL;
  g_autofree char *key = NULL;
  GVariantBuilder event;

  if (name != NULL)
    key = netns_value_key (strchr (name, '.') == NULL ? name : strrchr (name, '.') + 1);
  g_variant_builder_init (&event, G_VARIANT_TYPE_VARDICT);
  netns_value_put (&event, "event", g_variant_new_string (events[change].word));
  netns_value_put (&event, "kind", g_variant_new_string (kind));
  netns_value_put (&event, "namespace", netns_value_new_text (namespace_name));
  netns_value_put (&event, "name", netns_value_new_text (object_name));
  netns_value_put (&event, "property", netns_value_new_text (key));
  if (change == NETNS_CHANGE_INTERFACE_ADDED || change == NETNS_CHANGE_INTERFACE_REMOVED)
    netns_value_put (&event, "value", g_variant_new_boolean (change == NETNS_CHANGE_INTERFACE_ADDED));
  else
    netns_value_put (&event, "value", netns_value_convert (objects, name ? name : "", value));
  return g_variant_ref_sink (g_variant_builder_end (&event));
}

/* `~ link web:eth0 mtu=1400` */
static char *
format_text (GVariant *event, NetnsChange change)
{
  const char *namespace_name = netns_property_text (event, "namespace"), *name = netns_property_text (event, "name");
  const char *property = netns_property_text (event, "property");
  g_autoptr (GString) line = g_string_new (events[change].sign);
  g_autofree char *shown = NULL;

  if (events[change].text != NULL)
    g_string_append_printf (line, " %s", _ (events[change].text));
  else
    g_string_append_printf (line, " %s", netns_property_text (event, "kind"));
  if (*namespace_name != '\0')
    g_string_append_printf (line, " %s:%s", namespace_name, name);
  else if (*name != '\0')
    g_string_append_printf (line, " %s", name);
  if (*property != '\0') {
    g_autoptr (GVariant) value = g_variant_lookup_value (event, "value", NULL);
    g_autofree char *text = netns_value_to_text (value, ",");

    g_string_append_printf (line, " %s=%s", property, text);
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
  g_autoptr (GVariant) event = describe (objects, change, path, name, value);
  g_autofree char *line
    = settings->format == NETNS_FORMAT_TEXT ? format_text (event, change) : netns_output_format_json (settings, event);

  /* Flushed at once, for the reader of a pipe; a closed pipe is the usual end. */
  return fputs (line, stdout) >= 0 && fflush (stdout) == 0;
}

static gboolean
monitor (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  if (connection->settings->busctl) {
    netns_busctl_print_monitor (connection->settings);
    return TRUE;
  }
  return netns_watch_run (connection, print, (gpointer) connection->settings, error);
}

const NetnsVerb netns_monitor_verbs[] = {
  { "", 0, 0, "", N_ ("Print a line for each change until interrupted"), monitor },
  { NULL },
};
