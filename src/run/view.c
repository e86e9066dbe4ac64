/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/view.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

#define OWN_NAMESPACE "/proc/self/ns/mnt"
#define RESOLV_CONF   "resolv.conf"
#define OF_HOST       (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)
#define SPARE_SECONDS 1
#define OF_FILES      (IN_MOVED_TO | IN_ONLYDIR) /* how the service writes */

/* It counts as the command's user's: each user can have only so many (fs.inotify.max_user_instances). */
static int
open_news (const NetnsOrder *order)
{
  const NetnsIdentity identity = { order->uid, order->gid };
  g_auto (NetnsAssumed) before = { 0 };

  return netns_identity_assume (&before, &identity, 0, NULL) ? inotify_init1 (IN_NONBLOCK | IN_CLOEXEC) : -1;
}

/* Without it the command sees what is there when it starts. */
static void
watch (NetnsView *view, const NetnsOrder *order)
{
  g_autofree char *files = g_build_filename (NETNS_ETC_DIR, order->namespace_name, NULL);

  view->news = open_news (order);
  if (view->news < 0) {
    g_message ("Command %u of user %u will not see changes of /etc: %s", order->id, order->uid, g_strerror (errno));
    return;
  }
  view->of_host = inotify_add_watch (view->news, "/etc", OF_HOST);
  view->of_files = inotify_add_watch (view->news, files, OF_FILES);
  netns_resolvers_watch (view->news);
}

/* A namespace without name servers of its own goes by the host's, and can ask those who ask them. */
static gboolean
hide_resolvers (NetnsView *view, GError **error)
{
  return !netns_cover_has_own (&view->cover, RESOLV_CONF) || netns_resolvers_hide (&view->resolvers, error);
}

static gboolean
enter_new_namespace (NetnsCover *cover, GError **error)
{
  cover->outside = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
  if (cover->outside < 0 || unshare (CLONE_NEWNS) < 0 || mount ("", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
    return netns_error_set_errno (error, errno, "Cannot create a mount namespace");
  cover->inside = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
  return cover->inside >= 0 || netns_error_set_errno (error, errno, "Cannot open " OWN_NAMESPACE);
}

/**
 * netns_view_make:
 * @view: (out caller-allocates): what the command is going to see
 * @order: for which command
 * @error: `KernelRefused`
 *
 * Gives this process, the helper, the command's mount namespace, for the child that it is about to make. Unmounts of the
 * host propagate there, so no copy of /run/netns/NAME keeps a deleted namespace alive.
 *
 * Returns: whether the files of the namespace are there
 */
gboolean
netns_view_make (NetnsView *view, const NetnsOrder *order, GError **error)
{
  NetnsCover *cover = &view->cover;

  *view = (NetnsView) {
    .cover = { { -1, -1 }, -1, -1, -1, -1, -1 },
      .news = -1
  };
  if (!enter_new_namespace (cover, error) || !netns_files_open (&cover->files, order->namespace_name, error))
    return FALSE;
  if (cover->files.folder < 0)
    return TRUE;
  watch (view, order);
  if (!netns_cover_make (cover, order, error))
    return FALSE;
  if (cover->top >= 0)
    return hide_resolvers (view, error);
  netns_close_fd (&view->news); /* no file in the folder was for this namespace */
  return TRUE;
}

/* Returns: whether the helper is in its own mount namespace again; @error: `KernelRefused` */
gboolean
netns_view_leave (const NetnsView *view, GError **error)
{
  if (setns (view->cover.outside, CLONE_NEWNS) == 0 && chdir ("/") == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot leave the mount namespace of the command");
}

static void
hide_again (NetnsView *view)
{
  g_autoptr (GError) error = NULL;

  if (!netns_cover_enter (&view->cover, TRUE))
    return;
  if (!hide_resolvers (view, &error))
    g_message ("%s", error->message);
  netns_cover_enter (&view->cover, FALSE);
}

static void
take_event (NetnsView *view, const NetnsOrder *order, const struct inotify_event *event)
{
  const char *name = event->len > 0 ? event->name : "";

  if (event->mask & IN_Q_OVERFLOW)
    netns_cover_update_all (&view->cover);
  else if (event->wd == view->of_host && *name != '\0')
    netns_cover_update_host (&view->cover, name);
  else if (event->wd == view->of_files && *name != '\0')
    netns_cover_update_own (&view->cover, order, name);
  if ((event->mask & IN_Q_OVERFLOW) || event->wd == view->of_files || netns_resolvers_are_named (name))
    hide_again (view);
}

/* Returns: in how many milliseconds netns_view_update() has to be called even without news, or -1 */
int
netns_view_get_delay (const NetnsView *view)
{
  if (view->cover.n_spare == 0)
    return -1;
  return (int) (MAX (view->clean_at - g_get_monotonic_time () + 999, 0) / 1000);
}

/* Takes in what changed on the host; with the rights of root.
 *
 * Returns: whether the helper is in its own mount namespace again; if not, nothing more is taken in */
gboolean
netns_view_update (NetnsView *view, const NetnsOrder *order)
{
  union {
    struct inotify_event event;
    char bytes[16 * (sizeof (struct inotify_event) + NAME_MAX + 1)];
  } buffer;
  gssize size = read (view->news, &buffer, sizeof buffer);
  gboolean is_time;

  is_time = g_get_monotonic_time () >= view->clean_at;
  if (view->cover.n_spare > 0 && is_time)
    netns_cover_clean (&view->cover);
  if (view->cover.n_spare == 0 || is_time)
    view->clean_at = g_get_monotonic_time () + SPARE_SECONDS * G_USEC_PER_SEC;
  for (gssize at = 0; at < size;) {
    const struct inotify_event *event = (const struct inotify_event *) (gpointer) (buffer.bytes + at);

    take_event (view, order, event);
    at += (gssize) (sizeof *event + event->len);
  }
  if (!view->cover.is_lost)
    return TRUE;
  netns_close_fd (&view->news);
  view->cover.n_spare = 0;
  return FALSE;
}
