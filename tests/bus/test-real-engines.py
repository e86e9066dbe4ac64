#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers of podman and LXC, started by the real programs: found while somebody looks, with the names that their own
# tools have for them, and gone when they end. Packages podman, crun, lxc and busybox-static; only CI installs them, because
# on a machine in use they would start services of their own.
import glob
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import unittest

import netns1
from netns1 import run

CGROUPS = '/sys/fs/cgroup'


def listed():
    """By inode, as alice sees it."""
    rows = json.loads(netns1.netnsctl('--json=short', 'namespace', 'list', '--all').stdout)
    return {row['inode']: row for row in rows if row['source'] != 'host'}


def remove_groups(pattern):
    """Whether there is none left; an empty one is removed, deepest first."""
    for top in glob.glob(f'{CGROUPS}/{pattern}'):
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:  # its processes are still ending
                return False
    return True


@unittest.skipUnless(netns1.IS_ROOT, 'containers of the machine are made by root')
class RealEngines(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.state = tempfile.mkdtemp(dir='/run')
        self.addCleanup(shutil.rmtree, self.state)
        run('mount', '-t', 'tmpfs', 'none', self.state)
        self.addCleanup(run, 'umount', '--lazy', self.state)
        # On the machine it may be of the first version, which says nothing of containers.
        run('mount', '-t', 'tmpfs', 'none', CGROUPS)
        self.addCleanup(run, 'umount', '--lazy', CGROUPS)
        run('mount', '-t', 'cgroup2', 'none', CGROUPS)
        self.addCleanup(run, 'umount', '--lazy', CGROUPS)
        self.rootfs = f'{self.state}/rootfs'
        for folder in ('bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp'):
            os.makedirs(f'{self.rootfs}/{folder}')
        shutil.copy('/bin/busybox', f'{self.rootfs}/bin/')
        os.symlink('busybox', f'{self.rootfs}/bin/sleep')
        self.name = f'netns1-{secrets.token_hex(4)}'
        self.before = set(listed())

    def assert_found(self, pid, label):
        inode = os.stat(f'/proc/{pid}/ns/net').st_ino
        row = listed()[inode]
        self.assertEqual((row['source'], row['owner-label']), ('process', label))
        self.assertEqual(os.stat(row['path']).st_ino, inode)
        self.assertEqual(netns1.netnsctl('namespace', 'identify', str(pid)).stdout.split()[-1], f'@id{inode}')
        return inode

    def assert_gone(self, inode):
        netns1.wait_for(lambda: inode not in listed())
        self.assertEqual(set(listed()) - self.before, set())

    @unittest.skipUnless(shutil.which('podman'), 'no podman here')
    def test_podman(self):
        podman = ['podman', '--root', f'{self.state}/storage', '--runroot', f'{self.state}/run', '--runtime', 'crun',
                  '--cgroup-manager', 'cgroupfs']
        self.addCleanup(netns1.wait_for, lambda: remove_groups('libpod_parent'))
        # Without limits, which take controllers that the machine may have elsewhere.
        identity = run(*podman, 'run', '--detach', '--network', 'none', '--privileged', '--pids-limit', '0', '--name',
                       self.name, '--rootfs', self.rootfs, 'sleep', '1000').stdout.strip()
        self.addCleanup(subprocess.run, [*podman, 'rm', '--force', '--time', '0', self.name], capture_output=True)
        pid = int(run(*podman, 'inspect', '--format', '{{.State.Pid}}', self.name).stdout)
        inode = self.assert_found(pid, f'podman {identity[:12]}')
        run(*podman, 'rm', '--force', '--time', '0', self.name)
        self.assert_gone(inode)

    @unittest.skipUnless(shutil.which('lxc-execute'), 'no LXC here')
    def test_lxc(self):
        folder = f'{self.state}/lxc'
        os.makedirs(f'{folder}/{self.name}')
        with open(f'{folder}/{self.name}/config', 'w') as file:
            file.write(f'lxc.rootfs.path = dir:{self.rootfs}\nlxc.uts.name = {self.name}\nlxc.net.0.type = veth\n'
                       'lxc.apparmor.profile = unconfined\n')
        self.addCleanup(netns1.wait_for, lambda: remove_groups(f'lxc.*.{self.name}*'))
        container = subprocess.Popen(['lxc-execute', '-P', folder, '-n', self.name, '--', '/bin/sleep', '1000'])
        self.addCleanup(container.wait)
        self.addCleanup(subprocess.run, ['lxc-stop', '-P', folder, '-n', self.name, '--kill'], capture_output=True)
        pid = netns1.wait_for(lambda: self.read_init(folder))
        inode = self.assert_found(pid, f'lxc {self.name}')
        ends = [link['ifname'] for link in json.loads(run('nsenter', f'--net=/proc/{pid}/ns/net', 'ip', '-json', 'link',
                                                            'show', 'type', 'veth').stdout)]
        inside = json.loads(netns1.netnsctl('--json=short', 'link', 'list', f'@id{inode}').stdout)
        self.assertEqual([link['name'] for link in inside if link['kind'] == 'veth'], ends)
        run('lxc-stop', '-P', folder, '-n', self.name, '--kill')
        self.assert_gone(inode)

    def read_init(self, folder):
        """The container's first process, in namespaces of its own."""
        text = subprocess.run(['lxc-info', '-P', folder, '-n', self.name, '--no-humanize', '--pid'],
                              capture_output=True, text=True).stdout.strip()
        return int(text) if text.isdigit() and int(text) > 0 else 0


if __name__ == '__main__':
    netns1.main()
