/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that switch forwarding on before the first network with NAT, and give back after the last what was there. What
 * was there is kept in a file, by the cookie of the namespace, so that a restart of the service does not forget it. */
#include "core/operations.h"

#include "common/error.h"
#include "core/step.h"
#include "core/store.h"
#include "kernel/link.h"
#include "kernel/sysctl.h"

#include <string.h>
#include <sys/socket.h>

/* Path, value before, value wanted; in the order in which they are set. */
#define SETTINGS_TYPE G_VARIANT_TYPE ("a(sss)")

static char *
state_file (NetnsNetlink *netlink, int family)
{
  return g_strdup_printf ("forwarding/%" G_GUINT64_FORMAT "-%s", netns_netlink_get_cookie (netlink),
                          family == AF_INET ? "ipv4" : "ipv6");
}

/* A link that learns its address and default route from router advertisements stops to do so when the machine becomes
 * a router, unless accept_ra is 2 (Documentation/networking/ip-sysctl.rst). NAT must not cut the uplink off. */
static gboolean
list_advertised_links (NetnsNetlink *netlink, int fd, GVariantBuilder *settings, GError **error)
{
  g_autoptr (GArray) links = netns_rtnl_link_list (netlink, error);

  for (guint i = 0; links != NULL && i < links->len; i++) {
    g_autofree char *path
      = g_strdup_printf ("net/ipv6/conf/%s/accept_ra", g_array_index (links, NetnsLinkInfo, i).name);
    g_autofree char *value = netns_sysctl_get (fd, path, NULL); /* gone meanwhile, or without IPv6 */

    if (g_strcmp0 (value, "1") == 0)
      g_variant_builder_add (settings, "(sss)", path, "1", "2");
  }
  return links != NULL;
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

static void
give_back (const NetnsGrant *grant, int fd, GVariant *settings)
{
  for (gsize i = g_variant_n_children (settings); i > 0; i--) {
    const char *path, *before, *wanted;
    g_autofree char *value = NULL;

    g_variant_get_child (settings, i - 1, "(&s&s&s)", &path, &before, &wanted);
    value = netns_sysctl_get (fd, path, NULL);
    /* Somebody else's value stays, and a link that is gone needs none. */
    if (g_strcmp0 (value, wanted) == 0)
      netns_sysctl_set (grant, fd, path, before, NULL);
  }
}

static gboolean
set_all (const NetnsGrant *grant, int fd, GVariant *settings, GError **error)
{
  GVariantIter iter;
  const char *path, *wanted;

  g_variant_iter_init (&iter, settings);
  while (g_variant_iter_next (&iter, "(&ss&s)", &path, NULL, &wanted)) {
    if (netns_sysctl_set (grant, fd, path, wanted, error))
      continue;
    give_back (grant, fd, settings);
    return FALSE;
  }
  return TRUE;
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
  give_back (netns_run_get_grant (run), fd, settings);
  return netns_store_write (file, NULL, error);
}

const NetnsOperation netns_operation_forwarding_enable
  = { "forwarding-enable", enable_forwarding, restore_forwarding };
const NetnsOperation netns_operation_forwarding_restore
  = { "forwarding-restore", restore_forwarding, enable_forwarding };
