# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads and helpers of the running service, and how to hold one of them while others go on."""
import contextlib
import ctypes
import glob
import os
import signal

from netns1 import NETNSD

# linux/ptrace.h, and __WALL of linux/wait.h
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WAIT_FOR_THREADS = 17, 0x4206, 0x4207, 0x40000000


def threads(name):
    """Those of the service that have a name."""
    found = []
    for path in glob.glob(f'/proc/{NETNSD.pid}/task/*/comm'):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it may end meanwhile
            with open(path) as file:
                if file.read() == f'{name}\n':
                    found.append(int(path.split('/')[-2]))
    return found


def count_readings():
    """Those under way, each a thread."""
    return len(threads('netns-reading'))


def broker():
    """The process that starts those that read."""
    with open(f'/proc/{NETNSD.pid}/task/{NETNSD.pid}/children') as file:
        for pid in file.read().split():
            with contextlib.suppress(FileNotFoundError):  # of one that has ended
                if 'broker' in os.readlink(f'/proc/{pid}/exe'):
                    return int(pid)
    raise AssertionError('there is no broker')


def compiler():
    """The process that says what message a change of rules is; None if there is none, as some time after a change."""
    for path in glob.glob(f'/proc/{broker()}/task/*/children'):
        with open(path) as file:
            for pid in file.read().split():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    with open(f'/proc/{pid}/cmdline') as line:
                        if line.read().split('\0')[1:2] == ['compiler']:
                            return int(pid)
    return None


def worker_polls():
    """Whether the thread that makes all changes waits for the compiler: for its other work it waits in a futex, for the
    kernel in recvmsg()."""
    (thread,) = threads('netns-worker')
    with open(f'/proc/{NETNSD.pid}/task/{thread}/wchan') as file:
        return 'poll' in file.read()


@contextlib.contextmanager
def stopped(pid):
    """A process."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def worker_stopped():
    """The thread that makes all changes; ptrace(2) can stop one alone."""
    (thread,) = threads('netns-worker')
    libc = ctypes.CDLL(None, use_errno=True)

    def trace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), 'ptrace')
    trace(PTRACE_SEIZE)
    trace(PTRACE_INTERRUPT)
    os.waitpid(thread, WAIT_FOR_THREADS)
    try:
        yield
    finally:
        trace(PTRACE_DETACH)
