/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/label.h"

#include <string.h>

#define SHORT_ID "([0-9a-f]{12})"        /* as Docker and its like print it */
#define ID       SHORT_ID "[0-9a-f]{52}" /* of a container: a SHA-256 */
#define SCOPE    "(?:\\.scope)?/"
/* In place of groups, containerd and runc write `kubepods-pod1234.slice:cri-containerd:ID` when configured for systemd
 * but not using it. */
#define SLICE      "(?:[^:]*:[^:]*:)?"
#define IN(parent) "(?|[^:]*:" parent ":" ID SCOPE "|" ID SCOPE parent "$)"
/* `-` in the name of a unit (systemd.unit(5)). */
#define DASH "(?:-|\\\\x2[dD])"

/* The more specific label wins: that a process is in a container tells more than that a unit started the container. */
typedef enum {
  RANK_NONE,
  RANK_UNIT,
  RANK_APPLICATION,
  RANK_CONTAINER,
  RANK_MOUNT, /* of the path of a mount, not of a control group */
} Rank;

/* Of each rank the first that fits `GROUP/PARENT` counts; its first part in parentheses is the name. */
static const struct {
  Rank rank;
  const char *kind;
  const char *pattern;
  gboolean is_escaped;
} rules[] = {
  { RANK_CONTAINER, "lxc", "lxc\\.payload\\.(.*)/" },
  { RANK_CONTAINER, "lxc", "(.*)/lxc$" },
  { RANK_CONTAINER, "nspawn", "systemd-nspawn@(.*)\\.service/", TRUE },
  /* libvirt puts driver and number before the name of a machine. */
  { RANK_CONTAINER, "libvirt", "(?:qemu|lxc)" DASH "[0-9]+" DASH "(.+)\\.libvirt-(?:qemu|lxc)/", TRUE },
  { RANK_CONTAINER, "libvirt", "machine-(?:qemu|lxc)" DASH "[0-9]+" DASH "(.+)\\.scope/", TRUE },
  { RANK_CONTAINER, "machine", "(.*)\\.libvirt-(?:qemu|lxc)/", TRUE },
  { RANK_CONTAINER, "machine", "machine-(.*)\\.scope/", TRUE },
  { RANK_CONTAINER, "docker", SLICE "docker-" ID SCOPE },
  { RANK_CONTAINER, "podman", SLICE "libpod-(?:payload-)?" ID SCOPE }, /* libpod-conmon-ID is a helper outside */
  { RANK_CONTAINER, "crio", SLICE "crio-" ID SCOPE },
  { RANK_CONTAINER, "containerd", SLICE "(?:cri-containerd|nerdctl)-" ID SCOPE },
  { RANK_CONTAINER, "docker", IN ("(?:docker|moby|actions_job)") },
  { RANK_CONTAINER, "podman", IN ("libpod_parent") },
  { RANK_CONTAINER, "containerd", IN ("(?:default|k8s\\.io|cri-containerd)") },
  { RANK_CONTAINER, "crio", IN ("crio") },
  { RANK_CONTAINER, "kubernetes", IN ("(?:pod[^:]*|[^:]*kubepods[^:]*)") },
  { RANK_CONTAINER, "container", SLICE ID SCOPE },
  { RANK_APPLICATION, "snap", "snap\\.([^.]*)\\..*\\.(?:scope|service)/" },
  { RANK_APPLICATION, "flatpak", "app-flatpak-(.*?)(?:-[0-9]+)?\\.(?:scope|service)/", TRUE },
  /* The manager of a user's own units is no answer: all of a session runs below it. */
  { RANK_UNIT, "unit", "(?!user@)(.*\\.service)/" },
  { RANK_MOUNT, "docker", "/(?:var/)?run(?:/.*)?/docker/netns/([^/]{1,12})[^/]*$" },
  { RANK_MOUNT, "podman", "/(?:var/)?run(?:/.*)?/netns/netns-([^/]{1,12})[^/]*$" }, /* rootless in /run/user/UID */
  { RANK_MOUNT, "cni", "/(?:var/)?run(?:/.*)?/netns/cni-([^/]{1,12})[^/]*$" },
};

