/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/order.h"

#include "common/cleanup.h"
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

  if (!g_variant_lookup (instructions, "id", "u", &order->id)
      || !g_variant_lookup (instructions, "uid", "u", &order->uid)
      || !g_variant_lookup (instructions, "namespace", "s", &order->namespace_name)
      || !g_variant_lookup (instructions, "command", "^as", &order->command) || order->command[0] == NULL
      || !g_variant_lookup (instructions, "environment", "^as", &order->environment)
      || !g_variant_lookup (instructions, "files", "s", &order->files)
      || !g_variant_lookup (instructions, "all-files", "b", &order->all_files)
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

/* Returns: whether what the service wants at @socket makes sense; @error says what was wrong with it. @order is to be cleared
 * in any case. */
gboolean
netns_order_take (int socket, NetnsOrder *order, GError **error)
{
  g_autoptr (GVariant) instructions = NULL;
  NetnsChannelMessage message;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds;

  *order = (NetnsOrder) { .instructions_fd = -1, .namespace_fd = -1 };
  if (!netns_channel_hear (socket, &message, fds, &n_fds, error))
    return FALSE;
  order->instructions_fd = n_fds > 0 ? fds[0] : -1;
  order->namespace_fd = n_fds > 1 ? fds[1] : -1;
  order->n_fds = MAX (n_fds, 2) - 2;
  memcpy (order->fds, fds + 2, order->n_fds * sizeof *fds);
  if (message.type != NETNS_CHANNEL_START || n_fds < 2)
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "netnsd-run: no command received");
  instructions = netns_channel_load (order->instructions_fd, error);
  if (instructions == NULL)
    return FALSE;
  if (understand (instructions, order))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "netnsd-run: invalid request");
}

/* Whoever reads the other end of a pipe must see it end when the command does, and a namespace end when it is empty. */
void
netns_order_close_descriptors (NetnsOrder *order)
{
  for (guint i = 0; i < order->n_fds; i++)
    close (order->fds[i]);
  netns_close_fd (&order->namespace_fd);
  order->n_fds = 0;
}

void
netns_order_clear (NetnsOrder *order)
{
  netns_order_close_descriptors (order);
  netns_close_fd (&order->instructions_fd);
  g_clear_pointer (&order->groups, g_free);
  g_clear_pointer (&order->namespace_name, g_free);
  g_clear_pointer (&order->command, g_strfreev);
  g_clear_pointer (&order->environment, g_strfreev);
  g_clear_pointer (&order->directory, g_free);
}
