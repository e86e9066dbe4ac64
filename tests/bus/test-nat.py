#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Translation of source addresses with real traffic: whom the world outside sees, by which way, from which namespace; and
# networks that have no way out.
import ipaddress
import os
import subprocess
import unittest

import netns1
import outside
import taps
from callers import SHORT, call, serve
from netns1 import ROOT, run

OUTSIDE = f'/proc/{os.environ.get("OUTSIDE_PID")}/ns/net'
UPLINK4, UPLINK6 = outside.UPLINK_ADDRESSES
OUTSIDE4, OUTSIDE6 = outside.ADDRESSES
VM = os.path.join(netns1.TESTS, 'lib', 'vm.py')


class World(netns1.TestCase):
    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    @staticmethod
    def full_name(name, options):
        return f'{options["namespace"]}:{name}' if 'namespace' in options else name

    def network(self, name, *members, **options):
        self.manager('CreateNetwork', '(sa{sv})', name, options)
        for member in members:
            self.root.create_namespace(member)
            self.manager('Connect', '(ssa{sv})', member, self.full_name(name, options), {})

    def get(self, name, key):
        return self.root.get(f'{ROOT}/network/{name}', 'Network', key)

    def lease(self, name, family=4):
        return next(address for address, _, _ in self.get(name, 'Leases') if (':' in address) == (family == 6))


