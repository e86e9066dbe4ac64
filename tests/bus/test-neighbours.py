#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Neighbours: the same as `ip neigh` lists inside the namespace."""
import json

import netns1
from netns1 import ROOT, run


class Neighbours(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'web', 'v1',
                       {'addresses': ['10.0.0.1/24', 'fd00:1::1/64'], 'peer-addresses': ['10.0.0.2/24', 'fd00:1::2/64']})

    @staticmethod
    def kernel(namespace):
        found = json.loads(run('ip', '-json', 'neigh', namespace=namespace).stdout or '[]')
        return sorted((entry['dst'], entry['dev'], entry.get('lladdr', ''), entry['state'][0].lower())
                      for entry in found)

    def bus(self, namespace):
        path = f'{ROOT}/namespace/{namespace or "_host"}'
        return sorted(self.root.call(path, 'Namespace', 'ListNeighbours'))

    def assert_same(self, namespace):
        """They age by themselves, so both sides are looked at until neither changed meanwhile."""
        def same():
            before, found = self.kernel(namespace), self.bus(namespace)
            return found == before == self.kernel(namespace) and (found or ['none'])
        found = netns1.wait_for(same)
        return [] if found == ['none'] else found

    def test_same_as_ip(self):
        self.assertEqual(self.assert_same('web'), [])
        mac = netns1.link('v0')['address']
        self.assertTrue(netns1.can_ping('10.0.0.1', namespace='web'))
        self.assertTrue(netns1.can_ping('fd00:1::1', namespace='web'))
        found = self.assert_same('web')
        self.assertIn(('10.0.0.1', 'v1', mac), [row[:3] for row in found])
        self.assertIn(('fd00:1::1', 'v1', mac), [row[:3] for row in found])
        self.assertIn(('10.0.0.2', 'v0'), [row[:2] for row in self.assert_same(None)])

    def test_states(self):
        for number, state in enumerate(('permanent', 'reachable', 'stale', 'noarp', 'failed', 'delay', 'probe')):
            run('ip', 'neigh', 'add', f'10.0.0.{100 + number}', 'lladdr', f'02:00:00:00:00:0{number}', 'dev', 'v1', 'nud',
                state, namespace='web')
        found = {row[0]: row for row in self.assert_same('web')}
        self.assertEqual(found['10.0.0.100'], ('10.0.0.100', 'v1', '02:00:00:00:00:00', 'permanent'))
        self.assertEqual(found['10.0.0.102'][3], 'stale')
        self.assertNotIn('10.0.0.103', found)  # which needs no discovery
        netns1.can_ping('10.0.0.200', namespace='web', timeout=0)  # whom nobody is
        netns1.wait_for(lambda: '10.0.0.200' in [row[0] for row in self.kernel('web')])
        found = {row[0]: row for row in self.assert_same('web')}
        self.assertEqual(found['10.0.0.200'][2], '')
        self.assertIn(found['10.0.0.200'][3], ('incomplete', 'failed'))

    def test_too_many(self):
        """All plans wait while they are read."""
        lines = ''.join(f'neigh add 10.{i >> 16}.{i >> 8 & 255}.{i & 255} lladdr 02:00:00:00:00:01 dev v1 nud permanent\n'
                        for i in range(33000))
        run('ip', '-batch', '-', namespace='web', input=lines)
        with self.assertBusError('TooLarge'):
            self.bus('web')
        run('ip', 'neigh', 'flush', 'dev', 'v1', 'nud', 'permanent', namespace='web')
        self.assert_same('web')

    def test_by_netnsctl(self):
        run('ip', 'neigh', 'add', 'fd00:1::7', 'lladdr', '02:00:00:00:00:07', 'dev', 'v1', 'nud', 'permanent',
            namespace='web')
        rows = json.loads(netns1.netnsctl('--json=short', 'neighbour', 'list', 'web', uid=None).stdout)
        self.assertIn({'address': 'fd00:1::7', 'link': 'v1', 'mac-address': '02:00:00:00:00:07', 'state': 'permanent'},
                      rows)


if __name__ == '__main__':
    netns1.main()
