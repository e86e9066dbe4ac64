#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first call starts the service, with the activation file that is installed.
import unittest

import netns1
from services import name_owner


class Activation(unittest.TestCase):
    def test_first_call_starts(self):
        """Rules that were loaded before, and that nothing needs, go then."""
        self.assertIsNone(name_owner(netns1.SERVICE))
        for family in ('inet', 'bridge'):
            netns1.run('nft', f'add table {family} netnsd')
        with netns1.Caller(netns1.ALICE if netns1.IS_ROOT else 0) as caller:
            self.assertEqual(caller.get(netns1.ROOT, 'Manager', 'HostNamespace'), netns1.HOST)
        self.assertEqual(name_owner(netns1.SERVICE), netns1.wait_for(lambda: netns1.NETNSD.pid))
        netns1.wait_for(lambda: not [item for item in netns1.nft() if 'table' in item])


if __name__ == '__main__':
    netns1.main()
