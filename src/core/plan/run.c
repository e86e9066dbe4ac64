/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan/run.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/references.h"

#include <glib/gstdio.h>
#include <string.h>

struct _NetnsRun {
  const NetnsGrant *grant;
  const NetnsTarget *targets;
  guint n_targets;
  GHashTable *opened; /* name -> Opened */
  int home; /* the host's namespace, -1 until it is wanted */
  GVariant *result;
  GArray *left_out;
  int descriptor;
};

/* One namespace that the plan works in. fd is -1 for the host. */
typedef struct {
  int fd;
  NetnsNetlink *netlink;
  NetnsNft *nft;
} Opened;

static void
free_opened (gpointer data)
{
  Opened *opened = data;

  g_clear_pointer (&opened->netlink, netns_netlink_free);
  g_clear_pointer (&opened->nft, netns_nft_free);
  if (opened->fd >= 0)
    g_close (opened->fd, NULL);
  g_free (opened);
}

/* One rule set context for the host's namespace is kept: making one costs more than a transaction. */
static NetnsNft *host_nft;

/* @targets: namespaces that are checked when they are opened, which must live as long as the run */
NetnsRun *
netns_run_new (const NetnsGrant *grant, const NetnsTarget *targets, guint n_targets)
{
  NetnsRun *run = g_new0 (NetnsRun, 1);

  run->grant = grant;
  run->targets = targets;
  run->n_targets = n_targets;
  run->opened = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_opened);
  run->home = run->descriptor = -1;
  run->left_out = netns_addresses_new ();
  return run;
}

void
netns_run_free (NetnsRun *run)
{
  g_hash_table_unref (run->opened);
  g_clear_pointer (&run->result, g_variant_unref);
  g_array_unref (run->left_out);
  netns_close_fd (&run->home);
  netns_close_fd (&run->descriptor);
  g_free (run);
}

const NetnsGrant *
netns_run_get_grant (const NetnsRun *run)
{
  return run->grant;
}

static const NetnsTarget *
find_target (const NetnsRun *run, const char *name)
{
  for (guint i = 0; i < run->n_targets; i++)
    if (strcmp (run->targets[i].name, name) == 0)
      return &run->targets[i];
  return NULL;
}

/* A namespace that a step has just made; takes the descriptor. */
void
netns_run_add_namespace (NetnsRun *run, const char *name, int fd)
{
  Opened *opened = g_new0 (Opened, 1);

  opened->fd = fd;
  g_hash_table_insert (run->opened, g_strdup (name), opened);
}

void
netns_run_rename_namespace (NetnsRun *run, const char *name, const char *new_name)
{
  Opened *opened;
  char *key;

  if (g_hash_table_steal_extended (run->opened, name, (gpointer *) &key, (gpointer *) &opened)) {
    g_free (key);
    g_hash_table_insert (run->opened, g_strdup (new_name), opened);
  }
}

static gboolean
check_id (const NetnsTarget *expected, int fd, GError **error)
{
  NetnsFileId id;

  return netns_nsfs_identify (fd, &id, error)
         && (expected == NULL || (id.inode == expected->id.inode && id.device == expected->id.device));
}

static void
set_gone (GError **error, const char *name)
{
  g_clear_error (error);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE, "Namespace “%s” was deleted meanwhile", name);
}

static int
open_file (const char *name, const NetnsTarget *expected, GError **error)
{
  g_autofree char *path = NULL;

  if (expected != NULL && expected->path != NULL)
    return netns_reference_open (expected->path, &expected->id, error);
  path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  return netns_nsfs_open (path, error);
}

static Opened *
open_namespace (NetnsRun *run, const char *name, GError **error)
{
  Opened *opened = g_hash_table_lookup (run->opened, name);
  const NetnsTarget *expected = find_target (run, name);
  int fd = -1;

  if (opened != NULL)
    return opened;
  if (*name != '\0') {
    fd = open_file (name, expected, error);
    if (fd < 0 || !check_id (expected, fd, error)) {
      if (fd >= 0)
        g_close (fd, NULL);
      set_gone (error, name);
      return NULL;
    }
  }
  netns_run_add_namespace (run, name, fd);
  return g_hash_table_lookup (run->opened, name);
}

