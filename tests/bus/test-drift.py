#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Others change what is the service's: its rules are put back at once, and it says so. What others do to rules of their
# own is nobody's business.
import contextlib
import itertools
import json
import os
import re
import select
import subprocess
import time

import inside
import netns1
import references
import watch
from gi.repository import GLib
from netns1 import ROOT, run

OUTSIDE, OUTSIDE6 = netns1.outside.ADDRESSES
SUBNETS = ['10.1.0.0/24', 'fd00:1::/64']


def own_table(namespace=None):
    """The service's table without what is new each time; None if there is none."""
    result = run('nft', '--stateless', 'list', 'table', 'inet', 'netnsd', namespace=namespace, check=False)
    return result.stdout if result.returncode == 0 else None


class Drift(netns1.TestCase):
    numbers = itertools.count(1300)

    def setUp(self):
        super().setUp()
        self.watcher = watch.Watcher()
        self.addCleanup(self.watcher.__exit__)
        for name in ('web', 'router'):
            self.manager('CreateNamespace', '(sa{sv})', name, {})
        self.manager('CreateNetwork', '(sa{sv})', 'lan', {'subnets': SUBNETS, 'nat': True})
        self.manager('CreateNetwork', '(sa{sv})', 'bare', {'subnets': ['10.2.0.0/24']})
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
        self.manager('CreateNat', '(sasa{sv})', '', ['10.9.0.0/24'], {})
        self.manager('CreateNetwork', '(sa{sv})', 'inside', {'subnets': ['10.3.0.0/24'], 'nat': True,
                                                             'namespace': 'router'})
        self.table = {place: own_table(place) for place in (None, 'router')}

    def manager(self, method, signature, *values):
        return self.watcher.call(ROOT, 'Manager', method, signature, *values)

    def restored(self):
        """What each RulesRestored since the last call was about."""
        found = [arguments[0] for _, member, arguments in self.watcher.signals if member == 'RulesRestored']
        self.watcher.signals.clear()
        return found

    def damage(self, *commands, namespace=None):
        """Somebody else's nft; the service has 1 s to put it right."""
        began = time.monotonic()
        run('nft', '; '.join(commands), namespace=namespace)
        signals = []
        netns1.wait_for(lambda: own_table(namespace) == self.table[namespace])
        self.watcher.wait(lambda: signals.extend(self.restored()) or signals, 'the rules are back')
        self.repaired_within = time.monotonic() - began
        self.assertLess(self.repaired_within, 20)  # a second where nothing else runs; pings tell more
        return signals

    def assert_calm(self):
        """Nothing was put back that need not."""
        self.watcher.settle()
        time.sleep(0.5)
        self.watcher.settle()
        self.assertEqual(self.restored(), [])

    @contextlib.contextmanager
    def pinging(self, lost, *addresses):
        """Pings ten times a second, of which at most so many are lost besides those sent during a repair."""
        pings = [subprocess.Popen(['nsenter', '--net=/run/netns/web', 'ping', '-n', '-i0.1', address],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) for address in addresses]
        for ping in pings:
            while 'icmp_seq=3' not in ping.stdout.readline():
                pass
        yield
        for ping in pings:
            seen = 0
            while seen < 10:  # it goes on
                seen += 'icmp_seq' in ping.stdout.readline()
            ping.send_signal(2)
            sent, received = map(int, re.search(r'(\d+) packets transmitted, (\d+) received', ping.stdout.read()).groups())
            ping.wait()
            ping.stdout.close()
            self.assertGreater(received, 10)
            lost_in_repair = int(self.repaired_within * 10)
            self.assertLessEqual(sent - received, lost + lost_in_repair + 1)  # the last one may be under way

    def test_flush(self):
        """S8: `nft flush ruleset` while pings run."""
        self.assertTrue(netns1.pings_all([('web', OUTSIDE), ('web', OUTSIDE6)]))
        with self.pinging(2, OUTSIDE, OUTSIDE6):
            signals = self.damage('flush ruleset')
        self.assertEqual(signals, [['nat 1', 'network lan']])
        self.assert_calm()

    def test_each_damage(self):
        for commands in (['delete table inet netnsd'], ['flush table inet netnsd'],
                         ['flush chain inet netnsd postrouting'], ['add rule inet netnsd forward drop'],
                         ['insert rule inet netnsd postrouting accept'], ['flush set inet netnsd own4'],
                         ['add chain inet netnsd mine'], ['add element inet netnsd bridges { "eth7" }'],
                         ['flush ruleset', 'add table inet netnsd']):
            with self.subTest(commands):
                self.assertEqual(self.damage(*commands), [['nat 1', 'network lan']])
        self.assert_calm()

    def test_other_namespace(self):
        """A router that is not the host; nothing holds it when it is deleted."""
        self.assertEqual(self.damage('flush ruleset', namespace='router'), [['network router:inside']])
        self.assertEqual(own_table(), self.table[None])
        inode = os.stat('/run/netns/router').st_ino
        run('ip', 'netns', 'delete', 'router')
        netns1.wait_for(lambda: inode not in references.lsns())
        netns1.wait_for(lambda: f'{ROOT}/namespace/router/network/inside' not in self.root.managed_objects())

    def test_again_and_again(self):
        """A program that keeps taking the rules away is answered, but not as fast as it can."""
        before = self.restored()
        run('nft', '-i', input=30 * 'flush ruleset\n')  # one process: the next one could start after the service's pause
        netns1.wait_for(lambda: own_table() == self.table[None])
        self.assertEqual(before, [])
        # The table is seen before the service says that it is back: but this call has to wait until that is said.
        self.manager('CreateNamespace', '(sa{sv})', 'after', {})
        self.watcher.settle()
        self.assertIn(len(self.restored()), range(1, 30))
        self.assert_calm()

    def test_one_that_is_damaged_on_and_on(self):
        """Others' rules do not wait for it, whichever it is."""
        names = ('first', 'second', 'third')
        for name in names:
            self.root.create_namespace(name)
            self.root.call(f'{ROOT}/namespace/{name}', 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        for name in names:
            with self.subTest(name):
                flusher = subprocess.Popen(['nsenter', f'--net=/run/netns/{name}', 'sh', '-c',
                                            'while :; do nft flush ruleset; done'])
                try:
                    for other in (*names, None):
                        if other != name:
                            run('nft', 'flush ruleset', namespace=other)
                            netns1.wait_for(lambda other=other: 'netnsd' in run('nft', 'list', 'tables',
                                                                                namespace=other).stdout)
                finally:
                    flusher.kill()
                    flusher.wait()
        netns1.wait_for(lambda: own_table() == self.table[None])

    def test_others_rules(self):
        """Other tables, and our own changes, are no damage."""
        run('nft', 'add table inet other; add chain inet other c { type filter hook forward priority 5; }; '
            'add rule inet other c counter; add table ip netnsd')
        self.manager('CreateNetwork', '(sa{sv})', 'more', {'subnets': ['10.4.0.0/24'], 'nat': True})
        self.watcher.call(f'{ROOT}/network/more', 'Network', 'Delete')
        run('nft', 'delete table inet other; delete table ip netnsd')
        self.assert_calm()

    def test_while_it_did_not_run(self):
        netns1.NETNSD.stop()
        run('nft', 'flush ruleset')
        netns1.NETNSD.start()
        netns1.wait_for(lambda: own_table() == self.table[None])
        handles = netns1.nft()
        netns1.NETNSD.restart()
        self.watcher.settle()
        self.assertEqual(netns1.nft(), handles)  # what is there is left alone

    @staticmethod
    def lost_news():
        """How many messages the kernel could not deliver to sockets of netfilter (protocol 12)."""
        with open('/proc/net/netlink') as file:
            return sum(int(line.split()[8]) for line in file if line.split()[1] == '12')

    def test_lost_news(self):
        """So many that the socket cannot hold them; the service is stopped meanwhile."""
        pid = netns1.NETNSD.pid
        rules = '\n'.join(f'add rule inet big c ip saddr 10.{i // 250}.{i % 250}.1 counter comment "{"x" * 100}"'
                          for i in range(6000))
        run('kill', '-STOP', str(pid))
        try:
            run('nft', 'flush ruleset')
            for _ in range(4):
                run('nft', '-f', '-', input='add table inet big; add chain inet big c; flush chain inet big c\n' + rules)
            run('nft', 'flush ruleset')
            self.assertTrue(self.lost_news(), 'all of it found room')
        finally:
            run('kill', '-CONT', str(pid))
        netns1.wait_for(lambda: own_table() == self.table[None])

    def test_forward(self):
        """Nothing but elements of maps, which nobody must lose."""
        self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {'listen-port': GLib.Variant('q', 8080)})
        self.table[None] = own_table()
        maps = [item['map']['name'] for item in netns1.nft() if item.get('map', {}).get('elem')]
        self.assertNotEqual(maps, [])
        for name in maps:
            self.assertEqual(self.damage(f'flush map inet netnsd {name}'), [['forward 1', 'nat 1', 'network lan']])
        self.assertEqual(self.damage('flush ruleset'), [['forward 1', 'nat 1', 'network lan']])
        netns1.NETNSD.stop()
        run('nft', f'flush map inet netnsd {maps[0]}')
        netns1.NETNSD.start()
        netns1.wait_for(lambda: own_table() == self.table[None])

    def test_last_network(self):
        """Nothing is restored that is no longer asked for."""
        for name in ('bare',):
            self.watcher.call(f'{ROOT}/network/{name}', 'Network', 'Delete')
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        self.watcher.call(f'{ROOT}/network/lan', 'Network', 'Delete')
        self.watcher.call(f'{ROOT}/nat/1', 'Nat', 'Delete')
        run('nft', 'add table inet netnsd')
        netns1.wait_for(lambda: own_table() is None)
        self.assert_calm()

    # ---- what is said and left alone

    def drifted(self):
        """What each Drifted since the last call said."""
        self.watcher.settle()
        found = [(path.removeprefix(ROOT), expected, found)
                 for _, member, arguments in self.watcher.signals if member == 'Drifted'
                 for path, expected, found in [arguments]]
        self.watcher.signals.clear()
        return found

    def assert_drifted(self, *expected):
        """That these signals come, in any order, and no others."""
        found = []
        self.watcher.wait(lambda: found.extend(self.drifted()) or len(found) >= len(expected), f'{expected}')
        self.watcher.settle()
        found += self.drifted()
        self.assertCountEqual(found, expected)

    def test_forwarding(self):
        """S8: ip_forward set to 0 is said, for each that needs it, and stays."""
        for family, setting, objects in (
                ('4', 'ipv4/ip_forward', ('/network/lan', '/nat/1')),
                ('6', 'ipv6/conf/all/forwarding', ('/network/lan',))):
            for _ in range(2):
                self.drifted()
                run('sh', '-c', f'echo 0 > /proc/sys/net/{setting}')
                self.assert_drifted(*[(path, {f'Forwarding{family}': True}, {f'Forwarding{family}': False})
                                      for path in objects])
                run('ip', 'link', 'set', 'bare', 'mtu', '1400')  # a change of something else repeats nothing
                self.assertEqual(netns1.sysctl('net.' + setting.replace('/', '.')), '0')
                self.assertEqual(self.drifted(), [])
                run('sh', '-c', f'echo 1 > /proc/sys/net/{setting}')
                self.watcher.wait(lambda: self.root.get(ROOT, 'Manager', f'Forwarding{family}'), 'it forwards again')

    def test_forwarding_of_port_forwards(self):
        self.manager('CreateForward', '(ssqa{sv})', 'web', 'tcp', 80, {})
        self.drifted()
        run('sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/all/forwarding')
        self.assert_drifted(('/network/lan', {'Forwarding6': True}, {'Forwarding6': False}),
                            ('/forward/1', {'Forwarding6': True}, {'Forwarding6': False}))

    def test_forwarding_elsewhere(self):
        run('sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward', namespace='router')
        self.assert_drifted(('/namespace/router/network/inside', {'Forwarding4': True}, {'Forwarding4': False}))

    def test_addresses(self):
        run('ip', 'address', 'delete', '10.1.0.1/24', 'dev', 'lan')
        self.assert_drifted(('/network/lan', {'Gateways': ['10.1.0.1/24', 'fd00:1::1/64']},
                             {'Gateways': ['fd00:1::1/64']}))
        run('ip', 'address', 'add', '10.1.0.7/24', 'dev', 'lan')  # one more is no harm
        run('ip', 'address', 'add', '10.1.0.1/24', 'dev', 'lan')
        netns1.wait_for(lambda: '10.1.0.1/24' in dict(self.root.get(self.root.link('', 'lan'), 'Link', 'Addresses')))
        self.assertEqual(self.drifted(), [])
        run('ip', 'address', 'flush', 'dev', 'lan')
        self.watcher.wait(lambda: [found for _, _, found in self.drifted() if found == {'Gateways': []}], 'all gone')

    def test_bridge(self):
        run('ip', 'link', 'set', 'bare', 'down')
        self.assert_drifted(('/network/bare', {'Enabled': True}, {'Enabled': False}))
        run('ip', 'link', 'set', 'bare', 'name', 'other')
        self.assert_drifted(('/network/bare', {'Bridge': 'bare'}, {'Bridge': ''}))
        run('ip', 'link', 'set', 'other', 'name', 'bare')
        netns1.wait_for(lambda: self.root.link('', 'bare'))
        self.assertEqual(self.drifted(), [])
        self.manager('CreateNamespace', '(sa{sv})', 'turn', {})  # it has its turn after the look that finds all well
        run('ip', 'link', 'delete', 'bare')  # which goes down and loses its addresses first
        self.watcher.wait(lambda: ('/network/bare', {'Bridge': 'bare'}, {'Bridge': ''}) in self.drifted(), 'it is gone')

    def test_port(self):
        port = netns1.link('veth-web-h')['ifname']
        for _ in range(2):
            run('ip', 'link', 'set', port, 'nomaster')
            self.assert_drifted(('/network/lan', {'Ports': [port]}, {'Ports': []}))
            run('ip', 'link', 'set', port, 'master', 'lan')
            self.watcher.settle()
            self.assertEqual(self.drifted(), [])
        run('ip', 'link', 'set', port, 'nomaster')
        self.assert_drifted(('/network/lan', {'Ports': [port]}, {'Ports': []}))
        run('ip', 'link', 'set', port, 'master', 'bare')  # of another one now
        run('ip', 'link', 'set', port, 'nomaster')
        self.assert_drifted(('/network/bare', {'Ports': [port]}, {'Ports': []}))

    def test_port_beside_a_call(self):
        """What others detach while a call changes something else is told; what the call detaches is not."""
        self.manager('CreateNamespace', '(sa{sv})', 'more', {})
        self.manager('Connect', '(ssa{sv})', 'more', 'lan', {})
        port, other = (netns1.link(name)['ifname'] for name in ('veth-web-h', 'veth-more-h'))
        bridge = self.root.link('', 'lan')
        for call in ((ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'turn', {}), (self.root.link('', other), 'Link', 'Detach')):
            with self.subTest(call[2]):
                self.watcher.settle()
                self.drifted()
                with inside.worker_stopped():
                    change = self.root.start(*call)
                    self.root.get(ROOT, 'Manager', 'Version')  # the call has its turn
                    run('ip', 'link', 'set', port, 'nomaster')
                change.result()
                self.assert_drifted(('/network/lan', {'Ports': [port]}, {'Ports': []}))
                run('ip', 'link', 'set', port, 'master', 'lan')
                netns1.wait_for(lambda: self.root.link('', port) in self.root.get(bridge, 'Bridge', 'Ports'))

    def test_monitor(self):
        """Both are lines of `netnsctl monitor`."""
        def look(*options):
            process = subprocess.Popen([os.environ['NETNSCTL'], *options, 'monitor'], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, text=True)
            for cleanup in (process.stdout.close, process.wait, process.terminate):
                self.addCleanup(cleanup)
            return process
        text, data = look(), look('--json=short')
        for process in (text, data):
            self.watcher.settle()
            netns1.wait_for(lambda: run('ip', 'link', 'set', 'bare', 'mtu', str(next(self.numbers)))
                            and select.select([process.stdout], [], [], 0.1)[0])
        run('nft', 'flush ruleset')
        run('ip', 'address', 'flush', 'dev', 'bare')
        lines = {'! rules restored what=nat 1,network lan\n', '! network bare gateways=-\n'}
        while lines:
            lines.discard(text.stdout.readline())
        wanted = [{'event': 'rules-restored', 'value': ['nat 1', 'network lan']},
                  {'event': 'drifted', 'kind': 'network', 'name': 'bare', 'property': 'gateways'}]
        while wanted:  # where the packets to it go now may be told before or after them
            event = json.loads(data.stdout.readline())
            wanted = [one for one in wanted if not one.items() <= event.items()]

    def test_our_own_calls(self):
        """What is asked for has not drifted."""
        self.drifted()
        port = self.root.link('', 'veth-web-h')
        self.watcher.call(port, 'Link', 'Detach')
        self.watcher.call(port, 'Link', 'AttachTo', '(o)', self.root.link('', 'lan'))
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        self.manager('CreateNamespace', '(sa{sv})', 'more', {})
        self.manager('Connect', '(ssa{sv})', 'more', 'lan', {})
        self.manager('Connect', '(ssa{sv})', 'web', 'lan', {})
        run('ip', 'netns', 'delete', 'more')
        netns1.wait_for(lambda: netns1.link('veth-more-h') is None)
        self.manager('Disconnect', '(ss)', 'web', 'lan')
        for path in ('/network/lan', '/network/bare', '/nat/1'):
            self.watcher.call(ROOT + path, path.split('/')[1].capitalize(), 'Delete')
        self.assertEqual(netns1.sysctl('net.ipv4.ip_forward'), '0')
        self.assertEqual(self.drifted(), [])


if __name__ == '__main__':
    netns1.main()
