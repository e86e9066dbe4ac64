/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/command/units.h"

#include "core/job/jobs.h"

#include <gio/gunixfdlist.h>

/* Longer than the helper takes to end a command by force. */
#define STOP_SECONDS 8

struct _NetnsUnits {
  NetnsCore *core;
  GDBusConnection *connection;
  char *helper;
  GCancellable *cancellable;
};

typedef struct {
  NetnsUnits *units; /* not once the call was cancelled */
  guint id;
} Start;

/* sd_booted(3) */
gboolean
netns_units_are_there (void)
{
  return g_file_test ("/run/systemd/system", G_FILE_TEST_IS_DIR);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Start *start = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GVariant) reply
    = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), NULL, result, &error);

  if (reply != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_dbus_error_strip_remote_error (error);
  text = g_strdup_printf ("systemd did not start the helper netnsd-run: %s", error->message);
  netns_jobs_fail (netns_core_get_jobs (start->units->core), start->id, text);
}

/* systemd.service(5). The helper makes the command's world itself, here as anywhere: one way for both, and one to test. */
static GVariant *
describe_unit (const NetnsUnits *units, guint id, int handle)
{
  g_autofree char *name = g_strdup_printf ("netnsd-run-%u.service", id);
  g_autofree char *description = g_strdup_printf ("Command %u in a network namespace", id);

  /* The helper is asked and ends the others; who is left when it has gone is killed (KillMode). */
  return g_variant_new_parsed ("(%s, 'fail',"
                               " [('Description', <%s>),"
                               "  ('ExecStart', <[(%s, [%s], false)]>),"
                               "  ('StandardInputFileDescriptor', <%h>),"
                               "  ('StandardOutput', <'journal'>),"
                               "  ('StandardError', <'journal'>),"
                               "  ('KillMode', <'mixed'>),"
                               "  ('TimeoutStopUSec', <%t>),"
                               "  ('OOMPolicy', <'continue'>),"
                               "  ('CollectMode', <'inactive-or-failed'>)],"
                               " @a(sa(sv)) [])",
                               name, description, units->helper, units->helper, handle,
                               (guint64) STOP_SECONDS * G_USEC_PER_SEC);
}

static gboolean
start_unit (guint id, int socket, gpointer data, GError **error)
{
  NetnsUnits *units = data;
  g_autoptr (GUnixFDList) descriptors = g_unix_fd_list_new ();
  int handle = g_unix_fd_list_append (descriptors, socket, error);
  Start *start;

  if (handle < 0)
    return FALSE;
  start = g_new0 (Start, 1);
  start->units = units;
  start->id = id;
  g_dbus_connection_call_with_unix_fd_list (
    units->connection, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
    "StartTransientUnit", describe_unit (units, id, handle), G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, -1,
    descriptors, units->cancellable, on_started, start);
  return TRUE;
}

/* From now on commands are started by systemd, which runs @helper, the path of netnsd-run. */
NetnsUnits *
netns_units_new (NetnsCore *core, GDBusConnection *connection, const char *helper)
{
  NetnsUnits *units = g_new0 (NetnsUnits, 1);

  units->core = core;
  units->connection = g_object_ref (connection);
  units->helper = g_strdup (helper);
  units->cancellable = g_cancellable_new ();
  netns_jobs_set_spawn (netns_core_get_jobs (core), start_unit, units);
  return units;
}

/* No command must be started afterwards. */
void
netns_units_free (NetnsUnits *units)
{
  g_cancellable_cancel (units->cancellable);
  g_object_unref (units->cancellable);
  g_object_unref (units->connection);
  g_free (units->helper);
  g_free (units);
}
