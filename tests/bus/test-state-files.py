#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that the service reads when it starts. What it cannot have written itself keeps it neither waiting nor from
# starting: it is set aside, and the log says so.
import contextlib
import os
import shutil
import signal
import socket
import stat
import time
import unittest

import netns1
from netns1 import run

STATE, BAD = '/run/netnsd', '/run/netnsd/bad'
BIG = 64 * 1024 * 1024
# Seconds that a start may take longer than one without any of this, on a busy machine; a FIFO or a device would keep it
# for ever. By itself none of it takes a hundredth of a second.
LONGER = 20


def log():
    with open('/run/sandbox/netnsd.log', errors='replace') as file:
        return file.read()


def path_of(file):
    return os.path.join(STATE, file)


def write(path, text, mode=0o644):
    with open(path, 'w') as file:
        file.write(text)
    os.chmod(path, mode)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)


def make_big(path):
    with open(path, 'w') as file:
        file.write('[Network]\nName=x\n' + '#' * BIG)


# What can be in the place of a file, each made from what was there.
STRANGERS = {
    'FIFO': lambda path, text: os.mkfifo(path),
    'folder': lambda path, text: os.makedirs(os.path.join(path, 'more')),
    'link to a good file': lambda path, text: (write('/run/elsewhere', text), os.symlink('/run/elsewhere', path)),
    'link to nothing': lambda path, text: os.symlink('/run/nothing', path),
    'socket': lambda path, text: make_socket(path),
    'device': lambda path, text: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),  # /dev/zero
    '64 MiB': lambda path, text: make_big(path),
    'of another user': lambda path, text: (write(path, text), os.chown(path, netns1.ALICE, 0)),
    'writable by its group': lambda path, text: write(path, text, 0o664),
    'writable by all': lambda path, text: write(path, text, 0o646),
    'empty': lambda path, text: write(path, ''),
    'noise': lambda path, text: write(path, '\x01\x02 no key file'),
}


