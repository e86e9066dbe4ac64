#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules of iptables-legacy, which nf_tables knows nothing of. A table of it stays until its namespace ends, so nothing else is
# tested here. Package iptables.
import shutil
import subprocess
import unittest

import netns1
from netns1 import ROOT, run

PROGRAMS = (('iptables-legacy', 'ip'), ('ip6tables-legacy', 'ip6'))


def is_supported(program):
    """Whether there is such a program, and the kernel has its tables; tried in a namespace of its own."""
    return shutil.which(program) and subprocess.run(['unshare', '--map-root-user', '--net', program, '-S'],
                                                    capture_output=True).returncode == 0


class Legacy(netns1.TestCase):
    def create(self, name, namespace='', **options):
        return self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', name,
                              {'nat': True, 'ipv6': True, 'namespace': namespace, **options})

    @unittest.skipUnless(all(is_supported(program) for program, _ in PROGRAMS), 'no iptables-legacy here')
    def test_legacy(self):
        self.root.create_namespace('clean')
        for program, family in PROGRAMS:
            with self.subTest(program):
                self.root.create_namespace(family)
                run(program, '-P', 'FORWARD', 'DROP', namespace=family)
                with self.assertBusError('BlockedByFirewall') as caught, self.unchanged():
                    self.create('inner', family, firewall='check')
                self.assertIn(f'Cannot tell whether another firewall blocks packets of network “{family}:inner”: {family} filter: rules of '
                              'iptables-legacy are not read', caught.exception.message)
        self.create('inner', 'clean', firewall='check')
        run('iptables-legacy', '-P', 'FORWARD', 'DROP')
        run('nft', 'add table inet x')  # of the other tables there is no news
        netns1.wait_for(lambda: self.root.get(ROOT, 'Manager', 'ForeignFirewalls') == ['ip filter: rules of iptables-legacy are not read'])


if __name__ == '__main__':
    netns1.main()
