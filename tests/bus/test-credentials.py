#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the service does or makes for a caller is done or made with the caller's rights, not with those of root.
import json
import os
import socket
import subprocess
import unittest

import references
import netns1
import running
from netns1 import run, wait_for

# What every active session may do by default.
SESSION = ('create-namespace', 'configure-own', 'run', 'open-socket')
# Domain, type and protocol.
UDP, TCP = (int(socket.AF_INET), int(socket.SOCK_DGRAM), 0), (int(socket.AF_INET), int(socket.SOCK_STREAM), 0)
PING = (int(socket.AF_INET), int(socket.SOCK_RAW), socket.IPPROTO_ICMP)
PACKET, ROUTE = (int(socket.AF_PACKET), int(socket.SOCK_RAW), 0), (int(socket.AF_NETLINK), int(socket.SOCK_RAW), 0)

# A program of a user's, which gets its socket from the service.
PROGRAM = '''
import json, os, socket, struct, sys
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
def open_socket(*kind):
    reply, descriptors = bus.call_with_unix_fd_list_sync(
        "org.example.NetNS1", "/org/example/NetNS1/namespace/web", "org.example.NetNS1.Namespace", "OpenSocket",
        GLib.Variant("(iii)", kind), None, 0, 60000, None, None)
    return socket.socket(fileno=descriptors.get(reply.unpack()[0]))
'''
SEND = {
    UDP: 's.sendto(b"x", ("127.0.0.1", 9))',
    TCP: 's.connect_ex(("127.0.0.1", 9))',
    PING: 's.sendto(b"\\x08\\0\\xf7\\xff\\0\\0\\0\\0", ("127.0.0.1", 0))',
}
COUNTERS = '''
table inet test {
  chain out {
    type filter hook output priority 0;
    meta skuid 1000 counter comment "user"
    meta skgid 1001 counter comment "group"
    meta skuid 0 counter comment "root"
  }
}
'''
# RTM_NEWLINK that takes lo up.
ENABLE_LO = 'struct.pack("=IHHIIBxHiII", 32, 16, 5, 1, 0, 0, 0, 1, 1, 1)'


