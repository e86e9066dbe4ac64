#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Namespaces without a name, as Docker, libvirt, unshare and programs that keep a descriptor leave them: found while
# somebody looks, told of within a second, and never kept alive. The oracles are lsns, /proc and ip.
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
import unittest

import netns1
import watch
from gi.repository import Gio, GLib
from netns1 import ALICE, HOST, NOBODY, ROOT, run

NAMESPACE = 'org.example.NetNS1.Namespace'
WITHOUT_NAME = ('process', 'mount', 'descriptor')
SOON = 1  # s
LINGER = 5  # s, how long what is known stays after the last one looked

# Makes a namespace that nothing but descriptor 77 of this process holds.
KEEPER = '''
import ctypes, os, signal, sys
library = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
assert library.unshare(0x40000000) == 0
os.dup2(os.open("/proc/self/ns/net", os.O_RDONLY), 77)
assert library.setns(home, 0x40000000) == 0
os.closerange(3, 77)
print(os.stat("/proc/self/fd/77").st_ino, flush=True)
signal.pause()
'''

# Looks into a namespace when told to, as programs do that read counters.
VISITOR = '''
import ctypes, os, signal, sys, time
home, there = (os.open(path, os.O_RDONLY) for path in ("/proc/self/ns/net", sys.argv[1]))
def visit(*_):
    for place in (there, home):
        assert ctypes.CDLL(None).setns(place, 0x40000000) == 0
        time.sleep(0.03)
signal.signal(signal.SIGUSR1, visit)
print(flush=True)
while True:
    signal.pause()
'''


def path_of(inode):
    return f'{ROOT}/namespace/_id{inode}'


def inode_of(path):
    return os.stat(path).st_ino


def lsns():
    """Inode -> a pid in it, of all network namespaces with processes, as lsns has it."""
    return {entry['ns']: entry['pid'] for entry in netns1.lsns()}


def age_of(pid):
    """In seconds."""
    return int(run('ps', '-o', 'etimes=', '-p', str(pid)).stdout)


def unnamed(objects):
    """Inode -> properties."""
    return {interfaces[NAMESPACE]['Inode']: interfaces[NAMESPACE] for interfaces in objects.values()
            if interfaces.get(NAMESPACE, {}).get('Source') in WITHOUT_NAME}


