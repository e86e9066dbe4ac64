/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/forwarding-steps.h"

#include "common/error.h"
#include "core/plan/run.h"
#include "core/plan/store.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "kernel/sysctl.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Path, value before, value desired, and for the setting of a link the link's number, else 0; in the order in which they are
 * set. */
#define SETTINGS_TYPE G_VARIANT_TYPE ("a(sssu)")

/* Returns: (transfer full): the file with the settings of a namespace, below /run/netnsd */
char *
netns_forwarding_file_for (guint64 cookie, int family)
{
  return g_strdup_printf ("forwarding/%" G_GUINT64_FORMAT "-%s", cookie, family == AF_INET ? "ipv4" : "ipv6");
}

static int
family_of (const NetnsStep *step)
{
  return (int) ((const NetnsForwarding *) step->parameter)->family;
}

/* @value is %NULL if there is no such setting: the link is gone, or without IPv6. */
static gboolean
read_setting (int fd, const char *path, char **value, GError **error)
{
  g_autoptr (GError) read_error = NULL;

  *value = netns_sysctl_get (fd, path, &read_error);
  if (*value != NULL || g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&read_error));
  return FALSE;
}

static gboolean
has_advertised_route (const GArray *routes, guint link)
{
  for (guint i = 0; i < routes->len; i++) {
    const NetnsRoute *route = &g_array_index (routes, NetnsRoute, i);

    if (route->link == link && route->protocol == RTPROT_RA)
      return TRUE;
  }
  return FALSE;
}

/* Behind these sit other namespaces and virtual machines: they must not become this one's router. */
static gboolean
leads_inside (const NetnsLinkInfo *info)
{
  static const char *const kinds[] = { "bridge", "veth", "tun", NULL };

  return g_strv_contains (kinds, info->kind);
}

/* Those of a router of the Internet are about half as many; in memory, these have 256 MiB. */
#define ROUTES_MAX (2u << 20)

static GArray *
list_routes (int fd, GError **error)
{
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new (fd, error); /* of its own, as there may be too many */
  g_autoptr (GArray) routes = netlink ? netns_rtnl_route_dump (netlink, ROUTES_MAX, error) : NULL;

  if (routes != NULL && routes->len >= ROUTES_MAX)
    return netns_refuse_null (error, NETNS_ERROR_TOO_LARGE, "The namespace has more than %u routes", ROUTES_MAX - 1);
  return g_steal_pointer (&routes);
}

/* A link that learns its address and default route from router advertisements stops to do so when the machine becomes
 * a router, unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst). NAT must not cut the uplink off. */
static gboolean
list_advertised_links (NetnsNetlink *netlink, int fd, GVariantBuilder *settings, GError **error)
{
  g_autoptr (GArray) links = netns_rtnl_link_list (netlink, error);
  g_autoptr (GArray) routes = links ? list_routes (fd, error) : NULL;

  for (guint i = 0; routes != NULL && i < links->len; i++) {
    const NetnsLinkInfo *info = &g_array_index (links, NetnsLinkInfo, i);
    g_autofree char *path = g_strdup_printf ("net/ipv6/conf/%s/accept_ra", info->name);
    g_autofree char *value = NULL;

    if (leads_inside (info) && !has_advertised_route (routes, info->index))
      continue;
    if (!read_setting (fd, path, &value, error))
      return FALSE;
    if (g_strcmp0 (value, "1") == 0 && g_utf8_validate (path, -1, NULL))
      g_variant_builder_add (settings, "(sssu)", path, "1", "2", info->index);
  }
  return routes != NULL;
}

static GVariant *
list_settings (NetnsNetlink *netlink, int fd, int family, GError **error)
{
  const char *path = family == AF_INET ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
  g_auto (GVariantBuilder) settings = G_VARIANT_BUILDER_INIT (SETTINGS_TYPE);
  g_autofree char *value = netns_sysctl_get (fd, path, error);

  if (value == NULL)
    return NULL;
  if (strcmp (value, "0") == 0) {
    if (family == AF_INET6 && !list_advertised_links (netlink, fd, &settings, error))
      return NULL;
    g_variant_builder_add (&settings, "(sssu)", path, value, "1", 0);
  }
  return g_variant_ref_sink (g_variant_builder_end (&settings));
}

/* Where a setting is now: its link may have got another name, and another link its name. @place is %NULL when the link is
 * gone. */
