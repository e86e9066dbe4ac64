#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an unfriendly user has more of than anybody needs, to keep the service from working for others.
import json
import os
import re
import subprocess
import unittest

import netns1
from gi.repository import GLib
from netns1 import ROOT, run

MOUNTS, FACTOR = 12000, 4
# Twice as many mounts as it is told: at first of something else, then of the namespace, each on a mount in the middle of all.
MOUNT_MANY = '''
import ctypes, os, signal
def mount(source, target, kind=None, flags=0x5000):
    assert ctypes.CDLL(None).mount(source.encode(), target.encode(), kind, flags, None) == 0
def mount_many(source, folder):
    os.mkdir(folder)
    mount("none", folder, b"tmpfs", 0)
    os.mkdir(folder + "/0")
    for i in range(200):
        open(f"{folder}/0/{i}", "w").close()
        mount(source, f"{folder}/0/{i}")
    for i in range(1, MOUNTS // 200):
        os.mkdir(f"{folder}/{i}")
        mount(folder + "/0", f"{folder}/{i}")
mount("none", "/mnt", b"tmpfs", 0)
mount_many("/dev/null", "/mnt/others")
open("/mnt/one", "w").close()
mount("/proc/self/ns/net", "/mnt/one")
mount_many("/mnt/one", "/mnt/own")
print("ready", flush=True)
signal.pause()
'''
# Mounts on names of 60 KB each.
MOUNT_DEEP = '''
import ctypes, os, signal
libc = ctypes.CDLL(None)
assert libc.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0
os.chdir("/mnt")
for _ in range(240):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
for i in range(3000):
    open(f"{i}", "w").close()
    assert libc.mount(b"/proc/self/ns/net" if i % 2 else b"/dev/null", f"{i}".encode(), None, 0x1000, None) == 0
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
# Few routes of the kernel's, many ways each.
WAYS_MANY = '''
import signal, subprocess
ways = "nexthop dev lo " * 100
routes = "link set lo up\\n" + "".join("route add 10.0.%d.%d/32 %s\\n" % (i >> 8, i & 255, ways) for i in range(1000))
subprocess.run(["ip", "-batch", "-"], input=routes, text=True, check=True)
print("ready", flush=True)
signal.pause()
'''
ADDRESSES, ADDRESSES_MAX = 9000, 8192
ADDRESS_MANY = f'''
import signal, socket, struct, subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
for i in range({ADDRESSES}):
    address = struct.pack("!BBH", 10, 0, i)
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, 1) + struct.pack("=HH", 8, 2) + address  # IFA_LOCAL
    kernel.send(struct.pack("=IHHII", 16 + len(body), 20, 0x401, 0, 0) + body)  # RTM_NEWADDR
kernel.close()
print("ready", flush=True)
signal.pause()
'''
LINKS, NAMES = 350, 200
# Links with almost as many alternative names as a reading of links can have, of bytes that are no text.
NAME_MANY = f'''
import signal, socket, struct, subprocess
subprocess.run(["ip", "-batch", "-"], input="link add type bridge\\n" * {LINKS}, text=True, check=True)
kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
for link in range({LINKS}):
    names = b"".join(struct.pack("=HH", 131, 53) + b"%06d" % ({NAMES} * link + i) + b"\\xff" * 120 + bytes(2)  # IFLA_ALT_IFNAME
                     for i in range({NAMES}))
    body = struct.pack("=BxHiII", 0, 0, link + 2, 0, 0) + struct.pack("=HH", len(names) + 4, 0x8034) + names  # IFLA_PROP_LIST
    kernel.send(struct.pack("=IHHII", 16 + len(body), 108, 0x605, 0, 0) + body)  # RTM_NEWLINKPROP
    assert struct.unpack("=i", kernel.recv(100)[16:20])[0] == 0
kernel.close()
print("ready", flush=True)
signal.pause()
'''
MAKERS, ADOPTED = 90, 24


def make_many(count):
    """So many namespaces, each with somewhat fewer routes than are read of one, in the twinkling of an eye: by netlink."""
    return f'''
