#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The networks of other programs as they leave them in the kernel: Docker's, libvirt's, LXC's, and namespaces that unshare
# and a forgotten descriptor hold. No engine runs here: its links, mounts, rules and control groups are made by hand.
import json
import os
import secrets
import subprocess
import unittest

import netns1
from netns1 import ALICE, ROOT, run

KEEPER = '''
import ctypes, os, signal
library = ctypes.CDLL(None)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
assert library.unshare(0x40000000) == 0
kept = os.open("/proc/self/ns/net", os.O_RDONLY)
assert library.setns(home, 0x40000000) == 0
os.close(home)
print(os.fstat(kept).st_ino, flush=True)
signal.pause()
'''
LINKS = ('docker0', 'veth1a2b3c4', 'virbr0', 'vnet0')
# What an active user may do by the defaults without being asked.
DEFAULTS = ('create-namespace', 'configure-own', 'open-socket')


def shell(script, **options):
    return run('sh', '-ec', script, **options).stdout


def inode_of(process):
    return os.stat(f'/proc/{process.pid}/ns/net').st_ino


@unittest.skipUnless(netns1.IS_ROOT, 'needs control groups, and an ordinary user besides root')
class Engines(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.groups = '/run/control-groups'
        os.makedirs(self.groups, exist_ok=True)
        run('mount', '-t', 'cgroup2', 'none', self.groups)
        self.addCleanup(run, 'umount', self.groups)
        netns1.set_rules(netns1.allow_only(*DEFAULTS))

    def process_in_group(self, name, *command):
        group = f'{self.groups}/{name}'
        os.mkdir(group)
        self.addCleanup(netns1.wait_for, lambda: not os.path.exists(group) or self.remove(group))
        process = netns1.sleeper(self, *command)
        with open(f'{group}/cgroup.procs', 'w') as file:
            file.write(str(process.pid))
        return process

    @staticmethod
    def remove(group):
        try:
            os.rmdir(group)
        except OSError:  # its process is still ending
            return False
        return True

    def run_docker(self):
        """A container on docker0: bridge, veth pair, masquerade, a mount of its namespace."""
        identity = secrets.token_hex(32)
        process = self.process_in_group(f'docker-{identity}.scope', 'unshare', '-n')
        self.addCleanup(shell, 'nft delete table ip docker-nat; umount /run/docker/netns/box; rm /run/docker/netns/box')
        shell(f'''
            mkdir -p /run/docker/netns; touch /run/docker/netns/box
            mount --bind /proc/{process.pid}/ns/net /run/docker/netns/box
            ip link add docker0 type bridge; ip address add 172.17.0.1/16 dev docker0; ip link set docker0 up
            ip link add veth1a2b3c4 type veth peer name eth0 netns {process.pid}
            ip link set veth1a2b3c4 master docker0 up
            nsenter --net=/proc/{process.pid}/ns/net sh -ec "ip link set lo up; ip address add 172.17.0.2/16 dev eth0
                ip link set eth0 up; ip route add default via 172.17.0.1"
            nft "table ip docker-nat {{ chain postrouting {{ type nat hook postrouting priority srcnat;
                ip saddr 172.17.0.0/16 oifname != docker0 masquerade; }}; }}"''')
        return process, f'docker {identity[:12]}'

    def run_libvirt(self):
        """A machine on virbr0: its end is a tap, which QEMU has open in the host's namespace."""
        self.addCleanup(shell, 'nft delete table ip libvirt-nat')
        shell('''
            ip link add virbr0 type bridge; ip address add 192.168.122.1/24 dev virbr0; ip link set virbr0 up
            ip tuntap add vnet0 mode tap; ip link set vnet0 master virbr0 up
            nft "table ip libvirt-nat { chain postrouting { type nat hook postrouting priority srcnat;
                ip saddr 192.168.122.0/24 ip daddr != 192.168.122.0/24 masquerade; }; }"''')

    def keep_descriptor(self):
        process = subprocess.Popen(['/usr/bin/python3', '-c', KEEPER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, int(process.stdout.readline())

    @staticmethod
    def list_all():
        """As alice sees it, by inode."""
        return {row['inode']: row for row in json.loads(
            netns1.netnsctl('--json=short', 'namespace', 'list', '--all').stdout) if row['source'] != 'host'}

    def test_all_of_them(self):
        before = set(self.list_all())
        container, container_label = self.run_docker()
        self.run_libvirt()
        lxc = self.process_in_group(f'lxc.payload.{secrets.token_hex(4)}', 'unshare', '-n')
        plain = netns1.sleeper(self, 'unshare', '-n')
        keeper, kept = self.keep_descriptor()
        shell('touch /run/docker/netns/x; unshare -n sh -ec "mount --bind /proc/\\$\\$/ns/net /run/docker/netns/x"')
        self.addCleanup(shell, 'umount /run/docker/netns/x; rm /run/docker/netns/x')

        listed = {inode: row for inode, row in self.list_all().items() if inode not in before}
        with open(f'/proc/{lxc.pid}/cgroup') as file:
            lxc_label = 'lxc ' + file.read().strip().rpartition('lxc.payload.')[2]
        self.assertEqual({inode: (row['source'], row['owner-label'], row['path']) for inode, row in listed.items()}, {
            inode_of(container): ('process', container_label, f'/proc/{container.pid}/ns/net'),
            inode_of(lxc): ('process', lxc_label, f'/proc/{lxc.pid}/ns/net'),
            inode_of(plain): ('process', 'sleep', f'/proc/{plain.pid}/ns/net'),
            kept: ('descriptor', 'python3', f'/proc/{keeper.pid}/fd/4'),
            os.stat('/run/docker/netns/x').st_ino: ('mount', 'docker x', '/run/docker/netns/x'),
        })
        of_lsns = {entry['ns']: entry for entry in netns1.lsns('NS,PID,NETNSID')}
        for process in (container, lxc, plain):
            self.assertEqual(of_lsns[inode_of(process)]['pid'], process.pid)
            self.assertEqual(of_lsns[inode_of(process)]['netnsid'], listed[inode_of(process)]['ns-id'])
        self.check_plugs(f'@id{inode_of(container)}')
        self.check_refused(container, lxc)
        self.check_adopted(container)

    def check_plugs(self, name):
        """Veth peers across, ports of bridges, and what the container has inside."""
        self.alice.managed_objects()
        inside = self.alice.link(name, 'eth0')
        outside = self.alice.link('', 'veth1a2b3c4')
        self.assertEqual(self.alice.get(outside, 'Veth', 'Peer'), inside)
        self.assertEqual(self.alice.get(inside, 'Veth', 'Peer'), outside)
        self.assertEqual(self.alice.get(outside, 'Link', 'Master'), self.alice.link('', 'docker0'))
        self.assertEqual(self.alice.get(self.alice.link('', 'docker0'), 'Bridge', 'Ports'), [outside])
        self.assertEqual(self.alice.get(self.alice.link('', 'virbr0'), 'Bridge', 'Ports'), [self.alice.link('', 'vnet0')])
        self.assertIn('172.17.0.2/16', [address for address, _ in self.alice.get(inside, 'Link', 'Addresses')])
        routes = self.alice.get(inside.rpartition('/link/')[0], 'Namespace', 'Routes')
        self.assertIn(('default', '172.17.0.1', 'eth0', 0), [tuple(route) for route in routes])
        self.assertIn(f'{name}:eth0', netns1.netnsctl('tree').stdout)

    def check_refused(self, *processes):
        """Of all that, an ordinary user changes nothing."""
        calls = [(self.alice.link('', link), 'Link', 'SetEnabled', '(b)', False) for link in LINKS]
        calls += [(self.alice.link('', link), 'Link', method, None) for link in ('veth1a2b3c4', 'vnet0')
                  for method in ('Delete', 'Detach')]
        for process in processes:
            name = f'@id{inode_of(process)}'
            space = f'{ROOT}/namespace/_{name[1:]}'
            calls += [(self.alice.link(name, 'lo'), 'Link', 'SetMtu', '(u)', 1400),
                      (space, 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '', {'link': 'lo'}),
                      (space, 'Namespace', 'OpenSocket', '(iii)', 2, 1, 0),
                      (space, 'Namespace', 'Open', None),
                      (ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', 'mine', process.pid, {}),
                      (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', name, 'a', '', 'b', {})]
        with self.unchanged():
            for path, interface, method, signature, *values in calls:
                with self.subTest(method, path=path), self.assertBusError('AccessDenied'):
                    self.alice.call(path, interface, method, signature, *values)

    def check_adopted(self, container):
        netns1.netnsctl('namespace', 'adopt', 'web1', str(container.pid), uid=None)
        self.assertEqual(json.loads(netns1.netnsctl('--json=short', 'namespace', 'identify', str(container.pid),
                                                    uid=None).stdout), {'name': 'web1'})
        self.assertEqual(run('ip', 'netns', 'identify', str(container.pid)).stdout.strip(), 'web1')
        row = self.list_all()[inode_of(container)]
        self.assertEqual((row['name'], row['source']), ('web1', 'named'))
        self.assertTrue(row['owner-label'].startswith('docker '))
        run('ping', '-c1', '-W5', '172.17.0.1', namespace='web1')


if __name__ == '__main__':
    netns1.main()
