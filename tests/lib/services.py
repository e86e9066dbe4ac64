# SPDX-License-Identifier: LGPL-2.1-or-later
# The services of a sandbox (tests/sandbox): polkitd and netnsd. Each runs under a small supervisor, this file as a
# program, which keeps its log and writes down how it ended, so that a crash is seen whoever started it. Tests stop
# and start them through class Service.
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

STATE = '/run/sandbox'
# For how many seconds anything is waited for that must come. It is no measure of speed: it only ends what hangs.
PATIENCE = 60
# Ended when asked to, or killed by a test. Everything else is a crash, a failed start or a sanitizer's finding.
GOOD_ENDS = (0, -signal.SIGTERM, -signal.SIGKILL)


def wait_for(predicate, timeout=PATIENCE, what=None):
    """Returns the first true value of predicate(), asked again and again; TimeoutError after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f'waited {timeout} s for {what or predicate}')
        time.sleep(0.005)


def name_owner(name):
    """Process id of the owner of a name on the bus, None if there is none."""
    from gi.repository import Gio, GLib
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    try:
        return bus.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                             'GetConnectionUnixProcessID', GLib.Variant('(s)', (name,)), None, 0, -1, None).unpack()[0]
    except GLib.Error:
        return None


class Service:
    """A program that owns a name on the sandbox's bus."""

    def __init__(self, name):
        self.name = name
        self.supervisor = None

    def _path(self, suffix):
        return os.path.join(STATE, self.name + suffix)

    @property
    def log_path(self):
        return self._path('.log')

    def define(self, command, bus_name, environment=None):
        """What start() runs from now on."""
        with open(self._path('.json'), 'w') as file:
            json.dump({'command': command, 'bus_name': bus_name, 'environment': environment or {}}, file)

    @property
    def definition(self):
        with open(self._path('.json')) as file:
            return json.load(file)

    @property
    def pid(self):
        """Its process id, None while it does not run."""
        pid = self._read_pid()
        with contextlib.suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, 0)
                return pid
        return None

    def _read_pid(self):
        """What is written down, also for a moment after its end."""
        with contextlib.suppress(FileNotFoundError, ValueError), open(self._path('.pid')) as file:
            return int(file.read())
        return None

    @property
    def worked(self):
        """For how many seconds of a processor, which does not hang on what else the machine does."""
        return time.clock_gettime((~self.pid << 3) | 2)  # CPUCLOCK_SCHED of linux/posix-timers.h

    @property
    def ends(self):
        """How it ended each time: exit status, or minus the signal."""
        with contextlib.suppress(FileNotFoundError), open(self._path('.ends')) as file:
            return [int(line) for line in file]
        return []

    def forgive(self):
        """Forgets how it ended so far: a test wanted it to fail."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path('.ends'))

    @property
    def log(self):
        with contextlib.suppress(FileNotFoundError), open(self.log_path, errors='replace') as file:
            return file.read()
        return ''

    def supervisor_command(self):
        return ['/usr/bin/python3', os.path.abspath(__file__), self.name]

    def start(self, arguments=(), environment=None, timeout=PATIENCE):
        """Starts it, with further arguments and variables, and waits until it owns its name."""
        command = self.supervisor_command() + list(arguments)
        earlier_ends = len(self.ends)
        self.supervisor = subprocess.Popen(command, env={**os.environ, **(environment or {})}, start_new_session=True)
        return self.wait_until_ready(earlier_ends, timeout)

    def wait_until_ready(self, earlier_ends=0, timeout=PATIENCE):
        """Waits until it owns its name; RuntimeError if it ended once more than earlier."""
        def ready():
            if len(self.ends) > earlier_ends:
                raise RuntimeError(f'{self.name} ended with {self.ends[-1]} instead of starting:\n{self.log}')
            pid = self.pid
            return pid if pid and name_owner(self.definition['bus_name']) == pid else None
        return wait_for(ready, timeout, f'{self.name} to own {self.definition["bus_name"]}')

    def stop(self, signal_number=signal.SIGTERM, timeout=PATIENCE):
        """Sends it a signal, waits until it is gone, and returns how it ended; None if it had ended before."""
        ends = len(self.ends)
        pid = self.pid
        if pid is None:
            wait_for(lambda: not os.path.exists(self._path('.pid')), timeout, f'the end of {self.name} to be written down')
            return None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal_number)
        wait_for(lambda: len(self.ends) > ends, timeout, f'{self.name} to end')
        # The next one's must not be there before this one's is removed.
        wait_for(lambda: self._read_pid() != pid, timeout, f'the end of {self.name} to be written down')
        bus_name = self.definition['bus_name']
        wait_for(lambda: name_owner(bus_name) != pid, timeout, f'{bus_name} to be free')
        if self.supervisor:
            self.supervisor.wait()
            self.supervisor = None
        return self.ends[-1]

    def kill(self):
        return self.stop(signal.SIGKILL)

    def restart(self, *arguments, **options):
        self.stop()
        return self.start(*arguments, **options)

    def supervise(self, arguments):
        """Runs it until it ends; the body of the supervisor."""
        definition = self.definition
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # dbus-test-runner's way to end tasks; the sandbox stops us
        with open(self.log_path, 'ab') as log:
            child = subprocess.Popen(
                definition['command'] + arguments, env={**os.environ, **definition['environment']},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
        with open(self._path('.pid~'), 'w') as file:
            file.write(str(child.pid))
        os.rename(self._path('.pid~'), self._path('.pid'))
        status = child.wait()
        with open(self._path('.ends'), 'a') as file:
            file.write(f'{status}\n')
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path('.pid'))  # the last thing: whoever sees neither it nor the process finds the end


if __name__ == '__main__':
    Service(sys.argv[1]).supervise(sys.argv[2:])
