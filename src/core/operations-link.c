/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that make, change, move and delete links. */
#include "core/operations.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/step.h"
#include "kernel/link.h"
#include "kernel/tap.h"

#include <linux/if.h>
#include <string.h>

static gboolean
find_master (NetnsStep *step, NetnsNetlink *netlink, guint *master, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  *master = netns_step_get_uint32 (step, "master-index");
  if (!netns_step_has (step, "master-link"))
    return TRUE;
  if (!netns_rtnl_link_find (netlink, netns_step_get_string (step, "master-link"), &info, error))
    return FALSE;
  *master = info.index;
  return TRUE;
}

/* An empty text stands for an address that the kernel shall make up. */
static const guint8 *
parse_mac (const char *text, guint8 mac[NETNS_MAC_LENGTH])
{
  return *text != '\0' && netns_parse_mac (text, mac, NULL) ? mac : NULL;
}

/* What a kind of its own needs; an address that is not there is of no family. */
static gboolean
read_kind (NetnsStep *step, NetnsLinkSpec *spec, GError **error)
{
  const char *remote = netns_step_get_string (step, "remote"), *local = netns_step_get_string (step, "local");

  spec->parent = netns_step_get_uint32 (step, "parent");
  spec->mode = netns_step_get_uint32 (step, "mode");
  spec->id = netns_step_get_uint32 (step, "id");
  spec->protocol = (guint16) netns_step_get_uint32 (step, "protocol");
  spec->port = (guint16) netns_step_get_uint32 (step, "port");
  spec->learning = netns_step_get_boolean (step, "learning");
  return (*remote == '\0' || netns_address_parse_host (remote, &spec->remote, error))
         && (*local == '\0' || netns_address_parse_host (local, &spec->local, error));
}

/* A descriptor of a namespace for a netlink message: of the host's a new one, which is put into @home. */
static gboolean
get_namespace_fd (NetnsRun *run, const char *name, int *fd, int *home, GError **error)
{
  if (!netns_run_get_fd (run, name, fd, error))
    return FALSE;
  if (*fd < 0)
    *fd = *home = netns_nsfs_open ("/proc/thread-self/ns/net", error);
  return *fd >= 0;
}

/* A link that stands on one of another namespace is made from there. */
static gboolean
create_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  gboolean has_parent = netns_step_has (step, "parent-namespace");
  const char *from = has_parent ? netns_step_get_string (step, "parent-namespace") : step->namespace_name;
  NetnsNetlink *netlink = netns_run_get_netlink (run, from, error);
  guint8 mac[NETNS_MAC_LENGTH], peer_mac[NETNS_MAC_LENGTH];
  NetnsLinkSpec spec = {
    .kind = netns_step_get_string (step, "kind"),
    .name = netns_step_get_string (step, "name"),
    .mtu = netns_step_get_uint32 (step, "mtu"),
    .mac = parse_mac (netns_step_get_string (step, "mac"), mac),
    .enabled = netns_step_get_boolean (step, "enabled"),
    .peer_namespace_fd = -1,
    .peer_mac = parse_mac (netns_step_get_string (step, "peer-mac"), peer_mac),
  };
  const char *peer_namespace = netns_step_get_string (step, "peer-namespace");
  netns_autofd int home = -1;
  int target_fd;

  if (netlink == NULL || !find_master (step, netlink, &spec.master, error) || !read_kind (step, &spec, error))
    return FALSE;
  if (strcmp (from, step->namespace_name) != 0) {
    if (!get_namespace_fd (run, step->namespace_name, &target_fd, &home, error))
      return FALSE;
    spec.target_fd = &target_fd;
  }
  if (netns_step_has (step, "peer-name")) {
    spec.peer_name = netns_step_get_string (step, "peer-name");
    if (strcmp (peer_namespace, step->namespace_name) != 0
        && !get_namespace_fd (run, peer_namespace, &spec.peer_namespace_fd, &home, error))
      return FALSE;
  }
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
  return delete_called (run, step, netns_step_get_string (step, "name"), error);
}

