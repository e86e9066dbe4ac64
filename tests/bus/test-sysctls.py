#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernel settings of a namespace: those that the documentation lists can be set and no other, and /proc shows it."""
import json
import os
import re

import netns1
from netns1 import ROOT, api, run

WEB = f'{ROOT}/namespace/web'
SPECIAL = {'ip_local_port_range': '20000 30000', 'ping_group_range': '5 7' if netns1.IS_ROOT else '0 0', 'tcp_rmem': '4096 16384 65536',
           'tcp_wmem': '4096 16384 65536', 'ip_local_reserved_ports': '8080,9000-9100', 'mtu': '1400',
           'tcp_max_syn_backlog': '77', 'hop_limit': '33', 'base_reachable_time_ms': '20000',
           'retrans_time_ms': '2000'}


def documented(link):
    """All keys that the introspection file and the manual list for SetSysctl, for one link."""
    method = next(method for method in api.load()['org.example.NetNS1.Namespace'].methods if method.name == 'SetSysctl')
    for annotation, names in method.annotations.items():
        prefix = annotation.partition('.Settings.')[2].replace('LINK', link)
        for name in names.split() if prefix else ():
            yield f'{prefix}.{name}'


def path_of(key):
    return 'net/' + re.sub(r'\.', '/', key.removeprefix('net.'))


def existing():
    """All settings of a new network namespace with a link v1."""
    script = 'ip link add v1 type ifb; cd /proc/sys; find net -type f'
    return run('unshare', '-n', 'sh', '-c', script).stdout.split()


