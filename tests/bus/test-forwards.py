#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Port forwards, with real traffic from everywhere: who gets through by which scope, who is seen, and what is left.
import os
import re
import socket
import subprocess
import time
import unittest

import netns1
import outside
from gi.repository import GLib
from netns1 import ROOT, nft, run
from callers import SHORT, Talk, call, connections, serve

OUTSIDE = f'/proc/{os.environ.get("OUTSIDE_PID")}/ns/net'
UPLINK = dict(zip((4, 6), outside.UPLINK_ADDRESSES))
OUTSIDE_ADDRESS = dict(zip((4, 6), outside.ADDRESSES))
LOCALHOST = {4: '127.0.0.1', 6: '::1'}
GATEWAY = {4: '10.1.0.1', 6: 'fd00:1::1'}
WEB = {4: '10.1.0.2', 6: 'fd00:1::2'}
FAMILIES, PROTOCOLS = (4, 6), ('tcp', 'udp')

# From where, what is called, and whom the target sees; then which scopes let it through.
CALLERS = {
    'outside': (OUTSIDE, UPLINK, OUTSIDE_ADDRESS),
    'host': (None, UPLINK, UPLINK),
    'host by gateway': (None, GATEWAY, GATEWAY),
    'localhost': (None, LOCALHOST, GATEWAY),
    'self': ('web', GATEWAY, GATEWAY),
    'self by uplink': ('web', UPLINK, GATEWAY),
    'sibling': ('db', GATEWAY, GATEWAY),
    'sibling by uplink': ('db', UPLINK, GATEWAY),
    'another network': ('far', GATEWAY, {4: '10.2.0.2', 6: 'fd00:2::2'}),
}
INNER = {'localhost', 'self', 'self by uplink', 'sibling', 'sibling by uplink', 'another network'}
SCOPES = {'loopback': INNER, 'host': INNER | {'host', 'host by gateway'}, 'public': set(CALLERS)}


def q(value):
    return GLib.Variant('q', value)


def elements():
    """What the maps of forwards hold, without counters: {map: elements}."""
    found = {}
    for item in nft():
        for kind in ('map', 'set'):
            content = item.get(kind, {})
            if content.get('table') == 'netnsd' and content['name'].startswith(('any-', 'one')):
                found[content['name']] = content.get('elem', [])
    return found


class World(netns1.TestCase):
    def setUp(self):
        super().setUp()
        run('conntrack', '-F')
        for number, (network, names) in enumerate((('lan', ('web', 'db')), ('far', ('far',))), 1):
            self.manager('CreateNetwork', '(sa{sv})', network,
                         {'subnets': [f'10.{number}.0.0/24', f'fd00:{number}::/64'], 'nat': True})
            for name in names:
                self.root.create_namespace(name)
                self.manager('Connect', '(ssa{sv})', name, network, {})

    def manager(self, method, signature, *values):
        return self.root.call(ROOT, 'Manager', method, signature, *values)

    def forward(self, namespace='web', protocol='tcp', port=80, listen=8080, **options):
        return self.manager('CreateForward', '(ssqa{sv})', namespace, protocol, port,
                            {'listen-port': q(listen), **{key.replace('_', '-'): value for key, value in options.items()}})

    def delete(self, path):
        self.root.call(path, 'Forward', 'Delete')

    def assert_reached(self, name, answer):
        self.assertEqual(answer.split()[0], name, answer)

    def assert_not_reached(self, answer):
        self.assertIn(answer, ('refused', 'silent', 'unreachable'))


