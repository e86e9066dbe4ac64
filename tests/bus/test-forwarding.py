#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# IPv4 is forwarded by each link for itself: the whole namespace may forward, and the one link that packets come in by not,
# as where systemd-networkd manages it. NAT works all the same, what was set is given back, and who sets it back is said.
import netns1
import watch
from gi.repository import GLib
from netns1 import ROOT, run

OUTSIDE, OUTSIDE6 = netns1.outside.ADDRESSES
UPLINK = netns1.outside.UPLINK
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']


def forwards(link, namespace=None, family=4):
    return netns1.sysctl(f'net/ipv{family}/conf/{link}/forwarding', namespace) == '1'


def switch(link, on, namespace=None, family=4):
    run('sh', '-c', f'echo {int(on)} > /proc/sys/net/ipv{family}/conf/{link}/forwarding', namespace=namespace)


class Forwarding(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)
        self.addCleanup(switch, 'all', False)
        switch('all', False)
        switch('all', True)
        for link in ('default', UPLINK):
            switch(link, False)
        self.manager('CreateNamespace', '(sa{sv})', 'web', {})
        self.watcher.settle()

    def manager(self, method, signature, *values):
        return self.watcher.call(ROOT, 'Manager', method, signature, *values)

    def create(self, name='lan', **options):
        self.manager('CreateNetwork', '(sa{sv})', name, {'subnets': SUBNETS, 'nat': True, **options})

    def delete(self, name='lan'):
        self.watcher.call(netns1.network_path(name), 'Network', 'Delete')

    def connect(self, **options):
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', options)

    def disconnect(self):
        self.manager('Disconnect', '(ss)', 'web', 'lan')

    def reach(self):
        return run('ping', '-n', '-c1', '-W1', OUTSIDE, namespace='web', check=False).returncode == 0

    def drifted(self):
        self.watcher.settle()
        found = [(path.removeprefix(ROOT), expected, found)
                 for _, member, arguments in self.watcher.signals if member == 'Drifted'
                 for path, expected, found in [arguments]]
        self.watcher.signals.clear()
        return found

    def assert_drifted(self, *expected):
        found = []
        self.watcher.wait(lambda: found.extend(self.drifted()) or len(found) >= len(expected), f'{expected}')
        self.watcher.settle()
        self.assertCountEqual(found + self.drifted(), expected)

    # ---- what is set, and given back

    def test_default(self):
        """By the default route; of two networks the last one gives back."""
        self.create()
        self.connect()
        self.assertEqual([forwards(link) for link in ('lan', UPLINK, 'default')], [True, True, False])
        self.assertTrue(netns1.can_ping(OUTSIDE, 'web'))
        self.create('other', subnets=['10.2.0.0/24'])
        self.disconnect()
        self.delete()
        self.assertEqual([forwards(link) for link in ('other', UPLINK)], [True, True])
        netns1.NETNSD.restart()
        self.delete('other')
        self.assertEqual([forwards(link) for link in ('all', UPLINK)], [True, False])

    def test_each(self):
        """What needs it: NAT from the start and later, a NAT of its own, a port forward."""
        run('ip', 'link', 'add', 'theirs', 'type', 'bridge')
        self.addCleanup(run, 'ip', 'link', 'delete', 'theirs')
        nat = ('CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'])
        for words, links in (
                (('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True, 'uplink': 'second'}), ['lan', 'second']),
                (('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True, 'bridge': 'theirs'}),
                 ['theirs', UPLINK]),
                ((*nat, {}), [UPLINK]),
                ((*nat, {'uplink': 'second'}), ['second'])):
            with self.subTest(words):
                run('ip', 'link', 'add', 'second', 'type', 'bridge')
                self.manager(*words)
                for link in ('lan', 'theirs', 'second', UPLINK):
                    if netns1.run('ip', 'link', 'show', link, check=False).returncode == 0:
                        self.assertEqual(forwards(link), link in links, link)
                path = next(path for path in self.watcher.tree if '/nat/' in path or '/network/' in path)
                self.watcher.call(path, 'Nat' if '/nat/' in path else 'Network', 'Delete')
                self.assertEqual([forwards(link) for link in ('theirs', 'second', UPLINK)], [False] * 3)
                run('ip', 'link', 'delete', 'second')

    def test_names_that_change(self):
        """What was set is given back to its link, whatever that is called by then, and taken from no other that has its name."""
        links = (('second', ['bridge'], 'ipv4/conf/{}/forwarding', '0', '1'),
                 ('radio', ['veth', 'peer', 'station'], 'ipv6/conf/{}/accept_ra', '1', '2'))

        def setting(path, link):
            return netns1.sysctl('net/' + path.format(link))

        def give(path, link, value):
            run('sh', '-c', f'echo {value} > /proc/sys/net/{path.format(link)}')
        for link, kind, path, before, desired in links:
            for changed in (['set', link, 'name', 'renamed'], ['delete', link]):
                with self.subTest(' '.join(changed)):
                    run('ip', 'link', 'add', link, 'type', *kind)
                    give(path, link, before)
                    if link == 'radio':
                        run('ip', 'link', 'set', link, 'up')
                        run('ip', '-6', 'route', 'add', '2001:db8:9::/64', 'dev', link, 'protocol', 'ra')
                    self.create(uplink='second' if link == 'second' else UPLINK)
                    self.assertEqual(setting(path, link), desired)
                    run('ip', 'link', *changed)
                    run('ip', 'link', 'add', link, 'type', 'bridge')
                    give(path, link, desired)
                    self.delete()
                    self.assertEqual(setting(path, link), desired)
                    run('ip', 'link', 'delete', link)
                    if changed[0] == 'set':
                        self.assertEqual(setting(path, 'renamed'), before)
                        run('ip', 'link', 'delete', 'renamed')

    def test_later(self):
        self.create(nat=False)
        self.assertFalse(forwards('lan'))
        self.watcher.call(netns1.network_path('lan'), 'Network', 'SetNat', '(b)', True)
        self.assertEqual([forwards(link) for link in ('lan', UPLINK)], [True, True])
        self.watcher.call(netns1.network_path('lan'), 'Network', 'SetNat', '(b)', False)
        self.assertFalse(forwards(UPLINK))

    def test_forward(self):
        self.create(nat=False)
        self.connect()
        for scope, links in (('loopback', [False, False]), ('host', [True, False]), ('public', [True, True])):
            switch('lan', False)
            self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {'listen-port': GLib.Variant('q', 8080),
                                                                          'scope': scope})
            self.assertEqual([forwards(link) for link in ('lan', UPLINK)], links, scope)
            self.watcher.call(f'{ROOT}/forward/1', 'Forward', 'Delete')
            self.assertFalse(forwards(UPLINK))

    def test_namespace(self):
        self.manager('CreateNamespace', '(sa{sv})', 'router', {})
        switch('all', True, 'router')
        run('ip', 'link', 'add', 'out', 'type', 'bridge', namespace='router')
        for link in ('out', 'default'):
            switch(link, False, 'router')
        self.create(namespace='router', uplink='out')
        self.assertEqual([forwards(link, 'router') for link in ('lan', 'out', 'default')], [True, True, False])
        self.watcher.settle()
        self.drifted()
        switch('lan', False, 'router')
        self.assert_drifted(('/namespace/router/network/lan', {'ForwardingLinks': ['lan', 'out']},
                             {'ForwardingLinks': ['out']}))
        self.delete('router:lan')
        self.assertFalse(forwards('out', 'router'))

    def test_undo(self):
        """A call that fails when all was switched leaves the links as they were."""
        self.create()
        self.delete()
        load = 'table inet theirs { chain c { type filter hook forward priority 0; policy drop; }\n}'
        run('nft', '-f', '-', input=load)
        self.addCleanup(run, 'nft', 'delete', 'table', 'inet', 'theirs')
        with self.unchanged(), self.assertBusError('BlockedByFirewall'):
            self.create(firewall='check')
        self.assertFalse(forwards(UPLINK))

    # ---- what is said

    def test_drift(self):
        self.create()
        self.connect()
        self.assertTrue(netns1.can_ping(OUTSIDE, 'web'))
        both = {'ForwardingLinks': ['lan', UPLINK]}
        for _ in range(2):
            for link, other in (('lan', UPLINK), (UPLINK, 'lan')):
                self.drifted()
                switch(link, False)
                self.assert_drifted(('/network/lan', both, {'ForwardingLinks': [other]}))
                self.assertFalse(self.reach())
                run('ip', 'link', 'set', 'lan', 'promisc', 'on')  # a change of something else repeats nothing
                self.assertEqual(self.drifted(), [])
                self.assertFalse(forwards(link))
                switch(link, True)
                self.watcher.settle()
                self.assertEqual(self.drifted(), [])
                self.assertTrue(netns1.can_ping(OUTSIDE, 'web'))
        switch('all', False)
        self.assert_drifted(('/network/lan', {'Forwarding4': True}, {'Forwarding4': False}))
        switch('all', True)
        self.watcher.wait(lambda: self.root.get(ROOT, 'Manager', 'Forwarding4'), 'it forwards again')
        self.assertEqual(self.drifted(), [])
        self.manager('CreateNamespace', '(sa{sv})', 'turn', {})  # it has its turn after the look that finds all well
        switch(UPLINK, False)
        self.drifted()
        netns1.NETNSD.restart()
        self.watcher.wait(lambda: ('/network/lan', both, {'ForwardingLinks': ['lan']}) in self.drifted(), 'at the start')

    def lead_elsewhere(self, *subnets):
        self.create()
        self.drifted()
        run('ip', 'link', 'add', 'second', 'type', 'bridge')
        self.addCleanup(run, 'ip', 'link', 'delete', 'second', check=False)
        switch('second', False)
        run('ip', 'link', 'set', 'second', 'up')
        for subnet in subnets:
            run('ip', 'route', 'replace', subnet, 'dev', 'second')
        self.assert_drifted(('/network/lan', {'ForwardingLinks': ['lan', 'second']}, {'ForwardingLinks': ['lan']}))

    def test_another_uplink(self):
        """The default route leads elsewhere."""
        self.addCleanup(run, 'ip', 'route', 'replace', 'default', 'via', OUTSIDE)
        self.lead_elsewhere('default')

    def test_uplink_in_halves(self):
        """As a VPN makes it, which leaves the default route as it is."""
        self.lead_elsewhere('128.0.0.0/1', '0.0.0.0/1')

    def test_ipv6(self):
        """Is forwarded by the whole namespace's setting alone."""
        self.create()
        self.connect()
        self.assertTrue(netns1.can_ping(OUTSIDE6, 'web'))
        self.drifted()
        for link in ('lan', UPLINK):
            switch(link, False, family=6)
        self.assertTrue(netns1.can_ping(OUTSIDE6, 'web'))
        self.assertEqual(self.drifted(), [])
        self.connect_checked('web2')
        switch('all', False, family=6)
        with self.assertBusError('NotForwarded') as caught:
            self.connect_checked('web3')
        self.assertIn('IPv6', caught.exception.message)

    def connect_checked(self, name):
        self.manager('CreateNamespace', '(sa{sv})', name, {})
        self.manager('Connect', '(ssa{sv})', name, 'lan', {'firewall': 'check'})

    def test_check(self):
        self.create(firewall='check')
        self.connect_checked('web2')
        for link in ('lan', UPLINK):
            switch(link, False)
            with self.unchanged(), self.assertBusError('NotForwarded') as caught:
                self.connect(firewall='check')
            self.assertIn(f'net/ipv4/conf/{link}/forwarding=1', caught.exception.message)
            switch(link, True)


if __name__ == '__main__':
    netns1.main()
