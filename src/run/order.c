/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/order.h"

#include "common/error.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static char **
add_default (char **environment, const char *name, const char *value)
{
  return value != NULL && *value != '\0' ? g_environ_setenv (environment, name, value, FALSE) : environment;
}

/* The bus tells the groups of the caller but not which of them is the first. */
static guint
choose_group (const struct passwd *user, const guint32 *groups, gsize n_groups)
{
  for (gsize i = 0; user != NULL && i < n_groups; i++)
    if (groups[i] == user->pw_gid)
      return groups[i];
  return groups[0];
}

static gboolean
understand (GVariant *instructions, NetnsOrder *order)
{
  g_autoptr (GVariant) groups = g_variant_lookup_value (instructions, "groups", G_VARIANT_TYPE ("au"));
  const struct passwd *user;
  const guint32 *list;

  if (!g_variant_lookup (instructions, "id", "u", &order->id) || !g_variant_lookup (instructions, "uid", "u", &order->uid)
      || !g_variant_lookup (instructions, "namespace", "s", &order->namespace_name)
      || !g_variant_lookup (instructions, "command", "^as", &order->command) || order->command[0] == NULL
      || !g_variant_lookup (instructions, "environment", "^as", &order->environment)
      || !g_variant_lookup (instructions, "directory", "s", &order->directory) || groups == NULL
      || g_variant_n_children (groups) == 0)
    return FALSE;
  list = g_variant_get_fixed_array (groups, &order->n_groups, sizeof *list);
  order->groups = g_memdup2 (list, order->n_groups * sizeof *list);
  user = getpwuid (order->uid);
  order->gid = choose_group (user, order->groups, order->n_groups);
  order->environment = add_default (order->environment, "PATH", DEFAULT_PATH);
  order->environment = add_default (order->environment, "HOME", user ? user->pw_dir : "/");
  order->environment = add_default (order->environment, "USER", user ? user->pw_name : NULL);
  order->environment = add_default (order->environment, "LOGNAME", user ? user->pw_name : NULL);
  order->environment = add_default (order->environment, "SHELL", user ? user->pw_shell : NULL);
  return TRUE;
}

/**
 * netns_order_take:
 * @socket: where the service speaks
 * @order: (out): what it wants
 * @error: what was wrong with it
 *
 * Returns: whether it makes sense
 */
gboolean
netns_order_take (int socket, NetnsOrder *order, GError **error)
{
  g_autoptr (GVariant) instructions = NULL;
  NetnsChannelMessage message;
  int fds[NETNS_CHANNEL_DESCRIPTORS_MAX];
  guint n_fds;

  memset (order, 0, sizeof *order);
  if (!netns_channel_hear (socket, &message, fds, &n_fds, error))
    return FALSE;
  if (message.type != NETNS_CHANNEL_START || n_fds < 2) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "The helper was told nothing to run");
    return FALSE;
  }
  order->instructions_fd = fds[0];
  order->namespace_fd = fds[1];
  order->n_fds = n_fds - 2;
  memcpy (order->fds, fds + 2, order->n_fds * sizeof *fds);
  instructions = netns_channel_load (order->instructions_fd, error);
  if (instructions == NULL)
    return FALSE;
  if (understand (instructions, order))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "The helper does not understand what to run");
  return FALSE;
}

/**
 * netns_order_close_descriptors:
 * @order: an order that is carried out
 *
 * Whoever reads the other end of a pipe must see it end when the command does, and a namespace end when it is empty.
 */
void
netns_order_close_descriptors (NetnsOrder *order)
{
  for (guint i = 0; i < order->n_fds; i++)
    close (order->fds[i]);
  close (order->namespace_fd);
  order->n_fds = 0;
}
