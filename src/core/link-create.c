/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to make veth pairs and bridges. */
#include "core/link.h"

#include "common/error.h"
#include "common/names.h"
#include "core/bridge.h"
#include "core/core.h"
#include "core/link-name.h"
#include "core/operations.h"

#include <string.h>

/* One end of what is made: its wish and what became of it. */
typedef struct {
  NetnsNamespace *namespace;
  char *name;
  char *alternative;
  const GArray *addresses;
} End;

static void
clear_end (End *end)
{
  g_clear_pointer (&end->name, g_free);
  g_clear_pointer (&end->alternative, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (End, clear_end)

static gboolean
check_free (NetnsNamespace *namespace, const NetnsAddress *address, GError **error)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < links->len; i++) {
    const NetnsLink *link = g_ptr_array_index (links, i);

    if (!netns_link_has_address (link, address))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE, "Link “%s” of the same namespace has address %s already",
                 link->info.name, netns_address_print_host (address, text));
    return FALSE;
  }
  return TRUE;
}

static gboolean
choose_end (End *end, NetnsNamespace *namespace, const char *wish, const GArray *addresses, GError **error)
{
  end->namespace = namespace;
  end->addresses = addresses;
  if (!netns_link_name_choose (namespace, wish, &end->name, &end->alternative, error))
    return FALSE;
  for (guint i = 0; i < addresses->len; i++)
    if (!check_free (namespace, &g_array_index (addresses, NetnsAddress, i), error))
      return FALSE;
  return TRUE;
}

static void
plan_end (NetnsPlan *plan, const End *end)
{
  if (end->alternative != NULL)
    netns_plan_add (plan, &netns_operation_alternative_name_add, end->namespace->name, "{'link': <%s>, 'name': <%s>}",
                    end->name, end->alternative);
  for (guint i = 0; i < end->addresses->len; i++) {
    char text[NETNS_ADDRESS_MAX_TEXT];

    netns_plan_add (plan, &netns_operation_address_add, end->namespace->name, "{'link': <%s>, 'address': <%s>}",
                    end->name, netns_address_print (&g_array_index (end->addresses, NetnsAddress, i), text));
  }
}

static gboolean
check_options (const NetnsLinkOptions *options, GError **error)
{
  guint8 mac[NETNS_MAC_LENGTH];

  return (options->mtu == 0 || netns_validate_mtu (options->mtu, error))
         && (*options->mac == '\0' || netns_parse_mac (options->mac, mac, error))
         && (*options->peer_mac == '\0' || netns_parse_mac (options->peer_mac, mac, error));
}

static gboolean
check_pair (const NetnsNamespace *namespace, const char *name, const NetnsNamespace *peer_namespace,
            const char *peer_name, GError **error)
{
  if (namespace != peer_namespace || strcmp (name, peer_name) != 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "Both ends in one namespace cannot have the same name, “%s”", name);
  return FALSE;
}

/* Each end alone passed, but they would take the address from each other. */
static gboolean
check_ends (const End *end, const End *peer, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; end->namespace == peer->namespace && i < end->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (end->addresses, NetnsAddress, i);

    for (guint j = 0; j < peer->addresses->len; j++) {
      if (!netns_address_equal_host (address, &g_array_index (peer->addresses, NetnsAddress, j)))
        continue;
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE,
                   "Both ends in one namespace cannot have the same address, %s",
                   netns_address_print_host (address, text));
      return FALSE;
    }
  }
  return TRUE;
}

/**
 * netns_link_create_veth:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: namespace of the first end
 * @name: its name
 * @peer_namespace_name: namespace of the second end
 * @peer_name: its name
 * @options: what they shall be
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateVeth
 */
NetnsPlan *
netns_link_create_veth (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                        const char *peer_namespace_name, const char *peer_name, const NetnsLinkOptions *options,
                        GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  NetnsNamespace *peer_namespace
    = namespace ? netns_core_use_namespace (core, plan, caller, peer_namespace_name, error) : NULL;
  g_auto (End) end = { 0 }, peer = { 0 };

  if (peer_namespace == NULL || !check_options (options, error) || !netns_core_check_quota (core, caller, 0, 2, error)
      || !check_pair (namespace, name, peer_namespace, peer_name, error)
      || !choose_end (&end, namespace, name, options->addresses, error)
      || !choose_end (&peer, peer_namespace, peer_name, options->peer_addresses, error)
      || !check_ends (&end, &peer, error))
    return NULL;
  netns_plan_add_detail (plan, "link", name, TRUE);
  netns_plan_add_detail (plan, "link", peer_name, FALSE);
  netns_plan_set_detail (plan, "kind", "veth");
  netns_plan_add (plan, &netns_operation_link_create, namespace->name,
                  "{'kind': <'veth'>, 'name': <%s>, 'mtu': <%u>, 'mac': <%s>, 'enabled': <%b>, 'peer-name': <%s>,"
                  " 'peer-namespace': <%s>, 'peer-mac': <%s>}",
                  end.name, options->mtu, options->mac, options->enabled, peer.name, peer_namespace->name,
                  options->peer_mac);
  plan_end (plan, &end);
  plan_end (plan, &peer);
  if (options->enabled)
    netns_plan_add (plan, &netns_operation_link_set_enabled, peer_namespace->name, "{'link': <%s>, 'value': <true>}",
                    peer.name);
  return g_steal_pointer (&plan);
}

/**
 * netns_link_create_bridge:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: where
 * @name: its name
 * @options: what it shall be
 * @more: a{sv} of the right types, what only bridges are told
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateBridge
 */
