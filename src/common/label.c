/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/label.h"

#include <string.h>

#define ID_LENGTH       64 /* of a container of Docker and its like: a SHA-256 in hexadecimal digits */
#define SHORT_ID_LENGTH 12 /* as these programs print it */

/* What tells more wins: that a process is in a container, than that the container was started by a unit. */
typedef enum {
  RANK_NONE,
  RANK_UNIT,
  RANK_APPLICATION,
  RANK_CONTAINER,
} Rank;

/* What an engine calls the control group of a container, before its id. */
static const struct {
  const char *prefix;
  const char *kind; /* NULL: of a helper outside the container */
} id_prefixes[] = {
  { "docker-", "docker" },
  { "libpod-conmon-", NULL },
  { "libpod-payload-", "podman" },
  { "libpod-", "podman" },
  { "crio-conmon-", NULL },
  { "crio-", "crio" },
  { "cri-containerd-", "containerd" },
  { "nerdctl-", "containerd" },
};

/* The control group around it, where its own is called by the id alone. */
static const struct {
  const char *parent;
  const char *kind;
} id_parents[] = {
  { "docker", "docker" },
  { "moby", "docker" },
  { "actions_job", "docker" },
  { "libpod_parent", "podman" },
  { "default", "containerd" },
  { "k8s.io", "containerd" },
  { "cri-containerd", "containerd" },
  { "crio", "crio" },
};

static gboolean
is_id (const char *text)
{
  return strlen (text) == ID_LENGTH && strspn (text, "0123456789abcdef") == ID_LENGTH;
}

static char *
print_id (const char *kind, const char *id)
{
  return g_strdup_printf ("%s %.*s", kind, SHORT_ID_LENGTH, id);
}

/* Cuts @suffix off; returns whether it was there. */
static gboolean
strip (char *text, const char *suffix)
{
  if (!g_str_has_suffix (text, suffix))
    return FALSE;
  text[strlen (text) - strlen (suffix)] = '\0';
  return TRUE;
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

static char *
label_container_id (const char *group, const char *parent)
{
  const char *kind = g_str_has_prefix (parent, "pod") || strstr (parent, "kubepods") ? "kubernetes" : "container";

  for (gsize i = 0; i < G_N_ELEMENTS (id_prefixes); i++)
    if (g_str_has_prefix (group, id_prefixes[i].prefix) && is_id (group + strlen (id_prefixes[i].prefix)))
      return id_prefixes[i].kind ? print_id (id_prefixes[i].kind, group + strlen (id_prefixes[i].prefix)) : NULL;
  if (!is_id (group))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (id_parents); i++)
    if (strcmp (parent, id_parents[i].parent) == 0)
      kind = id_parents[i].kind;
  return print_id (kind, group);
}

/* containerd and runc, when told of systemd but not using it: `kubepods-pod1234.slice:cri-containerd:ID`. */
static char *
label_triple (const char *group)
{
  g_auto (GStrv) parts = g_strsplit (group, ":", -1);

  return g_strv_length (parts) == 3 ? label_container_id (parts[2], parts[1]) : NULL;
}

/* libvirt puts driver and number before the name of a machine: `qemu-3-NAME`. */
static char *
label_machine (const char *machine)
{
  static const char *const drivers[] = { "qemu-", "lxc-" };

  for (gsize i = 0; i < G_N_ELEMENTS (drivers); i++) {
    const char *number = machine + strlen (drivers[i]);
    gsize digits = g_str_has_prefix (machine, drivers[i]) ? strspn (number, "0123456789") : 0;

    if (digits > 0 && number[digits] == '-' && number[digits + 1] != '\0')
      return g_strdup_printf ("libvirt %s", number + digits + 1);
  }
  return g_strdup_printf ("machine %s", machine);
}

static char *
label_container (const char *group, const char *parent)
{
  g_autofree char *name = g_strdup (group);
  char *label = label_triple (group);

  if (label != NULL)
    return label;
  if (g_str_has_prefix (name, "lxc.payload."))
    return g_strdup_printf ("lxc %s", name + strlen ("lxc.payload."));
  if (strcmp (parent, "lxc") == 0)
    return g_strdup_printf ("lxc %s", name);
  if (g_str_has_prefix (name, "systemd-nspawn@") && strip (name, ".service")) {
    g_autofree char *machine = unescape (name + strlen ("systemd-nspawn@"));

    return g_strdup_printf ("nspawn %s", machine);
  }
  if (strip (name, ".libvirt-qemu") || strip (name, ".libvirt-lxc")) {
    g_autofree char *machine = unescape (name);

    return label_machine (machine);
  }
  if (strip (name, ".scope") && g_str_has_prefix (name, "machine-")) {
    g_autofree char *machine = unescape (name + strlen ("machine-"));

    return label_machine (machine);
  }
  return label_container_id (name, parent);
}