class Outward(World):
    def setUp(self):
        super().setUp()
        serve(self, OUTSIDE, 'outside', 7)

    def test_unique_local(self):
        """An IPv6 subnet of the machine's own, the same each time, and masqueraded."""
        self.network('lan', 'web', nat=True, ipv6=True)
        ipv4, ipv6 = map(ipaddress.ip_network, self.get('lan', 'Subnets'))
        self.assertEqual(ipv4.version, 4)
        self.assertTrue(ipv6.subnet_of(ipaddress.ip_network('fd00::/8')))
        self.assertEqual(ipv6.prefixlen, 64)
        self.assertEqual(call('web', 'tcp', OUTSIDE6, 7), f'outside {UPLINK6} 1')
        self.assertEqual(call('web', 'udp', OUTSIDE4, 7), f'outside {UPLINK4} 1')
        self.network('other', ipv6=True)
        second = ipaddress.ip_network(self.get('other', 'Subnets')[1])
        self.assertNotEqual(second, ipv6)
        if os.path.exists('/etc/machine-id') and os.path.getsize('/etc/machine-id'):
            self.assertEqual(second.supernet(new_prefix=48), ipv6.supernet(new_prefix=48))
            with open('/etc/machine-id', encoding='ascii') as file:
                self.assertNotIn(file.read().strip()[:10], ipv6.exploded.replace(':', ''))
            self.root.call(f'{ROOT}/network/other', 'Network', 'Delete')
            self.network('other', ipv6=True)
            self.assertEqual(ipaddress.ip_network(self.get('other', 'Subnets')[1]), second)
        self.network('named', ipv6=True, subnets=['fd00:7::/64'])
        self.assertEqual(self.get('named', 'Subnets'), ['fd00:7::/64'])

    def test_chosen_uplink(self):
        """Only what leaves by it is translated, whatever the default route is."""
        self.network('lan', 'web', nat=True, uplink=outside.UPLINK, subnets=['10.1.0.0/24'])
        self.network('wrong', 'db', nat=True, uplink='lan', subnets=['10.2.0.0/24'])
        self.network('any', 'far', nat=True, subnets=['10.3.0.0/24'])
        self.assertEqual(call('web', 'tcp', OUTSIDE4, 7), f'outside {UPLINK4} 1')
        self.assertEqual(call('far', 'tcp', OUTSIDE4, 7), f'outside {UPLINK4} 1')
        self.assertEqual(call('db', 'tcp', OUTSIDE4, 7, timeout=SHORT), 'silent')  # the world has no way back to 10.2.0.0/24

    def test_to_address(self):
        run('ip', 'address', 'add', '198.51.100.77/24', 'dev', outside.UPLINK)
        self.addCleanup(run, 'ip', 'address', 'del', '198.51.100.77/24', 'dev', outside.UPLINK)
        self.network('lan', 'web', nat=True, subnets=['10.1.0.0/24'])
        self.root.call(f'{ROOT}/network/lan', 'Network', 'SetNat', '(b)', False)
        nat = self.manager('CreateNat', '(sasa{sv})', '', ['10.1.0.0/24'], {'to-address': '198.51.100.77'})
        self.assertEqual(self.root.call(nat, 'Nat', 'GetCounters'), (0, 0))
        self.assertEqual(call('web', 'tcp', OUTSIDE4, 7), 'outside 198.51.100.77 1')
        packets, count = self.root.call(nat, 'Nat', 'GetCounters')
        self.assertEqual(packets, 1)  # of one connection the first packet
        self.assertGreaterEqual(count, 40)
        self.root.call(nat, 'Nat', 'Delete')
        self.assertIn(call('web', 'tcp', OUTSIDE4, 7, timeout=SHORT), ('silent', 'unreachable'))

    def test_router(self):
        """A namespace that is the router of others: its own table, its own forwarding, and the host's rules untouched."""
        self.network('wan', 'router', nat=True, subnets=['10.1.0.0/24', 'fd00:1::/64'])
        before = run('nft', 'list', 'ruleset').stdout
        self.network('inner', 'web', nat=True, namespace='router', subnets=['10.2.0.0/24', 'fd00:2::/64'])
        self.assertEqual(run('nft', 'list', 'ruleset').stdout, before)
        self.assertIn('10.2.0.0/24', run('nft', 'list', 'ruleset', namespace='router').stdout)
        self.assertEqual(netns1.sysctl('net.ipv4.ip_forward', namespace='router'), '1')
        serve(self, None, 'host', 8)
        self.assertEqual(call('web', 'tcp', '10.1.0.1', 8), 'host 10.1.0.2 1')  # the router's address there
        self.assertEqual(call('web', 'tcp', 'fd00:1::1', 8), 'host fd00:1::2 1')
        self.assertEqual(call('web', 'tcp', OUTSIDE4, 7), f'outside {UPLINK4} 1')
        self.assertEqual(call('web', 'udp', OUTSIDE6, 7), f'outside {UPLINK6} 1')
        self.root.call(netns1.network_path('router:inner'), 'Network', 'SetNat', '(b)', False)
        self.assertEqual(run('nft', 'list', 'ruleset', namespace='router').stdout, '')
        run('sysctl', '-qw', 'net.ipv4.ip_forward=1', namespace='router')
        nat = self.manager('CreateNat', '(sasa{sv})', 'router', ['10.2.0.0/24'], {})
        self.assertEqual(call('web', 'tcp', '10.1.0.1', 8), 'host 10.1.0.2 1')
        self.root.call(nat, 'Nat', 'Delete')