static gboolean
locate (NetnsNetlink *netlink, const char *path, guint link, char **place, GError **error)
{
  g_auto (GStrv) parts = NULL;
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autoptr (GError) failure = NULL;

  *place = NULL;
  if (link == 0) {
    *place = g_strdup (path);
    return TRUE;
  }
  if (netns_rtnl_link_get (netlink, link, &info, &failure)) {
    parts = g_strsplit (path, "/", -1); /* net/ipv4/conf/LINK/SETTING */
    if (g_strv_length (parts) == 5)
      *place = g_build_path ("/", parts[0], parts[1], parts[2], info.name, parts[4], NULL);
    return TRUE;
  }
  if (g_error_matches (failure, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Gives each setting that has the value before the desired one, or, in the opposite order, the other way round. Other
 * values are kept, and missing links are ignored. */
static gboolean
exchange_all (const NetnsGrant *grant, NetnsNetlink *netlink, int fd, GVariant *settings, gboolean enable,
              GError **error)
{
  gsize count = g_variant_n_children (settings);

  for (gsize i = 0; i < count; i++) {
    const char *path, *before, *desired;
    g_autofree char *place = NULL, *value = NULL;
    guint link;

    g_variant_get_child (settings, enable ? i : count - 1 - i, "(&s&s&su)", &path, &before, &desired, &link);
    if (!locate (netlink, path, link, &place, error) || (place != NULL && !read_setting (fd, place, &value, error)))
      return FALSE;
    if (g_strcmp0 (value, enable ? before : desired) == 0
        && !netns_sysctl_set (grant, fd, place, enable ? desired : before, error))
      return FALSE;
  }
  return TRUE;
}

/* All of them, or none. */
static gboolean
exchange (const NetnsGrant *grant, NetnsNetlink *netlink, int fd, GVariant *settings, gboolean enable, GError **error)
{
  if (exchange_all (grant, netlink, fd, settings, enable, error))
    return TRUE;
  exchange_all (grant, netlink, fd, settings, !enable, NULL);
  return FALSE;
}

/* Returns: (transfer full) (nullable): the file of a step, with what it has as @contents; %NULL on error */
static char *
open_file (NetnsRun *run, NetnsStep *step, int family, NetnsNetlink **netlink, int *fd, char **contents, GError **error)
{
  g_autofree char *file = NULL;

  *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (*netlink == NULL || !netns_run_get_fd (run, step->namespace_name, fd, error))
    return NULL;
  file = netns_forwarding_file_for (netns_netlink_get_cookie (*netlink), family);
  return netns_store_read (file, contents, error) ? g_steal_pointer (&file) : NULL;
}

/* Returns: (transfer full) (nullable): %NULL if there are none */
static GVariant *
parse_settings (const char *file, const char *contents)
{
  g_autoptr (GError) error = NULL;
  GVariant *settings = contents ? g_variant_parse (SETTINGS_TYPE, contents, NULL, NULL, &error) : NULL;

  if (error != NULL)
    netns_store_set_aside (file, error->message);
  return settings;
}

/* @text: what restore_forwarding() took away, for its undo */
typedef struct {
  char *text;
} Kept;

static gboolean
enable_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *before = NULL, *contents = NULL,
                  *file = open_file (run, step, family_of (step), &netlink, &fd, &before, error);
  g_autoptr (GVariant) settings = NULL;

  if (file == NULL)
    return FALSE;
  /* A file from a call that was cut off holds what was there before it. */
  settings = parse_settings (file, before ? before : ((const Kept *) step->kept)->text);
  if (settings == NULL)
    settings = list_settings (netlink, fd, family_of (step), error);
  if (settings == NULL)
    return FALSE;
  contents = g_variant_print (settings, TRUE);
  if (!netns_store_write (file, contents, error))
    return FALSE;
  if (exchange (netns_run_get_grant (run), netlink, fd, settings, TRUE, error))
    return TRUE;
  netns_store_write (file, NULL, NULL);
  return FALSE;
}

static gboolean
restore_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *contents = NULL, *file = open_file (run, step, family_of (step), &netlink, &fd, &contents, error);
  g_autoptr (GVariant) settings = NULL;

  if (file == NULL)
    return FALSE;
  settings = parse_settings (file, contents);
  if (settings == NULL)
    return TRUE;
  if (!exchange (netns_run_get_grant (run), netlink, fd, settings, FALSE, error))
    return FALSE;
  if (netns_store_write (file, NULL, error)) {
    g_free (((Kept *) step->kept)->text);
    ((Kept *) step->kept)->text = g_steal_pointer (&contents);
    return TRUE;
  }
  exchange (netns_run_get_grant (run), netlink, fd, settings, TRUE, NULL);
  return FALSE;
}

static const NetnsField kept_fields[] = {
  { "text", NETNS_FIELD_MAYBE_TEXT, offsetof (Kept, text) },
  { NULL }
};

static const NetnsField fields[] = {
  { "family", NETNS_FIELD_UINT32, offsetof (NetnsForwarding, family) },
  { NULL }
};

const NetnsOperation netns_operation_forwarding_enable = {
  .name = "forwarding-enable",
  .execute = enable_forwarding,
  .undo = restore_forwarding,
  .parameter = NETNS_RECORD (NetnsForwarding, fields),
  .kept = NETNS_RECORD (Kept, kept_fields),
};
const NetnsOperation netns_operation_forwarding_restore = {
  .name = "forwarding-restore",
  .execute = restore_forwarding,
  .undo = enable_forwarding,
  .parameter = NETNS_RECORD (NetnsForwarding, fields),
  .kept = NETNS_RECORD (Kept, kept_fields),
};

/* ---- single links */

/* Returns: (transfer full): the setting of a link, relative to /proc/sys */
static char *
path_for_link (const char *name)
{
  return g_strdup_printf ("net/ipv4/conf/%s/forwarding", name);
}

/* @name: (out): that of the link by which packets leave, empty for none, and for one whose name is no text */
static gboolean
find_uplink (NetnsNetlink *netlink, const NetnsForwardingLinks *links, char **name, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index = 0;

  if (links->any_uplink
      && (!netns_rtnl_route_find_uplink (netlink, AF_INET, NULL, &index, error)
          || (index != 0 && !netns_rtnl_link_get (netlink, index, &info, error))))
    return FALSE;
  *name = g_strdup (!links->any_uplink ? links->uplink : g_utf8_validate (info.name, -1, NULL) ? info.name : "");
  return TRUE;
}

static gboolean
is_off (int fd, const char *name, gboolean *off, GError **error)
{
  g_autofree char *path = path_for_link (name), *value = NULL;

  *off = FALSE;
  if (*name == '\0')
    return TRUE;
  if (!read_setting (fd, path, &value, error))
    return FALSE;
  *off = g_strcmp0 (value, "0") == 0;
  return TRUE;
}

static gboolean
has_link (GVariant *settings, guint link)
{
  guint known;

  for (gsize i = 0; settings != NULL && i < g_variant_n_children (settings); i++) {
    g_variant_get_child (settings, i, "(&s&s&su)", NULL, NULL, NULL, &known);
    if (known == link)
      return TRUE;
  }
  return FALSE;
}

/**
 * Switch:
 * @before: (nullable): the file with what is to be restored, as it was
 * @after: (nullable): as it is to be, %NULL for the same
 * @settings: (nullable): those that are changed
 */
typedef struct {
  char *before;
  char *after;
  GVariant *settings;
} Switch;

static void
add_child (GVariantBuilder *builder, GVariant *settings, gsize i)
{
  g_autoptr (GVariant) child = g_variant_get_child_value (settings, i);

  g_variant_builder_add_value (builder, child);
}

/* @former: (nullable): what is to be restored so far */
static gboolean
plan_switch (NetnsNetlink *netlink, int fd, const NetnsForwardingLinks *links, const char *uplink, GVariant *former,
             Switch *what, GError **error)
{
  const char *const names[] = { links->bridge, uplink };
  g_auto (GVariantBuilder) settings = G_VARIANT_BUILDER_INIT (SETTINGS_TYPE);
  g_auto (GVariantBuilder) all = G_VARIANT_BUILDER_INIT (SETTINGS_TYPE);
  g_autoptr (GVariant) restored = NULL;
  gboolean more = FALSE;

  for (gsize i = 0; former != NULL && i < g_variant_n_children (former); i++)
    add_child (&all, former, i);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = path_for_link (names[i]);
    g_auto (NetnsLinkInfo) info = { 0 };
    gboolean off;

    if (!is_off (fd, names[i], &off, error))
      return FALSE;
    if (!off)
      continue;
    if (!netns_rtnl_link_find (netlink, names[i], &info, error))
      return FALSE;
    g_variant_builder_add (&settings, "(sssu)", path, "0", "1", info.index);
    if ((i == 0 && links->own) || has_link (former, info.index))
      continue;
    g_variant_builder_add (&all, "(sssu)", path, "0", "1", info.index);
    more = TRUE;
  }
  restored = g_variant_ref_sink (g_variant_builder_end (&all));
  what->after = more ? g_variant_print (restored, TRUE) : NULL;
  what->settings = g_variant_ref_sink (g_variant_builder_end (&settings));
  return TRUE;
}

