#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks while a VPN is up: its routes and rules are those of a real one (OpenVPN, wg-quick, Tailscale)."""
import ipaddress

import netns1
import outside
import watch
from netns1 import ROOT, run, u


def tunnel(peer='peer', mtu=1400):
    """The end of a VPN, a link tun0 without neighbours of its own, and what is behind it."""
    run('ip', 'netns', 'add', peer)
    run('ip', '-batch', '-', input=f'''
link add tun0 mtu {mtu} type veth peer name tun1 netns {peer}
link set tun0 up
address add 10.8.0.2/24 dev tun0
address add fd08::2/64 dev tun0 nodad
''')
    run('ip', '-batch', '-', namespace=peer, input=f'''
link set lo up
link set tun1 mtu {mtu} up
address add 10.8.0.1/24 dev tun1
address add fd08::1/64 dev tun1 nodad
address add 203.0.113.7/32 dev lo
''')


class Vpn(netns1.TestCase):
    def setUp(self):
        super().setUp()
        tunnel()
        self.addCleanup(run, 'ip', 'netns', 'del', 'peer')
        self.root.create_namespace('web')

    def routes(self, *routes):
        for route in routes:
            family = '-6' if ':' in route else '-4'
            run('ip', family, 'route', 'add', *route.split())

    def create(self, name, **options):
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name, {'nat': True, **options})
        return [ipaddress.ip_network(subnet) for subnet in self.root.get(f'{ROOT}/network/{name}', 'Network', 'Subnets')]

    def connect(self, network='lan'):
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', network, {})

    def add_rules(self, *rules):
        for rule in rules:
            family = '-6' if ':' in rule else '-4'
            run('ip', family, 'rule', 'add', *rule.split())
            self.addCleanup(run, 'ip', family, 'rule', 'del', *rule.split(), check=False)

    def assert_reached(self, *addresses):
        for address in addresses:
            self.assertTrue(netns1.can_ping(address, namespace='web'), address)


class Subnets(Vpn):
    def assert_in(self, subnets, *ranges):
        for subnet, wide in zip(subnets, ranges, strict=True):
            self.assertTrue(subnet.subnet_of(ipaddress.ip_network(wide)), f'{subnet} is not in {wide}')

    def test_halves(self):
        """OpenVPN's redirect-gateway def1, and what is meant by it."""
        for family, halves in (('IPv4', ('0.0.0.0/1 via 10.8.0.1', '128.0.0.0/1 via 10.8.0.1')),
                               ('IPv6', ('::/1 via fd08::1', '8000::/1 via fd08::1', '2000::/3 via fd08::1'))):
            with self.subTest(family):
                self.routes(*halves)
        self.assert_in(self.create('lan', ipv6=True), '10.213.0.0/24', 'fd00::/8')
        self.create('named', subnets=['192.168.77.0/24', 'fd00:77::/64'])
        self.connect()
        self.assert_reached('203.0.113.7')

    def test_private_ranges(self):
        """Those that are a VPN's are used last."""
        for number, (route, subnet) in enumerate((('10.0.0.0/8 via 10.8.0.1', '172.16.0.0/24'),
                                                  ('172.16.0.0/12 via 10.8.0.1', '192.168.0.0/24'),
                                                  ('192.168.0.0/16 via 10.8.0.1', '10.213.0.0/24'))):
            with self.subTest(route):
                self.routes(route)
                self.assert_in(self.create(f'n{number}'), subnet)
        self.routes('fc00::/7 via fd08::1')
        self.assert_in(self.create('lan', ipv6=True), '10.213.1.0/24', 'fd00::/8')
        self.connect()
        self.assert_reached('10.213.1.1', '10.8.0.1')

    def test_named(self):
        self.routes('10.0.0.0/8 via 10.8.0.1', '10.99.7.0/25 via 10.8.0.1', 'fd00::/8 via fd08::1')
        for subnet, words in (('10.0.0.0/8', 'tun0'), ('10.99.7.0/24', '10.99.7.0/25'), ('10.8.0.128/25', 'tun0'),
                              ('fd08::/80', 'tun0')):
            with self.subTest(subnet):
                with self.assertBusError('SubnetConflict') as context:
                    self.create('refused', subnets=[subnet])
                self.assertIn(words, context.exception.message)
        for subnet in ('10.98.0.0/24', 'fd00:1::/64'):
            with self.subTest(subnet):
                self.create('four' if '.' in subnet else 'six', subnets=[subnet])


