/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that create links of every kind. */
#include "core/link/link.h"

#include "common/error.h"
#include "common/names.h"
#include "common/options.h"
#include "core/link/address-steps.h"
#include "core/link/address.h"
#include "core/link/bridge.h"
#include "core/link/link-name.h"
#include "core/link/link-steps.h"
#include "core/service/core.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"

#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

static const guint8 no_mac[NETNS_MAC_LENGTH];

/* Options of new links, and those of some kinds only. What of them is the link's goes right into @create. */
typedef struct {
  NetnsLinkCreate create;
  GArray *addresses;
  GArray *peer_addresses;
  guint32 owner;          /* of a tap */
  char *parent;           /* link that it stands on, empty for none */
  char *parent_namespace; /* NULL for its own */
} Options;

static const NetnsField fields[] = {
  { "addresses", NETNS_FIELD_ADDRESSES, offsetof (Options, addresses) },
  { "peer-addresses", NETNS_FIELD_ADDRESSES, offsetof (Options, peer_addresses) },
  { "mtu", NETNS_FIELD_UINT32, offsetof (Options, create.spec.mtu) },
  { "mac-address", NETNS_FIELD_MAC, offsetof (Options, create.mac) },
  { "peer-mac-address", NETNS_FIELD_MAC, offsetof (Options, create.peer_mac) },
  { "up", NETNS_FIELD_BOOLEAN, offsetof (Options, create.spec.enabled) },
  { "owner", NETNS_FIELD_UINT32, offsetof (Options, owner) },
  { "link", NETNS_FIELD_TEXT, offsetof (Options, parent) },
  { "link-namespace", NETNS_FIELD_MAYBE_TEXT, offsetof (Options, parent_namespace) },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

/* One end of the pair: its wanted and its actual name. */
typedef struct {
  NetnsNamespace *namespace;
  char *name;
  char *alternative;
  const GArray *addresses;
  gboolean alone; /* it has no neighbours yet */
} End;

static void
clear_end (End *end)
{
  g_clear_pointer (&end->name, g_free);
  g_clear_pointer (&end->alternative, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (End, clear_end)

static gboolean
choose_end (End *end, NetnsNamespace *namespace, const char *wish, const GArray *addresses, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  end->namespace = namespace;
  end->addresses = addresses;
  if (!netns_link_name_choose (namespace, wish, &end->name, &end->alternative, error))
    return FALSE;
  for (guint i = 0; i < addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (addresses, NetnsAddress, i);

    if (!netns_link_check_address (namespace, NULL, address, netns_address_print_host (address, text), error))
      return FALSE;
  }
  return TRUE;
}

/* Where there are no neighbours, none is asked for duplicates, and IPv6 addresses can be used at once. */
static void
plan_addresses (NetnsPlan *plan, const End *end)
{
  for (guint i = 0; i < end->addresses->len; i++) {
    NetnsAddressChange change
      = { .link.name = end->name, .awaited = !end->alone, .ipv6_off = NETNS_IPV6_OFF_SWITCH_ON };

    change.address.address = g_array_index (end->addresses, NetnsAddress, i);
    if (end->alone && change.address.address.family == AF_INET6)
      change.address.flags = IFA_F_NODAD;
    netns_plan_address_add (plan, end->namespace->name, &change);
  }
}

static void
plan_end (NetnsPlan *plan, const End *end)
{
  const char *namespace_name = end->namespace->name;

  if (end->alternative != NULL)
    netns_plan_alternative_name_add (plan, namespace_name,
                                     &(NetnsAlternativeName) { .link.name = end->name, .name = end->alternative });
  plan_addresses (plan, end);
}

static gboolean
check_pair (const NetnsNamespace *namespace, const char *name, const NetnsNamespace *peer_namespace,
            const char *peer_name, GError **error)
{
  if (namespace != peer_namespace || strcmp (name, peer_name) != 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Both ends in one namespace cannot have the same name, “%s”", name);
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
      return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE,
                           "Both ends in one namespace cannot have the same address, %s",
                           netns_address_print_host (address, text));
    }
  }
  return TRUE;
}

/* A plan that makes one link, so far without a step; @end is where it will be and how it is called. */
static NetnsPlan *
begin (NetnsCore *core, guint caller, const char *namespace_name, const char *kind, const char *name, Options *options,
       End *end, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);

  if (namespace == NULL || !netns_core_check_quota (core, caller, 0, 1, error)
      || !choose_end (end, namespace, name, options->addresses, error))
    return NULL;
  netns_plan_set_detail (plan, "link", name);
  netns_plan_set_detail (plan, "kind", kind);
  options->create.spec.kind = kind;
  options->create.spec.name = end->name;
  return g_steal_pointer (&plan);
}

