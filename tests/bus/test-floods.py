#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an unfriendly user has more of than anybody needs, to keep the service from working for others.
import os
import subprocess
import unittest

import netns1
from gi.repository import GLib
from netns1 import ROOT, run

MOUNTS = 48000
# 2 * MOUNTS mounts: at first of something else, then of the namespace, each on a mount in the middle of all.
MOUNT_MANY = f'''
import ctypes, os, signal
def mount(source, target, kind=None, flags=0x5000):
    assert ctypes.CDLL(None).mount(source.encode(), target.encode(), kind, flags, None) == 0
def mount_many(source, folder):
    os.mkdir(folder)
    mount("none", folder, b"tmpfs", 0)
    os.mkdir(folder + "/0")
    for i in range(200):
        open(f"{{folder}}/0/{{i}}", "w").close()
        mount(source, f"{{folder}}/0/{{i}}")
    for i in range(1, {MOUNTS} // 200):
        os.mkdir(f"{{folder}}/{{i}}")
        mount(folder + "/0", f"{{folder}}/{{i}}")
mount("none", "/mnt", b"tmpfs", 0)
mount_many("/dev/null", "/mnt/others")
open("/mnt/one", "w").close()
mount("/proc/self/ns/net", "/mnt/one")
mount_many("/mnt/one", "/mnt/own")
print("ready", flush=True)
signal.pause()
'''
ROUTES = 30000
ROUTE_MANY = f'''
import signal, subprocess
routes = "".join("route add blackhole 10.%d.%d.%d/32\\n" % (i >> 16, i >> 8 & 255, i & 255) for i in range({ROUTES}))
subprocess.run(["ip", "-batch", "-"], input=routes, text=True, check=True)
print("ready", flush=True)
signal.pause()
'''
MAKERS = 90
FEW_ROUTES = '''
import signal, subprocess
routes = "".join("route add blackhole fd00:1111:2222:3333:4444:5555:6666:%x/128\\n" % i for i in range(7500))
subprocess.run(["ip", "-6", "-batch", "-"], input=routes, text=True, check=True)
print("ready", flush=True)
signal.pause()
'''
ROUTES_MAX, ABOUT = 8192, 1000
# To look who holds a namespace takes long with these.
CALLS, PROCESSES = 20, 4
OPEN_MANY = '''
import os, resource, signal
hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 20000)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(hard - 100)]
print("ready", flush=True)
signal.pause()
'''
FORWARDS, STREAMS, SOCKETS = 5, 512, 4096  # STREAMS_MAX and SOCKETS_MAX of the relay
LISTEN = '''
import signal, socket
server = socket.create_server(("", 80), backlog=4096)
print("ready", flush=True)
signal.pause()
'''
CALL_MANY = f'''
import resource, signal, socket
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [socket.create_connection(("::1", 8000 + i)) for i in range({FORWARDS}) for _ in range({STREAMS})]
print("ready", flush=True)
signal.pause()
'''


def as_user(uid):
    return ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups'] if netns1.IS_ROOT else []


