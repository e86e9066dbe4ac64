#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What other tests compare when they say that nothing has changed: each kind of change is seen, and gone when it is undone.
import json
import os

import netns1
from netns1 import run

CHANGES = (
    ('ip link set br0 mtu 1400', 'ip link set br0 mtu 1500'),
    ('ip link set br0 address 02:00:00:00:00:09', 'ip link set br0 address 02:00:00:00:00:01'),
    ('ip link set br0 alias text', 'ip link set br0 alias ""'),
    ('ip link set br0 name br1', 'ip link set br1 name br0'),
    ('ip link property add dev br0 altname another', 'ip link property del dev br0 altname another'),
    ('ip link set br0 type bridge stp_state 1', 'ip link set br0 type bridge stp_state 0'),
    ('ip link set br0 type bridge forward_delay 300', 'ip link set br0 type bridge forward_delay 1500'),
    ('ip link set port nomaster', 'ip link set port master br0'),
    ('bridge link set dev port hairpin on', 'bridge link set dev port hairpin off'),
    ('ip link set far down', 'ip link set far up'),
    ('ip address add 10.0.0.1/24 dev far', 'ip address del 10.0.0.1/24 dev far'),
    ('ip address add fd00::1/64 dev far nodad', 'ip address del fd00::1/64 dev far'),
    ('ip route add 10.9.0.0/24 dev far', 'ip route del 10.9.0.0/24 dev far'),
    ('ip route add 10.9.0.0/24 dev far table 77', 'ip route del 10.9.0.0/24 dev far table 77'),
    ('ip route add fd09::/64 dev far', 'ip route del fd09::/64 dev far'),
    ('ip route add blackhole 10.9.0.0/24 metric 5', 'ip route del blackhole 10.9.0.0/24 metric 5'),
    ('ip rule add from 10.9.0.0/24 lookup 77', 'ip rule del from 10.9.0.0/24 lookup 77'),
    ('ip -6 rule add iif far lookup 77', 'ip -6 rule del iif far lookup 77'),
    ('tc qdisc add dev far root tbf rate 1mbit burst 10kb latency 50ms', 'tc qdisc del dev far root'),
    ('nft add table inet t', 'nft delete table inet t'),
    ('echo 1 >/proc/sys/net/ipv4/ip_forward', 'echo 0 >/proc/sys/net/ipv4/ip_forward'),
    ('echo 1 >/proc/sys/net/ipv6/conf/all/forwarding', 'echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'),
)


class Snapshot(netns1.TestCase):
    def assert_seen(self, do, undo):
        before = netns1.snapshot()
        do()
        self.assertNotEqual(netns1.snapshot(), before)
        undo()
        self.assertEqual(netns1.difference(before, netns1.snapshot()), '')

    def build(self, namespace):
        """With links that are up, for a moment in which the kernel looks at their carriers and makes addresses."""
        run('sh', '-e', '-c', 'ip link set lo up; ip link add br0 up address 02:00:00:00:00:01 type bridge;'
            'ip link add port up master br0 type veth peer name far; ip link set far up', namespace=namespace)
        netns1.wait_for(lambda: any(entry['family'] == 'inet6' and not entry.get('tentative')
                                    for entry in netns1.ip('address', 'show', 'dev', 'far', namespace=namespace)[0]['addr_info']))

    def test_changes(self):
        run('ip', 'netns', 'add', 'web')
        for namespace in (None, 'web'):
            self.build(namespace)
            for do, undo in CHANGES:
                with self.subTest(f'{do} in {namespace or "the host"}'):
                    self.assert_seen(lambda do=do: run('sh', '-e', '-c', do, namespace=namespace),
                                     lambda undo=undo: run('sh', '-e', '-c', undo, namespace=namespace))

    def test_files(self):
        def write(text):
            with open('/etc/netns/web/resolv.conf', 'w') as file:
                file.write(text)
        os.makedirs('/etc/netns/web')
        write('nameserver 192.0.2.1\n')
        self.assert_seen(lambda: write('nameserver 192.0.2.2\n'), lambda: write('nameserver 192.0.2.1\n'))
        self.assert_seen(lambda: run('ip', 'netns', 'add', 'db'), lambda: run('ip', 'netns', 'delete', 'db'))

    def test_same_as_tools(self):
        """Links, addresses, routes and rules, as many as the kernel's own tools list."""
        self.build(None)
        run('ip', 'address', 'add', '10.0.0.1/24', 'dev', 'far')
        run('nft', '-f', '-', input='add table inet t; add chain inet t c; add rule inet t c tcp dport 80 counter accept')
        found = json.loads(netns1.snapshot())['@host']
        self.assertEqual([link['name'] for link in found['links']], [link['ifname'] for link in netns1.ip('link')])
        self.assertEqual([(address['dev'], address['prefixlen']) for address in found['addresses']],
                         [('lo', 8), ('far', 24), ('lo', 128)])
        self.assertEqual([route['dst'] for route in found['routes'] if route['head'][0] == 2], [bytes([10, 0, 0, 0]).hex()])
        self.assertEqual(len(found['rules']), len(netns1.ip('rule')) + len(netns1.ip('-6', 'rule')))
        self.assertEqual([name for item in found['nftables'] for name in item], ['table', 'chain', 'rule'])


if __name__ == '__main__':
    netns1.main()
