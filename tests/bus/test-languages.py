#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The introspection files as other libraries read them: C code that gdbus-codegen generates of them, dbus-python, dasbus and
# gjs make the same calls, those with descriptors included.
import importlib.util
import os
import shutil
import subprocess
import tempfile
import unittest

import netns1
from netns1 import SERVICE, run

SOURCE = os.path.dirname(netns1.TESTS)
INTERFACES = ('Manager', 'Namespace', 'Link', 'Network', 'Bridge', 'Process', 'Forward', 'Firewall')

# Each of them is to print this: object of the link, type of the socket, object of the namespace, what the command says.
C = '''
#include "generated.h"

#include <gio/gunixfdlist.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(call) do { if (!(call)) { g_printerr ("%s: %s\\n", #call, error->message); return 1; } } while (0)

int
main (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  GVariant *none = g_variant_ref_sink (g_variant_new ("a{sv}", NULL)), *handle;
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new (), received = NULL;
  const char *const command[] = { "echo", "hello", NULL }, *const environment[] = { NULL };
  char *path, *link, *process, text[64];
  int type, ends[2];
  socklen_t size = sizeof type;
  NetnsManager *manager = netns_manager_proxy_new_sync (bus, 0, "org.example.NetNS1", "/org/example/NetNS1", NULL, &error);
  NetnsNamespace *namespace;

  CHECK (netns_manager_call_create_namespace_sync (manager, "web", none, &path, NULL, &error));
  namespace = netns_namespace_proxy_new_sync (bus, 0, "org.example.NetNS1", path, NULL, &error);
  CHECK (netns_manager_call_get_link_sync (manager, "web", "lo", &link, NULL, &error));
  CHECK (netns_namespace_call_open_socket_sync (namespace, AF_INET, SOCK_DGRAM, 0, NULL, &handle, &received, NULL, &error));
  getsockopt (g_unix_fd_list_get (received, g_variant_get_handle (handle), NULL), SOL_SOCKET, SO_TYPE, &type, &size);
  CHECK (netns_namespace_call_open_sync (namespace, NULL, &handle, &received, NULL, &error));
  CHECK (netns_manager_call_get_namespace_by_fd_sync (manager, g_variant_new_handle (g_variant_get_handle (handle)), received,
                                                      &path, NULL, NULL, &error));
  CHECK (pipe (ends) == 0);
  g_unix_fd_list_append (fds, 0, NULL);
  g_unix_fd_list_append (fds, ends[1], NULL);
  CHECK (netns_namespace_call_run_sync (namespace, command, environment, "", g_variant_new_parsed ("[handle 0, 1]"), none, fds,
                                        &process, NULL, NULL, &error));
  text[read (ends[0], text, sizeof text - 1)] = '\\0';
  g_print ("%s %d %s %s", link, type, path, text);
  return 0;
}
'''
DBUS_PYTHON = '''
import dbus, os, socket
bus = dbus.SystemBus()
def get(path, interface): return dbus.Interface(bus.get_object('org.example.NetNS1', path), 'org.example.NetNS1.' + interface)
manager = get('/org/example/NetNS1', 'Manager')
path = manager.CreateNamespace('web', {})
namespace = get(path, 'Namespace')
link = manager.GetLink('web', 'lo')
type = socket.socket(fileno=namespace.OpenSocket(socket.AF_INET, socket.SOCK_DGRAM, 0).take()).type
found = manager.GetNamespaceByFD(dbus.types.UnixFd(namespace.Open().take()))
end, write = os.pipe()
process = namespace.Run(['echo', 'hello'], dbus.Array([], 's'), '', [dbus.types.UnixFd(0), dbus.types.UnixFd(write)], {})
print(link, int(type), found, os.read(end, 64).decode(), end='')
'''
DASBUS = '''
import os, socket
from dasbus.connection import SystemMessageBus
from dasbus.unix import GLibClientUnix
bus = SystemMessageBus()
def get(path): return bus.get_proxy('org.example.NetNS1', path, client=GLibClientUnix)
manager = get('/org/example/NetNS1')
path = manager.CreateNamespace('web', {})
namespace = get(path)
link = manager.GetLink('web', 'lo')
type = socket.socket(fileno=namespace.OpenSocket(socket.AF_INET, socket.SOCK_DGRAM, 0)).type
found = manager.GetNamespaceByFD(namespace.Open())
end, write = os.pipe()
process = namespace.Run(['echo', 'hello'], [], '', [0, write], {})
print(link, int(type), found, os.read(end, 64).decode(), end='')
'''
GJS = '''
const { Gio, GLib } = imports.gi;
const bus = Gio.DBus.system;
const read = interface => { const [, bytes] = GLib.file_get_contents(`${ARGV[0]}/introspection/org.example.NetNS1.${interface}.xml`);
  return Gio.DBusProxy.makeProxyWrapper(new TextDecoder().decode(bytes)); };
const Manager = read('Manager'), Namespace = read('Namespace');
const manager = new Manager(bus, 'org.example.NetNS1', '/org/example/NetNS1');
const [path] = manager.CreateNamespaceSync('web', {});
const namespace = new Namespace(bus, 'org.example.NetNS1', path);
const [link] = manager.GetLinkSync('web', 'lo');
const get = (method, value) => { // wrappers return descriptors only where some are given
  const [reply, list] = namespace.call_with_unix_fd_list_sync(method, value, 0, -1, null, null);
  return [reply.deepUnpack()[0], list]; };
const [socket, sockets] = get('OpenSocket', new GLib.Variant('(iii)', [2, 2, 0]));
const type = Gio.Socket.new_from_fd(sockets.get(socket)).get_socket_type();
const [handle, list] = get('Open', null);
const found = manager.GetNamespaceByFDSync(handle, list).flat()[0];
const fds = Gio.UnixFDList.new();
fds.append(0); fds.append(1);
print(link, type, found);
namespace.RunSync(['echo', 'hello'], [], '', [0, 1], {detach: new GLib.Variant('b', true)}, fds); // it outlives this program
'''