/* `snap.NAME.APP.service`, `snap.NAME.APP-UUID.scope`; `app-flatpak-ID-NUMBER.scope`. */
static char *
label_application (const char *group)
{
  g_autofree char *name = g_strdup (group), *application = NULL;
  char *end;

  if (!strip (name, ".scope") && !strip (name, ".service"))
    return NULL;
  if (g_str_has_prefix (name, "snap.") && strchr (name + strlen ("snap."), '.') != NULL)
    return g_strdup_printf ("snap %.*s", (int) strcspn (name + strlen ("snap."), "."), name + strlen ("snap."));
  if (!g_str_has_prefix (name, "app-flatpak-"))
    return NULL;
  end = strrchr (name, '-');
  if (end[1] != '\0' && end[1 + strspn (end + 1, "0123456789")] == '\0')
    *end = '\0';
  application = unescape (name + strlen ("app-flatpak-"));
  return g_strdup_printf ("flatpak %s", application);
}

/* The manager of a user's own units is no answer: all of a session runs below it. */
static char *
label_unit (const char *group)
{
  return g_str_has_suffix (group, ".service") && !g_str_has_prefix (group, "user@") ? g_strconcat ("unit ", group, NULL)
                                                                                   : NULL;
}

static Rank
label_group (const char *group, const char *parent, char **label)
{
  if ((*label = label_container (group, parent)) != NULL)
    return RANK_CONTAINER;
  if ((*label = label_application (group)) != NULL)
    return RANK_APPLICATION;
  return (*label = label_unit (group)) != NULL ? RANK_UNIT : RANK_NONE;
}

/* The innermost of the highest rank. */
static Rank
label_path (const char *path, char **best)
{
  g_auto (GStrv) groups = g_strsplit (path, "/", -1);
  Rank best_rank = RANK_NONE;

  *best = NULL;
  for (guint i = 0; groups[i] != NULL; i++) {
    g_autofree char *label = NULL;
    Rank rank = label_group (groups[i], i > 0 ? groups[i - 1] : "", &label);

    if (rank == RANK_NONE || rank < best_rank)
      continue;
    g_free (*best);
    *best = g_steal_pointer (&label);
    best_rank = rank;
  }
  return best_rank;
}

/**
 * netns_label_from_groups:
 * @groups: what /proc/PID/cgroup says, of either version
 *
 * Returns: (transfer full) (nullable): kind and name of the container, application or unit, such as
 *   `docker 0123456789ab`; %NULL if the groups tell of none
 */
char *
netns_label_from_groups (const char *groups)
{
  g_auto (GStrv) lines = g_strsplit (groups, "\n", -1);
  g_autofree char *best = NULL;
  Rank best_rank = RANK_NONE;

  /* The unified hierarchy comes last, and is empty where the old ones are in use. */
  for (guint i = 0; lines[i] != NULL; i++) {
    const char *controllers = strchr (lines[i], ':'), *path = controllers ? strchr (controllers + 1, ':') : NULL;
    g_autofree char *label = NULL;
    Rank rank = path ? label_path (path + 1, &label) : RANK_NONE;

    if (rank == RANK_NONE || rank < best_rank)
      continue;
    g_free (best);
    best = g_steal_pointer (&label);
    best_rank = rank;
  }
  return g_steal_pointer (&best);
}

/**
 * netns_label_from_mount:
 * @path: where a network namespace is mounted
 *
 * Returns: (transfer full) (nullable): who mounts there, %NULL if that is not known
 */
char *
netns_label_from_mount (const char *path)
{
  static const struct {
    const char *prefix;
    const char *kind;
  } places[] = {
    { "/docker/netns/", "docker" },
    { "/netns/netns-", "podman" }, /* netavark; rootless in /run/user/UID */
    { "/netns/cni-", "cni" },
  };

  if (!g_str_has_prefix (path, "/run/") && !g_str_has_prefix (path, "/var/run/"))
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (places); i++) {
    const char *place = strstr (path, places[i].prefix), *name = place ? place + strlen (places[i].prefix) : NULL;

    if (name != NULL && *name != '\0' && strchr (name, '/') == NULL)
      return print_id (places[i].kind, name);
  }
  return NULL;
}
