/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/link-steps.h"

#include "core/link/give-steps.h"
#include "core/plan/run.h"
#include "kernel/route.h"
#include "kernel/tap.h"

#include <linux/if.h>
#include <string.h>
#include <sys/socket.h>

#define MTU_MAX 65535 /* ETH_MAX_MTU */

/* %NULL for an address that the kernel chooses. */
static const guint8 *
get_mac (const guint8 mac[NETNS_MAC_LENGTH])
{
  static const guint8 none[NETNS_MAC_LENGTH];

  return memcmp (mac, none, sizeof none) == 0 ? NULL : mac;
}

static const NetnsAddress *
find_source (const GArray *sources, int family)
{
  for (guint i = 0; sources != NULL && i < sources->len; i++)
    if (g_array_index (sources, NetnsAddress, i).family == family)
      return &g_array_index (sources, NetnsAddress, i);
  return NULL;
}

static gboolean
take_mtu (NetnsNetlink *netlink, int family, const GArray *sources, guint *mtu, GError **error)
{
  const NetnsAddress *source = find_source (sources, family);
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index = 0;

  if ((source != NULL && !netns_rtnl_route_find_uplink (netlink, family, source, &index, error))
      || (index == 0 && !netns_rtnl_route_find_uplink (netlink, family, NULL, &index, error)))
    return FALSE;
  if (index == 0)
    return TRUE;
  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  *mtu = MIN (*mtu, info.mtu);
  return TRUE;
}

/**
 * netns_link_find_uplink_mtu:
 * @netlink: a namespace
 * @uplink: a link of it, empty for whichever leads to the rest of the world
 * @sources: (nullable) (element-type NetnsAddress): addresses there that packets come from, for which there may be rules
 * @mtu_min: bytes, the least that is wanted
 * @mtu: (out): bytes; of several uplinks, the least; 0 if nothing leads anywhere
 * @error: `NotFound` (no such link), `KernelRefused`
 */
gboolean
netns_link_find_uplink_mtu (NetnsNetlink *netlink, const char *uplink, const GArray *sources, guint mtu_min, guint *mtu,
                            GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  *mtu = G_MAXUINT;
  if (*uplink != '\0') {
    if (!netns_rtnl_link_find (netlink, uplink, &info, error))
      return FALSE;
    *mtu = info.mtu;
  } else if (!take_mtu (netlink, AF_INET, sources, mtu, error) || !take_mtu (netlink, AF_INET6, sources, mtu, error)) {
    return FALSE;
  }
  *mtu = *mtu == G_MAXUINT ? 0 : CLAMP (*mtu, mtu_min, MTU_MAX);
  return TRUE;
}

/* A link that stands on one of another namespace is made from there. */
static gboolean
create_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsLinkCreate *create = step->parameter;
  const char *from = create->parent_namespace ? create->parent_namespace : step->namespace_name;
  NetnsNetlink *netlink = netns_run_get_netlink (run, from, error);
  NetnsLinkSpec spec = create->spec;
  int target_fd;

  if (netlink == NULL)
    return FALSE;
  if (strcmp (from, step->namespace_name) != 0) {
    if (!netns_run_get_any_fd (run, step->namespace_name, &target_fd, error))
      return FALSE;
    spec.target_fd = &target_fd;
  }
  if (create->uplink != NULL && spec.mtu == 0
      && !netns_link_find_uplink_mtu (netlink, create->uplink, NULL, create->mtu_min, &spec.mtu, error))
    return FALSE;
  spec.mac = get_mac (create->mac);
  spec.peer_mac = get_mac (create->peer_mac);
  spec.peer_namespace_fd = -1;
  if (spec.peer_name != NULL && strcmp (create->peer_namespace, step->namespace_name) != 0
      && !netns_run_get_any_fd (run, create->peer_namespace, &spec.peer_namespace_fd, error))
    return FALSE;
  return netns_rtnl_link_create (netns_run_get_grant (run), netlink, &spec, error);
}

static gboolean
delete_called (NetnsRun *run, NetnsStep *step, const char *name, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_auto (NetnsLinkInfo) info = { 0 };

  return netlink != NULL && netns_rtnl_link_find (netlink, name, &info, error)
         && netns_rtnl_link_delete (netns_run_get_grant (run), netlink, info.index, error);
}

static gboolean
delete_created_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  return delete_called (run, step, ((const NetnsLinkCreate *) step->parameter)->spec.name, error);
}

