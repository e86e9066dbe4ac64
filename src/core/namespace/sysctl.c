/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Only settings that the introspection file names can be reached: paths are only built of its words and of names of
 * existing links, never of a caller's text. It leaves out those that belong to the whole machine, use much memory, fill
 * the log, load modules or hold secrets. */
#include "core/namespace/sysctl.h"

#include "common/error.h"
#include "core/namespace/sysctl-steps.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"
#include "options-table.h"

#include <string.h>

#define VALUE_MAX 255

/* How many numbers a setting has, where it is not one. The kernel would take the first of too many, and then complain. */
static const struct {
  const char *name;
  guint min, max;
} shapes[] = {
  { "ip_local_port_range",     2, 2         },
  { "ping_group_range",        2, 2         },
  { "tcp_rmem",                3, 3         },
  { "tcp_wmem",                3, 3         },
  { "ip_local_reserved_ports", 1, VALUE_MAX },
};

/* Returns: %NULL */
static char *
refuse_unknown (const char *key, const NetnsSettingGroup *group, GError **error)
{
  g_autofree char *begin = g_strndup (key, 80), *shown = g_strescape (begin, NULL);
  g_autoptr (GString) known = g_string_new (NULL);

  if (group->prefix != NULL) {
    g_autofree char *names = g_strjoinv (", ", (char **) group->names);

    g_string_printf (known, "here: %s%s followed by one of %s", group->prefix, group->of_link ? "LINK." : "", names);
  } else {
    for (group = netns_setting_groups; group->prefix != NULL; group++)
      g_string_append_printf (known, "%s%s%s", known->len ? ", " : "prefixes: ", group->prefix,
                              group->of_link ? "LINK." : "");
  }
  return netns_refuse_null (error, NETNS_ERROR_NOT_SUPPORTED, "Setting “%s” is not allowed; allowed %s", shown,
                            known->str);
}

/* As sysctl(8) wants it, a dot in a link's name may be given as slash. */
static char *
find_link_name (NetnsPlan *plan, NetnsNamespace *namespace, const char *begin, const char *end, GError **error)
{
  g_autofree char *name = g_strndup (begin, (gsize) (end - begin));
  const NetnsLink *link;

  g_strdelimit (name, "/", '.');
  if (strcmp (name, "all") == 0 || strcmp (name, "default") == 0)
    return g_steal_pointer (&name);
  link = netns_namespace_find_link (namespace, name);
  if (link != NULL && g_utf8_validate (link->info.name, -1, NULL)) {
    netns_plan_use_identity (plan, link->identity);
    return g_strdup (link->info.name);
  }
  return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s” in %s%s%s", name,
                            *namespace->name ? "namespace “" : "the host namespace", namespace->name,
                            *namespace->name ? "”" : "");
}

/* Returns: (transfer full) (nullable): the path below /proc/sys; @setting is the last word of it */
static char *
find_path (NetnsPlan *plan, NetnsNamespace *namespace, const char *key, const char **setting, GError **error)
{
  const NetnsSettingGroup *group = netns_setting_groups;
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *link = NULL;
  const char *rest, *word;

  while (group->prefix != NULL && !g_str_has_prefix (key, group->prefix))
    group++;
  if (group->prefix == NULL)
    return refuse_unknown (key, group, error);
  rest = key + strlen (group->prefix);
  word = group->of_link ? strrchr (rest, '.') : rest;
  *setting = group->of_link && word != NULL ? word + 1 : word;
  if (*setting == NULL || !g_strv_contains (group->names, *setting))
    return refuse_unknown (key, group, error);
  g_string_append (path, group->prefix);
  g_string_replace (path, ".", "/", 0);
  if (group->of_link) {
    link = find_link_name (plan, namespace, rest, word, error);
    if (link == NULL)
      return NULL;
    g_string_append_printf (path, "%s/", link);
  }
  g_string_append (path, *setting);
  return g_string_free (g_steal_pointer (&path), FALSE);
}

static gboolean
is_number (const char *text)
{
  return g_ascii_isdigit (text[*text == '-'])
         && text[(*text == '-') + strspn (text + (*text == '-'), "0123456789")] == '\0';
}

static gboolean
is_port_range (const char *text)
{
  return g_ascii_isdigit (*text) && text[strspn (text, "0123456789-")] == '\0';
}

static gboolean
check_value (const char *key, const char *setting, const char *value, GError **error)
{
  gboolean are_ports = strcmp (setting, "ip_local_reserved_ports") == 0, good = TRUE;
  g_auto (GStrv) words = g_strsplit_set (value, are_ports ? "," : " \t", -1);
  guint min = 1, max = 1, n_words = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (strcmp (shapes[i].name, setting) == 0) {
      min = shapes[i].min;
      max = shapes[i].max;
    }
  for (char **word = words; *word != NULL; word++) {
    if (**word == '\0' && !are_ports)
      continue;
    good = good && (are_ports ? is_port_range (*word) : is_number (*word));
    n_words++;
  }
  if (good && n_words >= min && n_words <= max && strlen (value) <= VALUE_MAX)
    return TRUE;
  if (are_ports)
    return netns_refuse (
      error, NETNS_ERROR_INVALID_ARGUMENT,
      "The value of “%s” must be a list of ports and port ranges separated by commas, such as 8080,9000-9100", key);
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The value of “%s” must be %u number%s", key, min,
                       min == 1 ? "" : "s separated by spaces");
}

/* Forwarding needs the right for NAT, no matter by which setting. */
static gboolean
is_forwarding (const char *setting)
{
  return strcmp (setting, "forwarding") == 0 || strcmp (setting, "ip_forward") == 0;
}

/* The plan for method Namespace.SetSysctl of a setting such as `net.ipv4.conf.eth0.rp_filter`. Errors: `NotFound` (the
 * namespace, or the link in the key), `NotSupported` (not one that may be changed), `InvalidArgument`. */
NetnsPlan *
netns_namespace_set_sysctl (NetnsCore *core, guint caller, const char *name, const char *key, const char *value,
                            GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  const char *setting = NULL;
  g_autofree char *path = namespace ? find_path (plan, namespace, key, &setting, error) : NULL;

  if (path == NULL || !check_value (key, setting, value, error))
    return NULL;
  if (is_forwarding (setting))
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
  netns_plan_sysctl_set (plan, name, &(NetnsSysctlSet) { .path = path, .value = value });
  return g_steal_pointer (&plan);
}

/* The plan for method Namespace.GetSysctl, with the same keys and errors. */
NetnsPlan *
netns_namespace_get_sysctl (NetnsCore *core, guint caller, const char *name, const char *key, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  const char *setting = NULL;
  g_autofree char *path = namespace ? find_path (plan, namespace, key, &setting, error) : NULL;

  if (path == NULL)
    return NULL;
  netns_plan_sysctl_get (plan, name, &(NetnsSysctlGet) { .path = path });
  return g_steal_pointer (&plan);
}
