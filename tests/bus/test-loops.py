#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bridges in a ring, over veth pairs and namespaces: nobody gets one made, and one that others make is reported and opened.
import netns1
import watch
from netns1 import ROOT, link, run, wait_for


class Loops(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        for name in ('one', 'two', 'three'):
            self.caller.create_namespace(name)

    def call(self, namespace, name, interface, method, *arguments):
        return self.caller.call(self.caller.link(namespace, name), interface, method, *arguments)

    def bridge(self, namespace, name, **options):
        return self.caller.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', namespace, name, options)

    def veth(self, namespace, name, peer_namespace, peer):
        self.caller.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', namespace, name, peer_namespace, peer, {})

    def attach(self, namespace, name, bridge):
        self.call(namespace, name, 'Link', 'AttachTo', '(o)', self.caller.link(namespace, bridge))

    def assert_loop(self, bridges, call, *arguments):
        with self.unchanged(), self.assertBusError('Loop') as context:
            call(*arguments)
        for bridge in bridges:
            self.assertIn(bridge, context.exception.message)

    def test_two_veths(self):
        """The storm: two bridges of one namespace, and two veth pairs between them."""
        for name in ('br0', 'br1'):
            self.bridge('one', name)
        for name in ('a', 'b'):
            self.veth('one', f'{name}0', 'one', f'{name}1')
        self.attach('one', 'a0', 'br0')
        self.attach('one', 'a1', 'br1')
        self.attach('one', 'b0', 'br0')
        self.assert_loop(['br0', 'br1'], self.attach, 'one', 'b1', 'br1')
        self.call('one', 'a0', 'Link', 'Detach')
        self.attach('one', 'b1', 'br1')
        self.assert_loop(['br0', 'br1'], self.attach, 'one', 'a0', 'br0')

    def test_one_bridge(self):
        """A veth from a bridge to itself."""
        self.bridge('one', 'br0')
        self.veth('one', 'a0', 'one', 'a1')
        self.attach('one', 'a0', 'br0')
        self.assert_loop(['br0'], self.attach, 'one', 'a1', 'br0')

    def make_ring(self, **options):
        """All but the last port of a ring over three namespaces."""
        names = ('one', 'two', 'three')
        for number, name in enumerate(names):
            self.bridge(name, f'br{number}', **(options if number == 1 else {}))
        for number, name in enumerate(names):
            self.veth(name, 'right', names[(number + 1) % 3], 'left')
        for number, name in enumerate(names):
            self.attach(name, 'right', f'br{number}')
            if number > 0:
                self.attach(name, 'left', f'br{number}')

    def test_over_namespaces(self):
        """Links that are down count: they can come up."""
        self.make_ring()
        self.call('two', 'right', 'Link', 'SetEnabled', '(b)', False)
        self.assert_loop(['br0', 'br1 (two)', 'br2 (three)'], self.attach, 'one', 'left', 'br0')
        self.call('three', 'left', 'Link', 'Detach')
        self.attach('one', 'left', 'br0')

    def test_spanning_tree(self):
        """One bridge that speaks the protocol breaks the ring, as long as it does."""
        self.make_ring(stp=True)
        self.attach('one', 'left', 'br0')
        self.assert_loop(['br0', 'br1', 'br2'], self.call, 'two', 'br1', 'Bridge', 'SetOptions', '(a{sv})', {'stp': False})
        self.call('one', 'left', 'Link', 'Detach')
        self.call('two', 'br1', 'Bridge', 'SetOptions', '(a{sv})', {'stp': False})
        self.assert_loop(['br0', 'br1', 'br2'], self.attach, 'one', 'left', 'br0')

    def test_set_up(self):
        """Others made it of links that are down."""
        self.make_ring()
        run('ip', 'link', 'set', 'left', 'down', 'master', 'br0', namespace='one')
        self.assert_loop(['br0', 'br1', 'br2'], self.call, 'one', 'left', 'Link', 'SetEnabled', '(b)', True)
        self.call('one', 'left', 'Link', 'SetEnabled', '(b)', False)

    def test_no_delay(self):
        """An ordinary bridge forwards at once."""
        self.bridge('one', 'br0')
        self.veth('one', 'a0', 'two', 'a1')
        self.attach('one', 'a0', 'br0')
        run('ip', 'address', 'add', '10.7.0.1/24', 'dev', 'br0', namespace='one')
        run('ip', 'address', 'add', '10.7.0.2/24', 'dev', 'a1', namespace='two')
        # When its link is up; a port that waits does so for half a minute.
        netns1.wait_for(lambda: link('a0', 'one')['linkinfo']['info_slave_data']['state'] == 'forwarding', 25)
        self.assertEqual(link('br0', 'one')['linkinfo']['info_data']['stp_state'], 0)
        self.assertTrue(netns1.can_ping('10.7.0.1', namespace='two'))

    def test_made_by_others(self):
        """It is told; nothing of others is touched."""
        for name in ('one', 'two', 'three'):
            self.keep_quiet(name)
        with watch.Watcher() as watcher:
            self.make_ring()
            run('ip', 'link', 'set', 'left', 'up', 'master', 'br0', namespace='one')
            wait_for(lambda: self.told(watcher))
            path, expected, found = self.told(watcher)[0]
            self.assertEqual(expected, {'Loop': []})
            self.assertEqual(set(found['Loop']), {'br0 (one)', 'br1 (two)', 'br2 (three)'})
            self.assertEqual(found['SetDown'], '')
            self.assertEqual(self.root.get(path, 'Link', 'Kind'), 'veth')
            for name in ('one', 'two', 'three'):
                for end in ('left', 'right'):
                    self.assertIn('UP', link(end, name)['flags'])
            run('ip', 'link', 'delete', 'left', namespace='one')

    def keep_quiet(self, namespace=None):
        """Links that come have no IPv6, whose packets would go round for ever and keep a processor busy."""
        def switch(value):
            run('sh', '-c', f'echo {value} > /proc/sys/net/ipv6/conf/default/disable_ipv6', namespace=namespace)
        switch(1)
        if namespace is None:
            self.addCleanup(switch, 0)

    def told(self, watcher):
        watcher.call(ROOT, 'Manager', 'GetNamespace', '(s)', '')
        return [arguments for _, member, arguments in watcher.signals if member == 'Drifted' and 'Loop' in arguments[2]]

    def test_cut(self):
        """Where it goes through the bridge of a network; whichever way it is closed."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24']})
        run('ip', 'link', 'add', 'other', 'up', 'type', 'bridge')
        for name in ('a', 'b'):
            run('ip', 'link', 'add', f'{name}0', 'up', 'type', 'veth', 'peer', 'name', f'{name}1')
            run('ip', 'link', 'set', f'{name}1', 'up')
        with watch.Watcher() as watcher:
            for port, bridge in (('a0', 'lan'), ('a1', 'other'), ('b0', 'lan'), ('b1', 'other')):
                run('ip', 'link', 'set', port, 'master', bridge)
            wait_for(lambda: 'UP' not in link('a0')['flags'] or 'UP' not in link('b0')['flags'])
            wait_for(lambda: self.told(watcher))
            found = self.told(watcher)[0][2]
            self.assertEqual(set(found['Loop']), {'lan', 'other'})
            self.assertIn(found['SetDown'], ('a0', 'b0'))
            self.assertEqual(len([name for name in ('a0', 'b0') if 'UP' in link(name)['flags']]), 1)
        down = found['SetDown']
        run('ip', 'link', 'set', down, 'up')
        wait_for(lambda: 'UP' not in link(down)['flags'])

    def allow(self, caller, namespace, name, allow):
        caller.call(caller.link(namespace, name), 'Bridge', 'SetOptions', '(a{sv})', {'allow-loop': allow})

    def test_only_root_allows(self):
        """In one's own namespace, too; and nobody else takes it back."""
        self.bridge('one', 'br0')
        path = self.root.link('one', 'br0')
        if netns1.IS_ROOT:
            with self.unchanged(), self.assertBusError('AccessDenied') as context:
                self.allow(self.alice, 'one', 'br0', True)
            self.assertIn('root', context.exception.message)
        with watch.Watcher() as watcher:
            self.allow(self.root, 'one', 'br0', True)
            self.assertTrue(self.root.get(path, 'Bridge', 'AllowLoop'))
            watcher.call(ROOT, 'Manager', 'GetNamespace', '(s)', '')
            self.assertIn((path, 'PropertiesChanged', (netns1.SERVICE + '.Bridge', {'AllowLoop': True}, [])), watcher.signals)
        if netns1.IS_ROOT:
            with self.unchanged(), self.assertBusError('AccessDenied'):
                self.allow(self.alice, 'one', 'br0', False)
        self.allow(self.root, 'one', 'br0', False)
        self.assertFalse(self.root.get(path, 'Bridge', 'AllowLoop'))

    def test_allowed(self):
        """Whatever closes it; and it cannot be forbidden while it is there."""
        self.make_ring()
        self.allow(self.root, 'two', 'br1', True)
        self.attach('one', 'left', 'br0')
        for name in ('left', 'right'):
            self.call('one', name, 'Link', 'SetEnabled', '(b)', False)
            self.call('one', name, 'Link', 'SetEnabled', '(b)', True)
        self.assert_loop(['br0', 'br1', 'br2'], self.allow, self.root, 'two', 'br1', False)
        self.call('two', 'br1', 'Bridge', 'SetOptions', '(a{sv})', {'stp': True})
        self.allow(self.root, 'two', 'br1', False)
        self.assert_loop(['br0', 'br1', 'br2'], self.call, 'two', 'br1', 'Bridge', 'SetOptions', '(a{sv})', {'stp': False})

    def test_allowed_bridge_ends(self):
        """Another one of its name and number has to be allowed by itself; also when the service did not see it come."""
        for stopped in (False, True):
            self.bridge('one', 'br0')
            self.allow(self.root, 'one', 'br0', True)
            index = link('br0', 'one')['ifindex']
            if stopped:
                netns1.NETNSD.stop()
            run('ip', 'link', 'delete', 'br0', namespace='one')
            if stopped:
                netns1.NETNSD.start()
            run('ip', 'link', 'add', 'br0', 'index', str(index), 'type', 'bridge', namespace='one')
            wait_for(lambda: 'br0' in self.links('one'))
            self.assertFalse(self.root.get(self.root.link('one', 'br0'), 'Bridge', 'AllowLoop'), stopped)
            run('ip', 'link', 'delete', 'br0', namespace='one')
            wait_for(lambda: 'br0' not in self.links('one'))

    def links(self, namespace):
        paths = self.root.get(f'{ROOT}/namespace/{namespace}', 'Namespace', 'Links')
        return {self.root.get(path, 'Link', 'Name') for path in paths}

    def test_allowed_is_not_cut(self):
        """Neither at once nor after a restart, nor told."""
        self.keep_quiet()
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24']})
        run('ip', 'link', 'set', 'lan', 'mtu', '1400')  # so that the storm is of few packets
        run('ip', 'link', 'add', 'a0', 'up', 'type', 'veth', 'peer', 'name', 'a1')
        run('ip', 'link', 'set', 'a1', 'up', 'master', 'lan')
        self.allow(self.root, '', 'lan', True)
        with watch.Watcher() as watcher:
            run('ip', 'link', 'set', 'a0', 'master', 'lan')
            self.root.call(self.root.link('', 'a0'), 'Link', 'SetDescription', '(s)', 'after the service saw the loop')
            self.assertEqual(self.told(watcher), [])
        netns1.NETNSD.stop()
        netns1.NETNSD.start()
        self.assertTrue(self.root.get(self.root.link('', 'lan'), 'Bridge', 'AllowLoop'))
        # One that is not allowed is opened, after the first one was looked at.
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan2', {'subnets': ['10.2.0.0/24']})
        for name in ('b0', 'b1'):
            if name == 'b0':
                run('ip', 'link', 'add', 'b0', 'up', 'type', 'veth', 'peer', 'name', 'b1')
            run('ip', 'link', 'set', name, 'up', 'master', 'lan2')
        wait_for(lambda: 'UP' not in link('b0')['flags'] or 'UP' not in link('b1')['flags'])
        for name in ('a0', 'a1'):
            self.assertIn('UP', link(name)['flags'])

    def test_restart(self):
        """One that is there when the service starts."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24']})
        run('ip', 'link', 'add', 'a0', 'up', 'type', 'veth', 'peer', 'name', 'a1')
        run('ip', 'link', 'set', 'a1', 'up', 'master', 'lan')
        netns1.NETNSD.stop()
        run('ip', 'link', 'set', 'a0', 'master', 'lan')
        netns1.NETNSD.start()
        wait_for(lambda: 'UP' not in link('a0')['flags'] or 'UP' not in link('a1')['flags'])


if __name__ == '__main__':
    netns1.main()
