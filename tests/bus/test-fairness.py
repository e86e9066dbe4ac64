#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What anybody can do on the bus without any right, to keep the service from answering others (lib/attack.py). How long they
# wait is what bench/fairness.py prints; here nobody waits in vain, and nothing is worked out that nobody wants.
import os
import signal
import subprocess
import time
import unittest

import inside
import netns1
import attack
from gi.repository import Gio, GLib
from netns1 import ROOT

NAMESPACES = 20
# AddressSanitizer keeps what was freed.
SANITIZED = 'sanitize' in netns1.NETNSD.definition['command'][0]


def worked(pid):
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of linux/posix-timers.h


def bus_pid():
    pid = netns1.run('busctl', 'call', '--json=short', 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                     'GetConnectionUnixProcessID', 's', 'org.freedesktop.DBus').stdout
    return netns1.json.loads(pid)['data'][0]


def memory(which='VmHWM'):
    """MiB, at most so far, or with `RssAnon` what it has for itself now."""
    with open(f'/proc/{netns1.NETNSD.pid}/status') as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(which))


@unittest.skipUnless(netns1.IS_ROOT, 'needs two ordinary users')
class Fairness(netns1.TestCase):
    def setUp(self):
        super().setUp()
        netns1.set_rules(netns1.allow_only('create-namespace', 'configure-own'))
        for number in range(NAMESPACES):
            self.root.create_namespace(f'n{number}')

    def attack(self, kind, uid=netns1.ALICE):
        process = subprocess.Popen(['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '/usr/bin/python3',
                                    attack.__file__, kind], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), 'ready\n')
        return process

    def check_bob(self):
        for number in range(3):
            self.assertEqual(self.bob.get(ROOT, 'Manager', 'Version'), self.root.get(ROOT, 'Manager', 'Version'))
            self.bob.create_namespace('bobs')
            self.bob.call(f'{ROOT}/namespace/bobs', 'Namespace', 'Delete', '(a{sv})', {})

    def test_no_answer_wanted(self):
        """What has no effect is not worked out: it costs less than it costs the bus to pass it on."""
        bus = bus_pid()
        for kind in ('flood-get', 'flood-objects', 'flood-introspect'):
            with self.subTest(kind):
                before = worked(netns1.NETNSD.pid), worked(bus)
                process = self.attack(kind)
                self.assertEqual(process.stdout.readline(), 'done\n')
                self.check_bob()
                self.assertLess(worked(netns1.NETNSD.pid) - before[0], 2 * (worked(bus) - before[1]))

    def test_answers_that_nobody_reads(self):
        """They wait in the bus, which takes 127 MiB of the service for all; further ones are not worked out."""
        before = memory()
        for kind in ('never-read-objects', 'never-read-introspect'):
            with self.subTest(kind):
                process = self.attack(kind)
                self.check_bob()
                process.kill()
        if not SANITIZED:
            self.assertLess(memory() - before, 100)

    def get_ruleset(self):
        return self.root.start(netns1.HOST, 'Firewall', 'GetRuleset')

    def test_memory_goes_back(self):
        """What large answers needed, of which the reading is not done by the service itself."""
        rule = f'ip saddr 192.0.2.1 counter comment "{"x" * 120}"\n'
        netns1.run('nft', '-f', '-', input=f'table ip t {{\nchain c {{\n{rule * 6000}}}\n}}\n')
        before = memory('RssAnon')
        for _ in range(3):
            self.assertGreater(len(self.get_ruleset().result()), 2_000_000)
            self.root.managed_objects()
        if not SANITIZED:
            netns1.wait_for(lambda: memory('RssAnon') < before + 2)
        bus, broker = bus_pid(), inside.broker()
        with inside.stopped(broker):
            pending = self.get_ruleset()
            netns1.wait_for(inside.count_readings)
            with inside.stopped(bus):
                os.kill(broker, signal.SIGCONT)
                netns1.wait_for(lambda: inside.count_readings() == 0)
                time.sleep(2)  # longer than the service keeps memory that it does not need
        self.assertGreater(len(pending.result()), 2_000_000)
        if not SANITIZED:
            netns1.wait_for(lambda: memory('RssAnon') < before + 2)

    def test_questions_without_end(self):
        for kind in ('ask-get', 'ask-objects', 'ask-introspect', 'leave'):
            with self.subTest(kind):
                process = self.attack(kind)
                self.check_bob()
                process.kill()

    def test_turns(self):
        """Who has two thousand questions under way lets one of somebody else pass."""
        with netns1.Monitor() as monitor:
            process = self.attack('ask-objects')
            for _ in range(3):
                self.bob.get(ROOT, 'Manager', 'Version')
            process.kill()

            def numbers(kind, who):
                return [number for number, message in enumerate(monitor.messages)
                        if message['type'] == kind and message.get(who) == self.bob.name]
            netns1.wait_for(lambda: len(numbers('method_return', 'destination')) >= 3)
            asked, answered = numbers('method_call', 'sender'), numbers('method_return', 'destination')
        self.assertEqual(len(asked), 3)
        for question in asked:
            answer = next(number for number in answered if number > question)
            between = [message for message in monitor.messages[question:answer] if message['type'] == 'method_return'
                       and message.get('destination') != self.bob.name]
            self.assertLess(len(between), 200)

    def test_descriptors_that_cannot_be_closed(self):
        for kind in ('hand-in-get', 'hand-in-silently', 'hand-in-many'):
            with self.subTest(kind):
                process = self.attack(kind)
                self.check_bob()
        self.assertEqual(process.stdout.readline(), 'refused\n')
        with open('/proc/self/ns/net') as file:
            reply, _ = Gio.bus_get_sync(Gio.BusType.SYSTEM).call_with_unix_fd_list_sync(
                netns1.SERVICE, ROOT, f'{netns1.SERVICE}.Manager', 'GetNamespaceByFD', GLib.Variant('(h)', (0,)), None,
                Gio.DBusCallFlags.NONE, netns1.PATIENCE * 1000, Gio.UnixFDList.new_from_array([os.dup(file.fileno())]), None)
        self.assertEqual(reply.unpack(), (netns1.HOST,))
        netns1.NETNSD.restart()
        self.check_bob()


if __name__ == '__main__':
    netns1.main()