class Matrix(World):
    def assert_matrix(self, reached):
        for name, (place, called, seen) in CALLERS.items():
            for family in FAMILIES:
                for protocol in PROTOCOLS:
                    with self.subTest(f'{name}, IPv{family}, {protocol}'):
                        must_come = name in reached or protocol == 'tcp'
                        answer = call(place, protocol, called[family], 8080,
                                      timeout=netns1.PATIENCE if must_come else SHORT)
                        if name in reached:
                            self.assertEqual(answer, f'web {seen[family]} 1')
                        elif protocol == 'tcp':
                            self.assertEqual(answer, 'refused')
                        else:
                            self.assert_not_reached(answer)

    def test_scopes(self):
        """From everywhere over both families and protocols, by each scope; and nobody afterwards."""
        serve(self, 'web', 'web', 80)
        for scope, reached in SCOPES.items():
            with self.subTest(scope):
                forwards = [self.forward(protocol=protocol, scope=scope) for protocol in PROTOCOLS]
                self.assert_matrix(reached)
                for path in forwards:
                    self.delete(path)
        self.assert_matrix(set())

    def test_forged_loopback(self):
        """A namespace that sends to 127.0.0.1 of the host by the bridge gets nowhere, though the bridge may answer it."""
        serve(self, None, 'host', 9000)
        self.forward()
        self.assertEqual(netns1.sysctl('net.ipv4.conf.lan.route_localnet'), '1')
        run('sh', '-ec', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; ip address del 127.0.0.1/8 dev lo;'
            'ip route add 127.0.0.0/8 via 10.1.0.1 src 10.1.0.3', namespace='db')
        self.assertEqual(call('db', 'tcp', '127.0.0.1', 9000, timeout=SHORT), 'silent')
        self.assertEqual(call(None, 'tcp', '127.0.0.1', 9000), 'host 127.0.0.1 1')

    def test_large(self):
        """More than fits into a buffer, both ways of the kernel and of the service; and many at once."""
        serve(self, 'web', 'web', 80)
        self.forward()
        for address in LOCALHOST.values():
            self.assertEqual(call(None, 'tcp', address, 8080, 3_000_000).split()[2], '3000000')
        with netns1.concurrent.futures.ThreadPoolExecutor(8) as executor:
            answers = list(executor.map(lambda _: call(None, 'tcp', '::1', 8080), range(32)))
        self.assertEqual(set(answers), {'web fd00:1::1 1'})

    def test_addresses(self):
        """A forward of one address, and two of one port with an address each."""
        serve(self, 'web', 'web', 80)
        serve(self, 'db', 'db', 80)
        self.forward(listen_address=UPLINK[4], scope='public')
        self.forward('db', listen_address=UPLINK[6], scope='public')
        self.forward('db', listen_address=GATEWAY[4], scope='host')
        self.forward('db', listen_address='127.0.0.1')
        self.forward(listen_address='::1')
        for place, address, answer in ((OUTSIDE, UPLINK[4], 'web 198.51.100.2 1'), (OUTSIDE, UPLINK[6], 'db fd99::2 1'),
                                       (None, GATEWAY[4], 'db 10.1.0.1 1'), ('web', GATEWAY[4], 'db 10.1.0.1 1'),
                                       (None, '127.0.0.1', 'db 10.1.0.1 1'), (None, '::1', 'web fd00:1::1 1'),
                                       (None, GATEWAY[6], 'refused'), (OUTSIDE, GATEWAY[4], 'refused')):
            with self.subTest(f'{place} {address}'):
                if (place, address) != (OUTSIDE, GATEWAY[4]):  # which the world outside has no route to
                    self.assertEqual(call(place, 'tcp', address, 8080), answer)

    def test_range(self):
        serve(self, 'web', 'web', 9000, 9001, 9002)
        for protocol in PROTOCOLS:
            self.forward(protocol=protocol, port=9000, listen=8000, count=q(3))
            for family in FAMILIES:
                for port in (8000, 8002):
                    self.assert_reached('web', call(None, protocol, LOCALHOST[family], port))
                self.assert_not_reached(call(None, protocol, LOCALHOST[family], 8003))
                self.assert_not_reached(call(None, protocol, LOCALHOST[family], 7999))

    def test_one_family(self):
        """A target with IPv4 only answers to ::1 as well, and to no other IPv6 address."""
        run('ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global', namespace='db')
        run('sh', '-ec', 'ip address add 10.1.0.3/24 dev eth0; ip route add default via 10.1.0.1', namespace='db')
        serve(self, 'db', 'db', 80)
        self.forward('db', scope='host')
        for address, answer in (('127.0.0.1', 'db 10.1.0.1 1'), ('::1', 'db 10.1.0.1 1'), (UPLINK[4], f'db {UPLINK[4]} 1'),
                                (UPLINK[6], 'refused')):
            self.assertEqual(call(None, 'tcp', address, 8080), answer)

    def test_sctp(self):
        try:
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP).close()
        except OSError:
            with self.unchanged(), self.assertBusError('NotSupported') as context:
                self.forward(protocol='sctp')
            self.assertIn('sctp', context.exception.message)
            return
        path = self.forward(protocol='sctp')
        self.assertIn({'concat': ['sctp', 8080]}, [element[0] for element in elements()['any-address4']])
        self.delete(path)

    def test_without_nat(self):
        """A network without NAT gets the port and nothing else from outside."""
        self.manager('CreateNetwork', '(sa{sv})', 'bare', {'subnets': ['10.3.0.0/24']})
        self.root.create_namespace('bare')
        self.manager('Connect', '(ssa{sv})', 'bare', 'bare', {})
        serve(self, 'bare', 'bare', 80, 81)
        self.forward('bare', scope='public')
        run('ip', 'route', 'add', '10.3.0.0/24', 'via', UPLINK[4], namespace=OUTSIDE)
        self.addCleanup(run, 'ip', 'route', 'del', '10.3.0.0/24', namespace=OUTSIDE)
        self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[4], 8080), f'bare {OUTSIDE_ADDRESS[4]} 1')
        self.assertEqual(call(OUTSIDE, 'tcp', '10.3.0.2', 81), 'unreachable')