/* The plan for method Manager.CreateVeth with its options. Errors: `InvalidName`, `InvalidArgument`, `NotFound`,
 * `Exists`, `AddressInUse`, `QuotaExceeded`. */
NetnsPlan *
netns_link_create_veth (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                        const char *peer_namespace_name, const char *peer_name, GVariant *values, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = NULL, *peer_namespace = NULL;
  g_auto (Options) options = { 0 };
  g_auto (End) end = { 0 }, peer = { 0 };

  if (netns_options_read (netns_options_manager_create_veth, NULL, values, fields, &options, error))
  namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  if (namespace != NULL)
    peer_namespace = netns_core_use_namespace (core, plan, caller, peer_namespace_name, error);
  if (peer_namespace == NULL || !netns_core_check_quota (core, caller, 0, 2, error)
      || !check_pair (namespace, name, peer_namespace, peer_name, error)
      || !choose_end (&end, namespace, name, options.addresses, error)
      || !choose_end (&peer, peer_namespace, peer_name, options.peer_addresses, error)
      || !check_ends (&end, &peer, error))
    return NULL;
  end.alone = peer.alone = options.create.spec.enabled;
  netns_plan_add_detail (plan, "link", name, TRUE);
  netns_plan_add_detail (plan, "link", peer_name, FALSE);
  netns_plan_set_detail (plan, "kind", "veth");
  options.create.spec.kind = "veth";
  options.create.spec.name = end.name;
  options.create.spec.peer_name = peer.name;
  options.create.peer_namespace = peer_namespace->name;
  netns_plan_link_create (plan, namespace->name, &options.create);
  plan_end (plan, &end);
  plan_end (plan, &peer);
  if (options.create.spec.enabled)
    netns_plan_link_set_enabled (plan, peer_namespace->name,
                                 &(NetnsLinkSetting) { .link.name = peer.name, .enabled = TRUE });
  return g_steal_pointer (&plan);
}

/* The plan for method Manager.CreateBridge with its options. Errors: as of netns_link_create_veth(). */
NetnsPlan *
netns_link_create_bridge (NetnsCore *core, guint caller, const char *namespace_name, const char *name, GVariant *values,
                          GError **error)
{
  g_autoptr (NetnsPlan) plan = NULL;
  g_auto (Options) options = { 0 };
  g_auto (End) end = { 0 };

  if (netns_options_read (netns_options_manager_create_bridge, NULL, values, fields, &options, error)
      && netns_bridge_check_options (NULL, values, error))
    plan = begin (core, caller, namespace_name, "bridge", name, &options, &end, error);
  if (plan == NULL)
    return NULL;
  end.alone = options.create.spec.enabled;
  /* Left to the kernel, the address would be the least of those of its ports (br_stp_recalculate_bridge_id() in
   * net/bridge/br_stp_if.c), and each that comes or goes could take the bridge away from those that know it. */
  if (memcmp (options.create.mac, no_mac, sizeof no_mac) == 0)
    netns_link_choose_mac (options.create.mac);
  netns_plan_link_create (plan, end.namespace->name, &options.create);
  netns_bridge_plan_options (plan, end.namespace->name, &(NetnsLinkRef) { .name = end.name }, values);
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}