const NetnsOperation netns_operation_link_create = { "link-create", create_link, delete_created_link };

static gboolean
create_tap (NetnsRun *run, NetnsStep *step, GError **error)
{
  int fd;

  return netns_run_get_fd (run, step->namespace_name, &fd, error)
         && netns_tap_create (netns_run_get_grant (run), fd, netns_step_get_string (step, "link"),
                              netns_step_get_uint32 (step, "owner"), error);
}

static gboolean
delete_created_tap (NetnsRun *run, NetnsStep *step, GError **error)
{
  return delete_called (run, step, netns_step_get_string (step, "link"), error);
}

/* Quiet: that it has an owner is announced by nobody. */
const NetnsOperation netns_operation_tap_create = { "tap-create", create_tap, delete_created_tap, TRUE };

static gboolean
delete_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  return index != 0 && netns_rtnl_link_delete (netns_run_get_grant (run), netlink, index, error);
}

const NetnsOperation netns_operation_link_delete = { "link-delete", delete_link, NULL };

/* One setting of a link: how it is read from what the kernel says, and how it is written. */
typedef struct {
  GVariant *(*get) (const NetnsLinkInfo *info);
  gboolean (*set) (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error);
} Setting;

static gboolean
apply_setting (NetnsRun *run, NetnsStep *step, const Setting *setting, GError **error)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (step->parameters, "value", NULL);
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error))
    return FALSE;
  netns_step_remember (step, g_variant_new ("(uv)", index, setting->get (&info)));
  return setting->set (netns_run_get_grant (run), netlink, index, value, error);
}

static gboolean
revert_setting (NetnsRun *run, NetnsStep *step, const Setting *setting, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autoptr (GVariant) value = NULL;
  guint index;

  if (netlink == NULL)
    return FALSE;
  g_variant_get (step->undo, "(uv)", &index, &value);
  return setting->set (netns_run_get_grant (run), netlink, index, value, error);
}

/* The kernel announces some changes only of links that are up (netdev_state_change() in net/core/dev.c). */
#define QUIET TRUE