class Languages(netns1.TestCase):
    def check(self, *command, text=None):
        result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, '')
        path = netns1.ROOT + '/namespace/web'
        self.assertEqual(result.stdout.split(), [self.root.link('web', 'lo'), '2', path, 'hello'])

    def test_c(self):
        """As a program would be built, warnings being errors."""
        with tempfile.TemporaryDirectory() as folder:
            files = [f'{SOURCE}/introspection/{SERVICE}.{name}.xml' for name in INTERFACES]
            run('gdbus-codegen', '--c-namespace', 'Netns', '--interface-prefix', SERVICE + '.', '--generate-c-code',
                f'{folder}/generated', *files)
            with open(f'{folder}/main.c', 'w') as file:
                file.write(C)
            flags = run('pkg-config', '--cflags', '--libs', 'gio-unix-2.0').stdout.split()
            run('cc', '-Wall', '-Werror', '-Wno-unused-function', '-o', f'{folder}/program', f'{folder}/main.c',
                f'{folder}/generated.c', *flags)
            self.check(f'{folder}/program')

    @unittest.skipUnless(importlib.util.find_spec('dbus'), 'needs dbus-python')
    def test_dbus_python(self):
        self.check('/usr/bin/python3', '-', text=DBUS_PYTHON)

    @unittest.skipUnless(importlib.util.find_spec('dasbus'), 'needs dasbus')
    def test_dasbus(self):
        self.check('/usr/bin/python3', '-', text=DASBUS)

    @unittest.skipUnless(shutil.which('gjs'), 'needs gjs')
    def test_gjs(self):
        with tempfile.NamedTemporaryFile('w', suffix='.js') as file:
            file.write(GJS)
            file.flush()
            self.check('gjs', file.name, SOURCE)


if __name__ == '__main__':
    netns1.main()