NetnsPlan *
netns_link_create_bridge (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                          const NetnsLinkOptions *options, GVariant *more, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  g_auto (End) end = { 0 };

  if (namespace == NULL || !check_options (options, error) || !netns_bridge_check_options (NULL, more, error)
      || !netns_core_check_quota (core, caller, 0, 1, error)
      || !choose_end (&end, namespace, name, options->addresses, error))
    return NULL;
  netns_plan_set_detail (plan, "link", name);
  netns_plan_set_detail (plan, "kind", "bridge");
  netns_plan_add (plan, &netns_operation_link_create, namespace->name,
                  "{'kind': <'bridge'>, 'name': <%s>, 'mtu': <%u>, 'mac': <%s>, 'enabled': <%b>}", end.name,
                  options->mtu, options->mac, options->enabled);
  netns_bridge_plan_options (plan, namespace->name, end.name, more);
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}

/* A tap is made bare, by another door of the kernel: what it shall be besides are steps of their own. */
static void
plan_settings (NetnsPlan *plan, const End *end, const NetnsLinkOptions *options)
{
  const char *namespace_name = end->namespace->name;

  if (options->mtu != 0)
    netns_plan_add (plan, &netns_operation_link_set_mtu, namespace_name, "{'link': <%s>, 'value': <%u>}", end->name,
                    options->mtu);
  if (*options->mac != '\0')
    netns_plan_add (plan, &netns_operation_link_set_mac, namespace_name, "{'link': <%s>, 'value': <%s>}", end->name,
                    options->mac);
  if (options->enabled)
    netns_plan_add (plan, &netns_operation_link_set_enabled, namespace_name, "{'link': <%s>, 'value': <true>}",
                    end->name);
}

/**
 * netns_link_create_tap:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: where
 * @name: its name
 * @owner: uid whose programs may attach to it
 * @options: what it shall be
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateTap
 */
NetnsPlan *
netns_link_create_tap (NetnsCore *core, guint caller, const char *namespace_name, const char *name, guint owner,
                       const NetnsLinkOptions *options, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  g_auto (End) end = { 0 };

  if (namespace == NULL || !check_options (options, error) || !netns_core_check_quota (core, caller, 0, 1, error)
      || !choose_end (&end, namespace, name, options->addresses, error))
    return NULL;
  if (owner == NETNS_UID_NOBODY) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Option “owner” must be a user, not %u: a tap without owner is everybody's", owner);
    return NULL;
  }
  netns_plan_set_detail (plan, "link", name);
  netns_plan_set_detail (plan, "kind", "tun");
  netns_plan_add (plan, &netns_operation_tap_create, namespace->name, "{'link': <%s>, 'owner': <%u>}", end.name, owner);
  plan_settings (plan, &end, options);
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}

/* The link that the new one stands on, which may be in another namespace: to use that is to change it. */
static gboolean
find_parent (NetnsCore *core, NetnsPlan *plan, guint caller, NetnsNamespace *namespace, const NetnsLinkKind *kind,
             GVariant *more, GVariantDict *parameters, GError **error)
{
  const char *name = "", *namespace_name = namespace->name;
  NetnsNamespace *there = namespace;
  NetnsLink *parent;

  g_variant_lookup (more, "link", "&s", &name);
  if (g_variant_lookup (more, "link-namespace", "&s", &namespace_name)
      && strcmp (namespace_name, namespace->name) != 0) {
    there = netns_core_use_namespace (core, plan, caller, namespace_name, error);
    if (there == NULL)
      return FALSE;
    g_variant_dict_insert (parameters, "parent-namespace", "s", namespace_name);
  }
  if (*name == '\0') {
    if (netns_link_kind_needs_parent (kind))
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                   "A link of kind “%s” stands on another one; name that with option “link”",
                   netns_link_kind_get_name (kind));
    return !netns_link_kind_needs_parent (kind);
  }
  parent = netns_namespace_find_link (there, name);
  if (parent == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s” in %s%s%s", name,
                 *there->name ? "namespace “" : "the host namespace", there->name, *there->name ? "”" : "");
    return FALSE;
  }
  netns_plan_add_detail (plan, "link", parent->info.name, FALSE);
  g_variant_dict_insert (parameters, "parent", "u", parent->info.index);
  return TRUE;
}

/**
 * netns_link_create:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: where
 * @kind: of what kind
 * @name: its name
 * @options: what it shall be
 * @more: a{sv} of the right types, what only links of that kind are told
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateLink
 */
NetnsPlan *
netns_link_create (NetnsCore *core, guint caller, const char *namespace_name, const NetnsLinkKind *kind,
                   const char *name, const NetnsLinkOptions *options, GVariant *more, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  g_auto (GVariantDict) parameters = G_VARIANT_DICT_INIT (NULL);
  g_auto (End) end = { 0 };

  if (namespace == NULL || !check_options (options, error) || !netns_core_check_quota (core, caller, 0, 1, error)
      || !choose_end (&end, namespace, name, options->addresses, error))
    return NULL;
  netns_plan_set_detail (plan, "link", name);
  netns_plan_set_detail (plan, "kind", netns_link_kind_get_name (kind));
  if (!netns_link_kind_read (kind, more, &parameters, error)
      || !find_parent (core, plan, caller, namespace, kind, more, &parameters, error))
    return NULL;
  g_variant_dict_insert (&parameters, "kind", "s", netns_link_kind_get_name (kind));
  g_variant_dict_insert (&parameters, "name", "s", end.name);
  g_variant_dict_insert (&parameters, "mtu", "u", options->mtu);
  g_variant_dict_insert (&parameters, "mac", "s", options->mac);
  g_variant_dict_insert (&parameters, "enabled", "b", options->enabled);
  netns_plan_add (plan, &netns_operation_link_create, namespace->name, "%@a{sv}", g_variant_dict_end (&parameters));
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}
