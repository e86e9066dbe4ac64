#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# netnsd-run visits the mount namespace of its command, and the kernel refuses to let it back (no-way-back.c): it ends, and the
# command with it, because what it looks at there is what the command's user made.
import os
import unittest

import netns1
import running
from netns1 import wait_for

ARMED = '/run/no-way-back'


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class WayBack(running.TestCase):
    def setUp(self):
        super().setUp()
        wrapper = '/run/netnsd-run-without-way-back'
        definition = netns1.NETNSD.definition
        helper = next(word for word in definition['command'] if word.startswith('--helper=')).partition('=')[2]
        with open(wrapper, 'w') as file:
            preloaded = netns1.preloaded(helper, os.environ['NO_WAY_BACK'])
            file.write(f'#!/bin/sh\nLD_PRELOAD={preloaded} exec {helper}\n')
        os.chmod(wrapper, 0o755)
        self.addCleanup(os.unlink, wrapper)
        netns1.NETNSD.define([*definition['command'], f'--helper={wrapper}'], definition['bus_name'],
                             definition['environment'])
        self.addCleanup(netns1.NETNSD.restart)
        self.addCleanup(netns1.NETNSD.define, *definition.values())
        netns1.NETNSD.restart()
        self.set_dns('192.0.2.53')
        self.addCleanup(lambda: os.path.exists(ARMED) and os.unlink(ARMED))

    def set_dns(self, server):
        self.root.call(self.path, 'Namespace', 'SetDns', '(asas)', [server], [])

    def change_host(self):
        with open('/etc/no-way-back.new', 'w'):
            pass
        self.addCleanup(os.unlink, '/etc/no-way-back')
        os.rename('/etc/no-way-back.new', '/etc/no-way-back')

    def test_ends(self):
        """Whatever it was to take in: a file of the host, name servers of the namespace."""
        for what, happen in (('host', self.change_host), ('own', lambda: self.set_dns('192.0.2.54'))):
            with self.subTest(what):
                started = self.start('sh', '-c', 'trap "" HUP; echo ready; sleep 1000; sleep 1000')
                self.assertTrue(started.process)
                wait_for(lambda: started.output == 'ready\n')
                with open(ARMED, 'w'):
                    pass
                happen()
                self.assertEqual(started.exited(), (-1, 9))
                wait_for(lambda: not running.processes_named('netnsd-run'))
                os.unlink(ARMED)
                self.assertEqual(os.listdir('/run/netnsd/process'), [])


if __name__ == '__main__':
    netns1.main()
