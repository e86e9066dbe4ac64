#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What lies in /run/netns and is no network namespace, links with names that are longer than the kernel's, messages
# and object paths that no library would send. The service answers, and goes on.
import os
import socket
import stat
import unittest

import netns1
from gi.repository import Gio, GLib
from netns1 import HOST, ROOT, run

RUN_DIR = '/run/netns'


def path_of(label):
    return f'{ROOT}/namespace/{label}'


class Broken(netns1.TestCase):
    """Each kind of file but a network namespace: shown as broken, to be deleted, never followed."""

    # Label on the bus, how it is made, and what it is on disk.
    def make_plain(self):
        open(f'{RUN_DIR}/plain', 'w').close()

    def make_fifo(self):
        os.mkfifo(f'{RUN_DIR}/fifo')

    def make_symlink(self):
        os.symlink('/etc/passwd', f'{RUN_DIR}/symlink')

    def make_dangling(self):
        os.symlink('/nowhere', f'{RUN_DIR}/dangling')

    def make_loop(self):
        os.symlink(f'{RUN_DIR}/loop', f'{RUN_DIR}/loop')

    def make_socket(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f'{RUN_DIR}/socket')

    def make_uts(self):
        open(f'{RUN_DIR}/uts', 'w').close()
        run('unshare', '--uts', 'sh', '-c', f'hostname elsewhere; mount --bind /proc/self/ns/uts {RUN_DIR}/uts')
        self.assertEqual(run('nsenter', f'--uts={RUN_DIR}/uts', 'hostname').stdout.strip(), 'elsewhere')

    def make_tmpfs(self):
        open(f'{RUN_DIR}/file', 'w').close()
        run('mount', '--bind', '/etc/passwd', f'{RUN_DIR}/file')

    NAMES = ('plain', 'fifo', 'symlink', 'dangling', 'loop', 'socket', 'uts', 'file')

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'v1', 'web', 'v2', {})
        for make in (self.make_plain, self.make_fifo, self.make_symlink, self.make_dangling, self.make_loop,
                     self.make_socket, self.make_uts, self.make_tmpfs):
            make()
        netns1.wait_for(self.all_shown, 5, 'broken entries')

    def all_shown(self):
        shown = self.root.managed_objects()  # which must not hang meanwhile
        return all(path_of(name) in shown for name in self.NAMES)

    def test_shown(self):
        for name in self.NAMES:
            properties = self.root.get_all(path_of(name), 'Namespace')
            self.assertEqual((properties['Name'], properties['Source'], properties['Inode'], properties['Owner'],
                              properties['Links']), (name, 'broken', 0, netns1.NOBODY, []))
        self.assertEqual(self.root.get(path_of('web'), 'Namespace', 'Source'), 'named')

    def calls_on(self, name):
        v1 = self.root.link('web', 'v1')
        return [(path_of(name), 'Namespace', 'Rename', '(s)', 'ok'),
                (path_of(name), 'Namespace', 'SetOwner', '(u)', netns1.ALICE),
                (path_of(name), 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '10.0.0.1', {}),
                (path_of(name), 'Namespace', 'RemoveRoute', '(ssa{sv})', '192.0.2.0/24', '', {}),
                (v1, 'Link', 'MoveTo', '(sa{sv})', name, {}),
                (ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', name, 'ok', {}),
                (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'ok', name, 'ok', {}),
                (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', name, 'ok', 'web', 'ok', {}),
                (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'ok', {'namespace': name}),
                (ROOT, 'Manager', 'CreateNat', '(sasa{sv})', name, ['10.3.0.0/24'], {})]

    def test_nothing_works_on_it(self):
        with self.unchanged():
            for name in self.NAMES:
                for call in self.calls_on(name):
                    with self.subTest(f'{name}: {call[2]}'), self.assertBusError('InvalidArgument') as context:
                        self.root.call(*call)
                    self.assertIn(name, context.exception.message)
                with self.subTest(f'{name}: CreateNamespace'), self.assertBusError('Exists'):
                    self.root.create_namespace(name)
                with self.subTest(f'{name}: Rename'), self.assertBusError('Exists'):
                    self.root.call(path_of('web'), 'Namespace', 'Rename', '(s)', name)

    def test_delete_removes_only_the_entry(self):
        with open('/etc/passwd') as file:
            users = file.read()
        hostname = os.uname().nodename
        for name in self.NAMES:
            with self.subTest(name):
                self.root.call(path_of(name), 'Namespace', 'Delete', '(a{sv})', {})
                self.assertNotIn(path_of(name), self.root.managed_objects())
                self.assertFalse(os.path.lexists(f'{RUN_DIR}/{name}'))
        with open('/etc/passwd') as file:
            self.assertEqual(file.read(), users)
        self.assertEqual(os.uname().nodename, hostname)
        self.assertEqual(os.listdir(RUN_DIR), ['web'])
        with open('/proc/self/mountinfo') as file:
            self.assertNotIn(f'{RUN_DIR}/uts', file.read())
        self.root.create_namespace('fifo')

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_delete_needs_rights(self):
        netns1.set_rules(netns1.allow_only('create-namespace', 'configure-own'))
        for name in self.NAMES:
            with self.assertBusError('AccessDenied'), self.unchanged():
                self.alice.call(path_of(name), 'Namespace', 'Delete', '(a{sv})', {})
        netns1.set_rules(netns1.allow_only('configure-foreign'))
        self.alice.call(path_of('plain'), 'Namespace', 'Delete', '(a{sv})', {})

    def test_repaired(self):
        """A namespace mounted over the file: it is one."""
        run('sh', '-c', f'unshare --net mount --bind /proc/self/ns/net {RUN_DIR}/plain')
        netns1.wait_for(lambda: self.root.get(path_of('plain'), 'Namespace', 'Source') == 'named')
        self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'plain', 'br0', {})
        self.assertIsNotNone(netns1.link('br0', namespace='plain'))

    def test_after_restart(self):
        netns1.NETNSD.restart()
        netns1.wait_for(self.all_shown, 5, 'broken entries')
        self.test_shown()


class LongNames(netns1.TestCase):
    """16 to 127 bytes go to an alternative name, more than that is an error."""

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')

    def test_links(self):
        for length in (15, 16, 127):
            name = 'n' * length
            self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', name, {})
            info = netns1.link(name, namespace='web')
            self.assertEqual(info.get('altnames', []), [name] if length > 15 else [])
            path = self.root.link('web', name)
            self.assertEqual(self.root.get(path, 'Link', 'Name'), info['ifname'])
            self.assertEqual(self.root.get(path, 'Link', 'AlternativeNames'), info.get('altnames', []))
            with self.assertBusError('Exists'), self.unchanged():
                self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', name, {})
        with self.assertBusError('InvalidName') as context, self.unchanged():
            self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'n' * 128, {})
        self.assertIn('127', context.exception.message)

    def test_namespaces(self):
        name = 'n' * 255
        self.root.create_namespace(name)
        self.assertIn(name, netns1.namespaces())
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'n' * 127, {'subnets': ['10.1.0.0/24']})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', name, 'n' * 127, {})
        self.assertEqual(netns1.addresses('eth0', namespace=name), ['10.1.0.2/24'])
        self.root.call(path_of(name), 'Namespace', 'Delete', '(a{sv})', {})
        self.root.call(f'{ROOT}/network/{"n" * 127}', 'Network', 'Delete')
        with self.assertBusError('InvalidName') as context:
            self.root.create_namespace('n' * 256)
        self.assertIn('255', context.exception.message)