@unittest.skipUnless(netns1.IS_ROOT, 'needs an ordinary user besides root')
class CredentialsTestCase(netns1.TestCase):
    def setUp(self):
        super().setUp()
        netns1.set_rules(netns1.allow_only(*SESSION, 'open-raw-socket'))
        self.path = self.alice.create_namespace('web')

    def start(self, code, gid=netns1.ALICE, groups=(netns1.ALICE,)):
        """Runs code as a user's, until it prints a line; what it printed, as JSON."""
        process = subprocess.Popen(
            ['setpriv', f'--reuid={netns1.ALICE}', f'--regid={gid}', f'--groups={",".join(map(str, groups))}', '--',
             '/usr/bin/python3', '-c', f'{PROGRAM}{code}\nsys.stdin.read()'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        return json.loads(process.stdout.readline())


class Sockets(CredentialsTestCase):
    def setUp(self):
        super().setUp()
        run('ip', 'link', 'set', 'lo', 'up', namespace='web')

    def counters(self):
        """Packets of each counter."""
        rules = [entry['rule'] for entry in netns1.nft('web') if 'rule' in entry]
        return {rule['comment']: expression['counter']['packets']
                for rule in rules for expression in rule['expr'] if 'counter' in expression}

    def test_rules_on_users(self):
        """The group is that of the process, whatever others it has."""
        for kind, send in SEND.items():
            with self.subTest(kind=kind):
                run('nft', '-f', '-', input='flush ruleset\n' + COUNTERS, namespace='web')
                self.start(f's = open_socket(*{kind})\n{send}\nprint(1, flush=True)', gid=1001, groups=(4, 1000, 1001))
                counted = self.counters()
                self.assertGreater(counted['user'], 0)
                self.assertEqual(counted['group'], counted['user'])
                # The kernel's own answers have no user.
                self.assertEqual(counted['root'], 0)

    def users_in(self, table, column):
        """The users that /proc/net has for the sockets in a table."""
        lines = run('cat', f'/proc/net/{table}', namespace='web').stdout.splitlines()[1:]
        return [int(line.split()[column]) for line in lines]

    def test_tables(self):
        for table, kind, column, bind in (('udp', UDP, 7, 's.bind(("127.0.0.1", 0))'),
                                          ('tcp', TCP, 7, 's.listen()'),
                                          ('raw', PING, 7, ''), ('packet', PACKET, 7, '')):
            with self.subTest(table):
                self.assertEqual(self.users_in(table, column), [])
                self.start(f's = open_socket(*{kind})\n{bind}\nprint(1, flush=True)')
                self.assertEqual(self.users_in(table, column), [netns1.ALICE])

    def test_owner_of_the_descriptor(self):
        for kind in (UDP, TCP, PING, PACKET, ROUTE):
            with self.subTest(kind=kind):
                owner = self.start(f's = open_socket(*{kind})\n'
                                   'info = os.fstat(s.fileno())\nprint(json.dumps([info.st_uid, info.st_gid]), flush=True)')
                self.assertEqual(owner, [netns1.ALICE, netns1.ALICE])

    def test_routing_rules_on_users(self):
        run('ip', 'rule', 'add', 'uidrange', '1000-1000', 'prohibit', 'priority', '0', namespace='web')
        run('ip', 'rule', 'add', 'table', 'local', 'priority', '1', namespace='web')
        run('ip', 'rule', 'del', 'table', 'local', 'priority', '0', namespace='web')
        said = self.start(f's = open_socket(*{UDP})\nprint(s.connect_ex(("127.0.0.1", 9)), flush=True)')
        self.assertEqual(said, 13)  # EACCES

    def test_port_of_another_user(self):
        """SO_REUSEPORT shares a port among the sockets of one user."""
        server = subprocess.Popen(
            ['nsenter', '--net=/run/netns/web', '/usr/bin/python3', '-c',
             'import socket, sys\ns = socket.socket(type=socket.SOCK_DGRAM)\n'
             's.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\ns.bind(("127.0.0.1", 5000))\n'
             'print("ready", flush=True)\nsys.stdin.read()'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.stdin.close)
        self.assertEqual(server.stdout.readline(), 'ready\n')
        said = self.start(f's = open_socket(*{UDP})\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n'
                          'try:\n  s.bind(("127.0.0.1", 5000))\n  print(0, flush=True)\n'
                          'except OSError as error:\n  print(error.errno, flush=True)')
        self.assertEqual(said, 98)  # EADDRINUSE

    def test_netlink_that_root_writes_to(self):
        """A program with privileges that is given it as its standard output, say, changes nothing by that."""
        def change(opened):
            return json.loads(run('/usr/bin/python3', '-c', f'import socket, struct\ns = socket.socket(fileno={opened.fileno()})\n'
                                  f's.send({ENABLE_LO})\nprint(-struct.unpack_from("=i", s.recv(4096), 16)[0])',
                                  pass_fds=[opened.fileno()]).stdout)
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        run('ip', 'link', 'set', 'lo', 'down', namespace='web')
        with here, there:
            os.set_inheritable(there.fileno(), True)
            user = subprocess.Popen(
                ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups', '--', '/usr/bin/python3', '-c',
                 f'{PROGRAM}\nway, s = socket.socket(fileno={there.fileno()}), open_socket(*{ROUTE})\n'
                 'socket.send_fds(way, [b"x"], [s.fileno()])'],
                pass_fds=[there.fileno()], stdin=subprocess.DEVNULL)
            self.assertEqual(user.wait(netns1.PATIENCE), 0)
            _, descriptors, _, _ = socket.recv_fds(here, 1, 1)
        with socket.socket(fileno=descriptors[0]) as opened:
            self.assertEqual(change(opened), 1)  # EPERM
        self.assertNotIn('UP', netns1.link('lo', namespace='web')['flags'])

    def test_of_root(self):
        """Root's are root's, with all that root has."""
        run('nft', '-f', '-', input=COUNTERS, namespace='web')
        code = PROGRAM + f's = open_socket(*{UDP})\n{SEND[UDP]}\nr = open_socket(*{ROUTE})\nr.send({ENABLE_LO})\n' \
            'print(struct.unpack_from("=i", r.recv(4096), 16)[0])'
        self.assertEqual(run('/usr/bin/python3', '-c', code).stdout, '0\n')
        self.assertEqual(self.counters()['root'], 1)


class Kill(CredentialsTestCase):
    """Delete with `kill` ends what its caller could end, and nothing else: the rule of kill(2) decides."""

    def delete(self):
        self.alice.call(self.path, 'Namespace', 'Delete', '(a{sv})', {'kill': True})

    def as_users(self, real, effective, saved, place='', end='signal.pause()'):
        """A process of root's that is somebody else in part; it lives in the namespace, or @place holds it."""
        return references.program(self, f'import os, signal\n{place}\nos.setresuid({real}, {effective}, {saved})\n'
                               f'print("ready", flush=True)\n{end}', namespace=None if place else 'web')

    def assert_spared(self, process):
        with self.unchanged(), self.assertBusError('AccessDenied'):
            self.delete()
        self.assertIsNone(process.poll())

    def test_root_under_the_callers_effective_uid(self):
        """As a server does it for a moment; inside, and with a descriptor or a socket of the namespace."""
        enter = 'import ctypes, socket; home = open("/proc/self/ns/net"); there = open("/run/netns/web")\n' \
            'go = lambda file: ctypes.CDLL(None).setns(file.fileno(), 0x40000000)\n'
        for place in ('', 'kept = open("/run/netns/web")',
                      enter + 'go(there); kept = socket.create_server(("127.0.0.1", 80)); go(home); there.close()'):
            with self.subTest(place):
                process = self.as_users(0, netns1.ALICE, 0, place)
                self.assert_spared(process)
                process.kill()
                process.wait()

    def test_real_or_saved_uid(self):
        """What a user starts with privileges, such as ping, and what gave its rights up for a while."""
        for users in ((netns1.ALICE, 0, 0), (0, 0, netns1.ALICE), (netns1.BOB, netns1.BOB, netns1.ALICE)):
            with self.subTest(users=users):
                process = self.as_users(*users)
                self.delete()
                self.assertIn(process.wait(netns1.PATIENCE), (-15, -9))
                self.path = self.alice.create_namespace('web')

    def test_mount_of_root_under_the_callers_effective_uid(self):
        """Mounts that such a process alone sees are not the caller's either."""
        process = references.program(
            self, 'import ctypes, os, signal\nlibc = ctypes.CDLL(None)\nassert libc.unshare(0x20000) == 0\n'
            'assert libc.mount(b"", b"/", None, 0x44000, None) == 0\nopen("/run/kept", "w").close()\n'
            'assert libc.mount(b"/run/netns/web", b"/run/kept", None, 0x1000, None) == 0\n'
            f'os.setresuid(0, {netns1.ALICE}, 0)\nprint("ready", flush=True)\nsignal.pause()')
        self.addCleanup(os.unlink, '/run/kept')
        self.assert_spared(process)
        self.assertEqual(references.mounts(process.pid, '/run/kept'), 1)

    def test_user_namespace_of_the_caller(self):
        """Of another uid, as in a container of the caller's."""
        process = subprocess.Popen(
            ['nsenter', '--net=/run/netns/web', '/usr/bin/python3', '-c',
             'import ctypes, os, signal, sys\nos.setresgid(1000, 1000, 1000)\nos.setresuid(1000, 1000, 1000)\n'
             'assert ctypes.CDLL(None).unshare(0x10000000) == 0\nprint(1, flush=True)\nsys.stdin.readline()\n'
             'os.setresuid(1, 1, 1)\nprint(2, flush=True)\nsignal.pause()'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for cleanup in (process.stdin.close, process.stdout.close, process.wait, process.kill):
            self.addCleanup(cleanup)
        self.assertEqual(process.stdout.readline(), '1\n')
        with open(f'/proc/{process.pid}/uid_map', 'w') as file:
            file.write('0 1000 1\n1 100001 10\n')
        process.stdin.write('\n')
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), '2\n')
        self.assertEqual(os.stat(f'/proc/{process.pid}').st_uid, 100001)
        self.delete()
        self.assertIn(process.wait(netns1.PATIENCE), (-15, -9))

    def test_user_namespace_of_another_user(self):
        self.assert_spared(netns1.sleeper(self, 'nsenter', '--net=/run/netns/web', 'setpriv', '--reuid=1001', '--regid=1001',
                                          '--clear-groups', 'unshare', '-Ur'))

    def test_authorized_for_others(self):
        netns1.set_rules('allow-all')
        process = self.as_users(0, netns1.ALICE, 0)
        self.delete()
        self.assertIn(process.wait(netns1.PATIENCE), (-15, -9))

    def test_who_asks_an_administrator(self):
        """The dialog says whose it really is."""
        netns1.set_rules('ask-all')
        questions = self.alice.become_agent()
        self.as_users(0, netns1.ALICE, 0)
        call = self.alice.start(self.path, 'Namespace', 'Delete', '(a{sv})', {'kill': True}, interactive=True)
        question = questions.next()
        question.dismiss()
        with self.assertBusError('AuthorizationDismissed'):
            call.result()
        self.assertIn('(web, root)', question.message)


class Helper(running.TestCase):
    """What accompanies a command, and ends all that it started, can end no more than the command's user can."""

    rules = netns1.allow_only(*SESSION)

    def helper_of(self, uid, path=None):
        command = self.start('sleep', '1000', uid=uid, path=path)
        with open(f'/proc/{self.pid_of(command)}/status') as file:
            helper = int(running.status_of(file.read())['PPid'])
        with open(f'/proc/{helper}/status') as file:
            return command, running.status_of(file.read())

    def test_of_a_user(self):
        command, status = self.helper_of(netns1.ALICE)
        self.assertEqual([int(status[name], 16) for name in ('CapEff', 'CapPrm', 'CapInh')], [0, 0, 0])
        self.assertEqual(status['Uid'].split()[1], str(netns1.ALICE))
        # Nor can the user end it, and escape from it.
        for number in ('KILL', 'STOP'):
            self.assertNotEqual(run('kill', f'-{number}', status['Pid'], uid=netns1.ALICE, check=False).returncode, 0)
        command.close()
        wait_for(lambda: not running.processes_named('netnsd-run'))
        self.assertEqual(os.listdir('/run/netnsd/process'), [])

    def test_of_root(self):
        _, status = self.helper_of(0)
        self.assertEqual(int(status['CapEff'], 16), 1 << 5)  # CAP_KILL


if __name__ == '__main__':
    netns1.main()
