/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Link. */
#include "bus/interfaces/pass.h"
#include "bus/tree/class.h"
#include "common/error.h"
#include "core/link/address.h"
#include "core/link/link.h"
#include "core/link/rate.h"
#include "core/service/lookup.h"
#include "core/service/auth-scope.h"
#include "introspection.h"

#include <linux/if.h>
#include <sys/socket.h>

NETNS_PASS_1 (set_enabled, netns_link_set_enabled, object->link, "(b)", gboolean)
NETNS_PASS_1 (set_name, netns_link_set_name, object->link, "(&s)", const char *)
NETNS_PASS_1 (set_mtu, netns_link_set_mtu, object->link, "(u)", guint)
NETNS_PASS_1 (set_mac_address, netns_link_set_mac, object->link, "(&s)", const char *)
NETNS_PASS_1 (set_description, netns_link_set_description, object->link, "(&s)", const char *)
NETNS_PASS_1 (set_rate_limit, netns_link_set_rate_limit, object->link, "(t)", guint64)
NETNS_PASS_2 (add_address, netns_link_add_address, object->link, "(&s@a{sv})", const char *, g_autoptr (GVariant))
NETNS_PASS_1 (remove_address, netns_link_remove_address, object->link, "(&s)", const char *)
NETNS_PASS (get_rate_limit, netns_link_get_rate_limit, object->link)
NETNS_PASS (detach, netns_link_detach, object->link)
NETNS_PASS (delete_link, netns_link_delete, object->link)

static NetnsPlan *
move_to (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *namespace_name;

  g_variant_get (call->parameters, "(&s@a{sv})", &namespace_name, &options);
  return netns_link_move_to (call->core, call->uid, object->link, namespace_name, options, &call->text, error);
}

/* The object that was called has gone elsewhere. */
static GVariant *
moved (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name;
  NetnsNamespace *namespace;
  NetnsLink *link;

  g_variant_get_child (call->parameters, 0, "&s", &namespace_name);
  namespace = netns_core_find_namespace (call->core, namespace_name, error);
  link = namespace ? netns_namespace_find_link (namespace, call->text) : NULL;
  if (namespace != NULL && link == NULL)
    netns_refuse (error, NETNS_ERROR_NOT_FOUND, "Link “%s” has moved again", call->text);
  return link == NULL ? NULL : g_variant_new ("(@o)", netns_link_to_path (link));
}

static NetnsPlan *
attach_to (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsObject bridge;
  const char *path;

  g_variant_get (call->parameters, "(&o)", &path);
  if (!netns_object_find (call->core, path, &bridge) || bridge.link == NULL)
    return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "There is no link %s", path);
  return netns_link_attach_to (call->core, call->uid, object->link, bridge.link, error);
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
  { "AddAddress", add_address, NULL, .after_plan = netns_call_await_addresses },
  { "RemoveAddress", remove_address, NULL },
  { "MoveTo", move_to, moved },
  { "AttachTo", attach_to, NULL },
  { "Detach", detach, NULL },
  { "SetRateLimit", set_rate_limit, NULL },
  { "GetRateLimit", get_rate_limit, netns_call_reply_result },
  { "GetStatistics", NULL, get_statistics },
  { "Delete", delete_link, NULL },
  { NULL, NULL, NULL },
};

NETNS_GETTER (get_name, netns_text_to_variant (object->link->info.name))
NETNS_GETTER (get_alternative_names,
              netns_texts_to_variant ((const char *const *) object->link->info.alternative_names))
NETNS_GETTER (get_namespace, netns_namespace_to_path (object->namespace->name))

static GVariant *
get_mac_address (NetnsCore *core, const NetnsObject *object)
{
  const NetnsLinkInfo *info = &object->link->info;

  return g_variant_new_take_string (info->has_mac ? netns_print_mac (info->mac) : g_strdup (""));
}

NETNS_GETTER (get_enabled, g_variant_new_boolean ((object->link->info.flags & IFF_UP) != 0))
NETNS_GETTER (get_carrier, g_variant_new_boolean ((object->link->info.flags & IFF_LOWER_UP) != 0))

static GVariant *
get_addresses (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) addresses = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(su)"));
  const GArray *entries = object->link->addresses;
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; entries != NULL && i < entries->len; i++) {
    const NetnsLinkAddress *entry = &g_array_index (entries, NetnsLinkAddress, i);

    g_variant_builder_add (&addresses, "(su)", netns_address_print (&entry->address, text), entry->flags);
  }
  return g_variant_builder_end (&addresses);
}