def mount_namespace(path):
    """A namespace that nothing but a mount holds; its inode."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'x'):
        pass
    run('unshare', '-n', 'sh', '-c', 'exec mount --bind /proc/$$/ns/net "$1"', 'sh', path)
    return inode_of(path)


class Discovery(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.before = set(unnamed(self.root.managed_objects()))

    def start(self, *command, **options):
        """A program that prints one line; the process and that line."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, process.stdout.readline().strip()

    def keep_descriptor(self):
        process, inode = self.start('/usr/bin/python3', '-c', KEEPER)
        return process, int(inode)

    def mount_elsewhere(self):
        """In a mount namespace of its own, whose process lives in the host's network namespace."""
        script = '''mount -t tmpfs none /mnt && : >"/mnt/a b" && mount --bind /proc/$$/ns/net "/mnt/a b" &&
                    exec nsenter --net=/proc/1/ns/net sh -c 'stat -L -c %i "/mnt/a b"; exec sleep 1000' '''
        process, inode = self.start('unshare', '-nm', 'sh', '-c', script)
        return process, int(inode)

    def mount_docker(self, name='x'):
        path = f'/run/docker/netns/{name}'
        inode = mount_namespace(path)
        self.addCleanup(self.unmount, path)
        return path, inode

    @staticmethod
    def unmount(path):
        if os.path.exists(path):
            run('umount', path, check=False)
            os.unlink(path)

    def fresh(self, uid=0):
        """What somebody sees who looks for the first time: all that there is."""
        caller = netns1.Caller(uid)
        self.addCleanup(caller.close)
        return caller.managed_objects()

    def found(self, uid=0):
        return {inode: properties for inode, properties in unnamed(self.fresh(uid)).items() if inode not in self.before}

    @contextlib.contextmanager
    def watcher(self):
        with watch.Watcher() as watcher:
            yield watcher
            self.assertEqual(watcher.defects, [])

    # ---- what is found

    def test_all_kinds(self):
        """Each way of holding one, with what leads to it and what holds it; seen at the first look."""
        process = netns1.sleeper(self, 'unshare', '-n')
        path, mounted = self.mount_docker()
        keeper, kept = self.keep_descriptor()
        elsewhere, hidden = self.mount_elsewhere()
        expected = {
            inode_of(f'/proc/{process.pid}/ns/net'): ('process', f'/proc/{process.pid}/ns/net', 'sleep'),
            mounted: ('mount', path, 'docker x'),
            kept: ('descriptor', f'/proc/{keeper.pid}/fd/77', 'python3'),
            hidden: ('mount', f'/proc/{elsewhere.pid}/root/mnt/a b', 'sleep'),
        }
        if netns1.IS_ROOT:
            of_alice = netns1.sleeper(self, 'unshare', '-Urn', uid=ALICE)
            expected[inode_of(f'/proc/{of_alice.pid}/ns/net')] = ('process', f'/proc/{of_alice.pid}/ns/net', 'sleep')
        found = self.found(ALICE if netns1.IS_ROOT else 0)
        self.assertEqual({inode: (space['Source'], space['Path'], space['OwnerLabel']) for inode, space in found.items()},
                         expected)
        for inode, space in found.items():
            self.assertEqual((space['Name'], space['Owner']), (f'@id{inode}', NOBODY))
            self.assertEqual(inode_of(space['Path']), inode)
            links = run('nsenter', f'--net={space["Path"]}', 'ip', '-json', 'link').stdout
            self.assertEqual([link['ifname'] for link in json.loads(links)], ['lo'])

    def test_same_as_lsns(self):
        for _ in range(3):
            netns1.sleeper(self, 'unshare', '-n')
        self.root.create_namespace('web')
        netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
        for entry in self.before | set(self.found()):
            self.assertIn(entry, lsns())
        listed = {interfaces[NAMESPACE]['Inode']: interfaces[NAMESPACE] for interfaces in self.fresh().values()
                  if NAMESPACE in interfaces}
        expected = lsns()
        self.assertLessEqual(set(expected), set(listed))
        for inode, pid in expected.items():
            if listed[inode]['Source'] == 'process':
                self.assertEqual(listed[inode]['Path'], f'/proc/{pid}/ns/net')
        ids = {entry['nsid'] for entry in json.loads(run('ip', '-json', 'netns', 'list-id').stdout)}
        self.assertLessEqual({space['NsId'] for space in listed.values() if space['Source'] != 'host'}, ids)

    def test_thread(self):
        """One that a single thread went to."""
        script = '''import ctypes, os, signal, threading
def leave():
    assert ctypes.CDLL(None).unshare(0x40000000) == 0
    print(os.stat("/proc/thread-self/ns/net").st_ino, flush=True)
    signal.pause()
threading.Thread(target=leave, daemon=True).start()
signal.pause()'''
        process, inode = self.start('/usr/bin/python3', '-c', script)
        space = self.found()[int(inode)]
        self.assertEqual(space['Source'], 'process')
        self.assertRegex(space['Path'], f'^/proc/{process.pid}/task/[0-9]+/ns/net$')
        self.assertEqual(inode_of(space['Path']), int(inode))

    def test_label_of_named(self):
        path = self.root.create_namespace('web')
        self.assertEqual(self.root.get(path, 'Namespace', 'OwnerLabel'), '')
        process = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
        netns1.wait_for(lambda: self.root.get(path, 'Namespace', 'OwnerLabel') == 'sleep')
        process.kill()
        netns1.wait_for(lambda: self.root.get(path, 'Namespace', 'OwnerLabel') == '')

    def test_label_is_of_who_stays(self):
        """Not of commands that pass through one with a name: neither new processes nor old ones that look in."""
        path = self.root.create_namespace('web')
        visitor, _ = self.start('/usr/bin/python3', '-c', VISITOR, '/run/netns/web')
        with self.watcher() as watcher:
            def pass_through():
                """Commands for as long as some searches take, each of which has one in view."""
                watcher.signals.clear()
                for _ in range(20):
                    process = subprocess.Popen(['ip', 'netns', 'exec', 'web', 'sleep', '0.1'])
                    visitor.send_signal(signal.SIGUSR1)
                    while process.poll() is None:
                        self.root.managed_objects()
                watcher.settle()
                return [arguments[1]['OwnerLabel'] for changed, member, arguments in watcher.signals
                        if changed == path and member == 'PropertiesChanged' and 'OwnerLabel' in arguments[1]]
            self.assertEqual(pass_through(), [])
            process = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
            watcher.wait(lambda: watcher.get(path, 'Namespace', 'OwnerLabel') == 'sleep', 'who stays')
            self.assertEqual(pass_through(), [])
            process.kill()
            process.wait()
            watcher.wait(lambda: watcher.get(path, 'Namespace', 'OwnerLabel') == '', 'and leaves')
        process = netns1.sleeper(self, 'ip', 'netns', 'exec', 'web')
        netns1.wait_for(lambda: age_of(process.pid) > 3)
        netns1.NETNSD.restart()
        self.assertEqual(self.fresh()[path][NAMESPACE]['OwnerLabel'], 'sleep')  # at the first look

    @unittest.skipUnless(netns1.IS_ROOT, 'needs a control group')
    def test_label_from_group(self):
        """A container as Docker makes one: a control group named by its id."""
        top = f'/run/groups-{os.getpid()}'
        os.makedirs(top)
        run('mount', '-t', 'cgroup2', 'none', top)
        self.addCleanup(run, 'umount', top)
        identity = secrets.token_hex(32)
        group = f'{top}/docker-{identity}.scope'
        os.mkdir(group)
        self.addCleanup(os.rmdir, group)
        process = netns1.sleeper(self, 'unshare', '-n')
        with open(f'{group}/cgroup.procs', 'w') as file:
            file.write(str(process.pid))
        inode = inode_of(f'/proc/{process.pid}/ns/net')
        netns1.wait_for(lambda: self.found().get(inode, {}).get('OwnerLabel') == f'docker {identity[:12]}')
        process.kill()
        process.wait()

    def test_name_like_a_number(self):
        """A file of somebody's that looks as if it were one of our own words."""
        inode = mount_namespace('/run/netns/@id4026531840')
        self.addCleanup(self.unmount, '/run/netns/@id4026531840')
        netns1.wait_for(lambda: inode in self.found())
        self.assertEqual(self.found()[inode]['Path'], '/run/netns/@id4026531840')
        with open('/run/netns/@id17', 'x'):
            pass
        self.addCleanup(os.unlink, '/run/netns/@id17')
        with self.assertBusError('NotFound'):
            self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', '@id17')
        with self.assertBusError('NotFound'):
            self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', '@id4026531840')

    # ---- while somebody looks

    def test_comes_and_goes(self):
        with self.watcher() as watcher:
            for make in (lambda: (netns1.sleeper(self, 'unshare', '-n'), None), self.keep_descriptor, self.mount_elsewhere):
                for _ in range(10):  # on a machine with nothing else to do, the first is soon enough
                    come, gone = self.time_news(watcher, *make())
                    if max(come, gone) < 3 * SOON:
                        break
                self.assertLess(max(come, gone), 3 * SOON)

    def time_news(self, watcher, process, inode):
        """How long it takes until one is there, and until it is not, in seconds."""
        path = path_of(inode or inode_of(f'/proc/{process.pid}/ns/net'))
        begin = time.monotonic()
        watcher.wait(lambda: path in watcher.tree and path + '/link/1' in watcher.tree, f'{path} comes')
        come = time.monotonic() - begin
        process.kill()
        process.wait()
        begin = time.monotonic()
        watcher.wait(lambda: path not in watcher.tree, f'{path} goes')
        gone = time.monotonic() - begin
        self.assertNotIn(path + '/link/1', watcher.tree)
        self.assertNotIn(int(path.rpartition('_id')[2]), lsns())
        return come, gone

    def test_mount_goes(self):
        with self.watcher() as watcher:
            path, inode = self.mount_docker()
            watcher.wait(lambda: path_of(inode) in watcher.tree, 'it comes')
            run('umount', path)
            watcher.wait(lambda: path_of(inode) not in watcher.tree, 'it goes')

    def test_nothing_is_kept_alive(self):
        """The kernel's own count: what ends, ends, however closely it is watched."""
        with self.watcher() as watcher:
            for _ in range(10):
                process = netns1.sleeper(self, 'unshare', '-n')
                path = f'/proc/{process.pid}/ns/net'
                inode = inode_of(path)
                run('ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', str(process.pid))
                watcher.wait(lambda: watcher.link(f'@id{inode}', 'there'), 'its link is there')
                process.kill()
                process.wait()
                # The far end of the pair dies with the namespace, which is the proof.
                netns1.wait_for(lambda: 'here' not in {link['ifname'] for link in netns1.ip('link')})
                watcher.wait(lambda: path_of(inode) not in watcher.tree, 'it goes')
            holders = [entry for entry in os.listdir(f'/proc/{netns1.NETNSD.pid}/fd')
                       if os.readlink(f'/proc/{netns1.NETNSD.pid}/fd/{entry}').startswith('net:')]
            self.assertLessEqual(len(holders), 1)  # its own

    def test_changes_hands(self):
        """Strongest hold first; each change is told, and the object stays the same one."""
        path, inode = self.mount_docker()
        with self.watcher() as watcher:
            def told(*expected):
                watcher.wait(lambda: tuple(watcher.get(path_of(inode), 'Namespace', name)
                                           for name in ('Source', 'Path', 'OwnerLabel')) == expected, expected)
            told('mount', path, 'docker x')
            process = netns1.sleeper(self, 'nsenter', f'--net={path}')
            told('process', f'/proc/{process.pid}/ns/net', 'sleep')
            keeper, _ = self.start('/usr/bin/python3', '-c', f'import os, signal; os.dup2(os.open("{path}", os.O_RDONLY), 9);'
                                   'print(flush=True); signal.pause()')
            run('umount', '--lazy', path)
            process.kill()
            told('descriptor', f'/proc/{keeper.pid}/fd/3', 'python3')
            self.assertEqual([member for changed, member, _ in watcher.signals
                              if changed == ROOT and member == 'InterfacesRemoved'], [])
            keeper.kill()
            watcher.wait(lambda: path_of(inode) not in watcher.tree, 'it goes')

    def test_inside_is_followed(self):
        """Links, addresses and routes of it, and veth pairs across."""
        one, other = (netns1.sleeper(self, 'unshare', '-n') for _ in range(2))
        inodes = [inode_of(f'/proc/{process.pid}/ns/net') for process in (one, other)]
        with self.watcher() as watcher:
            run('ip', 'link', 'add', 'name', 'v0', 'netns', str(one.pid), 'type', 'veth', 'peer', 'name', 'v1', 'netns', str(other.pid))
            run('ip', 'link', 'add', 'out', 'type', 'veth', 'peer', 'name', 'in', 'netns', str(one.pid))
            for (place, name), (far, far_name) in (((inodes[0], 'v0'), (inodes[1], 'v1')), ((inodes[1], 'v1'), (inodes[0], 'v0')),
                                                   ((inodes[0], 'in'), (None, 'out')), ((None, 'out'), (inodes[0], 'in'))):
                near = f'@id{place}' if place else ''
                there = f'@id{far}' if far else ''
                watcher.wait(lambda: watcher.link(near, name) and watcher.link(there, far_name) and
                             watcher.get(watcher.link(near, name), 'Veth', 'Peer') == watcher.link(there, far_name),
                             f'{name} leads to {far_name}')
                self.assertEqual(watcher.get(watcher.link(near, name), 'Veth', 'PeerNamespace'),
                                 path_of(far) if far else HOST)
            run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'v0', namespace=f'/proc/{one.pid}/ns/net')
            run('ip', 'link', 'set', 'v0', 'up', namespace=f'/proc/{one.pid}/ns/net')
            watcher.wait(lambda: ('192.0.2.1/24', 0x80) in map(tuple, watcher.get(
                watcher.link(f'@id{inodes[0]}', 'v0'), 'Link', 'Addresses')), 'its address is there')
            run('ip', 'route', 'add', 'default', 'via', '192.0.2.9', namespace=f'/proc/{one.pid}/ns/net')
            watcher.wait(lambda: ('default', '192.0.2.9') in [tuple(route)[:2] for route in watcher.get(
                path_of(inodes[0]), 'Namespace', 'Routes')], 'its route is there')

    def test_gets_and_loses_a_name(self):
        process = netns1.sleeper(self, 'unshare', '-n')
        inode = inode_of(f'/proc/{process.pid}/ns/net')
        with self.watcher() as watcher:
            watcher.wait(lambda: path_of(inode) in watcher.tree, 'it is there')
            for attach in (lambda: run('ip', 'netns', 'attach', 'web1', str(process.pid)),
                           lambda: self.root.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', 'web1', process.pid, {})):
                attach()
                watcher.wait(lambda: watcher.namespace('web1') and path_of(inode) not in watcher.tree, 'it has a name')
                self.assertEqual(watcher.get(watcher.namespace('web1'), 'Namespace', 'Source'), 'named')
                self.assertEqual(watcher.get(watcher.namespace('web1'), 'Namespace', 'Path'), '/run/netns/web1')
                run('ip', 'netns', 'delete', 'web1')
                watcher.wait(lambda: not watcher.namespace('web1') and path_of(inode) in watcher.tree, 'it has none')
                self.assertEqual(watcher.get(path_of(inode), 'Namespace', 'Source'), 'process')

    def test_nobody_looks(self):
        """No search, no wake-up, and what was found is forgotten."""
        process = netns1.sleeper(self, 'unshare', '-n')
        path = path_of(inode_of(f'/proc/{process.pid}/ns/net'))
        netns1.NETNSD.restart()

        def switches():
            total = 0
            for task in os.listdir(f'/proc/{netns1.NETNSD.pid}/task'):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile
                    with open(f'/proc/{netns1.NETNSD.pid}/task/{task}/status') as file:
                        total += sum(int(line.split()[1]) for line in file if line.startswith('voluntary'))
            return total

        with netns1.Monitor() as monitor:
            caller = netns1.Caller(0)
            self.assertIn(path, caller.managed_objects())
            before = switches()
            netns1.wait_for(lambda: switches() > before)  # it searches by itself
            caller.close()
            netns1.wait_for(lambda: any(message.get('member') == 'InterfacesRemoved' and message['payload']['data'][0] == path
                                        for message in monitor.messages))
        netns1.wait_for(lambda: switches() == (time.sleep(0.5) or switches()))  # it has gone to sleep
        resting = switches()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertLessEqual(switches() - resting, 2)

    # ---- by number

    def test_by_number(self):
        """Wherever a method takes a name, and also by whom nobody saw looking before."""
        process = netns1.sleeper(self, 'unshare', '-n')
        inode = inode_of(f'/proc/{process.pid}/ns/net')
        name, path = f'@id{inode}', path_of(inode)
        for look in (lambda caller: caller.call(ROOT, 'Manager', 'GetNamespace', '(s)', name),
                     lambda caller: caller.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', process.pid)):
            caller = netns1.Caller(0)
            self.assertEqual(look(caller), path)
            caller.close()
        caller = netns1.Caller(0)
        self.addCleanup(caller.close)
        self.assertEqual(caller.get(path, 'Namespace', 'Inode'), inode)
        self.assertEqual(self.root.link(name, 'lo'), path + '/link/1')
        ends = self.root.call(ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', name, 'in', '', 'out', {'addresses': ['192.0.2.1/24']})
        self.assertEqual(self.root.get(ends[1], 'Veth', 'Peer'), ends[0])
        self.assertIn('192.0.2.1', run('ip', 'address', namespace=f'/proc/{process.pid}/ns/net').stdout)
        self.assertEqual(self.root.call(path, 'Namespace', 'ListProcesses'), [(process.pid, 0, 'sleep')])
        for number in (1, 17, inode + 1):
            with self.subTest(number), self.assertBusError('NotFound'):
                self.root.call(ROOT, 'Manager', 'GetNamespace', '(s)', f'@id{number}')
            with self.subTest(number), self.assertBusError('NotFound'):
                self.root.get(path_of(number), 'Namespace', 'Inode')

    def test_by_descriptor(self):
        keeper, inode = self.keep_descriptor()
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        with open(f'/proc/{keeper.pid}/fd/77') as file:
            descriptors = Gio.UnixFDList.new_from_array([os.dup(file.fileno())])
            reply, _ = bus.call_with_unix_fd_list_sync(
                netns1.SERVICE, ROOT, netns1.SERVICE + '.Manager', 'GetNamespaceByFD', GLib.Variant('(h)', (0,)), None,
                Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, descriptors, None)
        self.assertEqual(reply.unpack(), (path_of(inode),))
        self.assertEqual(self.root.get(path_of(inode), 'Namespace', 'Source'), 'descriptor')

    def test_introspection(self):
        """busctl tree by somebody who has not looked before."""
        process = netns1.sleeper(self, 'unshare', '-n')
        path = path_of(inode_of(f'/proc/{process.pid}/ns/net'))
        listed = run('busctl', '--list', 'tree', netns1.SERVICE).stdout.split()
        self.assertIn(path, listed)
        self.assertIn(path + '/link/1', listed)
        self.assertIn(HOST, listed)
        self.assertIn('OwnerLabel', run('busctl', 'introspect', netns1.SERVICE, path).stdout)

    def test_actions(self):
        """Changes inside, by each kind of way in."""
        path, _ = self.mount_docker()
        _, kept = self.keep_descriptor()
        _, hidden = self.mount_elsewhere()
        for inode in (inode_of(path), kept, hidden):
            with self.subTest(path_of(inode)):
                link = self.root.link(f'@id{inode}', 'lo')
                self.root.call(link, 'Link', 'SetEnabled', '(b)', True)
                self.root.call(path_of(inode), 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '', {'link': 'lo'})
                routes = self.root.get(path_of(inode), 'Namespace', 'Routes')
                self.assertIn('192.0.2.0/24', [route[0] for route in routes])
                where = self.root.get(path_of(inode), 'Namespace', 'Path')
                self.assertIn('192.0.2.0/24', run('ip', 'route', namespace=where).stdout)

    def test_needs_a_name(self):
        """What the service would have to remember of it."""
        process = netns1.sleeper(self, 'unshare', '-n')
        inode = inode_of(f'/proc/{process.pid}/ns/net')
        self.root.managed_objects()
        for path, interface, method, signature, *values in (
                (path_of(inode), 'Namespace', 'Rename', '(s)', 'web'),
                (path_of(inode), 'Namespace', 'Delete', '(a{sv})', {}),
                (path_of(inode), 'Namespace', 'SetOwner', '(u)', ALICE),
                (ROOT, 'Manager', 'CreateNetwork', '(sa{sv})', 'lan', {'namespace': f'@id{inode}'}),
                (path_of(inode), 'Namespace', 'SetDns', '(asas)', ['192.0.2.53'], []),
                (ROOT, 'Manager', 'CreateNat', '(sasa{sv})', f'@id{inode}', ['10.1.0.0/24'], {})):
            with self.subTest(method), self.unchanged(), self.assertBusError('InvalidArgument'):
                self.root.call(path, interface, method, signature, *values)

    def test_another_one_in_its_place(self):
        """What leads to it can lead elsewhere a moment later."""
        path, inode = self.mount_docker()
        link = self.root.link(f'@id{inode}', 'lo')
        run('umount', path)
        run('unshare', '-n', 'sh', '-c', 'ip link set lo up; exec mount --bind /proc/$$/ns/net "$1"', 'sh', path)
        with self.assertRaises(netns1.BusError) as context:
            self.root.call(link, 'Link', 'SetEnabled', '(b)', False)
        if inode_of(path) != inode:
            self.assertIn(context.exception.name, ('NotFound', 'NamespaceGone'))
        self.assertIn('UP', netns1.ip('link', namespace=path)[0]['flags'])

    @unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
    def test_of_others(self):
        """They are nobody's, also one that a user's own process made: nothing without the foreign action."""
        of_root, of_alice = netns1.sleeper(self, 'unshare', '-n'), netns1.sleeper(self, 'unshare', '-Urn', uid=ALICE)
        netns1.set_rules(netns1.allow_only('create-namespace', 'configure-own', 'configure-host', 'open-socket'))
        for process in (of_root, of_alice):
            inode = inode_of(f'/proc/{process.pid}/ns/net')
            link = self.alice.link(f'@id{inode}', 'lo')
            for path, interface, method, signature, *values in (
                    (link, 'Link', 'SetEnabled', '(b)', True),
                    (path_of(inode), 'Namespace', 'AddRoute', '(ssa{sv})', '192.0.2.0/24', '', {'link': 'lo'}),
                    (path_of(inode), 'Namespace', 'OpenSocket', '(iii)', socket.AF_INET, socket.SOCK_STREAM, 0),
                    (path_of(inode), 'Namespace', 'Open', None),
                    (path_of(inode), 'Namespace', 'ListProcesses', None),
                    (ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', f'@id{inode}', 'a', '', 'b', {})):
                with self.subTest(method), self.assertBusError('AccessDenied'):
                    self.alice.call(path, interface, method, signature, *values)
            self.assertEqual([link['ifname'] for link in netns1.ip('link', namespace=f'/proc/{process.pid}/ns/net')], ['lo'])
        with self.assertBusError('AccessDenied'):
            self.alice.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', of_root.pid)
        self.assertEqual(self.alice.call(ROOT, 'Manager', 'GetNamespaceByPID', '(u)', of_alice.pid),
                         path_of(inode_of(f'/proc/{of_alice.pid}/ns/net')))
        netns1.set_rules(netns1.allow_only('configure-foreign'))
        self.alice.call(self.alice.link(f'@id{inode_of(f"/proc/{of_root.pid}/ns/net")}', 'lo'), 'Link', 'SetEnabled', '(b)', True)

    # ---- many

    def test_many_lookers(self):
        """More than the bus has match rules for one service."""
        process = netns1.sleeper(self, 'unshare', '-n')
        path = path_of(inode_of(f'/proc/{process.pid}/ns/net'))
        lookers = []
        for _ in range(20):
            connection = Gio.DBusConnection.new_for_address_sync(
                os.environ['DBUS_SYSTEM_BUS_ADDRESS'], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
            self.addCleanup(connection.close_sync, None)
            lookers.append(connection)
        replies = []
        for connection in lookers:
            connection.call(netns1.SERVICE, ROOT, watch.MANAGER, 'GetManagedObjects', None, None, Gio.DBusCallFlags.NONE,
                            netns1.PATIENCE * 1000, None, lambda source, result: replies.append(source.call_finish(result).unpack()[0]))
        context = GLib.MainContext.default()
        netns1.wait_for(lambda: context.iteration(False) or len(replies) == len(lookers))
        for objects in replies:
            self.assertIn(path, objects)

    def test_churn(self):
        """Made and ended as fast as a shell can: the service stays calm, and ends up with what there is."""
        with self.watcher() as watcher:
            churn = subprocess.Popen(['sh', '-c', 'while :; do unshare -n true; done'], stdin=subprocess.DEVNULL)
            try:
                before, began = netns1.NETNSD.worked, time.monotonic()
                watcher.wait(lambda: time.monotonic() > began + 3, 'time')
                worked = netns1.NETNSD.worked - before
                self.assertLess(worked, 0.5 * (time.monotonic() - began))
            finally:
                churn.kill()
                churn.wait()
            watcher.wait(lambda: not set(unnamed(watcher.tree)) - self.before, 'all have gone')

    # ---- netnsctl

    def test_netnsctl(self):
        process = netns1.sleeper(self, 'unshare', '-n')
        inode = inode_of(f'/proc/{process.pid}/ns/net')
        self.root.create_namespace('web')
        run('ip', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'there', 'netns', str(process.pid))
        name = f'@id{inode}'

        def listed(*words):
            return {row['name']: row for row in json.loads(netns1.netnsctl('--json=short', *words, uid=None).stdout)}

        self.assertEqual(set(listed('namespace', 'list')), {'@host', 'web'})
        row = listed('namespace', 'list', '--all')[name]
        self.assertEqual((row['source'], row['owner-label'], row['inode'], row['n-links'], row['path']),
                         ('process', 'sleep', inode, 2, f'/proc/{process.pid}/ns/net'))
        self.assertNotIn(name, listed('tree'))
        self.assertEqual([link['name'] for link in listed('tree', '--all')[name]['links']], ['lo', 'there'])
        self.assertIn(f'⟷ {name}:there', netns1.netnsctl('tree', uid=None).stdout)
        shown = json.loads(netns1.netnsctl('--json=short', 'namespace', 'show', name, uid=None).stdout)
        self.assertEqual((shown['name'], shown['source']), (name, 'process'))
        identified = netns1.netnsctl('--json=short', 'namespace', 'identify', str(process.pid), uid=None).stdout
        self.assertEqual(json.loads(identified), {'name': name})
        self.assertEqual(set(listed('link', 'list', name)), {'lo', 'there'})
        netns1.netnsctl('link', 'set', name, 'there', 'up', uid=None)
        self.assertIn('UP', netns1.ip('link', 'show', 'there', namespace=f'/proc/{process.pid}/ns/net')[0]['flags'])


if __name__ == '__main__':
    netns1.main()