static const NetnsField create_fields[] = {
  { "kind", NETNS_FIELD_TEXT, offsetof (NetnsLinkCreate, spec.kind) },
  { "name", NETNS_FIELD_TEXT, offsetof (NetnsLinkCreate, spec.name) },
  { "mtu", NETNS_FIELD_UINT32, offsetof (NetnsLinkCreate, spec.mtu) },
  { "mac", NETNS_FIELD_MAC, offsetof (NetnsLinkCreate, mac) },
  { "master", NETNS_FIELD_UINT32, offsetof (NetnsLinkCreate, spec.master) },
  { "enabled", NETNS_FIELD_BOOLEAN, offsetof (NetnsLinkCreate, spec.enabled) },
  { "peer-name", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsLinkCreate, spec.peer_name) },
  { "peer-mac", NETNS_FIELD_MAC, offsetof (NetnsLinkCreate, peer_mac) },
  { "peer-namespace", NETNS_FIELD_TEXT, offsetof (NetnsLinkCreate, peer_namespace) },
  { "parent", NETNS_FIELD_UINT32, offsetof (NetnsLinkCreate, spec.parent) },
  { "parent-namespace", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsLinkCreate, parent_namespace) },
  { "parent-attribute", NETNS_FIELD_UINT16, offsetof (NetnsLinkCreate, spec.parent_attribute) },
  { "data", NETNS_FIELD_VARIANT, offsetof (NetnsLinkCreate, spec.data) },
  { "uplink", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsLinkCreate, uplink) },
  { "mtu-min", NETNS_FIELD_UINT32, offsetof (NetnsLinkCreate, mtu_min) },
  { NULL }
};

const NetnsOperation netns_operation_link_create = {
  .name = "link-create",
  .execute = create_link,
  .undo = delete_created_link,
  .parameter = NETNS_RECORD (NetnsLinkCreate, create_fields),
};

static gboolean
create_tap (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsTapCreate *create = step->parameter;
  int fd;

  return netns_run_get_any_fd (run, step->namespace_name, &fd, error)
         && netns_tap_create (netns_run_get_grant (run), fd, create->link.name, create->owner, error);
}

static gboolean
delete_created_tap (NetnsRun *run, NetnsStep *step, GError **error)
{
  return delete_called (run, step, ((const NetnsTapCreate *) step->parameter)->link.name, error);
}

static const NetnsField tap_fields[] = {
  NETNS_LINK_REF_FIELDS, { "owner", NETNS_FIELD_UINT32, offsetof (NetnsTapCreate, owner) },
   { NULL }
};

/* The kernel sends no event for a tap's owner. */
const NetnsOperation netns_operation_tap_create = {
  .name = "tap-create",
  .execute = create_tap,
  .undo = delete_created_tap,
  .parameter = NETNS_RECORD (NetnsTapCreate, tap_fields),
  .refresh = netns_link_ref_refresh,
};

static gboolean
delete_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  return index != 0 && netns_rtnl_link_delete (netns_run_get_grant (run), netlink, index, error);
}

const NetnsOperation netns_operation_link_delete = {
  .name = "link-delete",
  .execute = delete_link,
  .parameter = NETNS_RECORD (NetnsLinkRef, netns_link_ref_fields),
};

/* How one setting is written. */
typedef struct {
  gboolean (*set) (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const NetnsLinkSetting *setting,
                   GError **error);
} Setter;

/* What a link has of each setting; bytes, since root in a container may give a link a name that is not UTF-8. */
static gboolean
read_settings (NetnsNetlink *netlink, guint index, NetnsLinkSetting *setting, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  setting->link.index = index;
  setting->enabled = (info.flags & IFF_UP) != 0;
  setting->mtu = info.mtu;
  setting->master = info.master;
  memcpy (setting->mac, info.mac, sizeof setting->mac);
  setting->name = g_strdup (info.name);
  setting->description = g_strdup (info.description ? info.description : "");
  return TRUE;
}

static gboolean
apply_setting (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Setter *setter = step->operation->data;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  return index != 0 && read_settings (netlink, index, step->kept, error)
         && setter->set (netns_run_get_grant (run), netlink, index, step->parameter, error);
}

static gboolean
revert_setting (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Setter *setter = step->operation->data;
  const NetnsLinkSetting *before = step->kept;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL && setter->set (netns_run_get_grant (run), netlink, before->link.index, before, error);
}

static const NetnsField setting_fields[] = {
  NETNS_LINK_REF_FIELDS,
  { "enabled", NETNS_FIELD_BOOLEAN, offsetof (NetnsLinkSetting, enabled) },
  { "mtu", NETNS_FIELD_UINT32, offsetof (NetnsLinkSetting, mtu) },
  { "master", NETNS_FIELD_UINT32, offsetof (NetnsLinkSetting, master) },
  { "mac", NETNS_FIELD_MAC, offsetof (NetnsLinkSetting, mac) },
  { "name", NETNS_FIELD_BYTES, offsetof (NetnsLinkSetting, name) },
  { "description", NETNS_FIELD_BYTES, offsetof (NetnsLinkSetting, description) },
  { NULL }
};

