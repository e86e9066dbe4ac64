# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that keep a namespace alive, each in another way; all end with the test. Each function returns a Popen whose
pid is the keeper's."""
import json
import os
import subprocess

import netns1

DEAF = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); '
WAIT = 'print("ready", flush=True); signal.pause()'


def program(test, code, namespace=None, uid=None, start=lambda: None):
    """A Python program that has begun to wait, after start() did its part."""
    prefix = ['nsenter', f'--net=/run/netns/{namespace}'] if namespace else []
    if uid:
        prefix += ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups']
    process = subprocess.Popen([*prefix, '/usr/bin/python3', '-c', code], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    test.addCleanup(process.stdout.close)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    start()
    test.assertEqual(process.stdout.readline(), 'ready\n')
    return process


def process(test, name, uid=None, deaf=False):
    """Lives in it."""
    return program(test, (DEAF if deaf else 'import signal; ') + WAIT, namespace=name, uid=uid)


def descriptor(test, name, uid=None):
    """Lives outside, with a descriptor of it."""
    return program(test, f'import signal; kept = open("/run/netns/{name}"); ' + WAIT, uid=uid)


def listener(test, name):
    return with_socket(test, name, 'socket.create_server(("127.0.0.1", 8080))')


def with_socket(test, name, socket):
    """Lives outside, with a socket in it."""
    return program(test, f'''
import ctypes, signal, socket
home, there = open("/proc/self/ns/net"), open("/run/netns/{name}")
enter = lambda file: ctypes.CDLL(None).setns(file.fileno(), 0x40000000)
assert enter(there) == 0
kept = {socket}
assert enter(home) == 0
there.close()
''' + WAIT)


def in_transit(test, name):
    """Lives outside, with a descriptor that waits in a socket, where nobody sees it, until the process gets SIGUSR1."""
    return program(test, f'''
import os, signal, socket
near, far = socket.socketpair()
kept = os.open("/run/netns/{name}", os.O_RDONLY)
socket.send_fds(near, [b"x"], [kept])
os.close(kept)
signal.signal(signal.SIGUSR1, lambda *_: None)
print("ready", flush=True)
signal.pause()
kept = socket.recv_fds(far, 1, 1)
signal.pause()
''')


def mount(test, name, target, propagation='private', options=()):
    """Lives outside, in a mount namespace of its own where it is mounted."""
    process = subprocess.Popen(
        ['unshare', '--mount', f'--propagation={propagation}', *options, 'sh', '-c',
         f'{{ test -z "{target}" || {{ touch "{target}" && mount --bind "/run/netns/{name}" "{target}"; }}; }} && echo ready'
         ' && exec sleep 1000'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    test.addCleanup(process.stdout.close)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    test.assertEqual(process.stdout.readline(), 'ready\n')
    netns1.wait_for(lambda: netns1.command_of(process.pid) == 'sleep')
    return process


def mounts(pid, target):
    """How often something is mounted there, as a process sees it."""
    with open(f'/proc/{pid}/mountinfo') as file:
        return sum(line.split()[4] == target for line in file)


def lsns():
    """Inodes of all network namespaces that somebody holds."""
    return {entry['ns'] for entry in netns1.lsns('NS')}


def inode(name):
    return os.stat(f'/run/netns/{name}').st_ino