class Floods(netns1.TestCase):
    def start(self, code, *prefix, uid=None):
        process = subprocess.Popen([*prefix, *(as_user(uid) if uid else []), '/usr/bin/python3', '-c', code], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        return process

    def count_descriptors(self):
        return len(os.listdir(f'/proc/{netns1.NETNSD.pid}/fd'))

    def test_mounts(self):
        """To look who holds a namespace takes longer by as much as there are mounts, and not by the square of it."""
        path = self.root.create_namespace('ns1')
        prefix = ['nsenter', '--net=/run/netns/ns1', *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user',
                  '--mount']
        self.start(MOUNT_MANY, *prefix)
        with self.assertBusError('Busy'):
            self.root.call(path, 'Namespace', 'Delete', '(a{sv})', {}, timeout=8)

    def count_routes(self, inode):
        properties = self.root.managed_objects()[f'{ROOT}/namespace/_id{inode}'][netns1.full_interface('Namespace')]
        return len(properties['Routes'])

    def test_routes(self):
        """Routes of a namespace that anybody can make have an end, also those that come one by one."""
        process = self.start(ROUTE_MANY, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        inode = os.stat(f'/proc/{process.pid}/ns/net').st_ino
        self.assertAlmostEqual(self.count_routes(inode), ROUTES_MAX, delta=ABOUT)
        for i in range(3):
            run('nsenter', f'--net=/proc/{process.pid}/ns/net', 'ip', '-batch', '-',
                input=''.join(f'route add blackhole 11.0.{i}.{j}/32\n' for j in range(250)))
        self.assertAlmostEqual(self.count_routes(inode), ROUTES_MAX, delta=ABOUT)

    def test_objects(self):
        """Namespaces that anybody can make do not keep others from seeing those that have a name."""
        path = self.root.create_namespace('ns1')
        for _ in range(MAKERS):
            self.start(FEW_ROUTES, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        netns1.wait_for(lambda: path in self.root.managed_objects(), 60)
        self.assertFalse([path for path in self.root.managed_objects() if '/_id' in path])

    def test_answer(self):
        """One that the bus would not carry is refused, and the service lives on."""
        path = self.root.create_namespace('ns1')
        elements = ', '.join(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255} comment "{"x" * 100}"' for i in range(220000))
        run('nft', '-f', '-', namespace='ns1', input='add table inet big\n'
            'add set inet big many { type ipv4_addr; }\nadd element inet big many { ' + elements + ' }\n')
        with self.assertBusError('LimitsExceeded'):
            self.root.call(path, 'Firewall', 'GetRuleset', timeout=100)
        self.root.create_namespace('ns2')

    def overtake(self, path, *arguments):
        """Alice makes many calls that each take a while; how many of them end before one of somebody else?"""
        netns1.set_rules(netns1.allow_only('configure-own', 'create-namespace'))
        calls = [self.alice.start(path, 'Namespace', 'Delete', *arguments) for _ in range(CALLS)]
        netns1.wait_for(lambda: any(call.done for call in calls))
        before = sum(call.done for call in calls)
        self.bob.create_namespace('other')
        done = sum(call.done for call in calls) - before
        for call in calls:
            with self.assertRaises(netns1.BusError):
                call.result()
        self.assertLess(done, CALLS / 2)

    def keep_busy(self, name):
        for _ in range(PROCESSES):
            self.start(OPEN_MANY, 'ip', 'netns', 'exec', name)

    @unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
    def test_surveys(self):
        """What is looked at before polkit is asked, for who may do nothing at all."""
        path = self.root.create_namespace('ns1')
        self.keep_busy('ns1')
        self.overtake(path, '(a{sv})', {'kill': True})

    @unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
    def test_turns(self):
        path = self.alice.create_namespace('ns1')
        self.keep_busy('ns1')
        self.overtake(path, '(a{sv})', {})

    def test_callers(self):
        """Connections to ::1 that do nothing leave descriptors to others."""
        self.root.call(ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'subnets': ['10.1.0.0/24'], 'nat': True})
        self.root.create_namespace('web')
        self.root.call(ROOT, 'Manager', 'Connect', '(ssa{sv})', 'web', 'lan', {})
        for i in range(FORWARDS):
            self.root.call(ROOT, 'Manager', 'CreateForward', '(ssqa{sv})', 'web', 'tcp', 80,
                           {'listen-port': GLib.Variant('q', 8000 + i)})
        self.start(LISTEN, 'ip', 'netns', 'exec', 'web')
        before = self.count_descriptors()
        self.start(CALL_MANY, uid=netns1.ALICE)
        netns1.wait_for(lambda: self.count_descriptors() >= before + SOCKETS - 1)
        self.root.create_namespace('db')
        self.assertLess(self.count_descriptors(), before + SOCKETS + 50)


if __name__ == '__main__':
    netns1.main()
