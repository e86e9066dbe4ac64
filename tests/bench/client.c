/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller of the service waits for. In C, so that it is the service's time and not the caller's.
 *
 *   client ping TIMES             a call that does nothing: what the bus itself takes
 *   client complete TIMES         CreateNetwork with NAT, CreateNamespace, Connect
 *   client connect TIMES          CreateNamespace and Connect to the network `pool0`, whose bridge is there already
 *   client steps TIMES            the same as complete, without networks: one call for each step, CreateNat at the end
 *   client changes TIMES [NAME]   from sendmsg() of a foreign `ip link add` in a namespace, default the host, to the
 *                                 signal that tells of it
 *   client start TIMES PROGRAM    from the start of the service until it owns its name
 *
 * Taking away what was made is not measured. */
#include "scene.h"
#include "timing.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICE       "org.example.NetNS1"
#define ROOT          "/org/example/NetNS1"
#define HOST          ROOT "/namespace/_host"
#define CHANGED_INDEX 500000

static GDBusConnection *bus;

static GVariant *
call (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_autofree char *full = g_strconcat (SERVICE ".", interface, NULL);
  g_autoptr (GError) error = NULL;
  GVariant *result = g_dbus_connection_call_sync (bus, SERVICE, path, full, method, arguments, NULL,
                                                  G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  if (result == NULL)
    g_error ("%s: %s", method, error->message);
  return result;
}

/* For methods that answer with one object path. */
static char *
make (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_autoptr (GVariant) result = call (path, interface, method, arguments);
  char *made;

  g_variant_get_child (result, 0, "o", &made);
  return made;
}

static void
change (const char *path, const char *interface, const char *method, GVariant *arguments)
{
  g_variant_unref (call (path, interface, method, arguments));
}

static GVariant *
options (const char *text)
{
  return g_variant_new_parsed (text, NULL);
}

static void
make_namespace (void)
{
  g_autofree char *path
    = make (ROOT, "Manager", "CreateNamespace", g_variant_new ("(s@a{sv})", "webserver", options ("@a{sv} {}")));

  timing_lap ("namespace");
}

/* The descriptor stays open: the death of a namespace would disturb the next repetition. */
static void
remove_namespace (void)
{
  scene_open_namespace ("webserver");
  change (ROOT "/namespace/webserver", "Namespace", "Delete", g_variant_new ("(@a{sv})", options ("@a{sv} {}")));
}

static void
connect_to (const char *network, const char *text)
{
  g_autofree char *path
    = make (ROOT, "Manager", "Connect", g_variant_new ("(ss@a{sv})", "webserver", network, options (text)));

  timing_lap ("connect");
}

static void
run_ping (void)
{
  g_autoptr (GVariant) result = NULL;

  timing_start ();
  result = g_dbus_connection_call_sync (bus, SERVICE, ROOT, "org.freedesktop.DBus.Peer", "Ping", NULL, NULL,
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  timing_lap ("ping");
  timing_stop ();
}

static void
run_complete (void)
{
  g_autofree char *network = NULL;

  timing_rest ();
  timing_start ();
  network
    = make (ROOT, "Manager", "CreateNetwork",
            g_variant_new ("(s@a{sv})", "br-internal", options ("{'subnets': <['10.100.0.0/24']>, 'nat': <true>}")));
  timing_lap ("network");
  make_namespace ();
  connect_to ("br-internal", "{'addresses': <['10.100.0.254/24']>}");
  timing_stop ();
  remove_namespace ();
  change (network, "Network", "Delete", NULL);
}

static void
run_connect (void)
{
  timing_rest ();
  timing_start ();
  make_namespace ();
  connect_to ("pool0", "{'addresses': <['10.200.0.254/16']>}");
  timing_stop ();
  remove_namespace ();
}

static void
make_steps (char **bridge, char **nat)
{
  g_autofree char *outside = NULL, *inside = NULL;
  g_autoptr (GVariant) ends = NULL;

  *bridge
    = make (ROOT, "Manager", "CreateBridge", g_variant_new ("(ss@a{sv})", "", "br-internal", options ("@a{sv} {}")));
  change (*bridge, "Link", "AddAddress", g_variant_new ("(s@a{sv})", "10.100.0.1/24", options ("@a{sv} {}")));
  timing_lap ("bridge");
  make_namespace ();
  ends
    = call (ROOT, "Manager", "CreateVeth",
            g_variant_new ("(ssss@a{sv})", "", "veth-webserver-h", "webserver", "eth0", options ("{'up': <false>}")));
  g_variant_get (ends, "(oo)", &outside, &inside);
  change (outside, "Link", "AttachTo", g_variant_new ("(o)", *bridge));
  change (outside, "Link", "SetEnabled", g_variant_new ("(b)", TRUE));
  timing_lap ("veth");
  change (inside, "Link", "AddAddress", g_variant_new ("(s@a{sv})", "10.100.0.254/24", options ("@a{sv} {}")));
  change (inside, "Link", "SetEnabled", g_variant_new ("(b)", TRUE));
  change (ROOT "/namespace/webserver", "Namespace", "AddRoute",
          g_variant_new ("(ss@a{sv})", "default", "10.100.0.1", options ("@a{sv} {}")));
  timing_lap ("inside");
  *nat = make (ROOT, "Manager", "CreateNat",
               g_variant_new ("(s@as@a{sv})", "", options ("['10.100.0.0/24']"), options ("@a{sv} {}")));
  timing_lap ("nat");
}

static void
run_steps (void)
{
  g_autofree char *bridge = NULL, *nat = NULL;

  timing_rest ();
  timing_start ();
  make_steps (&bridge, &nat);
  timing_stop ();
  change (nat, "Nat", "Delete", NULL);
  remove_namespace ();
  change (bridge, "Link", "Delete", NULL);
}

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
           GVariant *parameters, gpointer data)
{
  const char *object;

  g_variant_get_child (parameters, 0, "&o", &object);
  if (g_str_has_suffix (object, G_STRINGIFY (CHANGED_INDEX)))
    *(double *) data = timing_now ();
}

static void
wait_until_set (const double *moment)
{
  while (*moment == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
run_changes (int times, const char *name)
{
  int netlink = scene_open_netlink (*name != '\0' ? scene_open_namespace (name) : -1);
  SceneLink link = {
    .name = "foreign", .index = CHANGED_INDEX, .peer_name = "foreign-peer", .peer_index = 0, .peer_namespace_fd = -1
  };
  double added, removed;

  g_dbus_connection_signal_subscribe (bus, SERVICE, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", ROOT, NULL,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &added, NULL);
  g_dbus_connection_signal_subscribe (bus, SERVICE, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", ROOT,
                                      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &removed, NULL);
  run_ping (); /* the bus has both subscriptions now */
  for (int i = 0; i < times; i++) {
    double sent;

    added = removed = 0;
    sent = scene_add_veth_timed (netlink, &link);
    wait_until_set (&added);
    timing_print ("change", added - sent);
    scene_remove_link (netlink, CHANGED_INDEX);
    wait_until_set (&removed);
  }
}

static void
on_owner_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                  const char *name, GVariant *parameters, gpointer data)
{
  const char *owner;

  g_variant_get_child (parameters, 2, "&s", &owner);
  if (*owner != '\0')
    *(double *) data = timing_now ();
}

/* The service must not run. */
static void
run_start (int times, const char *program)
{
  double owned;

  g_dbus_connection_signal_subscribe (bus, NULL, "org.freedesktop.DBus", "NameOwnerChanged", NULL, SERVICE,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, &owned, NULL);
  for (int i = 0; i < times; i++) {
    double started = timing_now ();
    pid_t child = fork ();

    if (child == 0) {
      execl (program, program, NULL);
      _exit (EXIT_FAILURE);
    }
    owned = 0;
    wait_until_set (&owned);
    timing_print ("start", owned - started);
    kill (child, SIGTERM);
    waitpid (child, NULL, 0);
  }
}

static void
prepare_pool (void)
{
  g_autoptr (GVariant) result = g_dbus_connection_call_sync (
    bus, SERVICE, ROOT, SERVICE ".Manager", "CreateNetwork",
    g_variant_new ("(s@a{sv})", "pool0", options ("{'subnets': <['10.200.0.0/16']>, 'bridge': <'pool0'>}")), NULL,
    G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL); /* it may be there from an earlier run */
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *mode;
    void (*run) (void);
  } modes[] = {
    { "ping",     run_ping     },
    { "complete", run_complete },
    { "connect",  run_connect  },
    { "steps",    run_steps    }
  };
  g_autoptr (GError) error = NULL;
  int times = argc > 2 ? atoi (argv[2]) : 0;

  bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (bus == NULL || times <= 0) {
    fprintf (stderr, "usage: see client.c; the bus: %s\n", error ? error->message : "there");
    return 2;
  }
  if (strcmp (argv[1], "connect") == 0)
    prepare_pool ();
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    for (int j = 0; strcmp (argv[1], modes[i].mode) == 0 && j < times; j++)
      modes[i].run ();
  if (strcmp (argv[1], "changes") == 0)
    run_changes (times, argc > 3 ? argv[3] : "");
  if (strcmp (argv[1], "start") == 0 && argc > 3)
    run_start (times, argv[3]);
  return EXIT_SUCCESS;
}
