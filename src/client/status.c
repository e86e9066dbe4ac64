/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl status */
#include "config.h"

#include "client/busctl.h"
#include "client/table.h"
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* The Manager is asked by itself: the object manager's own object is not among those that it manages. Of an interface,
 * the number of its objects is shown. */
static const NetnsColumn columns[] = {
  { "host", N_ ("Host"), NULL, "Host" },
  { "client-version", N_ ("Client version"), NULL, "ClientVersion" },
  { "version", N_ ("Service version"), NULL, "Version" },
  { "forwarding4", N_ ("IPv4 forwarding"), NULL, "Forwarding4" },
  { "forwarding6", N_ ("IPv6 forwarding"), NULL, "Forwarding6" },
  { "foreign-firewalls", N_ ("Foreign firewall drops"), NULL, "ForeignFirewalls" },
  { "unreadable-rulesets", N_ ("Unreadable rulesets"), NULL, "UnreadableRulesets" },
  { "resync-count", N_ ("Resyncs"), NULL, "ResyncCount" },
  { "n-namespaces", N_ ("Namespaces"), NULL, NETNS_INTERFACE_NAMESPACE },
  { "n-links", N_ ("Links"), NULL, NETNS_INTERFACE_LINK },
  { "n-networks", N_ ("Networks"), NULL, NETNS_INTERFACE_NETWORK },
  { "n-nats", N_ ("NATs"), NULL, NETNS_INTERFACE_NAT },
  { "n-forwards", N_ ("Forwards"), NULL, NETNS_INTERFACE_FORWARD },
  { NULL },
};

static const char *const counted[] = {
  NETNS_INTERFACE_NAMESPACE, NETNS_INTERFACE_LINK,    NETNS_INTERFACE_NETWORK,
  NETNS_INTERFACE_NAT,       NETNS_INTERFACE_FORWARD,
};

/* The namespaces whose rules could not be read when that was last tried. */
static GVariant *
list_unreadable (const NetnsObjects *objects)
{
  g_autoptr (GPtrArray) paths = netns_objects_list (objects, NETNS_INTERFACE_FIREWALL, TRUE);
  GVariantBuilder names;

  g_variant_builder_init (&names, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < paths->len; i++) {
    g_autoptr (GVariant) firewall = netns_objects_get (objects, paths->pdata[i], NETNS_INTERFACE_FIREWALL);

    if (*netns_property_text (firewall, "RulesetError") != '\0')
      g_variant_builder_add_value (&names,
                                   g_variant_new_take_string (netns_objects_namespace_of (objects, paths->pdata[i])));
  }
  return g_variant_builder_end (&names);
}

static gboolean
status (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const NetnsSettings *settings = connection->settings;
  g_autoptr (GVariant) question = g_variant_ref_sink (g_variant_new ("(s)", NETNS_INTERFACE_MANAGER));
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (NetnsObjects) objects = NULL;
  g_autoptr (GVariant) reply = NULL, properties = NULL, row = NULL;
  GVariantDict facts;

  if (settings->busctl) {
    netns_busctl_print (settings, NETNS_PATH, PROPERTIES_INTERFACE, "GetAll", question);
    netns_busctl_print (settings, NETNS_PATH, NETNS_OBJECT_MANAGER, "GetManagedObjects", NULL);
    return TRUE;
  }
  reply = netns_connection_read (connection, NETNS_PATH, PROPERTIES_INTERFACE, "GetAll", question, "(a{sv})", error);
  objects = reply ? netns_objects_read (connection, error) : NULL;
  if (objects == NULL)
    return FALSE;
  properties = g_variant_get_child_value (reply, 0);
  g_variant_dict_init (&facts, properties);
  g_variant_dict_insert_value (&facts, "Host",
                               netns_value_new_text (settings->host ? settings->host : g_get_host_name ()));
  g_variant_dict_insert (&facts, "ClientVersion", "s", PACKAGE_VERSION);
  g_variant_dict_insert_value (&facts, "UnreadableRulesets", list_unreadable (objects));
  for (gsize i = 0; i < G_N_ELEMENTS (counted); i++) {
    g_autoptr (GPtrArray) paths = netns_objects_list (objects, counted[i], TRUE);

    g_variant_dict_insert (&facts, counted[i], "u", paths->len);
  }
  row = g_variant_ref_sink (g_variant_dict_end (&facts));
  netns_table_add_row (table, objects, row);
  return netns_table_print_details (table, settings, error);
}

const NetnsVerb netns_status_verbs[] = {
  { "", 0, 0, "", N_ ("Show the version of the service and how much it manages"), status },
  { NULL },
};