class Paths(netns1.TestCase):
    UNKNOWN = ('UnknownObject', 'UnknownMethod', 'UnknownInterface')

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')

    def test_unknown_objects(self):
        lo = self.root.link('web', 'lo')
        for path in ('/', '/org/example', ROOT + '/x', path_of('nope'), path_of('nope') + '/link/1', path_of('_2e_2e'),
                     path_of('_'), path_of('_zz'), path_of('web_00'), path_of('_77eb'), path_of('__host'),
                     lo[:-1] + '01', lo[:-1] + '999', lo[:-1] + '4294967297', lo[:-1] + '0', lo + '/x',
                     f'{ROOT}/network/nope', f'{ROOT}/nat/1', f'{ROOT}/nat/0', f'{ROOT}/nat/18446744073709551617'):
            for interface, method, *arguments in (('Namespace', 'Delete', '(a{sv})', {}), ('Link', 'Delete'),
                                                  ('Network', 'Delete'), ('Nat', 'Delete'),
                                                  ('org.freedesktop.DBus.Properties', 'GetAll', '(s)',
                                                   f'{netns1.SERVICE}.Namespace')):
                with self.subTest(f'{path} {interface}'):
                    with self.assertRaises(netns1.BusError) as context:
                        self.root.call(path, interface, method, *arguments)
                    self.assertIn(context.exception.name, (*self.UNKNOWN, 'InvalidArgs', 'NotFound'))
        self.assertEqual(netns1.namespaces(), ['web'])

    def test_wrong_calls(self):
        with self.unchanged():
            for path, interface, method, *arguments in (
                    (ROOT, 'Manager', 'Nope'), (ROOT, 'Nope', 'Nope'), (ROOT, 'Namespace', 'Delete', '(a{sv})', {}),
                    (HOST, 'Manager', 'Reload'), (ROOT, 'Manager', 'CreateNamespace'),
                    (ROOT, 'Manager', 'CreateNamespace', '(s)', 'ok'), (ROOT, 'Manager', 'CreateNamespace', '(u)', 1),
                    (self.root.link('web', 'lo'), 'Veth', 'Nope'),
                    (ROOT, 'org.freedesktop.DBus.Properties', 'Get', '(ss)', f'{netns1.SERVICE}.Manager', 'Nope'),
                    (ROOT, 'org.freedesktop.DBus.Properties', 'Get', '(ss)', f'{netns1.SERVICE}.Link', 'Name')):
                with self.subTest(f'{interface}.{method}'):
                    with self.assertRaises(netns1.BusError) as context:
                        self.root.call(path, interface, method, *arguments)
                    self.assertIn(context.exception.name, (*self.UNKNOWN, 'InvalidArgs'))


