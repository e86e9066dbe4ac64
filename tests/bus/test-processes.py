#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Processes and namespaces: who lives where, names for namespaces without one, sockets and descriptors handed out.
import contextlib
import ctypes
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest

import netns1
import references
from gi.repository import Gio, GLib
from netns1 import ROOT, run

# Runs as an ordinary user, in the host's namespace: the program of somebody who wants a connection from inside.
CLIENT = '''
import os, socket, sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
own = os.readlink("/proc/self/ns/net")
reply, fds = bus.call_with_unix_fd_list_sync(
    "org.example.NetNS1", "/org/example/NetNS1/namespace/webserver", "org.example.NetNS1.Namespace", "OpenSocket",
    GLib.Variant("(iii)", (socket.AF_INET, socket.SOCK_STREAM, 0)), None, 0, 60000, None, None)
connection = socket.socket(fileno=fds.get(reply.unpack()[0]))
assert not os.get_inheritable(connection.fileno())
connection.connect(("198.51.100.2", int(sys.argv[1])))
print(connection.getsockname()[0], os.readlink("/proc/self/ns/net") == own)
'''

MANY = 1000


def lsns():
    """Inode -> a pid in it, of all network namespaces, as lsns has it."""
    return {entry['ns']: entry['pid'] for entry in netns1.lsns()}