#define SETTING(member, text, ...)                                                                                     \
  static gboolean set_##member (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,                           \
                                const NetnsLinkSetting *setting, GError **error)                                       \
  {                                                                                                                    \
    return netns_rtnl_link_set_##member (grant, netlink, index, setting->member, error);                               \
  }                                                                                                                    \
                                                                                                                       \
  const NetnsOperation netns_operation_link_set_##member                                                               \
    = { .name = text,                                                                                                  \
        .execute = apply_setting,                                                                                      \
        .undo = revert_setting,                                                                                        \
        .parameter = NETNS_RECORD (NetnsLinkSetting, setting_fields),                                                  \
        .kept = NETNS_RECORD (NetnsLinkSetting, setting_fields),                                                       \
        .data = &(const Setter) { set_##member },                                                                      \
        __VA_ARGS__ };

SETTING (enabled, "link-set-enabled")
SETTING (name, "link-set-name")
SETTING (mtu, "link-set-mtu")
SETTING (mac, "link-set-mac")
SETTING (description, "link-set-description", .refresh = netns_link_ref_refresh)
SETTING (master, "link-set-master")

static gboolean
move_between (NetnsRun *run, const char *from, guint index, const char *to, const char *new_name, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, from, error);
  int fd;

  return netlink != NULL && netns_run_get_any_fd (run, to, &fd, error)
         && netns_rtnl_link_move (netns_run_get_grant (run), netlink, index, fd, new_name, error);
}

/* What it was called and had, and whether it was up: a link that is moved is down, and has no addresses. */
typedef struct {
  char *name;
  gboolean enabled;
  GPtrArray *addresses;
} MoveBefore;

static gboolean
move_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsLinkMove *move = step->parameter;
  MoveBefore *before = step->kept;
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autoptr (GArray) addresses = NULL;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index != 0 && netns_rtnl_link_get (netlink, index, &info, error))
    addresses = netns_rtnl_address_list (netlink, index, error);
  if (addresses == NULL)
    return FALSE;
  before->name = g_strdup (info.name);
  before->enabled = (info.flags & IFF_UP) != 0;
  before->addresses = netns_link_addresses_save (addresses, info.name);
  return move_between (run, step->namespace_name, index, move->to_namespace, move->new_name, error);
}

static gboolean
move_link_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsLinkMove *move = step->parameter;
  const MoveBefore *before = step->kept;
  NetnsNetlink *netlink = netns_run_get_netlink (run, move->to_namespace, error);
  g_auto (NetnsLinkInfo) info = { 0 }, home = { 0 };
  g_autoptr (GArray) addresses = netns_link_addresses_load (before->addresses);

  if (netlink == NULL || !netns_rtnl_link_find (netlink, move->new_name ? move->new_name : before->name, &info, error)
      || !move_between (run, move->to_namespace, info.index, step->namespace_name, before->name, error))
    return FALSE;
  netlink = netns_run_get_netlink (run, step->namespace_name, error);
  return netlink != NULL && netns_rtnl_link_find (netlink, before->name, &home, error)
         && netns_rtnl_link_set_enabled (netns_run_get_grant (run), netlink, home.index, before->enabled, error)
         && netns_give_addresses (run, netlink, home.index, addresses, NULL, error);
}

static const NetnsField move_fields[] = {
  NETNS_LINK_REF_FIELDS,
  { "to-namespace", NETNS_FIELD_TEXT, offsetof (NetnsLinkMove, to_namespace) },
  { "new-name", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsLinkMove, new_name) },
  { NULL }
};

static const NetnsField move_before_fields[] = {
  { "name", NETNS_FIELD_BYTES, offsetof (MoveBefore, name) },
  { "enabled", NETNS_FIELD_BOOLEAN, offsetof (MoveBefore, enabled) },
  { "addresses", NETNS_FIELD_DICTS, offsetof (MoveBefore, addresses) },
  { NULL }
};

/* One that came back, with addresses that the kernel announces late. */
static void
refresh_moved (const NetnsStep *step, NetnsMirror *mirror)
{
  netns_mirror_refresh_addresses (mirror, step->namespace_name);
}

const NetnsOperation netns_operation_link_move = {
  .name = "link-move",
  .execute = move_link,
  .undo = move_link_back,
  .parameter = NETNS_RECORD (NetnsLinkMove, move_fields),
  .kept = NETNS_RECORD (MoveBefore, move_before_fields),
  .refresh = refresh_moved,
};

static gboolean
change_alternative_name (NetnsRun *run, NetnsStep *step, gboolean add, GError **error)
{
  const NetnsAlternativeName *parameter = step->parameter;
  NetnsNetlink *netlink;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  return index != 0
         && netns_rtnl_link_change_alternative_name (netns_run_get_grant (run), netlink, index, add, parameter->name,
                                                     error);
}

static gboolean
add_alternative_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  return change_alternative_name (run, step, TRUE, error);
}

static gboolean
remove_alternative_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  return change_alternative_name (run, step, FALSE, error);
}

static const NetnsField alternative_name_fields[] = {
  NETNS_LINK_REF_FIELDS, { "name", NETNS_FIELD_TEXT, offsetof (NetnsAlternativeName, name) },
   { NULL }
};

const NetnsOperation netns_operation_alternative_name_add = {
  .name = "alternative-name-add",
  .execute = add_alternative_name,
  .undo = remove_alternative_name,
  .parameter = NETNS_RECORD (NetnsAlternativeName, alternative_name_fields),
  .refresh = netns_link_ref_refresh,
};