/* A tap is created without attributes, by another kernel interface: its options are separate steps. */
static void
plan_settings (NetnsPlan *plan, const char *namespace_name, const NetnsLinkCreate *create)
{
  NetnsLinkSetting setting = { .link.name = create->spec.name, .enabled = TRUE, .mtu = create->spec.mtu };
  memcpy (setting.mac, create->mac, NETNS_MAC_LENGTH);
  if (setting.mtu != 0)
    netns_plan_link_set_mtu (plan, namespace_name, &setting);
  if (memcmp (setting.mac, no_mac, NETNS_MAC_LENGTH) != 0)
    netns_plan_link_set_mac (plan, namespace_name, &setting);
  if (create->spec.enabled)
    netns_plan_link_set_enabled (plan, namespace_name, &setting);
}

/* The plan for method Manager.CreateTap with its options. Errors: as of netns_link_create_veth(). */
NetnsPlan *
netns_link_create_tap (NetnsCore *core, guint caller, const char *namespace_name, const char *name, GVariant *values,
                       GError **error)
{
  g_autoptr (NetnsPlan) plan = NULL;
  g_auto (Options) options = { .owner = caller };
  g_auto (End) end = { 0 };

  if (netns_options_read (netns_options_manager_create_tap, NULL, values, fields, &options, error))
    plan = begin (core, caller, namespace_name, "tun", name, &options, &end, error);
  if (plan == NULL)
    return NULL;
  if (options.owner == NETNS_UID_NOBODY)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                              "Option “owner” must be a user, not %u: any user could use a tap without an owner",
                              options.owner);
  end.alone = options.create.spec.enabled;
  netns_plan_tap_create (plan, end.namespace->name,
                         &(NetnsTapCreate) { .link.name = end.name, .owner = options.owner });
  plan_settings (plan, end.namespace->name, &options.create);
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}

/* The link that the new one stands on, which may be in another namespace: to use that is to change it. */
static gboolean
find_parent (NetnsCore *core, NetnsPlan *plan, guint caller, NetnsNamespace *namespace, Options *options,
             GError **error)
{
  NetnsNamespace *there = namespace;
  NetnsLink *parent;

  if (options->parent_namespace != NULL && strcmp (options->parent_namespace, namespace->name) != 0) {
    there = netns_core_use_namespace (core, plan, caller, options->parent_namespace, error);
    if (there == NULL)
      return FALSE;
    options->create.parent_namespace = there->name;
  }
  if (*options->parent == '\0')
    return TRUE;
  parent = netns_namespace_find_link (there, options->parent);
  if (parent == NULL)
    return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s” in %s%s%s", options->parent,
                         *there->name ? "namespace “" : "the host namespace", there->name, *there->name ? "”" : "");
  netns_plan_add_detail (plan, "link", parent->info.name, FALSE);
  netns_plan_use_identity (plan, parent->identity);
  options->create.spec.parent = parent->info.index;
  return TRUE;
}

/* The plan for method Manager.CreateLink with its options. Errors: as of netns_link_create_veth(). */
NetnsPlan *
netns_link_create (NetnsCore *core, guint caller, const char *namespace_name, const NetnsLinkKind *kind,
                   const char *name, GVariant *values, GError **error)
{
  g_autoptr (GVariant) complete = netns_options_complete (netns_options_manager_create_link, kind->name, values, error);
  g_autoptr (GVariant) data = complete ? netns_link_kind_read (kind, complete, error) : NULL;
  g_autoptr (NetnsPlan) plan = NULL;
  g_auto (Options) options = { .create.spec.parent_attribute = kind->parent_attribute, .create.spec.data = data };
  g_auto (End) end = { 0 };

  if (data != NULL && netns_fields_from_variant (fields, &options, complete, error))
    plan = begin (core, caller, namespace_name, kind->name, name, &options, &end, error);
  if (plan == NULL || !find_parent (core, plan, caller, end.namespace, &options, error))
    return NULL;
  netns_plan_link_create (plan, end.namespace->name, &options.create);
  plan_end (plan, &end);
  return g_steal_pointer (&plan);
}
