# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of the bus needs. It runs inside tests/sandbox, for example

  tests/sandbox --rules allow-all --uplink -- /usr/bin/python3 tests/bus/test-scenarios.py

Calls as any user (Caller), the kernel as the kernel's own tools show it (ip, nft, bridge, ping, snapshot), polkit
(set_rules, Caller.become_agent), the services (NETNSD, POLKITD: stop, kill, start, restart), and a TestCase that
begins and ends every test in an empty world:

  class Example(netns1.TestCase):
      def test_it(self):
          path = self.alice.call(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})
          self.assertEqual(netns1.ip('link', namespace='web')[0]['ifname'], 'lo')
          with self.assertBusError('Exists'), self.unchanged():
              self.alice.call(netns1.ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', 'web', {})

      def test_dialog(self):
          netns1.set_rules('ask-all')
          questions = self.bob.become_agent()
          call = self.bob.start('...', 'Link', 'SetMtu', '(u)', 1400, interactive=True)
          question = questions.next()   # message, action, details; the call hangs
          question.grant()              # or refuse(), dismiss()
          call.result()

  if __name__ == '__main__':
      netns1.main()

Nothing here sleeps for a fixed time: use wait_for()."""
import concurrent.futures
import contextlib
import difflib
import fcntl
import functools
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, 'lib'))
sys.dont_write_bytecode = True

import gi  # noqa: E402

gi.require_version('Gio', '2.0')
from gi.repository import GLib  # noqa: E402

import api  # noqa: E402,F401
import kernel  # noqa: E402
import outside  # noqa: E402
from rules import allow_only, set_rules  # noqa: E402,F401
from services import PATIENCE, Service, wait_for  # noqa: E402,F401

SERVICE = 'org.example.NetNS1'
ROOT = '/org/example/NetNS1'
HOST = ROOT + '/namespace/_host'
ERROR_PREFIX = SERVICE + '.Error.'
NOBODY = 0xffffffff
ALICE, BOB, CAROL = 1000, 1001, 1002
NS_GET_NSTYPE, CLONE_NEWNET = 0xb703, 0x40000000  # linux/nsfs.h, sched.h
IS_ROOT = os.path.exists('/run/sandbox/passwd')  # in a user namespace there is only one user

NETNSD = Service('netnsd')
POLKITD = Service('polkitd')


class BusError(Exception):
    """An error reply. name is without prefix if it is one of the service's own."""

    def __init__(self, name, message):
        super().__init__(f'{name}: {message}')
        self.full_name = name
        self.name = name.removeprefix(ERROR_PREFIX).removeprefix('org.freedesktop.DBus.Error.')
        self.message = message


# ---- calls

class Question:
    """A question that polkit asks a user, such as a password dialog."""

    def __init__(self, caller, content):
        self.caller = caller
        self.cookie = content['question']
        self.action = content['action'].removeprefix(SERVICE + '.')
        self.message = content['message']
        self.details = content['details']
        self.identities = content['identities']

    def grant(self):
        """As if the right password had been typed."""
        kind, content = self.identities[0]
        identity = GLib.Variant('(sa{sv})', (kind, {key: GLib.Variant('u', value) for key, value in content.items()}))
        arguments = GLib.Variant.new_tuple(GLib.Variant('u', self.caller.uid), GLib.Variant('s', self.cookie),
                                           identity)
        _helper().call('/org/freedesktop/PolicyKit1/Authority', 'org.freedesktop.PolicyKit1.Authority',
                       'AuthenticationAgentResponse2', arguments, destination='org.freedesktop.PolicyKit1')
        self._answer(None)

    def refuse(self):
        """As if only wrong passwords had been typed."""
        self._answer(None)

    def dismiss(self):
        """As if the dialog had been closed."""
        self._answer('org.freedesktop.PolicyKit1.Error.Cancelled')

    def _answer(self, error):
        self.caller.say(do='answer', cookie=self.cookie, error=error)


class Questions:
    """The open and coming questions to one user."""

    def __init__(self):
        self.arrived = queue.Queue()
        self.cancelled = []

    def next(self):
        return self.arrived.get(timeout=PATIENCE)

    def none_within(self, seconds):
        with contextlib.suppress(queue.Empty):
            question = self.arrived.get(timeout=seconds)
            raise AssertionError(f'polkit asked: {question.message}')


class Pending:
    """A call that has been sent."""

    def __init__(self):
        self.future = concurrent.futures.Future()

    @property
    def done(self):
        return self.future.done()

    def result(self, timeout=PATIENCE):
        """The results: None, the only one, or a tuple. Raises BusError."""
        values = self.future.result(timeout)
        return None if not values else values[0] if len(values) == 1 else values


class Caller:
    """A process on the bus under some uid (lib/caller.py)."""

    def __init__(self, uid=0, gid=None, groups=()):
        command = ['/usr/bin/python3', os.path.join(TESTS, 'lib', 'caller.py'), str(uid),
                   str(uid if gid is None else gid), *map(str, groups)]
        self.uid = uid
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, 'HOME': '/'})
        self.lock = threading.Lock()
        self.pending = {}
        self.questions = Questions()
        self.count = 0
        hello = json.loads(self.process.stdout.readline())
        self.name = hello['name']  # unique name on the bus
        self.pid = hello['pid']
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Leaves the bus."""
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.close()

    def say(self, **message):
        with self.lock:
            self.process.stdin.write(json.dumps(message) + '\n')
            self.process.stdin.flush()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            if 'question' in message:
                self.questions.arrived.put(Question(self, message))
            elif 'cancelled' in message:
                self.questions.cancelled.append(message['cancelled'])
            elif 'error' in message:
                self.pending.pop(message['number']).future.set_exception(BusError(*message['error']))
            else:
                values = GLib.Variant.parse(None, message['reply']).unpack()
                self.pending.pop(message['number']).future.set_result(values)
        for pending in list(self.pending.values()):
            pending.future.set_exception(BusError('org.freedesktop.DBus.Error.Disconnected', 'the caller is gone'))

    def _new_pending(self):
        pending = Pending()
        with self.lock:
            self.count += 1
            self.pending[self.count] = pending
            return pending, self.count

    def start(self, path, interface, method, signature=None, *values, interactive=False, timeout=PATIENCE,
              destination=SERVICE):
        """Sends a call and returns at once, a Pending.

        The arguments are a GVariant tuple in place of signature, or a signature `(su)` and a value for each. Values
        of a{sv} are GVariants, or Python values whose type is clear: str, bool, list of str."""
        arguments = signature
        if isinstance(signature, str):
            types = split_signature(signature[1:-1] if signature.startswith('(') else signature)
            arguments = GLib.Variant.new_tuple(*[to_variant(*pair) for pair in zip(types, values, strict=True)])
        pending, number = self._new_pending()
        self.say(do='call', number=number, destination=destination, path=path, interface=full_interface(interface),
                 method=method, arguments=arguments.print_(True) if arguments is not None else None,
                 interactive=interactive, timeout=timeout * 1000)
        return pending

    def call(self, path, interface, method, signature=None, *values, **options):
        """As start(), and waits for the results. Raises BusError."""
        return self.start(path, interface, method, signature, *values, **options).result(
            options.get('timeout', PATIENCE) + 10)

    def get(self, path, interface, name):
        return self.call(path, 'org.freedesktop.DBus.Properties', 'Get', '(ss)', full_interface(interface), name)

    def get_all(self, path, interface):
        return self.call(path, 'org.freedesktop.DBus.Properties', 'GetAll', '(s)', full_interface(interface))

    def set(self, path, interface, name, value):
        """value is a GVariant."""
        self.call(path, 'org.freedesktop.DBus.Properties', 'Set', '(ssv)', full_interface(interface), name, value)

    def managed_objects(self):
        return self.call(ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')

    def create_namespace(self, name):
        return self.call(ROOT, 'Manager', 'CreateNamespace', '(sa{sv})', name, {})

    def link(self, namespace, name):
        """Object path of a link."""
        return self.call(ROOT, 'Manager', 'GetLink', '(ss)', namespace, name)

    def become_agent(self, locale='C'):
        """From now on polkit asks this user's questions here; returns Questions. In C.UTF-8, polkitd speaks German."""
        pending, number = self._new_pending()
        self.say(do='be_agent', number=number, locale=locale)
        pending.result()
        return self.questions