#define SETTING(id, text, quiet)                                                                                     \
  static gboolean id##_execute (NetnsRun *run, NetnsStep *step, GError **error)                                      \
  {                                                                                                                  \
    return apply_setting (run, step, &(const Setting){ get_##id, set_##id }, error);                                 \
  }                                                                                                                  \
                                                                                                                     \
  static gboolean id##_undo (NetnsRun *run, NetnsStep *step, GError **error)                                         \
  {                                                                                                                  \
    return revert_setting (run, step, &(const Setting){ get_##id, set_##id }, error);                                \
  }                                                                                                                  \
                                                                                                                     \
  const NetnsOperation netns_operation_link_set_##id = { text, id##_execute, id##_undo, quiet }

static GVariant *
get_enabled (const NetnsLinkInfo *info)
{
  return g_variant_new_boolean ((info->flags & IFF_UP) != 0);
}

static gboolean
set_enabled (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  return netns_rtnl_link_set_enabled (grant, netlink, index, g_variant_get_boolean (value), error);
}

SETTING (enabled, "link-set-enabled", FALSE);

/* Bytes: whoever is root in a container may have given a link a name that is no UTF-8. */
static GVariant *
get_name (const NetnsLinkInfo *info)
{
  return g_variant_new_bytestring (info->name);
}

/* What a plan asks for is text, what the kernel had before is bytes. */
static const char *
get_text (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_get_string (value, NULL)
                                                             : g_variant_get_bytestring (value);
}

static gboolean
set_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  return netns_rtnl_link_set_name (grant, netlink, index, get_text (value), error);
}

SETTING (name, "link-set-name", FALSE);

static GVariant *
get_mtu (const NetnsLinkInfo *info)
{
  return g_variant_new_uint32 (info->mtu);
}

static gboolean
set_mtu (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  return netns_rtnl_link_set_mtu (grant, netlink, index, g_variant_get_uint32 (value), error);
}

SETTING (mtu, "link-set-mtu", FALSE);

static GVariant *
get_mac (const NetnsLinkInfo *info)
{
  return g_variant_new_take_string (netns_print_mac (info->mac));
}

static gboolean
set_mac (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  guint8 mac[NETNS_MAC_LENGTH];

  return netns_parse_mac (g_variant_get_string (value, NULL), mac, error)
         && netns_rtnl_link_set_mac (grant, netlink, index, mac, error);
}

SETTING (mac, "link-set-mac", FALSE);

static GVariant *
get_description (const NetnsLinkInfo *info)
{
  return g_variant_new_bytestring (info->description ? info->description : "");
}

static gboolean
set_description (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  return netns_rtnl_link_set_description (grant, netlink, index, get_text (value), error);
}

SETTING (description, "link-set-description", QUIET);

static GVariant *
get_master (const NetnsLinkInfo *info)
{
  return g_variant_new_uint32 (info->master);
}

static gboolean
set_master (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GVariant *value, GError **error)
{
  return netns_rtnl_link_set_master (grant, netlink, index, g_variant_get_uint32 (value), error);
}

SETTING (master, "link-set-master", FALSE);

static gboolean
move_between (NetnsRun *run, const char *from, guint index, const char *to, const char *new_name, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, from, error);
  netns_autofd int home = -1;
  int fd;

  return netlink != NULL && get_namespace_fd (run, to, &fd, &home, error)
         && netns_rtnl_link_move (netns_run_get_grant (run), netlink, index, fd, *new_name ? new_name : NULL, error);
}

static gboolean
move_link (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *to = netns_step_get_string (step, "to-namespace"), *new_name = netns_step_get_string (step, "new-name");
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error)
      || !move_between (run, step->namespace_name, index, to, new_name, error))
    return FALSE;
  netns_step_remember (step, g_variant_new ("(^ay^ayb)", info.name, *new_name ? new_name : info.name,
                                            (info.flags & IFF_UP) != 0));
  return TRUE;
}

static gboolean
move_link_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, netns_step_get_string (step, "to-namespace"), error);
  g_auto (NetnsLinkInfo) info = { 0 }, home = { 0 };
  const char *old_name, *new_name;
  gboolean enabled;

  if (netlink == NULL)
    return FALSE;
  g_variant_get (step->undo, "(^&ay^&ayb)", &old_name, &new_name, &enabled);
  if (!netns_rtnl_link_find (netlink, new_name, &info, error)
      || !move_between (run, netns_step_get_string (step, "to-namespace"), info.index, step->namespace_name, old_name,
                        error))
    return FALSE;
  netlink = netns_run_get_netlink (run, step->namespace_name, error);
  return netlink != NULL && netns_rtnl_link_find (netlink, old_name, &home, error)
         && netns_rtnl_link_set_enabled (netns_run_get_grant (run), netlink, home.index, enabled, error);
}

const NetnsOperation netns_operation_link_move = { "link-move", move_link, move_link_back };

static gboolean
add_alternative_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  return index != 0
         && netns_rtnl_link_add_alternative_name (netns_run_get_grant (run), netlink, index,
                                                  netns_step_get_string (step, "name"), error);
}

static gboolean
remove_alternative_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  guint index = netns_step_find_link (step, run, &netlink, error);

  return index != 0
         && netns_rtnl_link_remove_alternative_name (netns_run_get_grant (run), netlink, index,
                                                     netns_step_get_string (step, "name"), error);
}

const NetnsOperation netns_operation_alternative_name_add
  = { "alternative-name-add", add_alternative_name, remove_alternative_name, QUIET };