class Rules(Vpn):
    """A rule that comes before the main table catches what is for a network as well, as that of Tailscale does."""

    def setUp(self):
        super().setUp()
        self.routes('default dev tun0 table 52', '::/0 dev tun0 table 52')

    def test_checked(self):
        for rules, subnet, words in ((['priority 5270 lookup 52'], '10.1.0.0/24', '5270.*table 52'),
                                     (['from ::/0 priority 5270 lookup 52'], 'fd00:1::/64', '5270.*table 52'),
                                     (['from 10.1.0.0/16 priority 99 lookup 52'], '10.1.0.0/24', 'rule 99 '),
                                     (['to 10.1.0.0/16 priority 99 prohibit'], '10.1.0.0/24', 'refused')):
            with self.subTest(rules):
                self.add_rules(*rules)
                for word in ('check', 'cure'):
                    with self.unchanged(), self.assertBusError('RoutedElsewhere') as context:
                        self.create('lan', firewall=word, subnets=[subnet])
                    self.assertRegex(context.exception.message, words)
                self.delete_rules()

    def delete_rules(self):
        for family in ('-4', '-6'):
            for priority in ('5270', '99'):
                run('ip', family, 'rule', 'del', 'priority', priority, check=False)

    def test_advice(self):
        """What the error says helps."""
        self.add_rules('priority 5270 lookup 52')
        with self.assertBusError('RoutedElsewhere') as context:
            self.create('lan', firewall='check', subnets=['10.1.0.0/24'])
        advice = context.exception.message.split('“ip rule add ')[1].split('”')[0]
        self.add_rules(advice)
        self.create('lan', firewall='check', subnets=['10.1.0.0/24'])
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {'firewall': 'check'})
        self.assert_reached('10.1.0.1', '10.8.0.1')
        run('ip', 'rule', 'del', *advice.split())
        self.root.create_namespace('db')
        with self.unchanged(), self.assertBusError('RoutedElsewhere'):
            self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'db', 'lan', {'firewall': 'check'})

    def test_told(self):
        """Also when it begins later, and once each time."""
        with watch.Watcher() as watcher:
            self.create('lan', subnets=['10.1.0.0/24', 'fd00:1::/64'])
            for rule, words in (('priority 5270 lookup 52', 'packets to 10.1.0.0/24 leave by link “tun0”'),
                                ('from ::/0 priority 5270 lookup 52', 'packets to fd00:1::/64 leave by link “tun0”')):
                with self.subTest(rule):
                    self.add_rules(rule)
                    told = self.wait_for_detour(watcher)
                    self.assertEqual((told[0], told[1]), (f'{ROOT}/network/lan', {'Detour': ''}))
                    self.assertIn(words, told[2]['Detour'])
                    self.assertIn('rule 5270', told[2]['Detour'])
                    run('ip', '-6' if ':' in rule else '-4', 'rule', 'del', 'priority', '5270')

    def wait_for_detour(self, watcher):
        def find():
            return [arguments for _, member, arguments in watcher.signals
                    if member == 'Drifted' and 'Detour' in arguments[1]]
        watcher.wait(find, 'it is said')
        found = find()[0]
        watcher.signals.clear()
        return found


class Followed(Vpn):
    """What changes at the uplink while a network is there."""

    def setUp(self):
        super().setUp()
        self.addCleanup(run, 'ip', 'link', 'set', outside.UPLINK, 'mtu', '1500')

    def assert_mtu(self, mtu, bridge='lan'):
        netns1.wait_for(lambda: netns1.link(bridge)['mtu'] == mtu, what=f'{bridge} has {mtu}')

    def test_mtu(self):
        self.create('named', mtu=u(1500))
        self.create('manual')
        self.create('lan', ipv6=True)
        self.assert_mtu(1500)
        run('ip', 'link', 'set', 'manual', 'mtu', '1499')
        self.routes('0.0.0.0/1 via 10.8.0.1', '128.0.0.0/1 via 10.8.0.1')
        self.assert_mtu(1400)
        self.connect()
        self.assertEqual(netns1.link('eth0', namespace='web')['mtu'], 1400)
        run('ip', 'link', 'set', 'tun0', 'mtu', '1350')
        self.assert_mtu(1350)
        run('ip', 'route', 'del', '128.0.0.0/1')
        self.assert_mtu(1500)
        self.routes('default dev tun0 table 52')
        self.add_rules('priority 32000 to 128.0.0.0/1 lookup 52')
        self.assert_mtu(1350)
        run('ip', 'rule', 'del', 'priority', '32000')
        self.assert_mtu(1500)
        self.assertEqual([netns1.link(name)['mtu'] for name in ('named', 'manual')], [1500, 1499])

    def test_mtu_by_source(self):
        """A rule for the packets of the network alone."""
        self.create('lan', subnets=['10.1.0.0/24'])
        self.create('other', subnets=['10.2.0.0/24'])
        self.routes('10.1.0.0/24 dev lan table 53', 'default dev tun0 table 53')
        self.add_rules('from 10.1.0.0/24 priority 100 lookup 53')
        self.assert_mtu(1400)
        self.assertEqual(netns1.link('other')['mtu'], 1500)

    def test_renamed(self):
        run('ip', '-batch', '-', input='link add wan0 type veth peer name wan1\nlink set wan1 up\nlink set wan0 up\n')
        self.create('lan', uplink='wan0', subnets=['10.1.0.0/24'])
        nat = self.root.call(ROOT, 'Manager', 'CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {'uplink': 'wan0'})
        objects = ((f'{ROOT}/network/lan', 'Network'), (nat, 'Nat'))

        def uplinks():
            return [self.root.get(path, interface, 'Uplink') for path, interface in objects]
        self.assertEqual(uplinks(), ['wan0'] * 2)
        for old, new in (('wan0', 'eth7'), ('eth7', 'wan0'), ('wan0', 'enp1s0')):
            with self.subTest(new):
                run('ip', 'link', 'set', old, 'down')
                run('ip', 'link', 'set', old, 'name', new)
                netns1.wait_for(lambda: uplinks() == [new] * 2, what=f'it is {new}')
                rules = run('nft', 'list', 'chain', 'inet', 'netnsd', 'postrouting').stdout
                self.assertEqual((rules.count(f'oifname "{new}"'), rules.count(f'oifname "{old}"')), (2, 0))


if __name__ == '__main__':
    netns1.main()
