# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands inside namespaces, run by any user over the bus:

  with running.Run(netns1.ALICE, path, 'sh', '-c', 'echo hello; exit 7') as command:
      self.assertEqual(command.finish(), (7, 0))
      self.assertEqual(command.output, 'hello\\n')

Without descriptors of its own a command has /dev/null as standard input and one pipe for the other two streams."""
import contextlib
import json
import os
import queue
import signal
import subprocess
import threading

import netns1
from netns1 import BusError, TESTS, run


class Run:
    """One call of Namespace.Run, and what became of it. Closing it is the end of the client."""

    def __init__(self, uid, path, *command, fds=None, handles=(), environment=(), directory='', options='{}',
                 gid=None, groups=(), interactive=False):
        self.output_reader = None
        self.received = b''
        keep = self._make_streams() if fds is None else list(fds)
        program = ['/usr/bin/python3', os.path.join(TESTS, 'lib', 'runner.py'), str(uid),
                   str(uid if gid is None else gid), *map(str, groups)]
        self.client = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       pass_fds=keep, env={**os.environ, 'HOME': '/'})
        if fds is None:
            for fd in keep:
                os.close(fd)
        request = {'path': path, 'command': command, 'environment': list(environment), 'directory': directory,
                   'fds': keep, 'handles': list(handles), 'options': options, 'interactive': interactive}
        self.client.stdin.write(json.dumps(request) + '\n')
        self.client.stdin.flush()
        self.messages = queue.Queue()
        self.signals = []  # (member, path), in the order of the bus
        threading.Thread(target=self._read, daemon=True).start()
        self.client_name = self.messages.get(timeout=netns1.PATIENCE)['name']
        self._process = None

    def _make_streams(self):
        end, write = os.pipe()
        self.output_reader = threading.Thread(target=self._read_output, args=(end,), daemon=True)
        self.output_reader.start()
        return [os.open('/dev/null', os.O_RDONLY), write, os.dup(write)]

    def _read_output(self, end):
        while received := os.read(end, 65536):
            self.received += received
        os.close(end)

    def _read(self):
        for line in self.client.stdout:
            message = json.loads(line)
            if 'signal' in message:
                self.signals.append((message['signal'], message['path']))
            if message.get('signal') in (None, 'Exited'):
                self.messages.put(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self.client.stdin.closed:
            self.client.stdin.close()
        self.client.wait(netns1.PATIENCE)

    def kill(self):
        self.client.kill()
        self.client.wait(netns1.PATIENCE)

    @property
    def process(self):
        """Object path; raises BusError if it does not run."""
        if self._process is None:
            message = self.messages.get(timeout=netns1.PATIENCE)
            if 'error' in message:
                raise BusError(*message['error'])
            self._process = message['process']
        return self._process

    def exited(self):
        """Exit status and signal."""
        path = self.process
        while True:
            message = self.messages.get(timeout=netns1.PATIENCE)
            if message.get('path') == path:
                return tuple(message['values'])

    def finish(self):
        """As exited(), and waits until nobody can write to .output."""
        result = self.exited()
        if self.output_reader:
            self.output_reader.join(netns1.PATIENCE)
        return result

    @property
    def output(self):
        return self.received.decode()


class TestCase(netns1.TestCase):
    """With a namespace `isolated` of alice's."""

    def setUp(self):
        super().setUp()
        self.path = self.alice.create_namespace('isolated')
        self.addCleanup(end_helpers)

    def start(self, *command, uid=netns1.ALICE, path=None, **options):
        started = Run(uid, path or self.path, *command, **options)
        self.addCleanup(started.close)
        return started

    def output_of(self, *command, **options):
        """What a command prints that must succeed."""
        started = self.start(*command, **options)
        result = started.finish()
        self.assertEqual(result, (0, 0), started.output)
        return started.output

    def wait_for_output(self, started, text):
        netns1.wait_for(lambda: text in started.output, what=f'{text!r} in the output')

    def pid_of(self, started):
        return self.root.get(started.process, 'Process', 'Pid')


def end_helpers():
    """Of a command that ended just now, one may wait for a service to come back and hear of it."""
    for pid in processes_named('netnsd-run'):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    netns1.wait_for(lambda: not processes_named('netnsd-run'))


def is_alive(pid):
    """Whether it runs, a zombie does not."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def status_of(text):
    """The lines of /proc/PID/status."""
    return dict(line.split(':\t', 1) if ':\t' in line else (line, '') for line in text.splitlines())


def count_processes(*command):
    return run('ps', '-eo', 'args').stdout.splitlines().count(' '.join(command))


def processes_named(name):
    return [int(pid) for pid in run('pgrep', '-x', name, check=False).stdout.split()]
