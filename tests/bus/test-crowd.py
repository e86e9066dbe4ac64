#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Who uses a namespace among so many descriptors that a first look does not come to an end: Delete takes the names away to ask
# the kernel, and puts everything back when somebody is found after all.
import os
import unittest

import netns1
import references
import watch
from netns1 import ROOT, run

PROCESSES, DESCRIPTORS = 30, 5000
OPEN_MANY = '''
import os, resource, signal
resource.setrlimit(resource.RLIMIT_NOFILE, (COUNT + 100,) * 2)
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(COUNT)]
'''
CONNECT = '''
import ctypes, socket
home, there = open("/proc/self/ns/net"), open("/run/netns/ns1")
enter = lambda file: ctypes.CDLL(None).setns(file.fileno(), 0x40000000)
assert enter(there) == 0
kept.append(socket.create_server(("127.0.0.1", 8080)))
assert enter(home) == 0
there.close()
'''


class Crowd(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.path = self.root.create_namespace('ns1')

    def program(self, more='', count=DESCRIPTORS):
        return references.program(self, f'COUNT = {count}\n{OPEN_MANY}{more}\n{references.WAIT}')

    def hide(self, more):
        """A process that has something of the namespace, and more descriptors than each of very many others."""
        for _ in range(PROCESSES):
            self.program()
        return self.program(more, DESCRIPTORS + 1000)

    def descriptor(self):
        return self.hide('kept.append(open("/run/netns/ns1"))')

    def delete(self, path=None, **options):
        return self.root.start(path or self.path, 'Namespace', 'Delete', '(a{sv})', options, timeout=10 * netns1.PATIENCE)

    def assert_busy(self, user, words):
        with self.unchanged(), self.assertBusError('Busy') as context:
            self.delete().result(10 * netns1.PATIENCE)
        self.assertIn(f'python3 ({user.pid}) {words}', context.exception.message)
        self.assertIsNone(user.poll())
        run('ip', 'netns', 'exec', 'ns1', 'true')

    def assert_silent(self, user, words):
        """Nobody hears of it."""
        with watch.Watcher() as watcher:
            self.assert_busy(user, words)
            watcher.settle()
            self.assertEqual([path for path, member, _ in watcher.signals if path.startswith(self.path)
                              or member in ('InterfacesAdded', 'InterfacesRemoved')], [])

    def test_descriptor(self):
        self.assert_silent(self.descriptor(), 'has it open')

    def test_socket(self):
        self.assert_silent(self.hide(CONNECT), 'has a socket in it')

    def read_files(self):
        """What is remembered, but for links that are not at home: of such a link the file has another name, once it has gone
        and come again."""
        text = run('grep', '-r', '.', '/run/netnsd', '/etc/netns').stdout
        return sorted(line for line in text.splitlines() if not line.startswith('/run/netnsd/links/'))

    def test_all_that_it_has(self):
        """A network, a forward, servers of names, a link that came from elsewhere, a pair and a second name."""
        call = self.root.call
        run('ip', 'link', 'add', 'phys0', 'type', 'ifb')
        run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'phys0')
        run('ip', 'link', 'set', 'phys0', 'up')
        netns1.wait_for(lambda: netns1.link('phys0'))
        call(self.root.link('', 'phys0'), 'Link', 'MoveTo', '(sa{sv})', 'ns1', {'name': 'wan'})
        call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'ns1', 'v1', {'addresses': ['10.0.0.1/24']})
        call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'inner', {'namespace': 'ns1', 'nat': True, 'subnets': ['10.1.0.0/24']})
        call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'outer', {'nat': True, 'subnets': ['10.2.0.0/24']})
        call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'ns1', 'outer', {})
        call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'ns1', 'tcp', 80, {})
        call(self.path, 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], ['example.org'])
        call(self.path, 'Firewall', 'AddRule', '(a{sv})', {'chain': 'input', 'action': 'accept', 'protocol': 'udp'})
        run('touch', '/run/netns/again')
        run('mount', '--bind', '/run/netns/ns1', '/run/netns/again')
        user = self.descriptor()
        before = self.read_files()
        self.assert_busy(user, 'has it open')
        self.assertEqual(self.read_files(), before)
        self.assertEqual(os.stat('/run/netns/again').st_ino, references.inode('ns1'))
        user.kill()
        user.wait()
        self.delete().result(10 * netns1.PATIENCE)
        self.assertEqual(os.listdir('/run/netns'), [])
        self.assertEqual(netns1.addresses('phys0'), ['192.0.2.1/24'])
        self.assertIsNone(netns1.link('v0'))

    def test_ends_meanwhile(self):
        user = self.descriptor()
        pending = self.delete()
        netns1.wait_for(lambda: os.stat('/run/netns/ns1').st_dev != os.stat('/proc/self/ns/net').st_dev)
        user.kill()
        pending.result(10 * netns1.PATIENCE)
        self.assertEqual(os.listdir('/run/netns'), [])

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_name_is_kept(self):
        """Nobody takes the name while it is not certain, and nothing else is done to the namespace. Nobody can find who holds
        it, so that it is waited for."""
        references.in_transit(self, 'ns1')
        pending = self.delete()
        netns1.wait_for(lambda: os.stat('/run/netns/ns1').st_dev != os.stat('/proc/self/ns/net').st_dev)
        with self.assertBusError('Exists'):
            self.alice.create_namespace('ns1')
        with self.assertBusError('Busy') as context:
            self.root.call(self.path, 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        if not pending.done:
            self.assertIn('is being deleted', context.exception.message)
        self.alice.create_namespace('other')
        with self.assertBusError('Busy'):
            pending.result(10 * netns1.PATIENCE)


if __name__ == '__main__':
    netns1.main()