/* Keys as those of the options of AddAddress(), where there are such. */
static void
add_address_data (GVariantBuilder *all, const NetnsLinkAddress *address)
{
  g_auto (GVariantBuilder) data = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *scope = netns_word_print (netns_address_scopes, address->scope);
  char text[NETNS_ADDRESS_MAX_TEXT];

  g_variant_builder_add (&data, "{sv}", "address",
                         g_variant_new_string (netns_address_print (&address->address, text)));
  if (address->peer.family != AF_UNSPEC)
    g_variant_builder_add (&data, "{sv}", "peer",
                           g_variant_new_string (netns_address_print_host (&address->peer, text)));
  if (address->broadcast.family != AF_UNSPEC)
    g_variant_builder_add (&data, "{sv}", "broadcast",
                           g_variant_new_string (netns_address_print_host (&address->broadcast, text)));
  if (*address->label != '\0')
    g_variant_builder_add (&data, "{sv}", "label", netns_text_to_variant (address->label));
  if (address->metric != 0)
    g_variant_builder_add (&data, "{sv}", "metric", g_variant_new_uint32 (address->metric));
  g_variant_builder_add (&data, "{sv}", "scope",
                         scope ? g_variant_new_string (scope) : g_variant_new_printf ("%u", address->scope));
  g_variant_builder_add (&data, "{sv}", "flags", g_variant_new_uint32 (address->flags));
  g_variant_builder_add (&data, "{sv}", "protocol", g_variant_new_byte (address->protocol));
  if (address->valid_until != 0)
    g_variant_builder_add (&data, "{sv}", "valid-until", g_variant_new_uint64 (address->valid_until));
  if (address->preferred_until != 0)
    g_variant_builder_add (&data, "{sv}", "preferred-until", g_variant_new_uint64 (address->preferred_until));
  g_variant_builder_add (all, "@a{sv}", g_variant_builder_end (&data));
}

static GVariant *
get_address_data (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) all = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  const GArray *addresses = object->link->addresses;

  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    add_address_data (&all, &g_array_index (addresses, NetnsLinkAddress, i));
  return g_variant_builder_end (&all);
}

static guint
count_addresses (NetnsCore *core, const NetnsObject *object)
{
  return object->link->addresses ? object->link->addresses->len : 0;
}

NETNS_GETTER (get_master, netns_link_to_path (netns_namespace_get_link (object->namespace, object->link->info.master)))
NETNS_GETTER (get_owner, g_variant_new_uint32 (netns_core_get_link_owner (core, object->link)))

static const NetnsWord oper_states[] = {
  { "unknown",        IF_OPER_UNKNOWN        },
  { "notpresent",     IF_OPER_NOTPRESENT     },
  { "down",           IF_OPER_DOWN           },
  { "lowerlayerdown", IF_OPER_LOWERLAYERDOWN },
  { "testing",        IF_OPER_TESTING        },
  { "dormant",        IF_OPER_DORMANT        },
  { "up",             IF_OPER_UP             },
  { NULL,             0                      },
};

static const NetnsProperty properties[] = {
  { "Name", NETNS_LINK_NAME, get_name },
  { "AlternativeNames", NETNS_LINK_ALTERNATIVE_NAMES, get_alternative_names },
  { "Index", 0, NETNS_MEMBER (UINT32, NetnsLink, info.index) },
  { "Kind", NETNS_LINK_KIND, NETNS_MEMBER (TEXT, NetnsLink, info.kind) },
  { "Namespace", 0, get_namespace },
  { "Mtu", NETNS_LINK_MTU, NETNS_MEMBER (UINT32, NetnsLink, info.mtu) },
  { "MacAddress", NETNS_LINK_MAC, get_mac_address },
  { "Enabled", NETNS_LINK_ENABLED, get_enabled },
  { "Carrier", NETNS_LINK_CARRIER, get_carrier },
  { "OperState", NETNS_LINK_OPERSTATE, NETNS_MEMBER (UINT8, NetnsLink, info.operstate, oper_states) },
  { "Addresses", NETNS_LINK_ADDRESSES, get_addresses, count_addresses },
  { "AddressData", NETNS_LINK_ADDRESS_DATA, get_address_data, count_addresses },
  { "Master", NETNS_LINK_MASTER, get_master },
  { "Owner", NETNS_OBJECT_OWNER, get_owner },
  { "Description", NETNS_LINK_DESCRIPTION, NETNS_MEMBER (BYTES, NetnsLink, info.description),
   .show = netns_text_to_variant },
  { NULL },
};

const NetnsInterface netns_interface_link = { &netns_link_interface, methods, properties };
