/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Link. */
#include "core/link.h"
#include "bus/interface.h"
#include "bus/options.h"
#include "common/error.h"
#include "common/names.h"
#include "core/rate.h"
#include "introspection.h"

#include <linux/if.h>
#include <string.h>

static const NetnsOption no_options[] = { { NULL, NULL } };

static NetnsLinkTarget
target_of (const NetnsObject *object)
{
  return (NetnsLinkTarget){ object->namespace->name, object->link->info.index };
}

static NetnsPlan *
set_enabled (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  gboolean enabled;

  g_variant_get (call->parameters, "(b)", &enabled);
  return netns_link_set_enabled (call->core, call->uid, &target, enabled, error);
}

static NetnsPlan *
set_name (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  const char *name;

  g_variant_get (call->parameters, "(&s)", &name);
  return netns_link_set_name (call->core, call->uid, &target, name, error);
}

static NetnsPlan *
set_mtu (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  guint mtu;

  g_variant_get (call->parameters, "(u)", &mtu);
  return netns_link_set_mtu (call->core, call->uid, &target, mtu, error);
}

static NetnsPlan *
set_mac_address (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  const char *address;

  g_variant_get (call->parameters, "(&s)", &address);
  return netns_link_set_mac (call->core, call->uid, &target, address, error);
}

static NetnsPlan *
set_description (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  const char *description;

  g_variant_get (call->parameters, "(&s)", &description);
  return netns_link_set_description (call->core, call->uid, &target, description, error);
}

static NetnsPlan *
add_address (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  g_autoptr (GVariant) options = NULL;
  NetnsAddress address;
  const char *text;

  g_variant_get (call->parameters, "(&s@a{sv})", &text, &options);
  if (!netns_options_check (options, no_options, error) || !netns_address_parse (text, &address, error))
    return NULL;
  return netns_link_add_address (call->core, call->uid, &target, &address, error);
}

static NetnsPlan *
remove_address (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  NetnsAddress address;
  const char *text;

  g_variant_get (call->parameters, "(&s)", &text);
  if (!netns_address_parse (text, &address, error))
    return NULL;
  return netns_link_remove_address (call->core, call->uid, &target, &address, error);
}

static NetnsPlan *
move_to (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { { "name", "s" }, { NULL, NULL } };
  NetnsLinkTarget target = target_of (object);
  g_autoptr (GVariant) options = NULL;
  const char *namespace_name;

  g_variant_get (call->parameters, "(&s@a{sv})", &namespace_name, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  return netns_link_move_to (call->core, call->uid, &target, namespace_name,
                             netns_options_get_string (options, "name"), &call->text, error);
}

/* The object that was called has gone elsewhere. */
static GVariant *
moved (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *path = NULL;
  const char *namespace_name;
  NetnsNamespace *namespace;
  NetnsLink *link;

  g_variant_get_child (call->parameters, 0, "&s", &namespace_name);
  namespace = netns_core_find_namespace (call->core, namespace_name, error);
  link = namespace ? netns_namespace_find_link (namespace, call->text) : NULL;
  if (link == NULL) {
    if (namespace != NULL)
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Link “%s” has gone on from there", call->text);
    return NULL;
  }
  path = netns_link_get_object_path (link);
  return g_variant_new ("(o)", path);
}

static NetnsPlan *
attach_to (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object), bridge;
  NetnsObject bridge_object;
  const char *path;

  g_variant_get (call->parameters, "(&o)", &path);
  if (!netns_object_find (call->core, path, &bridge_object) || bridge_object.type != NETNS_OBJECT_LINK) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link %s", path);
    return NULL;
  }
  bridge = target_of (&bridge_object);
  return netns_link_attach_to (call->core, call->uid, &target, &bridge, error);
}

static NetnsPlan *
detach (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);

  return netns_link_detach (call->core, call->uid, &target, error);
}

static NetnsPlan *
set_rate_limit (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);
  guint64 bits;

  g_variant_get (call->parameters, "(t)", &bits);
  return netns_link_set_rate_limit (call->core, call->uid, &target, bits, error);
}

static NetnsPlan *
get_rate_limit (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);

  return netns_link_get_rate_limit (call->core, call->uid, &target, error);
}

static GVariant *
rate_limit_got (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@t)", netns_plan_get_result (call->plan));
}

static NetnsPlan *
delete_link (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = target_of (object);

  return netns_link_delete (call->core, call->uid, &target, error);
}

static GVariant *
get_statistics (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GHashTable) counters = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_auto (GVariantBuilder) result = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{st}"));
  GHashTableIter iter;
  const char *name;
  const guint64 *value;

  if (!netns_mirror_read_statistics (netns_core_get_mirror (call->core), object->link, counters, error))
    return NULL;
  g_hash_table_iter_init (&iter, counters);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &value))
    g_variant_builder_add (&result, "{st}", name, *value);
  return g_variant_new ("(@a{st})", g_variant_builder_end (&result));
}