import ctypes, os, signal, socket, struct
ROUTES = 7500
head = struct.pack("=IHHII", 48, 24, 0x401, 0, 0)  # RTM_NEWROUTE, NLM_F_REQUEST, NLM_F_CREATE
route = struct.pack("=BBBBBBBBI", socket.AF_INET6, 128, 0, 0, 254, 3, 0, 6, 0)  # RT_TABLE_MAIN, RTN_BLACKHOLE
prefix = socket.inet_pton(socket.AF_INET6, "fd00:1111:2222:3333:4444:5555:6666:0")[:14]
messages = [head + route + struct.pack("=HH", 20, 1) + prefix + struct.pack("!H", i) for i in range(ROUTES)]
library = ctypes.CDLL(None)
reading, writing = os.pipe()
for _ in range({count}):
    if os.fork() == 0:
        assert library.prctl(1, signal.SIGKILL) == 0  # PR_SET_PDEATHSIG
        assert library.unshare(0x40000000) == 0
        kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
        for i in range(0, ROUTES, 500):
            kernel.send(b"".join(messages[i:i + 500]))
        kernel.close()
        with open("/proc/thread-self/net/ipv6_route") as file:
            assert sum(1 for _ in file) >= ROUTES
        os.write(writing, b"x")
        signal.pause()
ready = 0
while ready < {count}:
    ready += len(os.read(reading, {count}))