@functools.cache
def _helper():
    """Stands for polkit's program that runs as root and checks passwords."""
    return Caller(0)


def escape(name):
    """One element of an object path, as sd_bus_path_encode(3) makes it."""
    return re.sub(rb'^[0-9]|[^A-Za-z0-9]', lambda byte: b'_%02x' % byte[0][0], name.encode()).decode() or '_'


def network_path(name):
    """Of `lan` of the host, or `web:lan` of a namespace."""
    namespace, _, own = name.rpartition(':')
    return f'{ROOT}/namespace/{escape(namespace)}/network/{escape(own)}' if namespace else f'{ROOT}/network/{escape(own)}'


def full_interface(name):
    return name if '.' in name else f'{SERVICE}.{name}'


def split_signature(signature):
    """'sa{sv}' -> ['s', 'a{sv}']"""
    types = []
    while signature:
        length = next(length for length in range(1, len(signature) + 1)
                      if GLib.VariantType.string_is_valid(signature[:length]))
        types.append(signature[:length])
        signature = signature[length:]
    return types


def to_variant(signature, value):
    if isinstance(value, GLib.Variant) and signature != 'v':
        return value
    if signature == 'a{sv}':
        value = {key: guess_variant(item) for key, item in value.items()}
    return GLib.Variant(signature, value)


