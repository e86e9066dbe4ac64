#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files of a file system that answers all but the service: neither looking at their descriptors nor closing them keeps
# anybody else waiting.
import os
import subprocess
import tempfile
import unittest

import netns1
from gi.repository import Gio, GLib
from netns1 import ROOT, TESTS, run

FLUSH = '25'  # what the kernel asks at each close (include/uapi/linux/fuse.h)


def has_fuse():
    with open('/proc/filesystems') as file:
        return 'nodev\tfuse\n' in file


@unittest.skipUnless(netns1.IS_ROOT and has_fuse(), 'needs root and FUSE')
class DeadFiles(netns1.TestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, folder)
        self.server = subprocess.Popen(['/usr/bin/python3', os.path.join(TESTS, 'lib', 'fuse.py'), folder, str(netns1.NETNSD.pid)],
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(run, 'umount', '-l', folder)
        self.addCleanup(self.server.kill)
        self.assertEqual(self.server.stdout.readline(), 'ready\n')
        self.fd = os.open(f'{folder}/file', os.O_RDONLY)
        self.addCleanup(os.close, self.fd)
        self.path = self.root.create_namespace('web')
        self.bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)

    def call(self, path, interface, method, parameters):
        descriptors = Gio.UnixFDList.new()
        descriptors.append(self.fd)
        return self.bus.call_with_unix_fd_list_sync(netns1.SERVICE, path, netns1.full_interface(interface), method, parameters, None,
                                                    Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, descriptors,
                                                    None)[0]

    def assert_refused(self, *call):
        with self.assertRaises(GLib.Error) as context:
            self.call(*call)
        self.assertIn('NetNS1.Error.InvalidArgument:', str(context.exception))

    def assert_lives(self):
        """It was asked, by a thread that hangs by now, and answers others."""
        self.assertEqual(self.server.stdout.readline().strip(), FLUSH)
        self.assertEqual(self.root.get(ROOT, 'Manager', 'HostNamespace'), netns1.HOST)
        self.bob.get(self.path, 'Namespace', 'Name')
        self.root.call(self.path, 'Namespace', 'SetSysctl', '(ss)', 'net.ipv4.ip_default_ttl', '63')

    def test_looked_at(self):
        self.assert_refused(ROOT, 'Manager', 'GetNamespaceByFD', GLib.Variant('(h)', (0,)))
        self.assert_lives()
        self.assert_refused(ROOT, 'Manager', 'AdoptProcess',
                            GLib.Variant('(sua{sv})', ('new', os.getpid(), {'pidfd': GLib.Variant('h', 0)})))
        self.assert_lives()

    def test_along_with_a_call(self):
        """Which does not want any."""
        self.call(ROOT, 'org.freedesktop.DBus.Properties', 'Get', GLib.Variant('(ss)', (netns1.SERVICE + '.Manager', 'Version')))
        self.assert_lives()
        self.call(self.path, 'Namespace', 'ListProcesses', None)
        self.assert_lives()

    def test_of_a_command(self):
        """It goes on to the helper, which is answered."""
        self.call(self.path, 'Namespace', 'Run', GLib.Variant('(asassaha{sv})', (['cat'], [], '', [0], {})))
        self.assert_lives()


if __name__ == '__main__':
    netns1.main()
