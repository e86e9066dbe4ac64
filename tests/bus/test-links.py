#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links, where the kernel is a difficult partner."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import netns1  # noqa: E402
from netns1 import ROOT  # noqa: E402


class QuietChanges(netns1.TestCase):
    """The kernel does not announce each change of a link that is down."""

    def test_alternative_name(self):
        name = 'a-name-that-is-longer-than-15-bytes'
        bridge = self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', name, {'up': False})
        self.assertEqual(self.root.get(bridge, 'Link', 'AlternativeNames'), [name])
        self.assertEqual(self.root.link('', name), bridge)

    def test_description(self):
        bridge = self.root.call(ROOT, 'Manager', 'CreateBridge', '(ssa{sv})', '', 'br0', {'up': False})
        self.root.call(bridge, 'Link', 'SetDescription', '(s)', 'to the cellar')
        self.assertEqual(self.root.get(bridge, 'Link', 'Description'), 'to the cellar')
        self.assertEqual(netns1.link('br0')['ifalias'], 'to the cellar')


if __name__ == '__main__':
    netns1.main()