def u(value):
    return GLib.Variant('u', value)


def guess_variant(value):
    if isinstance(value, GLib.Variant):
        return value
    signature = {bool: 'b', str: 's', list: 'as', tuple: 'as'}.get(type(value))
    if signature is None:
        raise TypeError(f'say which type {value!r} has: GLib.Variant("u", ...)')
    return GLib.Variant(signature, value)


# ---- programs

def run(*command, namespace=None, uid=None, check=True, text=True, **options):
    """Runs a program, in a namespace (a name in /run/netns or a path), as a user; its output is in .stdout."""
    prefix = []
    if namespace is not None:
        path = namespace if '/' in namespace else f'/run/netns/{namespace}'
        prefix += ['nsenter', f'--net={path}', '--']
    if uid:
        prefix += ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups', '--']
    options = {'stdin': subprocess.DEVNULL, 'timeout': PATIENCE, **options}
    if 'input' in options:
        del options['stdin']
    # Names in a kernel are bytes, of which not all are UTF-8.
    errors = 'surrogateescape' if text else None
    result = subprocess.run([*prefix, *command], capture_output=True, text=text, errors=errors, **options)
    if check and result.returncode != 0:
        raise AssertionError(f'{" ".join(command)} failed ({result.returncode}):\n{result.stdout}{result.stderr}')
    return result


def sleeper(test, *command, uid=None):
    """A process `sleep` started by a command such as `ip netns exec web`, which ends with the test; a Popen whose pid
    is the sleeper's."""
    identity = ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups'] if uid is not None else []
    process = subprocess.Popen([*identity, *command, 'sleep', '1000'], stdin=subprocess.DEVNULL)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    wait_for(lambda: command_of(process.pid) == 'sleep')
    return process


def command_of(pid):
    with open(f'/proc/{pid}/comm') as file:
        return file.read().strip()


def lsns(columns='NS,PID'):
    """All network namespaces with processes or mounts, as lsns has them, which fails when a process ends meanwhile."""
    listed = wait_for(lambda: run('lsns', '-t', 'net', '--json', '-o', columns, check=False).stdout)
    return [{name: int(value) if str(value).isdigit() else value for name, value in entry.items()}
            for entry in json.loads(listed)['namespaces']]


def netnsctl(*arguments, uid=ALICE, check=True, **options):
    """The client, as an ordinary user unless told otherwise."""
    return run(os.environ['NETNSCTL'], *arguments, uid=uid, check=check, **options)


def busctl(*arguments, uid=None, check=True):
    return run('busctl', *arguments, uid=uid, check=check)