static const NetnsField switch_fields[] = {
  { "before", NETNS_FIELD_MAYBE_TEXT, offsetof (Switch, before) },
  { "after", NETNS_FIELD_MAYBE_TEXT, offsetof (Switch, after) },
  { "settings", NETNS_FIELD_VARIANT, offsetof (Switch, settings) },
  { NULL }
};

static gboolean
switch_links (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsForwardingLinks *links = step->parameter;
  Switch *what = step->kept;
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *uplink = NULL, *before = NULL, *file = open_file (run, step, AF_INET, &netlink, &fd, &before, error);
  g_autoptr (GVariant) former = file ? parse_settings (file, before) : NULL;

  netns_fields_clear (switch_fields, what); /* it may be tried again */
  what->before = g_steal_pointer (&before);
  if (file == NULL || !find_uplink (netlink, links, &uplink, error)
      || !plan_switch (netlink, fd, links, uplink, former, what, error)
      || (what->after != NULL && !netns_store_write (file, what->after, error)))
    return FALSE;
  if (exchange (netns_run_get_grant (run), netlink, fd, what->settings, TRUE, error))
    return TRUE;
  if (what->after != NULL)
    netns_store_write (file, what->before, NULL);
  return FALSE;
}

static gboolean
switch_links_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Switch *what = step->kept;
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *now = NULL, *file = open_file (run, step, AF_INET, &netlink, &fd, &now, error);

  return file != NULL && exchange (netns_run_get_grant (run), netlink, fd, what->settings, FALSE, error)
         && (what->after == NULL || netns_store_write (file, what->before, error));
}

