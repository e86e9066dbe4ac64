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

/* Path, value before, value desired; in the order in which they are set. */
#define SETTINGS_TYPE G_VARIANT_TYPE ("a(sss)")

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

/* A link that learns its address and default route from router advertisements stops to do so when the machine becomes
 * a router, unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst). NAT must not cut the uplink off. */
static gboolean
list_advertised_links (NetnsNetlink *netlink, int fd, GVariantBuilder *settings, GError **error)
{
  g_autoptr (GArray) links = netns_rtnl_link_list (netlink, error);
  g_autoptr (GArray) routes = links ? netns_rtnl_route_dump (netlink, 0, error) : NULL;

  for (guint i = 0; routes != NULL && i < links->len; i++) {
    const NetnsLinkInfo *info = &g_array_index (links, NetnsLinkInfo, i);
    g_autofree char *path = g_strdup_printf ("net/ipv6/conf/%s/accept_ra", info->name);
    g_autofree char *value = NULL;

    if (leads_inside (info) && !has_advertised_route (routes, info->index))
      continue;
    if (!read_setting (fd, path, &value, error))
      return FALSE;
    if (g_strcmp0 (value, "1") == 0 && g_utf8_validate (path, -1, NULL))
      g_variant_builder_add (settings, "(sss)", path, "1", "2");
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
    g_variant_builder_add (&settings, "(sss)", path, value, "1");
  }
  return g_variant_ref_sink (g_variant_builder_end (&settings));
}

/* Gives each setting that has the value before the desired one, or, in the opposite order, the other way round. Other
 * values are kept, and missing links are ignored. */
static gboolean
exchange_all (const NetnsGrant *grant, int fd, GVariant *settings, gboolean enable, GError **error)
{
  gsize count = g_variant_n_children (settings);

  for (gsize i = 0; i < count; i++) {
    const char *path, *before, *desired;
    g_autofree char *value = NULL;

    g_variant_get_child (settings, enable ? i : count - 1 - i, "(&s&s&s)", &path, &before, &desired);
    if (!read_setting (fd, path, &value, error))
      return FALSE;
    if (g_strcmp0 (value, enable ? before : desired) == 0
        && !netns_sysctl_set (grant, fd, path, enable ? desired : before, error))
      return FALSE;
  }
  return TRUE;
}

/* All of them, or none. */
static gboolean
exchange (const NetnsGrant *grant, int fd, GVariant *settings, gboolean enable, GError **error)
{
  if (exchange_all (grant, fd, settings, enable, error))
    return TRUE;
  exchange_all (grant, fd, settings, !enable, NULL);
  return FALSE;
}

/* Returns: (transfer full) (nullable): the file of a step, with what it has as @contents; %NULL on error */
static char *
open_file (NetnsRun *run, NetnsStep *step, NetnsNetlink **netlink, int *fd, char **contents, GError **error)
{
  g_autofree char *file = NULL;

  *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (*netlink == NULL || !netns_run_get_fd (run, step->namespace_name, fd, error))
    return NULL;
  file = netns_forwarding_file_for (netns_netlink_get_cookie (*netlink), family_of (step));
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

static gboolean
enable_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *before = NULL, *contents = NULL, *file = open_file (run, step, &netlink, &fd, &before, error);
  g_autoptr (GVariant) settings = NULL;

  if (file == NULL)
    return FALSE;
  /* A file from a call that was cut off holds what was there before it. */
  settings = parse_settings (file, before);
  if (settings == NULL)
    settings = list_settings (netlink, fd, family_of (step), error);
  if (settings == NULL)
    return FALSE;
  contents = g_variant_print (settings, TRUE);
  if (!netns_store_write (file, contents, error))
    return FALSE;
  if (exchange (netns_run_get_grant (run), fd, settings, TRUE, error))
    return TRUE;
  netns_store_write (file, NULL, NULL);
  return FALSE;
}

static gboolean
restore_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  int fd;
  g_autofree char *contents = NULL, *file = open_file (run, step, &netlink, &fd, &contents, error);
  g_autoptr (GVariant) settings = NULL;

  if (file == NULL)
    return FALSE;
  settings = parse_settings (file, contents);
  if (settings == NULL)
    return TRUE;
  if (!exchange (netns_run_get_grant (run), fd, settings, FALSE, error))
    return FALSE;
  if (netns_store_write (file, NULL, error))
    return TRUE;
  exchange (netns_run_get_grant (run), fd, settings, TRUE, NULL);
  return FALSE;
}

static const NetnsField fields[] = {
  { "family", NETNS_FIELD_UINT32, offsetof (NetnsForwarding, family) },
  { NULL }
};

const NetnsOperation netns_operation_forwarding_enable = {
  .name = "forwarding-enable",
  .execute = enable_forwarding,
  .undo = restore_forwarding,
  .parameter = NETNS_RECORD (NetnsForwarding, fields),
};
const NetnsOperation netns_operation_forwarding_restore = {
  .name = "forwarding-restore",
  .execute = restore_forwarding,
  .undo = enable_forwarding,
  .parameter = NETNS_RECORD (NetnsForwarding, fields),
};