def from_json(text):
    """What `ip -json` or `bridge -json` printed; they do not escape the control characters of names and descriptions."""
    return json.loads(text or '[]', strict=False)


def ip(*arguments, namespace=None):
    """`ip -json -details ...` as Python objects."""
    return from_json(run('ip', '-json', '-details', *arguments, namespace=namespace).stdout)


def bridge(*arguments, namespace=None):
    return from_json(run('bridge', '-json', '-details', *arguments, namespace=namespace).stdout)


def nft(namespace=None):
    """The whole ruleset, a list of objects such as {'rule': {...}}."""
    return json.loads(run('nft', '-j', 'list', 'ruleset', namespace=namespace).stdout)['nftables']


def link(name, namespace=None):
    """What `ip -details link show NAME` says, None if there is no such link."""
    result = run('ip', '-json', '-details', 'link', 'show', 'dev', name, namespace=namespace, check=False)
    return json.loads(result.stdout)[0] if result.returncode == 0 else None


def addresses(name, namespace=None):
    """The addresses of a link without those that the kernel gives itself: ['10.0.0.1/24', ...]"""
    info = ip('address', 'show', 'dev', name, namespace=namespace)
    return [f'{entry["local"]}/{entry["prefixlen"]}' for entry in info[0]['addr_info'] if entry['scope'] == 'global']


def default_route(namespace=None, family=4):
    """The gateway of the default route, None if there is none."""
    routes = ip(f'-{family}', 'route', 'show', 'default', namespace=namespace)
    return routes[0].get('gateway') if routes else None


def sysctl(name, namespace=None):
    return run('cat', '/proc/sys/' + name.replace('.', '/'), namespace=namespace).stdout.strip()


def can_ping(target, namespace=None, timeout=PATIENCE):
    """Whether an answer comes within some seconds. The kernel looks at carriers once a second, IPv6 is deaf before."""
    def answers():
        return run('ping', '-n', '-q', '-c1', '-W1', target, namespace=namespace, check=False).returncode == 0
    with contextlib.suppress(TimeoutError):
        return wait_for(answers, timeout)
    return False


def namespaces():
    """What /run/netns has that really is a namespace."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(entry.name for entry in os.scandir('/run/netns') if _is_namespace(entry.path))
    return []


def _is_namespace(path):
    if os.stat(path, follow_symlinks=False).st_dev != os.stat('/proc/self/ns/net').st_dev:
        return False
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return fcntl.ioctl(descriptor, NS_GET_NSTYPE) == CLONE_NEWNET
    finally:
        os.close(descriptor)


# ---- the kernel as a whole

def _files():
    with contextlib.suppress(FileNotFoundError):
        return sorted(f'{entry.name} {entry.inode()}' for entry in os.scandir('/run/netns'))
    return []


def _etc():
    """What `ip netns exec` gives to namespaces. Only plain files are read: others may keep who opens them waiting."""
    found = []
    for folder, folders, names in os.walk('/etc/netns'):
        for path in (os.path.join(folder, name) for name in (*folders, *names)):
            content = ['']
            if os.path.islink(path):
                content.append('-> ' + os.readlink(path))
            elif os.path.isfile(path):
                with open(path, errors='replace') as file:
                    content += file.read().splitlines()
            found += [f'{path}:{line}' for line in content]
    return sorted(found)


def snapshot():
    """Everything that the service could change, as text, one line for each thing, the same while nothing changes."""
    content = {'@host': kernel.describe(), '@files': _files(), '@etc': _etc()}
    for name in namespaces():
        with contextlib.suppress(FileNotFoundError):
            content[name] = kernel.describe(f'/run/netns/{name}')
    return json.dumps(content, indent=1, sort_keys=True)


def difference(before, after):
    return '\n'.join(difflib.unified_diff(before.splitlines(), after.splitlines(), 'before', 'after', lineterm=''))


# ---- order on the bus

class Monitor:
    """All messages to and from the service, in the order of the bus, as `busctl monitor` shows them."""

    def __init__(self):
        self.messages = []
        self.process = subprocess.Popen(['busctl', '--json=short', 'monitor', SERVICE], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if 'Monitoring' in line:
                break
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.endswith('\n'):  # it may have been ended in the middle of one
                self.messages.append(json.loads(line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


def preloaded(program, library):
    """LD_PRELOAD for a program: the library before all others but those of sanitizers, which want to be the first."""
    sanitizers = re.findall(r'lib(?:asan|ubsan)\.so\S* => (\S+)', run('ldd', program).stdout)
    return ':'.join([*sanitizers, library])


def preload(library, **environment):
    """Has the service start with a library before others."""
    definition = NETNSD.definition
    NETNSD.define(definition['command'], definition['bus_name'], {
        **definition['environment'], **environment, 'LD_PRELOAD': preloaded(definition['command'][0], library)})


# ---- tests

def reset_world():
    """Takes away everything that a test left, also in the service's memory."""
    NETNSD.stop()
    for name in os.listdir('/run/netns') if os.path.isdir('/run/netns') else []:
        run('umount', '-l', f'/run/netns/{name}', check=False)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f'/run/netns/{name}')
    for info in ip('link'):
        if info['ifname'] not in ('lo', outside.UPLINK):
            run('ip', 'link', 'delete', 'dev', info['ifname'], check=False)
    run('nft', 'flush', 'ruleset')
    for setting in ('ipv4/ip_forward', 'ipv6/conf/all/forwarding'):
        with open(f'/proc/sys/net/{setting}', 'w') as file:
            file.write('0')
    for folder in ('/run/netnsd', '/var/lib/netnsd', '/etc/netns'):
        shutil.rmtree(folder, ignore_errors=True)
    NETNSD.start()