class Raw(netns1.TestCase):
    """Messages as bytes, past every library."""

    def connect(self):
        """A connection to the bus that has said Hello."""
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.settimeout(10)
        connection.connect(os.environ['DBUS_SYSTEM_BUS_ADDRESS'].removeprefix('unix:path='))
        connection.sendall(b'\0AUTH EXTERNAL ' + str(os.geteuid()).encode().hex().encode() + b'\r\n')
        self.assertTrue(connection.recv(4096).startswith(b'OK'))
        connection.sendall(b'BEGIN\r\n' + self.message('org.freedesktop.DBus', '/org/freedesktop/DBus',
                                                       'org.freedesktop.DBus', 'Hello', None))
        self.assertTrue(connection.recv(4096))
        return connection

    def message(self, destination, path, interface, method, body):
        message = Gio.DBusMessage.new_method_call(destination, path, interface, method)
        message.set_serial(1)
        if body is not None:
            message.set_body(body)
        return bytes(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def create(self, name):
        return self.message(netns1.SERVICE, ROOT, f'{netns1.SERVICE}.Manager', 'CreateNamespace',
                            GLib.Variant('(sa{sv})', (name, {})))

    def is_dropped(self, connection):
        while True:
            try:
                if not connection.recv(65536):
                    return True
            except ConnectionResetError:
                return True

    def test_not_utf8(self):
        """The bus itself drops who sends what is no text."""
        pid = netns1.NETNSD.pid
        for bad in (b'na\xff\xfe', b'\xc3(me', b'\xed\xa0\x80e', b'\xf8abc', b'na\0e'):
            with self.subTest(bad), self.unchanged():
                connection = self.connect()
                connection.sendall(self.create('name').replace(b'name', bad))
                self.assertTrue(self.is_dropped(connection))
        self.assertEqual(netns1.NETNSD.pid, pid)
        self.root.create_namespace('name')

    def test_cut_short(self):
        """Who leaves in the middle of a message has said nothing."""
        message = self.create('name')
        with self.unchanged():
            for length in range(1, len(message), 7):
                connection = self.connect()
                connection.sendall(message[:length])
                connection.close()
            self.root.get(ROOT, 'Manager', 'Version')
        connection = self.connect()
        connection.sendall(message)
        netns1.wait_for(lambda: netns1.namespaces() == ['name'])

    def test_no_reply_wanted(self):
        """It is done all the same, and nothing is answered."""
        message = bytearray(self.create('name'))
        message[2] |= Gio.DBusMessageFlags.NO_REPLY_EXPECTED
        connection = self.connect()
        connection.sendall(message)
        netns1.wait_for(lambda: netns1.namespaces() == ['name'])
        self.root.call(path_of('name'), 'Namespace', 'Delete', '(a{sv})', {})


class Files(netns1.TestCase):
    def test_mode(self):
        """A namespace that the service makes looks as one of `ip netns` does."""
        run('ip', 'netns', 'add', 'theirs')
        self.root.create_namespace('ours')
        status = [os.stat(f'{RUN_DIR}/{name}') for name in ('theirs', 'ours')]
        self.assertEqual(*(stat.filemode(one.st_mode) for one in status))
        self.assertEqual(*((one.st_uid, one.st_gid, one.st_dev) for one in status))


if __name__ == '__main__':
    netns1.main()
