#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What netnsctl answers to mistakes that are easily made.
import json
import unittest

import netns1

# Everything that a name can be mistyped for.
OF_A_NAMESPACE = (
    'namespace show nope', 'namespace delete nope', 'namespace delete nope --kill', 'namespace rename nope other',
    'namespace processes nope', 'namespace sysctl nope net.ipv4.ip_default_ttl',
    'namespace sysctl nope net.ipv4.ip_default_ttl=3', 'namespace owner nope root', 'link list nope', 'link show nope lo',
    'link create nope bridge b0', 'link delete nope lo', 'link set nope lo up', 'link move @host lo nope',
    'link rate nope lo', 'link statistics nope lo', 'veth create @host:a nope:b', 'bridge create nope b0',
    'bridge set nope b0 stp=on', 'bridge port nope p0 hairpin=on', 'bridge attach nope b0 p0', 'bridge detach nope p0',
    'bridge ports nope b0', 'bridge entries nope b0', 'address list nope', 'address add nope lo 10.0.0.1/24',
    'address remove nope lo 10.0.0.1/24', 'neighbour list nope', 'route list nope', 'route add nope default via 10.0.0.1',
    'route remove nope default via 10.0.0.1', 'connect nope lan', 'disconnect nope lan', 'nat create nope 10.0.0.0/24',
    'forward create nope tcp 8080:80', 'firewall nope show', 'firewall nope ruleset', 'firewall nope policy input drop',
    'firewall nope add input tcp 80 accept', 'firewall nope remove 1', 'dns nope', 'dns nope 192.0.2.1', 'exec nope true',
)


class Mistakes(netns1.TestCase):
    def test_no_such_namespace(self):
        """All say which one there is not, in one line, whatever else would be wrong."""
        self.root.call(netns1.ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {})
        for words in OF_A_NAMESPACE:
            with self.subTest(words), self.unchanged():
                result = netns1.netnsctl(*words.split(), uid=None, check=False)
                self.assertEqual(result.returncode, 1)
                self.assertIn('There is no namespace “nope”', result.stderr)
                self.assertEqual(result.stderr.count('\n'), 1)


class Json(netns1.TestCase):
    def test_none(self):
        """What there is none of is null, also in the tree."""
        self.root.create_namespace('web')
        tree = json.loads(netns1.netnsctl('--json=short', 'tree', uid=None).stdout)
        web = next(namespace for namespace in tree if namespace['name'] == 'web')
        self.assertIsNone(web['owner-label'])
        self.assertEqual(web['source'], 'named')
        self.assertNotIn('""', netns1.netnsctl('--json=short', 'tree', uid=None).stdout)


if __name__ == '__main__':
    netns1.main()