static gboolean
refuse_link (const NetnsForwardingCheck *check, const char *name, GError **error)
{
  return netns_refuse (
    error, NETNS_ERROR_NOT_FORWARDED,
    "Link “%s” does not forward IPv4 packets that come in by it, so those of network “%s” do not get "
    "through; allow it with “sysctl -w net/ipv4/conf/%s/forwarding=1”, and in what manages the link",
    name, check->network, name);
}

static gboolean
check_links (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsForwardingCheck *check = step->parameter;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *uplink = NULL, *ipv6 = NULL;
  int fd;
  gboolean off;

  if (netlink == NULL || !netns_run_get_fd (run, step->namespace_name, &fd, error)
      || !find_uplink (netlink, &check->links, &uplink, error))
    return FALSE;
  if (!is_off (fd, check->links.bridge, &off, error))
    return FALSE;
  if (off)
    return refuse_link (check, check->links.bridge, error);
  if (!is_off (fd, uplink, &off, error))
    return FALSE;
  if (off)
    return refuse_link (check, uplink, error);
  if (!check->ipv6 || !read_setting (fd, "net/ipv6/conf/all/forwarding", &ipv6, error))
    return !check->ipv6;
  return g_strcmp0 (ipv6, "0") != 0
         || netns_refuse (error, NETNS_ERROR_NOT_FORWARDED,
                          "IPv6 packets are not forwarded, so those of network “%s” do not get through; allow it with "
                          "“sysctl -w net/ipv6/conf/all/forwarding=1”",
                          check->network);
}

#define LINKS_FIELDS(Type, member)                                                                                     \
  { "bridge", NETNS_FIELD_TEXT, offsetof (Type, member bridge) },                                                      \
    { "own", NETNS_FIELD_BOOLEAN, offsetof (Type, member own) },                                                       \
    { "uplink", NETNS_FIELD_TEXT, offsetof (Type, member uplink) },                                                    \
  {                                                                                                                    \
    "any-uplink", NETNS_FIELD_BOOLEAN, offsetof (Type, member any_uplink)                                              \
  }

static const NetnsField links_fields[] = { LINKS_FIELDS (NetnsForwardingLinks, ), { NULL } };

static const NetnsField check_fields[] = {
  { "network", NETNS_FIELD_TEXT, offsetof (NetnsForwardingCheck, network) },
  { "ipv6", NETNS_FIELD_BOOLEAN, offsetof (NetnsForwardingCheck, ipv6) },
  LINKS_FIELDS (NetnsForwardingCheck, links.),
  { NULL }
};

const NetnsOperation netns_operation_forwarding_links = {
  .name = "forwarding-links",
  .execute = switch_links,
  .undo = switch_links_back,
  .parameter = NETNS_RECORD (NetnsForwardingLinks, links_fields),
  .kept = NETNS_RECORD (Switch, switch_fields),
};
const NetnsOperation netns_operation_forwarding_check = {
  .name = "forwarding-check",
  .execute = check_links,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsForwardingCheck, check_fields),
};