class TestCase(unittest.TestCase):
    """A test that begins in an empty world, with root and, if the sandbox has them, alice and bob on the bus."""

    rules = 'allow-all'  # set before each test
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.callers = []
        cls.root = cls.join(0)
        if IS_ROOT:
            cls.alice, cls.bob = cls.join(ALICE), cls.join(BOB)

    @classmethod
    def tearDownClass(cls):
        for caller in cls.callers:
            caller.close()
        super().tearDownClass()

    @classmethod
    def join(cls, uid, **options):
        """One more caller, until the end of the class."""
        caller = Caller(uid, **options)
        cls.callers.append(caller)
        return caller

    def setUp(self):
        super().setUp()
        self.addCleanup(reset_world)
        if NETNSD.pid is None:
            NETNSD.start()
        if IS_ROOT and POLKITD.pid is not None:
            set_rules(self.rules)

    @contextlib.contextmanager
    def assertBusError(self, name):
        """That a call fails with this error: one of the service's without prefix, or AccessDenied and its like.

        The context's .exception is the BusError afterwards."""
        with self.assertRaises(BusError) as context:
            yield context
        self.assertEqual(context.exception.name, name, context.exception.message)

    @contextlib.contextmanager
    def unchanged(self, within=0):
        """That the kernel is afterwards what it was before, at once or within some seconds."""
        before = snapshot()
        yield
        try:
            wait_for(lambda: snapshot() == before, within)
        except TimeoutError:
            self.fail('the kernel changed:\n' + difference(before, snapshot()))


def pings_all(pairs):
    """Whether for each (namespace, address) the address answers from the namespace; all are asked at once."""
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        return all(executor.map(lambda pair: can_ping(pair[1], namespace=pair[0]), pairs))


def main():
    """unittest.main(), but a skipped test is a failure on CI: there everything is installed."""
    program = unittest.main(exit=False, verbosity=2, warnings='ignore')  # those of gi and of killed children
    result = program.result
    if not result.wasSuccessful():
        # The sandbox shows this behind the logs: what shows the end of an output only, shows it.
        with open(os.path.join(os.environ['SANDBOX'], 'failures'), 'w') as file:
            for test, trace in result.errors + result.failures:
                file.write(f'{test.id()}\n{trace}\n')
    if result.skipped and os.environ.get('CI'):
        sys.exit('skipped on CI: ' + ', '.join(f'{test.id()} ({why})' for test, why in result.skipped))
    sys.exit(not result.wasSuccessful())