def pids(namespace):
    return {int(pid) for pid in run('ip', 'netns', 'pids', namespace).stdout.split()}


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Processes(netns1.TestCase):
    def setUp(self):
        super().setUp()
        netns1.set_rules('allow-all')

    def test_list(self):
        path = self.alice.create_namespace('busy')
        first = netns1.sleeper(self, 'ip', 'netns', 'exec', 'busy')
        second = netns1.sleeper(self, 'ip', 'netns', 'exec', 'busy')
        listed = self.alice.call(path, 'Namespace', 'ListProcesses')
        self.assertEqual({pid for pid, _, _ in listed}, pids('busy'))
        self.assertEqual(listed, sorted([(first.pid, 0, 'sleep'), (second.pid, 0, 'sleep')]))

    @staticmethod
    def worked():
        """For how many seconds the thread has worked that all changes wait for."""
        folder = f'/proc/{netns1.NETNSD.pid}/task'
        for thread in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # others end meanwhile
                with open(f'{folder}/{thread}/comm', encoding='utf-8') as file:
                    if file.read() == 'netns-worker\n':
                        with open(f'{folder}/{thread}/schedstat', encoding='utf-8') as statistics:
                            return int(statistics.read().split()[0]) / 1e9
        raise AssertionError('there is no such thread')

    def test_list_beside_many(self):
        """All processes are looked at, but not by the thread that all changes wait for."""
        references.program(self, f"""
import ctypes, os, signal
for _ in range({MANY}):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        signal.pause()
""" + references.WAIT)
        path = self.alice.create_namespace('busy')
        before, all_before = self.worked(), netns1.NETNSD.worked
        for _ in range(10):
            self.assertEqual(self.alice.call(path, 'Namespace', 'ListProcesses'), [])
        self.assertLess(self.worked() - before, (netns1.NETNSD.worked - all_before) / 4)

    def test_list_of_host(self):
        listed = {pid for pid, _, _ in self.root.call(netns1.HOST, 'Namespace', 'ListProcesses')}
        self.assertIn(self.alice.pid, listed)
        self.assertIn(os.getpid(), listed)

    def test_identify(self):
        path = self.alice.create_namespace('web')
        process = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
        self.assertEqual(self.alice.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', process.pid), path)
        self.assertEqual(run('ip', 'netns', 'identify', str(process.pid)).stdout.strip(), 'web')
        self.assertEqual(self.alice.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', self.alice.pid), netns1.HOST)

    def test_by_netnsctl(self):
        process = netns1.sleeper(self, 'unshare', '-n')
        netns1.netnsctl('namespace', 'adopt', 'web1', str(process.pid))
        self.assertIn('web1', netns1.namespaces())
        self.assertEqual(netns1.netnsctl('--json=short', 'namespace', 'identify', str(process.pid)).stdout, '{"name":"web1"}\n')
        listed = json.loads(netns1.netnsctl('--json=short', 'namespace', 'processes', 'web1').stdout)
        self.assertEqual(listed, [{'pid': process.pid, 'user': 'root', 'command': 'sleep'}])

    def test_identify_nothing(self):
        gone = subprocess.Popen(['true'])
        gone.wait()
        for pid in (0, gone.pid, 0xffffffff):
            with self.subTest(pid), self.assertBusError('NotFound'):
                self.alice.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', pid)


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Adopt(netns1.TestCase):
    def setUp(self):
        super().setUp()
        netns1.set_rules('allow-all')

    def adopt(self, caller, name, pid, **options):
        return caller.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', name, pid, options)

    def test_of_root(self):
        process = netns1.sleeper(self, 'unshare', '-n')
        path = self.adopt(self.alice, 'web1', process.pid)
        self.assertIn('web1', netns1.namespaces())
        self.assertEqual(lsns()[self.alice.get(path, 'Namespace', 'Inode')], process.pid)
        self.assertEqual(self.alice.get(path, 'Namespace', 'Owner'), netns1.NOBODY)
        process.kill()
        process.wait()
        self.assertEqual(netns1.ip('link', namespace='web1')[0]['ifname'], 'lo')  # it outlives the process

    def test_of_oneself(self):
        process = netns1.sleeper(self, 'unshare', '-Urn', uid=netns1.ALICE)
        netns1.set_rules(netns1.allow_only(netns1.ALICE, 'create-namespace'))
        path = self.adopt(self.alice, 'mine', process.pid)
        self.assertEqual(self.alice.get(path, 'Namespace', 'Owner'), netns1.ALICE)

    def test_under_own_uid_in_somebody_elses(self):
        """As an engine does it with `--user 1000`: the uid gives no right to the namespace."""
        process = netns1.sleeper(self, 'unshare', '-n', 'setpriv', '--reuid=1000', '--regid=1000', '--clear-groups')
        netns1.set_rules(netns1.allow_only(netns1.ALICE, 'create-namespace'))
        with self.assertBusError('AccessDenied'), self.unchanged():
            self.adopt(self.alice, 'mine', process.pid)

    def test_bad_input(self):
        process = netns1.sleeper(self, 'unshare', '-n')
        gone = subprocess.Popen(['true'])
        gone.wait()
        self.alice.create_namespace('taken')
        inside = netns1.sleeper(self, 'ip', 'netns', 'exec', 'taken')
        for error, name, pid in (('NotFound', 'new', gone.pid), ('NotFound', 'new', 0),
                                 ('InvalidArgument', 'new', self.alice.pid), ('InvalidName', '../x', process.pid),
                                 ('InvalidName', '', process.pid), ('Exists', 'taken', process.pid),
                                 ('Exists', 'new', inside.pid)):
            with self.subTest(error=error, name=name), self.assertBusError(error), self.unchanged():
                self.adopt(self.alice, name, pid)

    def call_with_pidfd(self, name, pid, fd):
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        descriptors = Gio.UnixFDList.new()
        options = {'pidfd': GLib.Variant('h', descriptors.append(fd))}
        bus.call_with_unix_fd_list_sync(
            netns1.SERVICE, ROOT, netns1.SERVICE + '.Manager', 'AdoptProcess',
            GLib.Variant('(sua{sv})', (name, pid, options)), None, Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, descriptors, None)

    def test_pidfd(self):
        process, other = netns1.sleeper(self, 'unshare', '-n'), netns1.sleeper(self, 'unshare', '-n')
        ended = subprocess.Popen(['sleep', '1000'])
        fds = {name: os.pidfd_open(pid) for name, pid in (
            ('right', process.pid), ('other', other.pid), ('ended', ended.pid))}
        fds['file'] = os.open('/dev/null', os.O_RDONLY)
        self.addCleanup(lambda: [os.close(fd) for fd in fds.values()])
        ended.kill()
        ended.wait()
        for which, error in (('other', 'InvalidArgument'), ('ended', 'NotFound'), ('file', 'InvalidArgument')):
            with self.subTest(which), self.unchanged(), self.assertRaises(GLib.Error) as context:
                self.call_with_pidfd('new', process.pid, fds[which])
            self.assertIn(f'NetNS1.Error.{error}:', str(context.exception))
        self.call_with_pidfd('new', process.pid, fds['right'])
        self.assertIn('new', netns1.namespaces())

    def test_descriptor_with_much_to_tell(self):
        """What /proc says of it has a line for each of its watches: that is not read."""
        libc = ctypes.CDLL(None)
        fd = libc.inotify_init1(os.O_CLOEXEC)
        self.addCleanup(os.close, fd)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(3000):
                open(f'{folder}/{number}', 'w').close()
                self.assertGreater(libc.inotify_add_watch(fd, f'{folder}/{number}'.encode(), 2), 0)
            with open(f'/proc/self/fdinfo/{fd}') as file:
                self.assertGreater(len(file.read()), 200000)
            before = self.bytes_read()
            with self.assertRaises(GLib.Error) as context:
                self.call_with_pidfd('new', os.getpid(), fd)
            self.assertIn('NetNS1.Error.InvalidArgument:', str(context.exception))
            self.assertLess(self.bytes_read() - before, 100000)

    @staticmethod
    def bytes_read():
        with open(f'/proc/{netns1.NETNSD.pid}/io') as file:
            return int(file.read().split()[1])


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Descriptors(netns1.TestCase):
    def setUp(self):
        super().setUp()
        netns1.set_rules('allow-all')
        self.path = self.alice.create_namespace('webserver')

    def by_fd(self, fd):
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        descriptors = Gio.UnixFDList.new()
        handle = descriptors.append(fd)
        return bus.call_with_unix_fd_list_sync(
            netns1.SERVICE, ROOT, netns1.SERVICE + '.Manager', 'GetNamespaceByFD', GLib.Variant('(h)', (handle,)), None,
            Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, descriptors, None)[0].unpack()[0]

    def test_socket(self):
        """A program without privilege speaks from inside while it lives outside."""
        self.alice.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'br-internal', {'subnets': ['10.100.0.0/24'], 'nat': True})
        self.alice.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'webserver', 'br-internal', {'addresses': ['10.100.0.2/24']})
        with socket.create_server(('198.51.100.1', 0)) as server:  # on the way, before translation
            port = server.getsockname()[1]
            program = CLIENT.replace('198.51.100.2', '198.51.100.1')
            client = run('/usr/bin/python3', '-c', program, str(port), uid=netns1.ALICE if netns1.IS_ROOT else None)
            self.assertEqual(client.stdout.split(), ['10.100.0.2', 'True'])
            self.assertEqual(server.accept()[1][0], '10.100.0.2')

    def test_socket_bad_input(self):
        call = lambda *values: self.alice.call(self.path, 'Namespace', 'OpenSocket', '(iii)', *values)
        for error, *values in (('InvalidArgument', socket.AF_UNIX, socket.SOCK_STREAM, 0),
                               ('InvalidArgument', socket.AF_INET, 77, 0),
                               ('InvalidArgument', socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK, 0),
                               ('InvalidArgument', -1, socket.SOCK_STREAM, 0),
                               ('InvalidArgument', socket.AF_INET, socket.SOCK_STREAM, -1),
                               ('NotSupported', socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_UDP)):
            with self.subTest(values=values), self.assertBusError(error):
                call(*values)

    def test_open(self):
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        reply, descriptors = bus.call_with_unix_fd_list_sync(
            netns1.SERVICE, self.path, netns1.SERVICE + '.Namespace', 'Open', None, None, Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, None,
            None)
        fd = descriptors.get(reply.unpack()[0])
        self.addCleanup(os.close, fd)
        self.assertEqual(os.fstat(fd).st_ino, os.stat('/run/netns/webserver').st_ino)
        self.assertEqual(self.by_fd(fd), self.path)

    def test_by_descriptor(self):
        with open('/proc/self/ns/net') as host:
            self.assertEqual(self.by_fd(host.fileno()), netns1.HOST)
        for path in ('/proc/self/ns/uts', '/dev/null'):
            with self.subTest(path), open(path) as file, self.assertRaises(GLib.Error) as context:
                self.by_fd(file.fileno())
            self.assertIn('NetNS1.Error.InvalidArgument:', str(context.exception))

    def test_wrong_handle(self):
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        for handle in (0, 1, -1, 2 ** 31 - 1):
            with self.subTest(handle), self.assertRaises(GLib.Error):
                bus.call_sync(netns1.SERVICE, ROOT, netns1.SERVICE + '.Manager', 'GetNamespaceByFD',
                              GLib.Variant('(h)', (handle,)), None, Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, None)
        self.assertEqual(self.alice.get(self.path, 'Namespace', 'Name'), 'webserver')


if __name__ == '__main__':
    netns1.main()
