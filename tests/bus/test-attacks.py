#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What one user does to make others wait, with the rights that every active session has: nothing of another user's fails or
# is not answered in time. tests/bench/attacked.py says how long they take.
import time
import unittest

import attacks
import netns1

RIGHTS = netns1.allow_only('create-namespace', 'configure-own', 'run', 'open-socket')


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class Attacks(netns1.TestCase):
    rules = RIGHTS

    def test_all_at_once(self):
        service = netns1.NETNSD.pid
        with attacks.Attacks(processes=6, descriptors=4000, elements=20000, loops=2) as going_on:
            taken = attacks.measure(15, time.monotonic)
            self.assertEqual({len(times) for times in taken.values()}, {15})
            self.assertGreater(going_on.calls, 0)
        self.assertEqual(netns1.NETNSD.pid, service)

    def test_many_descriptors_do_not_hide_few(self):
        """Whoever holds it is found among processes that have very many descriptors."""
        path = self.bob.create_namespace('held')
        with attacks.Attacks(processes=6, descriptors=15000, elements=1000, loops=0), open('/run/netns/held'):
            for _ in range(3):
                with self.assertBusError('Busy') as context:
                    self.bob.call(path, 'Namespace', 'Delete', '(a{sv})', {})
                self.assertIn('has it open as descriptor', context.exception.message)
                self.assertIn('held', netns1.namespaces())
        self.bob.call(path, 'Namespace', 'Delete', '(a{sv})', {})


if __name__ == '__main__':
    netns1.main()
