#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The sandbox itself (tests/sandbox): what goes wrong in it is seen, and nothing of it remains. Runs outside of one;
# arguments are how to call it.
import os
import signal
import subprocess
import sys
import time
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SANDBOX = [os.path.join(TESTS, 'sandbox'), *sys.argv[1:]]


def run(*arguments):
    return subprocess.run([*SANDBOX, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def outside_state():
    """What a leaking sandbox would change of the machine."""
    with open('/proc/self/mountinfo') as file:
        mounts = [line for line in file if 'sandbox' in line or 'polkit' in line or 'passwd' in line]
    return mounts, sorted(os.listdir('/run')), sorted(os.listdir('/var/lib')), sorted(os.listdir('/sys/class/net'))


def processes_with(word):
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline') as file:
                if word in file.read().split('\0'):
                    found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Sandbox(unittest.TestCase):
    def setUp(self):
        before = outside_state()
        self.addCleanup(lambda: self.assertEqual(outside_state(), before))

    def test_status_of_command(self):
        self.assertEqual(run('--', 'true').returncode, 0)
        self.assertEqual(run('--', 'sh', '-c', 'exit 7').returncode, 7)
        self.assertEqual(run('--', 'sh', '-c', 'kill -9 $$').returncode, 128 + 9)

    def test_world_of_command(self):
        script = ('ip netns add inside && ip link add br0 type bridge && touch /run/file /var/lib/file '
                  '&& test "$DBUS_SYSTEM_BUS_ADDRESS" && test -x "$NETNSD" && test -x "$NETNSCTL" '
                  '&& netnsctl --version && busctl status org.example.NetNS1 >/dev/null')
        result = run('--', 'sh', '-c', script)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_crash_is_seen(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGTRAP):
            result = run('--', 'sh', '-c', f'kill -{int(number)} $(cat $SANDBOX/netnsd.pid)')
            self.assertEqual(result.returncode, 1)
            self.assertIn('netnsd ended with', result.stderr)  # a sanitizer makes a status of its own of a signal

    def test_failed_start_is_seen(self):
        result = run('--netnsd', '/bin/false', '--', 'true')
        self.assertEqual(result.returncode, 1)
        self.assertIn('netnsd ended with 1', result.stderr)

    def test_killed(self):
        """Nothing survives, not even what the command left in the background."""
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
            marker = f'{10_000_000 + os.getpid() * 100 + number}'
            script = f'setsid sleep {marker} & echo ready; exec sleep {marker}'
            sandbox = subprocess.Popen([*SANDBOX, '--', 'sh', '-c', script], stdin=subprocess.DEVNULL, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
            self.assertEqual(sandbox.stdout.readline(), 'ready\n')
            os.killpg(sandbox.pid, number)
            sandbox.communicate(timeout=300)
            deadline = time.monotonic() + 60
            while processes_with(marker) and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(processes_with(marker), [])


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