@unittest.skipUnless(netns1.IS_ROOT, 'needs files of an ordinary user')
class StateFiles(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: os.path.exists('/run/elsewhere') and os.unlink('/run/elsewhere'))
        self.alice.create_namespace('web')
        for method, signature, *values in (
                ('CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True}),
                ('Connect', '(ssa{sv})', 'web', 'lan', {}),
                ('CreateNat', '(sasa{sv})', '', ['10.8.0.0/24'], {}),
                ('CreateForward', '(ssqa{sv})', 'web', 'udp', 80, {'scope': 'host'})):
            self.root.call(netns1.ROOT, 'Manager', method, signature, *values)
        self.root.call(f'{netns1.ROOT}/namespace/web', 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        run('ip', '-batch', '-', input='link add phys0 type ifb\n')
        self.root.call(self.root.link('', 'phys0'), 'Link', 'MoveTo', '(sa{sv})', 'web', {})
        self.started = self.start_again()

    def start_again(self, change=lambda: None):
        """How long it takes, with what was changed meanwhile."""
        netns1.NETNSD.stop()
        change()
        begin = time.monotonic()
        netns1.NETNSD.start()
        self.root.get(netns1.ROOT, 'Manager', 'Version')
        return time.monotonic() - begin

    def files(self):
        """All that are read at the start, some of each kind."""
        return [f'{folder}/{name}' for folder in ('firewalls', 'forwards', 'links', 'namespaces', 'nats', 'networks')
                for name in sorted(os.listdir(path_of(folder)))]

    def read(self, file):
        with open(path_of(file)) as opened:
            return opened.read()

    def assert_set_aside(self, file, since):
        """Under its own name, as it was, and with one line that names it."""
        name = file.replace('/', '-')
        self.assertTrue(os.path.lexists(os.path.join(BAD, name)), os.listdir(BAD) if os.path.isdir(BAD) else 'none')
        if os.path.lexists(path_of(file)):  # a folder, made anew
            self.assertEqual((os.lstat(path_of(file)).st_mode & ~0o755, os.lstat(path_of(file)).st_uid), (stat.S_IFDIR, 0))
        lines = [line for line in log()[since:].splitlines() if f'{path_of(file)} ' in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(os.path.join(BAD, name), lines[0])

    def test_each_kind_of_file(self):
        """Each stranger in the place of one file, whose turn it is."""
        files = self.files()
        for number, (what, make) in enumerate(STRANGERS.items()):
            file = files[number % len(files)]
            with self.subTest(what, file=file):
                text, since = self.read(file), len(log())

                def change():
                    os.unlink(path_of(file))
                    make(path_of(file), text)
                took = self.start_again(change)
                self.assertLess(took, self.started + LONGER)
                self.assert_set_aside(file, since)
                shutil.rmtree(BAD)
                self.start_again(lambda: write(path_of(file), text))
                self.assertEqual(self.read(file), text)

    def test_all_at_once(self):
        """And what goes on is whatever needs no file."""
        files = self.files()
        since = len(log())

        def change():
            for file in files:
                os.unlink(path_of(file))
                os.mkfifo(path_of(file))
        self.assertLess(self.start_again(change), self.started + LONGER)
        for file in files:
            self.assert_set_aside(file, since)
        self.assertEqual(self.root.get(f'{netns1.ROOT}/namespace/web', 'Namespace', 'Owner'), netns1.NOBODY)
        self.root.create_namespace('next')

    def test_folders(self):
        for what, make in (('FIFO', os.mkfifo), ('link', lambda path: os.symlink('/tmp', path)),
                           ('writable by all', lambda path: (os.mkdir(path), os.chmod(path, 0o777))),
                           ('of another user', lambda path: (os.mkdir(path), os.chown(path, netns1.ALICE, 0)))):
            for folder in ('networks', 'new', 'process'):
                with self.subTest(what, folder=folder):
                    since = len(log())

                    def change():
                        if os.path.lexists(path_of(folder)):
                            shutil.rmtree(path_of(folder))
                        make(path_of(folder))
                    self.assertLess(self.start_again(change), self.started + LONGER)
                    self.assert_set_aside(folder, since)
                    shutil.rmtree(BAD)
                    self.root.call(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'next', {})
                    self.root.call(f'{netns1.ROOT}/network/next', 'Network', 'Delete')

    def test_single_files(self):
        """The last number of a process object, how forwarding was, and what is no socket among those of commands."""
        os.makedirs(path_of('process'), exist_ok=True)
        since = len(log())
        files = ['last-process', 'process/7', 'process/x']

        def change():
            for file in files:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path_of(file))
                os.mkfifo(path_of(file))
        self.assertLess(self.start_again(change), self.started + LONGER)
        for file in files:
            self.assert_set_aside(file, since)
        kept = [f'{folder}/{name}' for folder in ('forwarding', 'borrowed') for name in os.listdir(path_of(folder))]
        self.assertGreater(len(kept), 1)
        for file in kept:
            os.unlink(path_of(file))
            os.mkfifo(path_of(file))
        since = len(log())
        for path in self.root.call(netns1.ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects'):
            if '/nat/' in path or '/forward/' in path:
                self.root.call(path, 'Nat' if '/nat/' in path else 'Forward', 'Delete')
        self.root.call(netns1.ROOT, 'Manager', 'Disconnect', '(ss)', 'web', 'lan')
        self.root.call(f'{netns1.ROOT}/network/lan', 'Network', 'Delete')
        for file in kept:
            self.assert_set_aside(file, since)

    def test_kept_apart(self):
        """Several of one name, one after another."""
        for number in range(3):
            self.start_again(lambda: (os.path.lexists(path_of('networks/lan')) and os.unlink(path_of('networks/lan')),
                                      os.mkfifo(path_of('networks/lan'))))
        self.assertEqual(sorted(os.listdir(BAD)), ['networks-lan', 'networks-lan.2', 'networks-lan.3'])
        self.assertEqual(stat.S_IMODE(os.stat(BAD).st_mode), 0o700)

    def test_half_written(self):
        """What a service left that was killed while it wrote, this one or one before it, is no state."""
        before = self.root.managed_objects().keys()
        copies = {f'{file}.X1Y2Z3': self.read(file) for file in self.files()}

        def change():
            for file, text in copies.items():
                write(path_of(file), text)
            write(path_of('new/A1B2C3'), '[Network]\nName=half\nName')
        self.start_again(change)
        self.assertEqual(self.root.managed_objects().keys(), before)
        self.assertEqual(os.listdir(path_of('new')), [])
        for file in copies:
            self.assertFalse(os.path.lexists(path_of(file)))

    def test_names_like_those_of_temporary_files(self):
        """A network can be called so."""
        for name in ('lan.bad', 'lan.A1B2C3', 'lan.2', 'lan-'):
            self.root.call(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, {'bridge': f'b{len(name)}{name[4:6]}'})
        before = self.root.managed_objects().keys()
        self.start_again()
        self.assertEqual(self.root.managed_objects().keys(), before)

    def test_killed_while_it_writes(self):
        """Whenever that is, there is the old state or the new."""
        calls = [self.root.start(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', f'n{i}', {}) for i in range(20)]
        netns1.NETNSD.stop(signal.SIGKILL)
        for call in calls:
            with contextlib.suppress(netns1.BusError):
                call.result()
        netns1.NETNSD.start()
        self.root.get(netns1.ROOT, 'Manager', 'Version')
        self.assertFalse(os.path.isdir(BAD))
        self.assertEqual(os.listdir(path_of('new')), [])


if __name__ == '__main__':
    netns1.main()
