#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A namespace that somebody still holds, in each way that there is: Delete names them and changes nothing, or ends them
# and returns when the namespace is really gone.
import os

import keepers
import netns1
from netns1 import run


class Delete(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.other_uid = netns1.BOB if netns1.IS_ROOT else None
        self.path = self.caller.create_namespace('ns1')

    def delete(self, caller=None, **options):
        (caller or self.caller).call(self.path, 'Namespace', 'Delete', '(a{sv})', options)

    def assert_busy(self, *processes, words=()):
        """With each of them named, and nothing changed."""
        with self.unchanged(), self.assertBusError('Busy') as context:
            self.delete()
        text = context.exception.message
        for process in processes:
            self.assertIn(f'{netns1.command_of(process.pid)} ({process.pid}) ', text)
            self.assertIsNone(process.poll())
        for word in ('ns1', *words):
            self.assertIn(word, text)
        return text

    # ---- who holds it

    def test_all_named(self):
        """The scenario: two users, a descriptor, a mount namespace."""
        inside = keepers.inhabitant(self, 'ns1', uid=self.other_uid)
        descriptor = keepers.holder(self, 'ns1')
        mount = keepers.mount(self, 'ns1', '/run/kept')
        text = self.assert_busy(inside, descriptor, mount, words=['/run/kept', 'lives in it', 'has it open'])
        self.assertNotIn(str(netns1.NETNSD.pid), text)

    def test_socket(self):
        self.assert_busy(keepers.listener(self, 'ns1'), words=['has a socket in it'])

    def test_mount_outside_of_run_netns(self):
        """In the service's own mount namespace."""
        with open('/run/kept', 'w'):
            pass
        self.addCleanup(os.unlink, '/run/kept')
        run('mount', '--bind', '/run/netns/ns1', '/run/kept')
        self.addCleanup(run, 'umount', '/run/kept')
        self.assert_busy(words=['/run/kept'])

    def test_copy_of_the_name(self):
        """What `unshare --mount` makes: the name stays mounted there when it is unmounted here."""
        self.assert_busy(keepers.mount(self, 'ns1', ''), words=['/run/netns/ns1'])

    def test_copies_that_follow(self):
        """What systemd makes for a service with a mount namespace of its own keeps nothing alive."""
        sandbox = keepers.mount(self, 'ns1', '', propagation='slave')
        further = keepers.mount(self, 'ns1', '', propagation='shared')
        inode = keepers.inode('ns1')
        self.assertEqual(keepers.mounts(sandbox.pid, '/run/netns/ns1'), 1)
        self.delete()
        self.assertNotIn(inode, keepers.lsns())
        for process in (sandbox, further):
            self.assertEqual(keepers.mounts(process.pid, '/run/netns/ns1'), 0)
            self.assertIsNone(process.poll())

    def test_many(self):
        """A list that ends."""
        for _ in range(25):
            netns1.sleeper(self, 'ip', 'netns', 'exec', 'ns1')
        text = self.assert_busy()
        self.assertEqual(text.count('lives in it'), 20)
        self.assertIn('and 5 more', text)

    # ---- gone is gone

    def test_gone_at_once(self):
        """The kernel takes its time, the method as well: each end of a pair can be made again the next moment."""
        for _ in range(5):
            self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'ns1', 'v1', {})
            inode = keepers.inode('ns1')
            self.delete()
            self.assertNotIn(inode, keepers.lsns())
            self.assertIsNone(netns1.link('v0'))
            self.assertEqual(os.listdir('/run/netns'), [])
            self.caller.create_namespace('ns1')

    def test_broken(self):
        """A name whose mount is missing."""
        run('umount', '/run/netns/ns1')
        netns1.wait_for(lambda: self.root.managed_objects().get(self.path, {}).get(
            netns1.full_interface('Namespace'), {}).get('Source') == 'broken')
        self.delete(self.root)
        self.assertEqual(os.listdir('/run/netns'), [])


if __name__ == '__main__':
    netns1.main()
