#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What lies in /run/netns and is no network namespace, links with names that are longer than the kernel's, messages
# and object paths that no library would send. The service answers, and goes on.
import os
import socket
import stat
import unittest

import netns1
import watch
from gi.repository import Gio, GLib
from netns1 import HOST, ROOT, run

RUN_DIR = '/run/netns'


def path_of(label):
    return f'{ROOT}/namespace/{label}'


class BrokenTestCase(netns1.TestCase):
    """Each kind of file but a network namespace, and how it is made."""

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
    MAKERS = dict(zip(NAMES, (make_plain, make_fifo, make_symlink, make_dangling, make_loop, make_socket, make_uts,
                              make_tmpfs)))


class Broken(BrokenTestCase):
    """Shown as broken, to be deleted, never followed."""

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'v1', 'web', 'v2', {})
        for make in self.MAKERS.values():
            make(self)
        netns1.wait_for(self.all_shown, what='broken entries')

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
        netns1.wait_for(self.all_shown, what='broken entries')
        self.test_shown()


class AtOnce(BrokenTestCase):
    """Whoever names such a file gets the same answer from the first moment on, whatever is asked first."""

    def look_ups(self, name):
        """Each with the error that it must give, if any."""
        return {
            'CreateNamespace': (lambda: self.root.create_namespace(name), 'Exists'),
            'Rename': (lambda: self.root.call(path_of('web'), 'Namespace', 'Rename', '(s)', name), 'Exists'),
            'CreateBridge': (lambda: self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', name, 'b', {}),
                             'InvalidArgument'),
            'MoveTo': (lambda: self.root.call(self.root.link('web', 'v1'), 'Link', 'MoveTo', '(sa{sv})', name, {}),
                       'InvalidArgument'),
            'SetDns': (lambda: self.root.call(path_of(name), 'Namespace', 'SetDns', '(asas)', ['192.0.2.1'], []),
                       'InvalidArgument'),
            'GetNamespace': (lambda: self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', name), None),
            'Get': (lambda: self.assertEqual(self.root.get(path_of(name), 'Namespace', 'Source'), 'broken'), None),
            'Delete': (lambda: self.root.call(path_of(name), 'Namespace', 'Delete', '(a{sv})', {}), None),
        }

    def check(self, look_up, error):
        if error is None:
            look_up()
            return
        with self.assertBusError(error):
            look_up()

    def test_whatever_is_asked_first(self):
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', 'web', 'v1', 'web', 'v2', {})
        for name, make in self.MAKERS.items():
            for first in self.look_ups(name):
                with self.subTest(f'{first} of {name}'):
                    make(self)
                    self.check(*self.look_ups(name)[first])
                    if first != 'Delete':
                        self.assertEqual(self.root.managed_objects()[path_of(name)][netns1.full_interface('Namespace')]
                                         ['Source'], 'broken')
                        self.check(*self.look_ups(name)['Delete'])
                    self.assertEqual(os.listdir(RUN_DIR), ['web'])
                    self.assertNotIn(path_of(name), self.root.managed_objects())

    def test_told_as_what_it_is(self):
        for name, word in (('plain', 'plain file'), ('fifo', 'FIFO'), ('symlink', 'symbolic link'), ('socket', 'socket')):
            with self.subTest(name):
                self.MAKERS[name](self)
                with self.assertBusError('Exists') as context:
                    self.root.create_namespace(name)
                self.assertIn(f'“{RUN_DIR}/{name}”', context.exception.message)
                self.assertIn(word, context.exception.message)

    def test_directory(self):
        """There can be anything in it, so it stays."""
        os.makedirs(f'{RUN_DIR}/folder/file')
        self.addCleanup(run, 'rm', '-rf', f'{RUN_DIR}/folder')
        for error, *call in (('Exists', ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'folder', {}),
                             ('InvalidArgument', path_of('folder'), 'Namespace', 'Delete', '(a{sv})', {})):
            with self.assertBusError(error) as context:
                self.root.call(*call)
            self.assertIn('a directory', context.exception.message)
        self.assertTrue(os.path.isdir(f'{RUN_DIR}/folder/file'))

    def test_stays(self):
        """What is young is not shown unasked. Once somebody has asked, no later look forgets it."""
        self.make_plain()
        self.root.get(path_of('plain'), 'Namespace', 'Source')
        for number in range(20):
            run('ip', 'netns', 'add', f'n{number}')
            self.root.get(path_of(f'n{number}'), 'Namespace', 'Source')
            self.assertIn(path_of('plain'), self.root.managed_objects())

    def test_becomes_a_namespace(self):
        """As when `ip netns add` is slow."""
        self.make_plain()
        with self.assertBusError('Exists'):
            self.root.create_namespace('plain')
        run('sh', '-c', f'unshare --net mount --bind /proc/self/ns/net {RUN_DIR}/plain')
        netns1.wait_for(lambda: self.root.get(path_of('plain'), 'Namespace', 'Source') == 'named')
        self.root.call(path_of('plain'), 'Namespace', 'Delete', '(a{sv})', {})

    def test_goes(self):
        self.make_plain()
        self.root.get(path_of('plain'), 'Namespace', 'Source')
        os.unlink(f'{RUN_DIR}/plain')
        netns1.wait_for(lambda: path_of('plain') not in self.root.managed_objects())
        self.root.create_namespace('plain')

    def without_directory(self):
        run('umount', '-l', RUN_DIR, check=False)
        os.rmdir(RUN_DIR)

    def test_without_the_directory(self):
        """At the start, or from some time on, when another program makes it."""
        netns1.NETNSD.stop()
        self.without_directory()
        netns1.NETNSD.start()
        for again in (False, True):
            with self.subTest(again=again):
                if again:
                    self.without_directory()
                os.makedirs(RUN_DIR, exist_ok=True)
                self.make_plain()
                for first in ('CreateNamespace', 'Get', 'Delete'):
                    self.check(*self.look_ups('plain')[first])
                self.make_plain()
                netns1.wait_for(lambda: path_of('plain') in self.root.managed_objects())  # unasked
                self.check(*self.look_ups('plain')['Delete'])
                self.root.create_namespace('plain')
                self.root.call(path_of('plain'), 'Namespace', 'Delete', '(a{sv})', {})


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


class Bytes(netns1.TestCase):
    """Names that only others give, which are no text. What is in such a namespace is shown, and works."""

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'namespace': 'web', 'nat': True})
        self.root.call(path_of('web'), 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        run('sh', '-e', '-c', 'name=$(printf "w\\377"); touch "/run/netns/$name"; '
                              'mount --bind /run/netns/web "/run/netns/$name"; ip netns delete web')
        self.network = f'{path_of("w_ff")}/network/lan'
        netns1.wait_for(lambda: self.network in self.root.managed_objects())

    def test_network(self):
        for _ in range(2):
            self.assertEqual(self.root.get(self.network, 'Network', 'Name'), 'w\\xff:lan')
            self.assertEqual(self.root.get(self.network, 'Network', 'Namespace'), path_of('w_ff'))
            netns1.NETNSD.restart()
        self.root.call(self.network, 'Network', 'SetNat', '(b)', False)
        self.root.call(self.network, 'Network', 'Delete')

    def test_rules(self):
        with watch.Watcher() as watcher:
            run('sh', '-e', '-c', 'nsenter --net="$(printf "/run/netns/w\\377")" nft flush ruleset')
            watcher.wait(lambda: [arguments for _, member, arguments in watcher.signals if member == 'RulesRestored']
                         == [(['firewall w\\xff', 'network w\\xff:lan'],)], 'they are restored')


class Paths(netns1.TestCase):
    UNKNOWN = ('UnknownObject', 'UnknownMethod', 'UnknownInterface')

    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')

    def test_unknown_objects(self):
        lo = self.root.link('web', 'lo')
        for path in ('/', '/org/example', ROOT + '/x', ROOT + '/x/y', ROOT + '/network', path_of('nope'), path_of('nope') + '/link/1', path_of('_2e_2e'),
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

    def test_gone(self):
        """An object that was there is not found, by whatever call; a program need not know that from its own mistakes."""
        self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', 'web', 'br0', {})
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24']})
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'inner',
                       {'subnets': ['10.2.0.0/24'], 'namespace': 'web'})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        nat = self.root.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.3.0.0/24'], {})
        forward = self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {})
        objects = {
            path_of('web'): (('Namespace', 'Delete', '(a{sv})', {}), ('Firewall', 'SetPolicy', '(ss)', 'input', 'drop')),
            self.root.link('web', 'br0'): (('Link', 'SetMtu', '(u)', 1400), ('Bridge', 'SetOptions', '(a{sv})', {})),
            f'{path_of("web")}/network/inner': (('Network', 'Delete'),),
            f'{ROOT}/network/lan': (('Network', 'SetNat', '(b)', True),), nat: (('Nat', 'Delete'),),
            forward: (('Forward', 'Delete'),)}
        for path, calls in objects.items():
            self.assertTrue(self.root.get_all(path, calls[0][0]))
        self.root.call(forward, 'Forward', 'Delete')
        self.root.call(nat, 'Nat', 'Delete')
        self.root.call(path_of('web'), 'Namespace', 'Delete', '(a{sv})', {})
        self.root.call(f'{ROOT}/network/lan', 'Network', 'Delete')
        for path, calls in objects.items():
            interface = netns1.full_interface(calls[0][0])
            for call in (*calls, ('org.freedesktop.DBus.Properties', 'GetAll', '(s)', interface),
                         ('org.freedesktop.DBus.Properties', 'Get', '(ss)', interface, 'Name')):
                with self.subTest(f'{path} {call[:2]}'), self.assertBusError('NotFound') as context:
                    self.root.call(path, *call)
                self.assertIn('“web”' if path == path_of('web') else path, context.exception.message)

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
        connection.settimeout(netns1.PATIENCE)
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
        netns1.wait_for(lambda: path_of('name') in self.root.managed_objects())
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