/* Names of groups and mounts are any bytes. */
static GRegex *
compile (const char *pattern)
{
  return g_regex_new (pattern, G_REGEX_RAW | G_REGEX_ANCHORED | G_REGEX_DOTALL | G_REGEX_DOLLAR_ENDONLY, 0, NULL);
}

/* Returns: the expressions of the rules, and one behind them that fits whatever one of these does: few groups do. */
static GRegex *const *
get_expressions (void)
{
  static GRegex *expressions[G_N_ELEMENTS (rules) + 1];
  static gsize ready;

  if (g_once_init_enter (&ready)) {
    const char *patterns[G_N_ELEMENTS (rules) + 1] = { NULL };
    g_autofree char *any = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
      expressions[i] = compile (patterns[i] = rules[i].pattern);
    any = g_strjoinv ("|", (char **) patterns);
    expressions[G_N_ELEMENTS (rules)] = compile (any);
    g_once_init_leave (&ready, 1);
  }
  return expressions;
}

/* `\x2d` in the name of a unit (systemd.unit(5)). */
static char *
unescape (const char *text)
{
  GString *result = g_string_new (NULL);

  for (; *text != '\0'; text++) {
    if (text[0] == '\\' && text[1] == 'x' && g_ascii_isxdigit (text[2]) && g_ascii_isxdigit (text[3])) {
      g_string_append_c (result, (char) (g_ascii_xdigit_value (text[2]) << 4 | g_ascii_xdigit_value (text[3])));
      text += 3;
    } else {
      g_string_append_c (result, *text);
    }
  }
  return g_string_free (result, FALSE);
}

/* Returns: (transfer full) (nullable): what the rules of this rank make of a text */
static char *
find_label (Rank rank, const char *text)
{
  GRegex *const *expressions = get_expressions ();

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++) {
    g_autoptr (GMatchInfo) match = NULL;
    g_autofree char *name = NULL, *plain = NULL;

    if (rules[i].rank != rank || !g_regex_match (expressions[i], text, 0, &match))
      continue;
    name = g_match_info_fetch (match, 1);
    plain = rules[i].is_escaped ? unescape (name) : g_steal_pointer (&name);
    return g_strconcat (rules[i].kind, " ", plain, NULL);
  }
  return NULL;
}

/* Replaces the label by that of a group, if there is one and its rank is not lower. */
static void
improve_label (const char *parent, const char *group, char **label, Rank *rank)
{
  g_autofree char *text = g_strconcat (group, "/", parent, NULL);

  if (!g_regex_match (get_expressions ()[G_N_ELEMENTS (rules)], text, 0, NULL))
    return;
  for (Rank candidate = RANK_CONTAINER; candidate >= MAX (*rank, RANK_UNIT); candidate--) {
    char *found = find_label (candidate, text);

    if (found == NULL)
      continue;
    g_free (*label);
    *label = found;
    *rank = candidate;
    return;
  }
}

/**
 * netns_label_from_groups:
 * @groups: what /proc/PID/cgroup says, of either version
 *
 * Returns: (transfer full) (nullable): kind and name of the container, application or unit, such as `docker
 *   0123456789ab`; %NULL if the groups belong to none
 */
char *
netns_label_from_groups (const char *groups)
{
  g_auto (GStrv) lines = g_strsplit (groups, "\n", -1);
  char *best = NULL;
  Rank rank = RANK_NONE;

  /* The unified hierarchy comes last, and is empty where the old ones are in use. The innermost group counts. */
  for (guint i = 0; lines[i] != NULL; i++) {
    const char *controllers = strchr (lines[i], ':'), *path = controllers ? strchr (controllers + 1, ':') : NULL;
    g_auto (GStrv) names = g_strsplit (path ? path + 1 : "", "/", -1);

    for (guint j = 0; names[j] != NULL; j++)
      improve_label (j > 0 ? names[j - 1] : "", names[j], &best, &rank);
  }
  return best;
}

/* Returns: (transfer full) (nullable): who mounts a network namespace at @path, %NULL if that is not known */
char *
netns_label_from_mount (const char *path)
{
  return find_label (RANK_MOUNT, path);
}
