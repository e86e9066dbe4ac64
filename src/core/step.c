/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/step.h"

#include "kernel/link.h"

const char *
netns_step_get_string (const NetnsStep *step, const char *key)
{
  const char *value = "";

  g_variant_lookup (step->parameters, key, "&s", &value);
  return value;
}

guint32
netns_step_get_uint32 (const NetnsStep *step, const char *key)
{
  guint32 value = 0;

  g_variant_lookup (step->parameters, key, "u", &value);
  return value;
}

gboolean
netns_step_get_boolean (const NetnsStep *step, const char *key)
{
  gboolean value = FALSE;

  g_variant_lookup (step->parameters, key, "b", &value);
  return value;
}

gboolean
netns_step_has (const NetnsStep *step, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (step->parameters, key, NULL);

  return value != NULL;
}

/**
 * netns_step_find_link:
 * @step: a step that names a link
 * @run: the run
 * @netlink: (out): the connection to its namespace
 * @error: `NotFound`, `NamespaceGone`
 *
 * Returns: its ifindex, 0 on error
 */
guint
netns_step_find_link (NetnsStep *step, NetnsRun *run, NetnsNetlink **netlink, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  guint index = netns_step_get_uint32 (step, "index");

  *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (*netlink == NULL)
    return 0;
  if (index != 0)
    return index;
  return netns_rtnl_link_find (*netlink, netns_step_get_string (step, "link"), &info, error) ? info.index : 0;
}

/* What the undo will need; @value is consumed. */
void
netns_step_remember (NetnsStep *step, GVariant *value)
{
  g_clear_pointer (&step->undo, g_variant_unref);
  step->undo = g_variant_ref_sink (value);
}