class Sysctls(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        run('ip', '-batch', '-', namespace='web', input='link add v1 type veth peer name v2\n')

    def set(self, key, value, place=WEB):
        self.root.call(place, 'Namespace', 'SetSysctl', '(ss)', key, value)

    def get(self, key, place=WEB):
        return self.root.call(place, 'Namespace', 'GetSysctl', '(s)', key)

    @staticmethod
    def kernel(key, namespace='web'):
        return run('cat', f'/proc/sys/{path_of(key)}', namespace=namespace).stdout.rstrip('\n')

    def test_each_that_is_documented(self):
        """Can be set to another value; the host's stays what it was."""
        keys = list(documented('v1'))
        self.assertGreater(len(keys), 80)
        for key in keys:
            with self.subTest(key):
                before = self.kernel(key)
                host = self.kernel(key, None) if '.v1.' not in key else None
                value = SPECIAL.get(key.rpartition('.')[2], '0' if before == '1' else '1')
                self.assertEqual(self.get(key), before)
                self.set(key, value)
                self.assertEqual(self.kernel(key).split(), value.split())
                self.assertEqual(self.get(key), self.kernel(key))
                if host is not None:
                    self.assertEqual(self.kernel(key, None), host)
                self.set(key, before or '1')

    @staticmethod
    def dump():
        """All settings of the namespace, without those that change by themselves."""
        text = run('sh', '-c', 'cd /proc/sys; grep -r . net', namespace='web', check=False).stdout
        changing = re.compile('nf_conntrack_(count|buckets)|tcp_fastopen_key|random')
        return [line for line in text.splitlines() if not changing.search(line)]

    def test_refused(self):
        """What the kernel does not take, or takes a part of, changes nothing."""
        before = self.dump()
        for key, value in (('ip_default_ttl', '256'), ('ip_local_port_range', '3000 2000'), ('tcp_rmem', '4096 8192 0'),
                           ('ip_local_port_range', '2000 70000'), ('ip_local_reserved_ports', '80,70000'),
                           ('ip_local_reserved_ports', '80,90-85'), ('ping_group_range', '5 -7'), ('tcp_rmem', '1 2'),
                           ('tcp_fin_timeout', '30 40'), ('tcp_wmem', '4096 8192 99999999999'),
                           ('conf.v1.rp_filter', '99999999999'), ('conf.v1.rp_filter', '1 x')):
            with self.subTest(f'{key} {value}'), self.assertRaises(netns1.BusError) as context:
                self.set(f'net.ipv4.{key}', value)
            self.assertIn(context.exception.name, ('InvalidArgument', 'KernelRefused'))
            self.assertEqual(self.dump(), before, f'{key} {value}')

    def test_no_other(self):
        """Of all that a namespace has."""
        known = {path_of(key) for link in ('v1', 'all', 'default', 'lo') for key in documented(link)}
        others = [path for path in existing() if path not in known]
        self.assertGreater(len(others), 100)
        before = self.dump()
        for path in others:
            for key in (path.replace('/', '.'), path):
                with self.subTest(key), self.assertRaises(netns1.BusError) as context:
                    self.set(key, '1')
                self.assertIn(context.exception.name, ('NotSupported', 'NotFound'), key)
        self.assertEqual(self.dump(), before)

    def test_all_and_default(self):
        """What is the default becomes that of each link that was not told otherwise."""
        self.set('net.ipv4.conf.all.rp_filter', '2')
        self.set('net.ipv4.conf.default.rp_filter', '1')
        run('ip', 'link', 'add', 'later', 'type', 'ifb', namespace='web')
        self.assertEqual([self.kernel(f'net.ipv4.conf.{link}.rp_filter') for link in ('all', 'later', 'v1')],
                         ['2', '1', '1'])

    def test_link_with_dots(self):
        """Its name as it is, or as sysctl(8) wants it."""
        run('ip', 'link', 'set', 'v1', 'name', 'v1.100.x', namespace='web')
        netns1.wait_for(lambda: self.root.link('web', 'v1.100.x'))
        path = '/proc/sys/net/ipv4/conf/v1.100.x/arp_ignore'
        for key, value in (('net.ipv4.conf.v1.100.x.arp_ignore', '1'), ('net.ipv4.conf.v1/100/x.arp_ignore', '2')):
            self.set(key, value)
            self.assertEqual(run('cat', path, namespace='web').stdout.strip(), value)
            self.assertEqual(self.get(key), value)

    def test_alternative_name(self):
        run('ip', 'link', 'property', 'add', 'dev', 'v1', 'altname', 'a-long-name-of-a-link', namespace='web')
        self.root.call(f'{ROOT}', 'Manager', 'Reload')  # the kernel does not tell of those of a link that is down
        self.set('net.ipv6.conf.a-long-name-of-a-link.hop_limit', '9')
        self.assertEqual(self.kernel('net.ipv6.conf.v1.hop_limit'), '9')

    def test_effect(self):
        """A user's program may listen on port 80 inside, and not outside."""
        self.set('net.ipv4.ip_unprivileged_port_start', '0')
        code = 'import socket; socket.create_server(("127.0.0.1", 80))'
        command = ['/usr/bin/python3', '-c', code]
        if netns1.IS_ROOT:
            self.assertEqual(run(*command, namespace=None, uid=netns1.ALICE, check=False).returncode, 1)
            inside = ['nsenter', '--net=/run/netns/web', 'setpriv', f'--reuid={netns1.ALICE}', f'--regid={netns1.ALICE}',
                      '--clear-groups', *command]
            self.assertEqual(run(*inside, check=False).returncode, 0)

    def test_ipv6_off_and_on(self):
        """What goes with it is on the bus when the call returns."""
        run('ip', 'address', 'add', 'fd00:1::1/64', 'dev', 'v1', 'nodad', namespace='web')
        link = self.root.link('web', 'v1')
        netns1.wait_for(lambda: any(address.startswith('fd00') for address, _ in self.root.get(link, 'Link', 'Addresses')))
        self.set('net.ipv6.conf.v1.disable_ipv6', '1')
        self.assertEqual(self.root.get(link, 'Link', 'Addresses'), [])
        self.set('net.ipv6.conf.v1.disable_ipv6', '0')
        self.assertEqual(self.kernel('net.ipv6.conf.v1.disable_ipv6'), '0')

    def test_of_host(self):
        self.set('net.ipv4.conf.lo.arp_filter', '1', place=netns1.HOST)
        self.addCleanup(run, 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/conf/lo/arp_filter')
        self.assertEqual(self.kernel('net.ipv4.conf.lo.arp_filter', None), '1')
        self.assertEqual(self.kernel('net.ipv4.conf.lo.arp_filter'), '0')
        self.set('net.ipv4.ip_forward', '1', place=netns1.HOST)
        self.assertTrue(self.root.get(ROOT, 'Manager', 'Forwarding4'))

    def test_by_netnsctl(self):
        netns1.netnsctl('namespace', 'sysctl', 'web', 'net.ipv4.tcp_keepalive_time=60', 'net.ipv4.tcp_rmem=4096 8192 16384',
                        uid=None)
        self.assertEqual(self.kernel('net.ipv4.tcp_keepalive_time'), '60')
        rows = json.loads(netns1.netnsctl('--json=short', 'namespace', 'sysctl', 'web', 'net.ipv4.tcp_rmem',
                                          'net.ipv4.tcp_keepalive_time', uid=None).stdout)
        self.assertEqual([(row['key'], row['value'].split()) for row in rows],
                         [('net.ipv4.tcp_rmem', ['4096', '8192', '16384']), ('net.ipv4.tcp_keepalive_time', ['60'])])
        failed = netns1.netnsctl('namespace', 'sysctl', 'web', 'net.ipv4.tcp_mem=1 2 3', uid=None, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn('net.ipv4.tcp_mem', failed.stderr)
        self.assertEqual(failed.stderr.count('\n'), 1)


if __name__ == '__main__':
    assert os.path.isdir('/proc/sys/net')
    netns1.main()
