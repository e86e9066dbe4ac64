#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks on bridges that were there before, with others on them."""
import netns1
from netns1 import ROOT, run


class SharedBridges(netns1.TestCase):
    def setUp(self):
        super().setUp()
        for name in ('place', 'web'):
            self.root.create_namespace(name)

    def create(self, name='lan', **options):
        return self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, options)

    def connect(self, namespace='web', network='lan', **options):
        return self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, network, options)

    def restart(self):
        netns1.NETNSD.stop()
        netns1.NETNSD.start()


class OneNetworkOfABridge(SharedBridges):
    def refused(self, network, **options):
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.create('second', **options)
        self.assertIn(f'“{network}”', context.exception.message)

    def test_second_network(self):
        """Refused for one that was there before and for one that the service made, also after a restart."""
        for place, prefix in (('', ''), ('place', 'place:')):
            with self.subTest(place=place):
                run('ip', 'link', 'add', 'br0', 'type', 'bridge', namespace=place or None)
                self.create('first', bridge='br0', namespace=place)
                self.create('made', namespace=place)
                for _ in range(2):
                    self.refused(f'{prefix}first', bridge='br0', namespace=place)
                    self.refused(f'{prefix}made', bridge='made', namespace=place)
                    self.restart()
        # The same name in another namespace is another bridge.
        self.root.create_namespace('elsewhere')
        self.create('second', bridge='br0', namespace='elsewhere')

    def test_by_another_name(self):
        run('ip', 'link', 'add', 'br0', 'up', 'type', 'bridge')  # of one that is down the kernel does not tell other names
        self.create('first', bridge='br0')
        run('ip', 'link', 'set', 'br0', 'name', 'br1')
        run('ip', 'link', 'property', 'add', 'dev', 'br1', 'altname', 'br0')
        for name in ('br0', 'br1'):
            with self.subTest(name):
                self.refused('first', bridge=name)

    def test_bridge_that_is_gone(self):
        """It may come again."""
        run('ip', 'link', 'add', 'br0', 'type', 'bridge')
        self.create('first', bridge='br0')
        run('ip', 'link', 'delete', 'br0')
        self.refused('first', bridge='br0')
        self.root.call(f'{ROOT}/network/first', 'Network', 'Delete')
        self.create('second', bridge='br0')


if __name__ == '__main__':
    netns1.main()