/* The descriptor of a namespace, -1 for the host; the run keeps it. Error: `NamespaceGone`. */
gboolean
netns_run_get_fd (NetnsRun *run, const char *name, int *fd, GError **error)
{
  /* The cookie is known only to a socket inside, and an inode comes back at once: so go through there. */
  if (*name != '\0' && netns_run_get_netlink (run, name, error) == NULL)
    return FALSE;
  Opened *opened = open_namespace (run, name, error);
  if (opened == NULL)
    return FALSE;
  *fd = opened->fd;
  return TRUE;
}

/* As netns_run_get_fd(), but with a descriptor of the host's namespace as well: for messages, and for others. */
gboolean
netns_run_get_any_fd (NetnsRun *run, const char *name, int *fd, GError **error)
{
  if (*name != '\0')
    return netns_run_get_fd (run, name, fd, error);
  if (run->home < 0)
    run->home = netns_nsfs_open ("/proc/thread-self/ns/net", error);
  *fd = run->home;
  return *fd >= 0;
}

/* Returns: (transfer none) (nullable): a connection to a namespace's rtnetlink. Errors: `NamespaceGone`,
 * `KernelRefused`. */
NetnsNetlink *
netns_run_get_netlink (NetnsRun *run, const char *name, GError **error)
{
  Opened *opened = open_namespace (run, name, error);
  const NetnsTarget *expected = find_target (run, name);

  if (opened == NULL)
    return NULL;
  if (opened->netlink == NULL) {
    g_autoptr (NetnsNetlink) netlink = netns_netlink_new (opened->fd, error);

    if (netlink == NULL)
      return NULL;
    if (expected != NULL && expected->cookie != 0 && netns_netlink_get_cookie (netlink) != expected->cookie) {
      set_gone (error, name);
      return NULL;
    }
    opened->netlink = g_steal_pointer (&netlink);
  }
  return opened->netlink;
}

/* Returns: (transfer full) (nullable): of a run that is over: the connection to a namespace's rtnetlink */
NetnsNetlink *
netns_run_steal_netlink (NetnsRun *run, const char *name)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, name, NULL);

  if (netlink != NULL)
    ((Opened *) g_hash_table_lookup (run->opened, name))->netlink = NULL;
  return netlink;
}

/* Returns: (transfer none) (nullable): a namespace's firewall. Errors: `NamespaceGone`, `KernelRefused`. */
NetnsNft *
netns_run_get_nft (NetnsRun *run, const char *name, GError **error)
{
  Opened *opened;
  int fd;

  if (*name == '\0') {
    if (host_nft == NULL)
      host_nft = netns_nft_new (-1, error);
    return host_nft;
  }
  if (!netns_run_get_fd (run, name, &fd, error))
    return NULL;
  opened = g_hash_table_lookup (run->opened, name);
  if (opened->nft == NULL)
    opened->nft = netns_nft_new (fd, error);
  return opened->nft;
}

/* A step did not give an address, which is no error, but has to be said. */
void
netns_run_leave_out (NetnsRun *run, const NetnsAddress *address)
{
  g_array_append_vals (run->left_out, address, 1);
}

/* Returns: (transfer none) (element-type NetnsAddress): what was left out so far */
const GArray *
netns_run_get_left_out (const NetnsRun *run)
{
  return run->left_out;
}

/* The result of a step, for the reply; a floating reference is taken. */
void
netns_run_set_result (NetnsRun *run, GVariant *result)
{
  g_clear_pointer (&run->result, g_variant_unref);
  run->result = g_variant_ref_sink (result);
}

GVariant *
netns_run_steal_result (NetnsRun *run)
{
  return g_steal_pointer (&run->result);
}

/* The descriptor that a step opened, for the reply. */
void
netns_run_set_descriptor (NetnsRun *run, int fd)
{
  netns_close_fd (&run->descriptor);
  run->descriptor = fd;
}

int
netns_run_steal_descriptor (NetnsRun *run)
{
  return g_steal_fd (&run->descriptor);
}
