#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links, where the kernel is a difficult partner."""
import netns1
import watch
from netns1 import ROOT, run


class QuietChanges(netns1.TestCase):
    """The kernel does not announce each change of a link that is down."""

    def test_alternative_name(self):
        name = 'a-name-that-is-longer-than-15-bytes'
        bridge = self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', name, {'up': False})
        self.assertEqual(self.root.get(bridge, 'Link', 'AlternativeNames'), [name])
        self.assertEqual(self.root.link('', name), bridge)

    def test_description(self):
        bridge = self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {'up': False})
        self.root.call(bridge, 'Link', 'SetDescription', '(s)', 'to the cellar')
        self.assertEqual(self.root.get(bridge, 'Link', 'Description'), 'to the cellar')
        self.assertEqual(netns1.link('br0')['ifalias'], 'to the cellar')


class BridgeOfNetwork(netns1.TestCase):
    def test_renamed_by_others(self):
        """It is still the network's, which finds it by its alternative name."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {})
        netns1.run('ip', 'link', 'set', 'lan', 'name', 'other')
        netns1.run('ip', 'link', 'property', 'add', 'dev', 'other', 'altname', 'lan')
        bridge = netns1.wait_for(lambda: self.get_link('other', 'lan'))
        for method, signature, arguments in (('Delete', '()', ()), ('SetName', '(s)', ('third',))):
            with self.subTest(method), self.assertBusError('Busy'), self.unchanged():
                self.root.call(bridge, 'Link', method, signature, *arguments)

    def get_link(self, name, alternative):
        """The path of a link of the host once the service knows it by both names."""
        links = [link['ifindex'] for link in netns1.ip('link') if link['ifname'] == name]
        path = f'{netns1.HOST}/link/{links[0]}'
        return path if self.root.get(path, 'Link', 'AlternativeNames') == [alternative] else None


class Many(netns1.TestCase):
    def test_addresses(self):
        """A list that others can make long is not sent with each change of it."""
        self.root.create_namespace('web')
        run('ip', 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', namespace='web')
        with watch.Watcher() as watcher:
            lines = ''.join(f'address add fd00::{i:x}/128 dev v0 nodad\n' for i in range(1, 301))
            run('ip', '-batch', '-', namespace='web', input=lines)
            path = self.root.link('web', 'v0')
            netns1.wait_for(lambda: len(self.root.get(path, 'Link', 'Addresses')) == 300)
            watcher.settle()
            changes = [arguments[1:] for changed, member, arguments in watcher.signals
                       if changed == path and member == 'PropertiesChanged']
            self.assertIn('Addresses', changes[-1][1])
            self.assertTrue(all(len(values.get('Addresses', ())) <= 256 for values, _ in changes))


if __name__ == '__main__':
    netns1.main()
