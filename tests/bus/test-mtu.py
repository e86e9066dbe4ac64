#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The MTU of networks: that of the way out, so that no packet has to be cut."""
import netns1
import outside
from netns1 import ROOT, run, u


class Mtu(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(run, 'ip', 'link', 'set', outside.UPLINK, 'mtu', '1500')
        self.root.create_namespace('web')

    def create(self, **options):
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], **options})

    def connect(self, namespace='web'):
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', namespace, 'lan', {})

    def assert_mtu(self, mtu):
        """Of the bridge, the cable, and what the cable says on the bus."""
        inside = self.root.link('web', 'eth0')
        self.assertEqual([netns1.link('lan')['mtu'], netns1.link('veth-web-h')['mtu'],
                          netns1.link('eth0', namespace='web')['mtu'], self.root.get(inside, 'Link', 'Mtu')], [mtu] * 4)

    def uplink(self, mtu):
        run('ip', 'link', 'set', outside.UPLINK, 'mtu', str(mtu))

    def test_default_route(self):
        self.uplink(1400)
        self.create(nat=True)
        self.connect()
        self.assert_mtu(1400)

        def passes(size):  # with the headers of IPv4 and ICMP
            return run('ping', '-n', '-c1', '-W5', '-M', 'do', '-s', str(size - 28), '198.51.100.2', namespace='web',
                       check=False).returncode == 0
        self.assertTrue(netns1.can_ping('198.51.100.2', namespace='web'))
        self.assertTrue(passes(1400))
        self.assertFalse(passes(1401))  # refused at home, and not lost on the way

    def test_usual(self):
        self.create()
        self.connect()
        self.assert_mtu(1500)

    def test_caller_says(self):
        self.uplink(1400)
        self.create(mtu=u(1300))
        self.connect()
        self.assert_mtu(1300)

    def test_named_uplink(self):
        """Which need not be the one with the default route."""
        run('ip', '-batch', '-', input='link add v0 mtu 1350 up type veth peer name v1\n')
        self.uplink(1400)
        self.create(uplink='v0', nat=True)
        self.connect()
        self.assert_mtu(1350)

    def test_best_default_route(self):
        run('ip', '-batch', '-', input='''
link add v0 mtu 1350 up type veth peer name v1
link set v1 up
address add 10.9.0.1/24 dev v0
route add default via 10.9.0.2 metric 10000
''')
        self.uplink(1400)
        self.create()
        self.connect()
        self.assert_mtu(1400)

    def test_policy_rule(self):
        """A rule before the main table leads elsewhere, as that of a VPN does."""
        run('ip', '-batch', '-', input='''
link add v0 mtu 1450 up type veth peer name v1
link set v1 up
address add 10.9.0.1/24 dev v0
route add default via 10.9.0.2 table 77
route add default dev v0 table 78
rule add table 77 priority 100
''')
        run('ip', '-6', '-batch', '-', input='route add default dev v0 table 77\nrule add table 77 priority 100\n')
        for family in (4, 6):
            self.addCleanup(run, 'ip', f'-{family}', 'rule', 'del', 'priority', '100')
        self.uplink(1400)
        self.create()
        self.connect()
        self.assert_mtu(1450)

    def test_uplink_of_a_namespace(self):
        """Where the bridge is, and not in the host."""
        run('ip', '-batch', '-', namespace='web', input='''
link add v0 mtu 1350 up type veth peer name v1
link set v1 up
address add 10.9.0.1/24 dev v0
route add default via 10.9.0.2
''')
        self.uplink(1400)
        self.create(namespace='web')
        self.assertEqual(netns1.link('lan', namespace='web')['mtu'], 1350)

    def test_no_way_out(self):
        """In a namespace without routes."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'namespace': 'web'})
        self.assertEqual(netns1.link('lan', namespace='web')['mtu'], 1500)

    def test_too_small_for_ipv6(self):
        self.uplink(1000)
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        self.connect()
        self.assert_mtu(1280)

    def test_existing_bridge(self):
        """Keeps its own, which those that connect get."""
        run('ip', '-batch', '-', input='link add br0 mtu 1200 up type bridge\n')
        self.uplink(1400)
        self.create(bridge='br0')
        self.connect()
        self.assertEqual(netns1.link('br0')['mtu'], 1200)
        self.assertEqual(netns1.link('eth0', namespace='web')['mtu'], 1200)

    def test_by_netnsctl(self):
        netns1.netnsctl('network', 'create', 'lan', '--mtu', '1444', uid=None)
        self.assertEqual(netns1.link('lan')['mtu'], 1444)


if __name__ == '__main__':
    netns1.main()