class DefaultRoute(netns1.TestCase):
    """Connect() sets one where packets have no way out yet, which the kernel is asked for."""

    def setUp(self):
        super().setUp()
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24', 'fd00:1::/64']})
        self.root.create_namespace('web')

    def default_routes(self, *, given=None):
        """After web was connected, of both families."""
        options = {} if given is None else {'default-route': given}
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', options)
        return [netns1.default_route('web', family=family) for family in (4, 6)]

    def prepare(self, script, script6=''):
        """A link v0 with a router 10.9.0.2 behind it, and what else."""
        run('ip', '-batch', '-', namespace='web', input=f'''
link add v0 up type veth peer name v1
link set v1 up
address add 10.9.0.1/24 dev v0
{script}
''')
        run('ip', '-6', '-batch', '-', namespace='web', input=f'{script6}\n')

    def test_none_yet(self):
        self.assertEqual(self.default_routes(), ['10.1.0.1', 'fd00:1::1'])

    def test_not_wanted(self):
        self.assertEqual(self.default_routes(given=False), [None, None])

    def test_one_family(self):
        self.prepare('route add default via 10.9.0.2 metric 10')
        self.assertEqual(self.default_routes(), ['10.9.0.2', 'fd00:1::1'])

    def test_policy_rule(self):
        """Marked packets alone do not count."""
        self.prepare('route add default via 10.9.0.2 table 77\nrule add not fwmark 1 table 77 priority 100',
                     'route add default dev v0 table 77\nrule add fwmark 1 table 77 priority 100')
        self.assertEqual(self.default_routes(), [None, 'fd00:1::1'])

    def test_two_halves(self):
        """As OpenVPN sets them."""
        self.prepare('route add 0.0.0.0/1 via 10.9.0.2\nroute add 128.0.0.0/1 via 10.9.0.2')
        self.assertEqual(self.default_routes(), [None, 'fd00:1::1'])

    def test_refused(self):
        """Where somebody wants packets to be refused, they are."""
        self.prepare('route add unreachable default metric 4278198272', 'route add blackhole default')
        self.assertEqual(self.default_routes(), [None, None])

    def test_wanted_anyhow(self):
        self.prepare('route add default via 10.9.0.2 table 77\nrule add table 77 priority 100')
        self.assertEqual(self.default_routes(given=True), ['10.1.0.1', 'fd00:1::1'])

    def test_subnet_of_the_world(self):
        """A lab that uses the addresses of others has its default route all the same."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lab', {'subnets': ['1.1.1.0/24']})
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lab', {})
        self.assertEqual(netns1.default_route('web'), '1.1.1.1')


class Isolated(World):
    def setUp(self):
        super().setUp()
        subnets = {name: [f'10.{number}.0.0/24', f'fd00:{number}::/64'] for number, name in enumerate(('lan', 'bare', 'cage'), 1)}
        self.network('lan', 'web', nat=True, subnets=subnets['lan'])
        self.network('cage', 'in-1', 'in-2', isolated=True, subnets=subnets['cage'])
        self.network('bare', 'db', subnets=subnets['bare'])
        for name, place in (('web', 'web'), ('in-2', 'in-2'), ('db', 'db'), ('host', None), ('outside', OUTSIDE)):
            serve(self, place, name, 7)
        for family, gateway in ((4, '10.3.0.1'), (6, 'fd00:3::1')):
            run('ip', f'-{family}', 'route', 'add', 'default', 'via', gateway, namespace='in-1')

    def test_isolated(self):
        self.assertTrue(self.get('cage', 'Isolated'))
        self.assertIsNone(netns1.default_route('in-2'))
        for place, target, answer in (
                ('in-1', '10.3.0.3', 'in-2 10.3.0.2 1'), ('in-1', 'fd00:3::3', 'in-2 fd00:3::2 1'),
                ('in-1', '10.3.0.1', 'host 10.3.0.2 1'), (None, '10.3.0.3', 'in-2 10.3.0.1 1'),
                (None, 'fd00:3::3', 'in-2 fd00:3::1 1'),
                ('in-1', '10.1.0.2', 'unreachable'), ('in-1', 'fd00:1::2', 'unreachable'),
                ('in-1', '10.2.0.2', 'unreachable'), ('in-1', OUTSIDE4, 'unreachable'), ('in-1', OUTSIDE6, 'unreachable'),
                ('web', '10.3.0.3', 'unreachable'), ('web', 'fd00:3::3', 'unreachable'), ('db', '10.3.0.3', 'unreachable'),
                ('web', '10.2.0.2', 'db 10.1.0.2 1'), ('db', '10.1.0.2', 'web 10.2.0.2 1')):  # those two are not
            for protocol in ('tcp', 'udp'):
                with self.subTest(f'{place} to {target} by {protocol}'):
                    self.assertEqual(call(place, protocol, target, 7), answer)

    def test_from_outside(self):
        run('ip', 'route', 'add', '10.3.0.0/24', 'via', UPLINK4, namespace=OUTSIDE)
        self.addCleanup(run, 'ip', 'route', 'del', '10.3.0.0/24', namespace=OUTSIDE)
        self.assertEqual(call(OUTSIDE, 'tcp', '10.3.0.3', 7), 'unreachable')

    def test_forwards(self):
        """None lead into it, and none lead out of it."""
        with self.assertBusError('InvalidArgument') as context, self.unchanged():
            self.manager('CreateForward', '(ssqa{sv})', 'in-2', 'tcp', 7, {})
        self.assertIn('isolated', context.exception.message)
        self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 7, {'scope': 'public', 'listen-port': netns1.GLib.Variant('q', 70)})
        self.assertEqual(call('db', 'tcp', '10.2.0.1', 70).split()[0], 'web')
        self.assertEqual(call('in-1', 'tcp', '10.3.0.1', 70), 'unreachable')

    def test_gone(self):
        """Nothing is left of its rules; alone it has a table of its own."""
        for name in ('in-1', 'in-2'):
            self.manager('Disconnect', '(ss)', name, 'cage')
        self.root.call(f'{ROOT}/network/cage', 'Network', 'Delete')
        self.assertNotIn('cage', run('nft', 'list', 'ruleset').stdout)
        self.root.create_namespace('lonely')
        self.network('cell', namespace='lonely', isolated=True)
        self.assertIn('cell', run('nft', 'list', 'ruleset', namespace='lonely').stdout)
        self.root.call(netns1.network_path('lonely:cell'), 'Network', 'Delete')
        self.assertEqual(run('nft', 'list', 'ruleset', namespace='lonely').stdout, '')


@unittest.skipUnless(taps.HAVE_TAPS, 'this machine has no /dev/net/tun')
class Machines(World):
    """As libvirt's default network: a bridge with two taps, behind which something else than the kernel speaks Ethernet."""

    def machine(self, tap, address):
        process = subprocess.Popen(['/usr/bin/python3', VM, tap, address, '10.1.0.1'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        return process

    def assert_pings(self, machine, *targets):
        for target in targets:
            machine.stdin.write(target + '\n')
            machine.stdin.flush()
            self.assertEqual(machine.stdout.readline(), 'yes\n', target)

    def test_two_machines(self):
        self.network('lan', 'web', nat=True, subnets=['10.1.0.0/24'])
        bridge = self.root.link('', 'lan')
        for tap in ('vnet0', 'vnet1'):
            link = self.manager('CreateTap', '(ssa{sv})', '', tap, {})
            self.root.call(link, 'Link', 'AttachTo', '(o)', bridge)
        first, second = self.machine('vnet0', '10.1.0.100'), self.machine('vnet1', '10.1.0.101')
        self.assert_pings(first, '10.1.0.1', '10.1.0.2', OUTSIDE4)
        self.assertTrue(netns1.can_ping('10.1.0.101', namespace='web'))
        self.assert_pings(second, '10.1.0.2', OUTSIDE4)
        run('nft', 'flush ruleset; add table inet w; add chain inet w i { type filter hook input priority 0; };'
            f'add rule inet w i ip saddr {UPLINK4} icmp type echo-request counter accept;'
            'add rule inet w i ip saddr 10.1.0.0/24 counter', namespace=OUTSIDE)
        self.addCleanup(run, 'nft', 'flush', 'ruleset', namespace=OUTSIDE)
        self.assert_pings(first, OUTSIDE4)
        counters = [part['counter']['packets'] for item in netns1.nft(namespace=OUTSIDE) if 'rule' in item
                    for part in item['rule']['expr'] if 'counter' in part]
        self.assertGreater(counters[0], 0)
        self.assertEqual(counters[1], 0)


if __name__ == '__main__':
    netns1.main()
