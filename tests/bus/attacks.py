# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one user can do to make others wait, all at once, for test-attacks.py and the benchmark attacked.py."""
import os
import subprocess
import threading

import netns1
from netns1 import ALICE, BOB, ROOT

NETFILTER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'netfilter.py')
OPEN_MANY = '''
import os, resource, signal, sys
count = min(int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100)
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]
print("ready", flush=True)
signal.pause()
'''
TYPEOF = (0, 2, 3, 5, 15, 20, 30, 33, 40, 200)


def as_alice(*command):
    return ['setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--clear-groups', *command]


class Attacks:
    """Alice's; a context in which they go on. She has a namespace `busy` with a process in it, and two of a user namespace:
    `large` with a set of many elements and `broken` with sets that libnftables does not survive."""

    def __init__(self, processes, descriptors, elements, loops):
        self.sizes = processes, descriptors, elements, loops
        self.children, self.threads, self.callers = [], [], []
        self.over = threading.Event()
        self.calls = 0

    def start(self, *command, ready='ready\n'):
        child = subprocess.Popen(as_alice(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        assert child.stdout.readline() == ready
        return child.pid

    def adopt(self, alice, name, *arguments):
        pid = self.start('unshare', '--user', '--map-root-user', '--net', 'sh', '-c',
                         f'/usr/bin/python3 {NETFILTER} {" ".join(map(str, arguments))}; echo ready; exec sleep 10000')
        alice.call(ROOT, 'Manager', 'AdoptProcess', '(sua{sv})', name, pid, {})

    def loop(self, path, interface, method, *arguments):
        alice = netns1.Caller(ALICE)
        self.callers.append(alice)

        def call_again():
            while not self.over.is_set():
                try:
                    alice.call(path, interface, method, *arguments, timeout=10 * netns1.PATIENCE)
                except netns1.BusError:
                    pass
                self.calls += 1
        thread = threading.Thread(target=call_again)
        self.threads.append(thread)
        thread.start()

    def __enter__(self):
        processes, descriptors, elements, loops = self.sizes
        with netns1.Caller(ALICE) as alice:
            busy = alice.create_namespace('busy')
            self.adopt(alice, 'large', 'elements', 'theirs', 'set', elements)
            self.adopt(alice, 'broken', 'typeof', 'theirs', 'set', *TYPEOF)
        self.children.append(subprocess.Popen(['ip', 'netns', 'exec', 'busy', *as_alice('sleep', '10000')],
                                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True))
        for _ in range(processes):
            self.start('/usr/bin/python3', '-c', OPEN_MANY, str(descriptors))
        for _ in range(loops):
            self.loop(busy, 'Namespace', 'Delete', '(a{sv})', {})
            self.loop(f'{ROOT}/namespace/large', 'Firewall', 'GetRuleset')
            self.loop(f'{ROOT}/namespace/broken', 'Firewall', 'ListRules')
            self.loop(f'{ROOT}/namespace/broken', 'Firewall', 'SetPolicy', '(ss)', 'input', 'drop')
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        for caller in self.callers:
            caller.close()
        for child in self.children:
            child.kill()
            child.wait()
            child.stdout.close()


def measure(rounds, clock):
    """What bob's calls take meanwhile: method -> list of seconds. Each must go well."""
    taken = {'Get': [], 'CreateNamespace': [], 'Delete': []}
    with netns1.Caller(BOB) as bob:
        def call(name, function, *arguments):
            before = clock()
            result = function(*arguments)
            taken[name].append(clock() - before)
            return result
        for _ in range(rounds):
            path = call('CreateNamespace', bob.create_namespace, 'bobs')
            call('Get', bob.get, path, 'Namespace', 'Owner')
            call('Delete', bob.call, path, 'Namespace', 'Delete', '(a{sv})', {})
    return taken