class Ports(World):
    def listen_on_host(self, kind, port, address='127.0.0.1'):
        program = ('import socket, sys, time; s = socket.socket(socket.AF_INET6 if ":" in sys.argv[3] else socket.AF_INET,'
                   ' int(sys.argv[1])); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);'
                   's.bind((sys.argv[3], int(sys.argv[2]))); sys.argv[1] == "1" and s.listen(); print("ready", flush=True);'
                   'time.sleep(1000)')
        process = subprocess.Popen(['/usr/bin/python3', '-c', program, str(int(kind)), str(port), address],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, process.stdout.readline() == 'ready\n'

    def test_taken_by_process(self):
        for protocol, kind in (('tcp', socket.SOCK_STREAM), ('udp', socket.SOCK_DGRAM)):
            for address in ('127.0.0.1', '0.0.0.0', '::', '::1'):
                with self.subTest(f'{protocol} {address}'):
                    process, ready = self.listen_on_host(kind, 8080, address)
                    self.assertTrue(ready)
                    with self.unchanged(), self.assertBusError('PortInUse') as context:
                        self.forward(protocol=protocol)
                    self.assertIn(f'process {process.pid} (python3)', context.exception.message)
                    process.kill()
                    process.wait()
                    self.delete(self.forward(protocol=protocol))

    def test_taken_by_forward(self):
        self.forward()
        with self.unchanged(), self.assertBusError('PortInUse') as context:
            self.forward('db')
        self.assertIn('forward 1 to namespace “web”', context.exception.message)
        self.forward('db', protocol='udp')

    def test_held(self):
        """No other program gets the port, whichever address it wants, until the forward goes."""
        forwards = [self.forward(protocol=protocol) for protocol in PROTOCOLS]
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for address in ('127.0.0.1', '0.0.0.0', '::', '::1', UPLINK[4]):
                self.assertFalse(self.listen_on_host(kind, 8080, address)[1], f'{kind} {address}')
        for path in forwards:
            self.delete(path)
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            self.assertTrue(self.listen_on_host(kind, 8080, '::')[1])

    def test_many(self):
        """As many descriptors as a thousand ports need leave enough for changes of rules."""
        pid = netns1.NETNSD.pid
        self.forward(count=q(1024), listen=10000)
        self.manager('CreateNat', '(sasa{sv})', 'web', ['10.9.0.0/24'], {})
        self.assertIn('10.9.0.0', run('nft', 'list', 'ruleset', namespace='web').stdout)
        self.assertEqual(netns1.NETNSD.pid, pid)

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_quota(self):
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'SetOwner', '(u)', netns1.ALICE)
        create = (ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp')
        for first in (10000, 20000):
            self.alice.call(*create, first, {'count': q(1024)})
        with self.unchanged(), self.assertBusError('QuotaExceeded') as context:
            self.alice.call(*create, 30000, {})
        for word in ('1000', '2049', '2048'):
            self.assertIn(word, context.exception.message)


class Following(World):
    def setUp(self):
        super().setUp()
        for name in ('web', 'db'):
            serve(self, name, name, 80)

    def target(self, path):
        return self.root.get(path, 'Forward', 'TargetAddresses')

    def test_moved_flow(self):
        """The next datagram of an old flow goes where the port leads by now."""
        for place, called in ((None, '127.0.0.1'), (None, '::1'), (OUTSIDE, UPLINK[4]), (OUTSIDE, UPLINK[6]),
                              ('far', '10.2.0.1')):
            with self.subTest(called):
                talk = Talk(self, place, called, 8080)
                self.assertIn(talk.say(SHORT), ('refused', 'silent'))
                path = self.forward('web', 'udp', scope='public')
                self.assert_reached('web', talk.say())
                self.assert_reached('web', talk.say())
                self.delete(path)
                self.assertEqual(connections(8080), [])
                path = self.forward('db', 'udp', scope='public')
                self.assert_reached('db', talk.say())
                self.delete(path)
                self.assertNotIn('db', talk.say(SHORT))

    def test_deleted(self):
        """Refused, no element, no connection, no setting, no file."""
        before = self.kernel()
        paths = [self.forward(protocol=protocol, scope='public') for protocol in PROTOCOLS]
        for protocol in PROTOCOLS:
            for place, called in ((OUTSIDE, UPLINK[4]), (OUTSIDE, UPLINK[6]), (None, '127.0.0.1'), ('web', GATEWAY[4])):
                self.assert_reached('web', call(place, protocol, called, 8080))
        self.assertNotEqual(connections(8080), [])
        self.assertEqual(len(elements()['any-address6']), 2)
        self.assertTrue(netns1.bridge('link', 'show', 'dev', self.port_of('web'))[0]['hairpin'])
        for path in paths:
            self.delete(path)
        self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[4], 8080), 'refused')
        self.assertEqual(call(None, 'udp', '127.0.0.1', 8080), 'refused')
        self.assertEqual(connections(8080)[2:], [])  # that of these calls themselves may be there
        self.assertEqual(netns1.difference(before, self.kernel()), '')
        self.assertEqual(netns1.sysctl('net.ipv4.conf.lan.route_localnet'), '0')
        for folder in ('forwards', 'borrowed'):
            self.assertEqual(os.listdir(f'/run/netnsd/{folder}'), [])

    def kernel(self):
        """A table that is made anew has another handle."""
        return re.sub(r'\n *"handle": \d+,', '', netns1.snapshot())

    def port_of(self, name):
        return next(info['ifname'] for info in netns1.ip('link')
                    if f'veth-{name}-h' in (info['ifname'], *info.get('altnames', [])))

    def test_address_changed(self):
        """By hand or by a call, and back."""
        path = self.forward(scope='host')
        self.assertEqual(self.target(path), ['10.1.0.2', 'fd00:1::2'])
        run('sh', '-ec', 'ip address del 10.1.0.2/24 dev eth0; ip address add 10.1.0.77/24 dev eth0;'
            'ip route add default via 10.1.0.1', namespace='web')
        netns1.wait_for(lambda: self.target(path) == ['10.1.0.77', 'fd00:1::2'])
        self.assert_reached('web', call(None, 'tcp', UPLINK[4], 8080))
        link = self.root.link('web', 'eth0')
        self.root.call(link, 'Link', 'RemoveAddress', '(s)', '10.1.0.77/24')
        self.assertEqual(self.target(path), ['fd00:1::2'])  # at once: the call has waited for it
        self.assertEqual(call(None, 'tcp', UPLINK[4], 8080), 'refused')
        self.assert_reached('web', call(None, 'tcp', UPLINK[6], 8080))
        self.root.call(link, 'Link', 'RemoveAddress', '(s)', 'fd00:1::2/64')
        self.assertEqual(self.target(path), [])
        self.assertEqual(self.root.get(path, 'Forward', 'TargetAddress'), '')
        for address in (UPLINK[6], '127.0.0.1', '::1'):
            self.assertEqual(call(None, 'tcp', address, 8080), 'refused', address)
        self.root.call(link, 'Link', 'AddAddress', '(sa{sv})', '10.1.0.2/24', {})
        self.assertEqual(self.target(path), ['10.1.0.2'])
        self.assert_reached('web', call(None, 'tcp', '::1', 8080))

    def test_reconnected(self):
        """To nothing, and to another network."""
        path = self.forward(scope='host')
        before = elements()
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        self.assertEqual(self.target(path), [])
        self.assertEqual([name for name, found in elements().items() if found], [])
        self.manager('Connect', '(ssa{sv})', 'web', 'far', {})
        self.assertEqual(self.target(path), ['10.2.0.3', 'fd00:2::3'])
        self.assert_reached('web', call(None, 'tcp', UPLINK[4], 8080))
        self.assertEqual(netns1.sysctl('net.ipv4.conf.lan.route_localnet'), '0')
        self.manager('Disconnect', '(ss)', 'web', 'far')
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {'addresses': ['10.1.0.2/24', 'fd00:1::2/64']})
        self.assertEqual(elements(), before)

    def test_namespace_goes(self):
        """With its forwards, by a call or by hand; and with another name it keeps them."""
        path = self.forward()
        self.root.call(f'{ROOT}/namespace/web', 'Namespace', 'Rename', '(s)', 'shop')
        self.assertEqual(self.root.get(path, 'Forward', 'Target'), f'{ROOT}/namespace/shop')
        self.assert_reached('web', call(None, 'tcp', '127.0.0.1', 8080))
        other = self.forward('far', listen=8081)
        run('ip', 'netns', 'delete', 'far')
        netns1.wait_for(lambda: other not in self.root.managed_objects())
        self.assertEqual([element[0]['concat'][1] for element in elements()['any-scope']], [8080])
        last = self.forward('db', listen=8082)
        call(None, 'tcp', '127.0.0.1', 8082)
        with self.assertBusError('Busy'), self.unchanged():  # somebody serves there
            self.root.call(f'{ROOT}/namespace/db', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertNotEqual(connections(8082), [])
        self.assert_reached('db', call(None, 'tcp', '::1', 8082))
        self.delete(last)
        self.root.create_namespace('idle')
        self.manager('Connect', '(ssa{sv})', 'idle', 'lan', {})
        last = self.forward('idle', listen=8082)
        self.root.call(f'{ROOT}/namespace/idle', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertNotIn(last, self.root.managed_objects())
        self.assertEqual([element[0]['concat'][1] for element in elements()['any-scope']], [8080])
        self.assertEqual(os.listdir('/run/netnsd/forwards'), ['1'])

    def test_restart(self):
        """Of the service: nothing is changed, the kernel's connections go on, ports are held and served again."""
        path = self.forward('web', 'udp', scope='public')
        self.forward()
        talk = Talk(self, OUTSIDE, UPLINK[4], 8080)
        self.assert_reached('web', talk.say())
        before = self.root.get_all(path, 'Forward')
        netns1.NETNSD.stop()
        self.assert_reached('web', talk.say())
        self.assert_reached('web', call(None, 'tcp', '127.0.0.1', 8080))
        with self.unchanged():
            netns1.NETNSD.start()
            self.assertEqual(self.root.get_all(path, 'Forward'), before)
            netns1.wait_for(lambda: call(None, 'tcp', '::1', 8080) == 'web fd00:1::1 1')
        self.assert_reached('web', talk.say())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, self.assertRaises(OSError):
            other.bind(('0.0.0.0', 8080))

    def test_restart_later(self):
        """What happened meanwhile is followed; a port that another program took is left to it."""
        path = self.forward()
        gone = self.forward('far', listen=8081)
        netns1.NETNSD.stop()
        run('ip', 'address', 'del', '10.1.0.2/24', 'dev', 'eth0', namespace='web')
        run('ip', 'netns', 'delete', 'far')
        netns1.NETNSD.start()
        netns1.wait_for(lambda: self.target(path) == ['fd00:1::2'])
        netns1.wait_for(lambda: gone not in self.root.managed_objects())
        self.assertEqual([element[0]['concat'][1] for element in elements()['any-scope']], [8080])

    def test_flush(self):
        """Somebody flushes the ruleset: all of it comes back."""
        self.forward(scope='public')
        run('nft', 'flush', 'ruleset')
        netns1.wait_for(lambda: call(OUTSIDE, 'tcp', UPLINK[4], 8080) == f'web {OUTSIDE_ADDRESS[4]} 1')

    def settled_counters(self, path):
        """When the last packets of a connection have been counted, which can come after both ends have closed it."""
        before, counters = None, self.root.call(path, 'Forward', 'GetCounters')
        while counters != before:
            time.sleep(0.1)
            before, counters = counters, self.root.call(path, 'Forward', 'GetCounters')
        return counters

    def test_counters(self):
        path = self.forward(scope='host')
        self.assertEqual(self.root.call(path, 'Forward', 'GetCounters'), (0, 0))
        seen = (0, 0)
        for address in (UPLINK[4], UPLINK[6], '127.0.0.1', '::1'):
            call(None, 'tcp', address, 8080, 10000)
            packets, count = self.settled_counters(path)
            self.assertGreater(packets, seen[0])
            self.assertGreaterEqual(count, seen[1] + 10000)
            seen = packets, count
        self.forward('db', listen=8081)
        self.assertEqual(self.root.call(path, 'Forward', 'GetCounters'), seen)  # the next one makes nothing anew


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class Scenario(netns1.TestCase):
    """What alice types, and what she is asked for."""

    def test_scenario(self):
        for arguments in (('network', 'create', 'lan', '--subnet', '10.1.0.0/24', '--subnet', 'fd00:1::/64', '--nat'),
                          ('namespace', 'create', 'webserver'), ('connect', 'webserver', 'lan')):
            netns1.netnsctl(*arguments)
        serve(self, 'webserver', 'web', 80)
        number = netns1.netnsctl('forward', 'create', 'webserver', 'tcp', '8080:80').stdout.strip()
        for place, address in ((None, '127.0.0.1'), (None, '::1'), ('webserver', '10.1.0.1')):
            self.assertEqual(call(place, 'tcp', address, 8080).split()[0], 'web')
        self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[4], 8080), 'refused')
        row = netns1.netnsctl('forward', 'list', '--no-legend').stdout.split()
        self.assertEqual(row, [number, 'tcp', '-', '8080', '1', 'webserver', '10.1.0.2', 'fd00:1::2', '80', 'loopback',
                               'alice'])
        refused = netns1.netnsctl('forward', 'create', 'webserver', 'tcp', '8080:80', check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('Port 8080 of tcp is already used by forward 1', refused.stderr)
        netns1.netnsctl('forward', 'delete', number)
        netns1.set_rules(netns1.allow_only('forward'))
        refused = netns1.netnsctl('forward', 'create', 'webserver', 'tcp', '8080:80', '--scope', 'public', check=False)
        self.assertEqual(refused.returncode, 4)
        netns1.netnsctl('forward', 'create', 'webserver', 'tcp', '8080:80', '--scope', 'host')
        netns1.netnsctl('forward', 'delete', '1')
        netns1.set_rules(netns1.allow_only('forward-public', 'forward'))
        netns1.netnsctl('forward', 'create', 'webserver', 'tcp', '8080:80', '--scope', 'public')
        for family in FAMILIES:
            self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[family], 8080), f'web {OUTSIDE_ADDRESS[family]} 1')
        netns1.netnsctl('forward', 'delete', '1')
        self.assertEqual(call(OUTSIDE, 'tcp', UPLINK[4], 8080), 'refused')
        self.assertEqual(elements(), {})
        self.assertEqual(netns1.netnsctl('forward', 'delete', '1', check=False).returncode, 1)

    def test_dialog(self):
        """It names the port, the scope and the namespace."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True})
        self.alice.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        netns1.set_rules('ask-all')
        questions = self.alice.become_agent()
        for scope, action in (('loopback', 'forward'), ('host', 'forward'), ('public', 'forward-public')):
            pending = self.alice.start(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'udp', 80,
                                       {'listen-port': q(5353), 'count': q(2), 'scope': scope}, interactive=True)
            question = questions.next()
            self.assertEqual(question.action, action)
            for word in ('5353-5354', 'udp', 'web'):
                self.assertIn(word, question.message)
            question.refuse()
            with self.assertBusError('AccessDenied'):
                pending.result()

    def test_rule(self):
        """A rule can look at port, protocol, scope and namespace."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'nat': True})
        self.alice.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        netns1.set_rules('''
polkit.addRule(function(action, subject) {
  var found = ["namespace", "network", "protocol", "port", "scope"].map(function(key) { return action.lookup(key); });
  return found.join(" ") == "web lan udp 5353 host" ? polkit.Result.YES : polkit.Result.NO;
});
''')
        create = (ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web')
        for protocol, port, scope in (('tcp', 5353, 'host'), ('udp', 5354, 'host'), ('udp', 5353, 'public')):
            with self.assertBusError('AccessDenied'), self.unchanged():
                self.alice.call(*create, protocol, 80, {'listen-port': q(port), 'scope': scope})
        self.alice.call(*create, 'udp', 80, {'listen-port': q(5353), 'scope': 'host'})


if __name__ == '__main__':
    netns1.main()