static const NetnsMethod methods[] = {
  { "SetEnabled", set_enabled, NULL },
  { "SetName", set_name, NULL },
  { "SetMtu", set_mtu, NULL },
  { "SetMacAddress", set_mac_address, NULL },
  { "SetDescription", set_description, NULL },
  { "AddAddress", add_address, NULL },
  { "RemoveAddress", remove_address, NULL },
  { "MoveTo", move_to, moved },
  { "AttachTo", attach_to, NULL },
  { "Detach", detach, NULL },
  { "SetRateLimit", set_rate_limit, NULL },
  { "GetRateLimit", get_rate_limit, rate_limit_got },
  { "GetStatistics", NULL, get_statistics },
  { "Delete", delete_link, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
get_name (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_take_string (netns_text_to_utf8 (object->link->info.name));
}

static GVariant *
get_alternative_names (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (char **name = object->link->info.alternative_names; name != NULL && *name != NULL; name++)
    g_variant_builder_add_value (&names, g_variant_new_take_string (netns_text_to_utf8 (*name)));
  return g_variant_builder_end (&names);
}

static GVariant *
get_index (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.index);
}

static GVariant *
get_kind (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (object->link->info.kind);
}

static GVariant *
get_namespace (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_path_for_namespace (object->namespace->name);

  return g_variant_new_object_path (path);
}

static GVariant *
get_mtu (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.mtu);
}

static GVariant *
get_mac_address (NetnsCore *core, const NetnsObject *object)
{
  const NetnsLinkInfo *info = &object->link->info;

  return g_variant_new_take_string (info->has_mac ? netns_print_mac (info->mac) : g_strdup (""));
}

static GVariant *
get_enabled (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean ((object->link->info.flags & IFF_UP) != 0);
}

static GVariant *
get_carrier (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean ((object->link->info.flags & IFF_LOWER_UP) != 0);
}

static GVariant *
get_oper_state (NetnsCore *core, const NetnsObject *object)
{
  static const char *const states[] = {
    [IF_OPER_UNKNOWN] = "unknown", [IF_OPER_NOTPRESENT] = "notpresent",
    [IF_OPER_DOWN] = "down",       [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
    [IF_OPER_TESTING] = "testing", [IF_OPER_DORMANT] = "dormant",
    [IF_OPER_UP] = "up",
  };
  guint8 state = object->link->info.operstate;

  return g_variant_new_string (state < G_N_ELEMENTS (states) ? states[state] : "unknown");
}

static GVariant *
get_addresses (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) addresses = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(su)"));
  const GArray *entries = object->link->addresses;
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; entries != NULL && i < entries->len; i++) {
    const NetnsLinkAddressEntry *entry = &g_array_index (entries, NetnsLinkAddressEntry, i);

    g_variant_builder_add (&addresses, "(su)", netns_address_print (&entry->address, text), entry->flags);
  }
  return g_variant_builder_end (&addresses);
}

static GVariant *
get_master (NetnsCore *core, const NetnsObject *object)
{
  NetnsLink *master = netns_namespace_get_link (object->namespace, object->link->info.master);

  return netns_link_to_path (master);
}

static GVariant *
get_owner (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (netns_core_get_link_owner (core, object->link));
}

static GVariant *
get_description (NetnsCore *core, const NetnsObject *object)
{
  const char *description = object->link->info.description;

  return g_variant_new_take_string (netns_text_to_utf8 (description ? description : ""));
}

static const NetnsProperty properties[] = {
  { "Name", get_name, NETNS_LINK_NAME },
  { "AlternativeNames", get_alternative_names, NETNS_LINK_ALTERNATIVE_NAMES },
  { "Index", get_index, 0 },
  { "Kind", get_kind, NETNS_LINK_KIND },
  { "Namespace", get_namespace, 0 },
  { "Mtu", get_mtu, NETNS_LINK_MTU },
  { "MacAddress", get_mac_address, NETNS_LINK_MAC },
  { "Enabled", get_enabled, NETNS_LINK_ENABLED },
  { "Carrier", get_carrier, NETNS_LINK_CARRIER },
  { "OperState", get_oper_state, NETNS_LINK_OPERSTATE },
  { "Addresses", get_addresses, NETNS_LINK_ADDRESSES },
  { "Master", get_master, NETNS_LINK_MASTER },
  { "Owner", get_owner, NETNS_LINK_OWNER },
  { "Description", get_description, NETNS_LINK_DESCRIPTION },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_link = { &netns_link_interface, methods, properties };
