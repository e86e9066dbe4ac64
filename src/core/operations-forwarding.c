/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that switch forwarding on before the first network with NAT, and give back after the last what was there. What
 * was there is kept in a file, by the cookie of the namespace, so that a restart of the service does not forget it. */
#include "core/operations.h"

#include "common/error.h"
#include "core/step.h"
#include "core/store.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "kernel/sysctl.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Path, value before, value wanted; in the order in which they are set. */
#define SETTINGS_TYPE G_VARIANT_TYPE ("a(sss)")

/* Returns: (transfer full): the file with the settings of a namespace, below /run/netnsd */
char *
netns_forwarding_file_for (guint64 cookie, int family)
{
  return g_strdup_printf ("forwarding/%" G_GUINT64_FORMAT "-%s", cookie, family == AF_INET ? "ipv4" : "ipv6");
}

static char *
state_file (NetnsNetlink *netlink, int family)
{
  return netns_forwarding_file_for (netns_netlink_get_cookie (netlink), family);
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

/* Sets each setting that has the value @from to the value @to: 1 is the one before, 2 the wanted one. Somebody else's
 * value stays, and a link that is gone needs none. */
static gboolean
exchange_all (const NetnsGrant *grant, int fd, GVariant *settings, gsize from, gsize to, GError **error)
{
  for (gsize i = 0; i < g_variant_n_children (settings); i++) {
    /* Given back in the opposite order. */
    gsize position = to == 1 ? g_variant_n_children (settings) - 1 - i : i;
    const char *fields[3];
    g_autofree char *value = NULL;

    g_variant_get_child (settings, position, "(&s&s&s)", &fields[0], &fields[1], &fields[2]);
    if (!read_setting (fd, fields[0], &value, error))
      return FALSE;
    if (g_strcmp0 (value, fields[from]) == 0 && !netns_sysctl_set (grant, fd, fields[0], fields[to], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_all (const NetnsGrant *grant, int fd, GVariant *settings, GError **error)
{
  if (exchange_all (grant, fd, settings, 1, 2, error))
    return TRUE;
  exchange_all (grant, fd, settings, 2, 1, NULL);
  return FALSE;
}

static gboolean
give_back (const NetnsGrant *grant, int fd, GVariant *settings, GError **error)
{
  if (exchange_all (grant, fd, settings, 2, 1, error))
    return TRUE;
  exchange_all (grant, fd, settings, 1, 2, NULL);
  return FALSE;
}

static gboolean
enable_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  int family = (int) netns_step_get_uint32 (step, "family"), fd;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autoptr (GVariant) settings = NULL;
  g_autofree char *file = NULL, *contents = NULL;

  if (netlink == NULL || !netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  file = state_file (netlink, family);
  if (!netns_store_read (file, &contents, error))
    return FALSE;
  /* A file from a call that was cut off holds what was there before it. */
  settings = contents ? g_variant_parse (SETTINGS_TYPE, contents, NULL, NULL, NULL) : NULL;
  if (settings == NULL)
    settings = list_settings (netlink, fd, family, error);
  if (settings == NULL)
    return FALSE;
  g_free (contents);
  contents = g_variant_print (settings, TRUE);
  if (!netns_store_write (file, contents, error))
    return FALSE;
  if (set_all (netns_run_get_grant (run), fd, settings, error))
    return TRUE;
  netns_store_write (file, NULL, NULL);
  return FALSE;
}

static gboolean
restore_forwarding (NetnsRun *run, NetnsStep *step, GError **error)
{
  int family = (int) netns_step_get_uint32 (step, "family"), fd;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *file = NULL, *contents = NULL;
  g_autoptr (GVariant) settings = NULL;

  if (netlink == NULL || !netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  file = state_file (netlink, family);
  if (!netns_store_read (file, &contents, error))
    return FALSE;
  if (contents == NULL)
    return TRUE;
  settings = g_variant_parse (SETTINGS_TYPE, contents, NULL, NULL, error);
  if (settings == NULL)
    return FALSE;
  if (!give_back (netns_run_get_grant (run), fd, settings, error))
    return FALSE;
  if (netns_store_write (file, NULL, error))
    return TRUE;
  set_all (netns_run_get_grant (run), fd, settings, NULL);
  return FALSE;
}

const NetnsOperation netns_operation_forwarding_enable
  = { "forwarding-enable", enable_forwarding, restore_forwarding };
const NetnsOperation netns_operation_forwarding_restore
  = { "forwarding-restore", restore_forwarding, enable_forwarding };