print("ready", flush=True)
signal.pause()
'''
ONE_IN = 5
ROUTES_MAX, ABOUT, OF_ALL = 8192, 1000, 32  # OF_ALL times as many routes of all namespaces without a name
# To look who holds a namespace takes long with these.
CALLS, PROCESSES = 20, 4
OPEN_MANY = '''
import os, resource, signal
hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 5000)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(hard - 100)]
print("ready", flush=True)
signal.pause()
'''
FORWARDS, STREAMS, SOCKETS, STOCK = 5, 512, 4096, 32  # STREAMS_MAX and SOCKETS_MAX of the relay, SIZE of its stock
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

        def measure(mounts):
            process = self.start(f'MOUNTS = {mounts}\n{MOUNT_MANY}', *prefix)
            before = netns1.NETNSD.worked
            with self.assertBusError('Busy'):
                self.root.call(path, 'Namespace', 'Delete', '(a{sv})', {})
            spent = netns1.NETNSD.worked - before
            process.kill()
            process.wait()
            return spent
        few, many = [], []
        while len(few) < 5 and (not few or min(many) >= 2 * FACTOR * min(few)):  # others can make any one of them slow
            few.append(measure(MOUNTS))
            many.append(measure(FACTOR * MOUNTS))
        self.assertLess(min(many), 2 * FACTOR * min(few))

    def test_deep_mounts(self):
        """The table of these mounts has 180 MB, which are not kept; those of others are found nevertheless."""
        path = self.root.create_namespace('ns1')
        self.root.create_namespace('ns2')
        identity = [*as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--mount']
        self.start(MOUNT_DEEP, 'nsenter', '--net=/run/netns/ns2', *identity)
        self.start('import os, signal\nopen("/mnt/mine", "w").close()\nassert os.system("mount --bind /proc/self/ns/net /mnt/mine"'
                   ') == 0\nos.system("exec 3</proc/self/ns/net")\nprint("ready", flush=True)\nsignal.pause()',
                   'nsenter', '--net=/run/netns/ns1', *identity, 'sh', '-c', 'mount -t tmpfs none /mnt; exec "$@"', 'sh')
        before = self.memory_peak()
        with self.assertBusError('Busy') as context:
            self.root.call(path, 'Namespace', 'Delete', '(a{sv})', {})
        self.assertIn('/mnt/mine', context.exception.message)
        self.assertLess(self.memory_peak() - before, 250000)  # sanitizers keep what is freed for a while

    @staticmethod
    def memory_peak():
        """In KiB."""
        with open(f'/proc/{netns1.NETNSD.pid}/status') as file:
            return int(re.search(r'VmHWM:\s+(\d+)', file.read())[1])

    def count_routes(self, inode):
        shown = self.root.managed_objects().get(f'{ROOT}/namespace/_id{inode}')
        return len(shown[netns1.full_interface('Namespace')]['Routes']) if shown else 0

    def test_routes(self):
        """Routes of a namespace that anybody can make have an end, also those that come one by one."""
        process = self.start(ROUTE_MANY, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        inode = os.stat(f'/proc/{process.pid}/ns/net').st_ino
        netns1.wait_for(lambda: self.count_routes(inode) >= ROUTES_MAX - ABOUT)
        self.assertAlmostEqual(self.count_routes(inode), ROUTES_MAX, delta=ABOUT)
        for i in range(3):
            run('nsenter', f'--net=/proc/{process.pid}/ns/net', 'ip', '-batch', '-',
                input=''.join(f'route add blackhole 11.0.{i}.{j}/32\n' for j in range(250)))
        self.assertAlmostEqual(self.count_routes(inode), ROUTES_MAX, delta=ABOUT)

    def test_ways(self):
        """Each way of a route counts as one."""
        process = self.start(WAYS_MANY, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        inode = os.stat(f'/proc/{process.pid}/ns/net').st_ino
        netns1.wait_for(lambda: self.count_routes(inode) >= ROUTES_MAX - ABOUT)
        self.assertAlmostEqual(self.count_routes(inode), ROUTES_MAX, delta=ABOUT)

    def test_addresses(self):
        """Addresses of a link have an end as well; when there are fewer again, all of them are known."""
        process = self.start(ADDRESS_MANY, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        inode = os.stat(f'/proc/{process.pid}/ns/net').st_ino
        path = f'{ROOT}/namespace/_id{inode}/link/1'

        def known():
            link = self.root.managed_objects().get(path, {}).get(netns1.full_interface('Link'), {'Addresses': []})
            return {address for address, _ in link['Addresses']}
        netns1.wait_for(lambda: len(known()) >= ADDRESSES_MAX)
        self.assertEqual(len(known()), ADDRESSES_MAX)
        run('nsenter', f'--net=/proc/{process.pid}/ns/net', 'ip', '-batch', '-',
            input=''.join(f'address delete 10.0.{i >> 8}.{i & 255}/32 dev lo\n' for i in range(5000)))
        listed = json.loads(run('nsenter', f'--net=/proc/{process.pid}/ns/net', 'ip', '-json', 'address').stdout)
        expected = {f'{address["local"]}/{address["prefixlen"]}' for address in listed[0]['addr_info']}
        self.assertGreater(len(expected), ADDRESSES - 5000)
        netns1.wait_for(lambda: known() == expected)

    def count_all_routes(self):
        """Of unnamed namespaces, as far as one in five tells."""
        description = self.root.call(f'{ROOT}/namespace', 'org.freedesktop.DBus.Introspectable', 'Introspect')
        names = re.findall('"(_id[0-9]+)"', description)
        routes = [len(self.root.get(f'{ROOT}/namespace/{name}', 'Namespace', 'Routes')) for name in names[::ONE_IN]]
        return len(names), ONE_IN * sum(routes)

    def test_objects(self):
        """Namespaces that anybody can make do not keep others from seeing those that have a name."""
        path = self.root.create_namespace('ns1')
        self.start(make_many(MAKERS), *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        before = self.memory_peak()
        self.assertIn(path, self.root.managed_objects())
        self.assertFalse([path for path in self.root.managed_objects() if '/_id' in path])
        # What is left out is not built before; all of it would take 3 GB.
        self.assertLess(self.memory_peak() - before, 1500000)
        count, routes = self.count_all_routes()
        self.assertEqual(count, MAKERS + 1)
        self.assertLess(routes, (OF_ALL + ONE_IN) * ROUTES_MAX + MAKERS * ABOUT)

    @unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
    def test_objects_of_a_user(self):
        """Nor do those of which a user has the name; the user keeps the small ones, and all of them are known."""
        self.alice.create_namespace('small')
        others = [self.bob.create_namespace('bobs'), self.root.create_namespace('roots')]
        process = self.start(make_many(ADOPTED), *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        with open(f'/proc/{process.pid}/task/{process.pid}/children') as file:
            makers = file.read().split()
        for number, maker in enumerate(makers):
            self.alice.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', f'large{number}', int(maker), {})
        process.kill()
        process.wait()
        shown = set()

        def are_counted():
            shown.clear()
            shown.update(path for path in self.bob.managed_objects() if re.fullmatch(f'{ROOT}/namespace/[a-z0-9]+', path))
            return 1 <= len([path for path in shown if 'large' in path]) < 8  # 16 MiB of about 300 bytes for each route
        netns1.wait_for(are_counted, what='all routes to be read')
        large = {path for path in shown if 'large' in path}
        self.assertEqual(shown - large, {f'{ROOT}/namespace/small', *others})
        self.assertEqual(self.alice.managed_objects().keys() & {f'{ROOT}/namespace/large{i}' for i in range(ADOPTED)}, large)
        for number in range(ADOPTED):
            path = self.bob.call(ROOT, 'Manager', 'GetNamespace', '(s)', f'large{number}')
            self.assertEqual(self.bob.get(path, 'Namespace', 'Owner'), netns1.ALICE)
        self.assertRegex(netns1.NETNSD.log, f'is without {ADOPTED - len(large)} namespaces')
        for number in range(ADOPTED):
            self.alice.call(f'{ROOT}/namespace/large{number}', 'Namespace', 'Delete', '(a{sv})', {})
        self.assertIn(f'{ROOT}/namespace/small', self.bob.managed_objects())

    @unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
    def test_names_of_a_user(self):
        """Few links can take as much: each byte that is no text is shown as four."""
        small, other = self.alice.create_namespace('small'), self.bob.create_namespace('bobs')
        process = self.start(NAME_MANY, *as_user(netns1.ALICE), 'unshare', '--user', '--map-root-user', '--net')
        self.alice.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', 'large', process.pid, {})
        names = self.bob.get(f'{ROOT}/namespace/large/link/2', 'Link', 'AlternativeNames')
        self.assertEqual(len(names), NAMES)
        self.assertEqual(len(names[0]), 6 + 4 * 120)
        shown = self.bob.managed_objects()
        self.assertLessEqual({small, other}, shown.keys())
        self.assertFalse([path for path in shown if '/large' in path])

    def test_answer(self):
        """One that the bus would not carry is refused, and the service lives on."""
        path = self.root.create_namespace('ns1')
        elements = ', '.join(f'10.{i >> 16}.{i >> 8 & 255}.{i & 255} comment "{"x" * 100}"' for i in range(220000))
        run('nft', '-f', '-', namespace='ns1', timeout=600, input='add table inet big\n'
            'add set inet big many { type ipv4_addr; }\nadd element inet big many { ' + elements + ' }\n')
        with self.assertBusError('TooLarge'):
            self.root.call(path, 'Firewall', 'GetRuleset', timeout=10 * netns1.PATIENCE)
        self.root.create_namespace('ns2')

    def overtake(self, path, *arguments):
        """Alice makes many calls that each take a while; how many of them end between one of somebody else and its reply,
        in the order of the bus?"""
        netns1.set_rules(netns1.allow_only('configure-own', 'create-namespace'))
        with netns1.Monitor() as monitor:
            calls = [self.alice.start(path, 'Namespace', 'Delete', *arguments, timeout=10 * netns1.PATIENCE)
                     for _ in range(CALLS)]
            netns1.wait_for(lambda: any(call.done for call in calls))
            self.bob.create_namespace('other')
            for call in calls:
                with self.assertRaises(netns1.BusError):
                    call.result(10 * netns1.PATIENCE)

            def replies(caller):
                return [number for number, message in enumerate(monitor.messages)
                        if message['type'] in ('method_return', 'error') and message.get('destination') == caller.name]
            netns1.wait_for(lambda: len(replies(self.alice)) >= CALLS)
            asked = next(number for number, message in enumerate(monitor.messages)
                         if message['type'] == 'method_call' and message.get('member') == 'CreateNamespace')
            answered = next(number for number in replies(self.bob) if number > asked)
            self.assertLess(sum(asked < number < answered for number in replies(self.alice)), CALLS / 2)

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
        # The stock was full before, and need not be now.
        netns1.wait_for(lambda: self.count_descriptors() >= before + SOCKETS - STOCK)
        self.root.create_namespace('db')
        self.assertLess(self.count_descriptors(), before + SOCKETS + 50)


if __name__ == '__main__':
    netns1.main()
