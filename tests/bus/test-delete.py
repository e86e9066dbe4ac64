#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A namespace that somebody still holds, in each way that there is: Delete names them and changes nothing, or ends them
# and returns when the namespace is really gone.
import os
import signal
import socket
import subprocess
import time

import references
import netns1
import watch
from gi.repository import Gio
from netns1 import run


class Delete(netns1.TestCase):
    def setUp(self):
        super().setUp()
        self.caller = self.alice if netns1.IS_ROOT else self.root
        self.other_uid = netns1.BOB if netns1.IS_ROOT else None
        self.path = self.caller.create_namespace('ns1')

    def delete(self, caller=None, **options):
        (caller or self.caller).call(self.path, 'Namespace', 'Delete', '(a{sv})', options)

    def assert_busy(self, *processes, words=()):
        """With each of them named, and nothing changed."""
        with self.unchanged(), self.assertBusError('Busy') as context:
            self.delete()
        text = context.exception.message
        for process in processes:
            self.assertIn(f'{netns1.command_of(process.pid)} ({process.pid}) ', text)
            self.assertIsNone(process.poll())
        for word in ('ns1', *words):
            self.assertIn(word, text)
        return text

    # ---- who holds it

    def test_all_named(self):
        """The scenario: two users, a descriptor, a mount namespace."""
        inside = references.process(self, 'ns1', uid=self.other_uid)
        descriptor = references.descriptor(self, 'ns1')
        mount = references.mount(self, 'ns1', '/run/kept')
        text = self.assert_busy(inside, descriptor, mount, words=['/run/kept', 'runs in it', 'has it open'])
        self.assertNotIn(str(netns1.NETNSD.pid), text)

    def test_socket(self):
        self.assert_busy(references.listener(self, 'ns1'), words=['has a socket in it'])

    def test_sockets_in_no_list(self):
        """The kernel lists those that are bound; what is not keeps the namespace all the same."""
        for kind in ('AF_INET, socket.SOCK_STREAM', 'AF_INET6, socket.SOCK_DGRAM', 'AF_INET, socket.SOCK_RAW, 89',
                     'AF_PACKET, socket.SOCK_DGRAM', 'AF_NETLINK, socket.SOCK_RAW, 0', 'AF_UNIX, socket.SOCK_STREAM'):
            with self.subTest(kind):
                process = references.with_socket(self, 'ns1', f'socket.socket(socket.{kind})')
                self.assert_busy(process, words=['has a socket in it'])
                process.kill()
                process.wait()

    def test_mount_outside_of_run_netns(self):
        """In the service's own mount namespace."""
        with open('/run/kept', 'w'):
            pass
        self.addCleanup(os.unlink, '/run/kept')
        run('mount', '--bind', '/run/netns/ns1', '/run/kept')
        self.addCleanup(run, 'umount', '/run/kept')
        self.assert_busy(words=['/run/kept'])

    def test_copy_of_the_name(self):
        """What `unshare --mount` makes: the name stays mounted there when it is unmounted here."""
        self.assert_busy(references.mount(self, 'ns1', ''), words=['/run/netns/ns1'])

    def test_copies_that_follow(self):
        """What systemd makes for a service with a mount namespace of its own keeps nothing alive."""
        sandbox = references.mount(self, 'ns1', '', propagation='slave')
        further = references.mount(self, 'ns1', '', propagation='shared')
        inode = references.inode('ns1')
        self.assertEqual(references.mounts(sandbox.pid, '/run/netns/ns1'), 1)
        self.delete()
        self.assertNotIn(inode, references.lsns())
        for process in (sandbox, further):
            self.assertEqual(references.mounts(process.pid, '/run/netns/ns1'), 0)
            self.assertIsNone(process.poll())

    def test_further_mount_in_one_that_follows(self):
        """Only what is mounted on the name itself goes along."""
        for propagation in ('slave', 'shared'):
            with self.subTest(propagation):
                self.assert_busy(references.mount(self, 'ns1', f'/run/kept-{propagation}', propagation=propagation),
                                 words=[f'/run/kept-{propagation}'])
        self.delete(self.root, kill=True)
        self.assertEqual(os.listdir('/run/netns'), [])

    def test_many(self):
        """A list that ends."""
        for _ in range(25):
            netns1.sleeper(self, 'ip', 'netns', 'exec', 'ns1')
        text = self.assert_busy()
        self.assertEqual(text.count('runs in it'), 20)
        self.assertIn('and 5 more', text)

    # ---- taken back

    def take_over(self, other=None):
        """Somebody makes a namespace `ns1` as soon as that is unmounted. Returns: whether it was there before the former one was
        found, which kept @other, a further name of it."""
        keeper = references.in_transit(self, 'ns1')
        former = references.inode('ns1')
        pending = self.root.start(self.path, 'Namespace', 'Delete', '(a{sv})', {})
        netns1.wait_for(lambda: references.mounts('self', '/run/netns/ns1') == 0)
        os.unlink('/run/netns/ns1')
        run('ip', 'netns', 'add', 'ns1')
        new = references.inode('ns1')
        keeper.send_signal(signal.SIGUSR1)
        with self.assertRaises(netns1.BusError) as context:
            pending.result()
        self.assertEqual((references.mounts('self', '/run/netns/ns1'), references.inode('ns1')), (1, new))
        error = context.exception
        if error.name == 'Busy' and 'something invisible' in error.message:
            return False
        self.assertEqual(error.name, 'RolledBack')
        self.assertIn('“ns1” has become a network namespace in the meantime', error.message)
        self.assertNotEqual(new, former)
        if other:
            self.assertEqual(references.inode(other), former)
        return True

    def test_name_of_somebody_else_meanwhile(self):
        """Who has it keeps it: nothing is mounted over it, and the caller is told. Other names are given back."""
        self.addCleanup(subprocess.run, ['ip', '-all', 'netns', 'delete'], check=True)
        for other in (None, 'other'):
            for _ in range(20):
                run('ip', '-all', 'netns', 'delete')
                netns1.wait_for(lambda: self.path not in self.root.managed_objects())
                self.path = self.caller.create_namespace('ns1')
                if other:
                    inside = references.process(self, 'ns1')
                    run('ip', 'netns', 'attach', other, str(inside.pid))
                    inside.kill()
                    inside.wait()
                if self.take_over(other):
                    break
            else:
                self.fail('the former one was always found first')

    # ---- gone is gone

    def test_gone_at_once(self):
        """The kernel takes its time, the method as well: each end of a pair can be made again the next moment."""
        for _ in range(5):
            self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'ns1', 'v1', {})
            inode = references.inode('ns1')
            self.delete()
            self.assertNotIn(inode, references.lsns())
            self.assertIsNone(netns1.link('v0'))
            self.assertEqual(os.listdir('/run/netns'), [])
            self.caller.create_namespace('ns1')

    def test_broken(self):
        """A name whose mount is missing."""
        run('umount', '/run/netns/ns1')
        netns1.wait_for(lambda: self.root.managed_objects().get(self.path, {}).get(
            netns1.full_interface('Namespace'), {}).get('Source') == 'broken')
        self.delete(self.root)
        self.assertEqual(os.listdir('/run/netns'), [])

    # ---- what came from elsewhere

    def make_link(self, namespace=None):
        """What stands for a network card: of a kind that ends with its namespace, as all that can be made."""
        run('ip', '-batch', '-', namespace=namespace, input="""
link add phys0 address 02:00:00:00:00:77 mtu 1400 type ifb
link property add dev phys0 altname the-network-card
link set phys0 up
address add 192.0.2.1/24 dev phys0
address add fd00:77::1/64 dev phys0 nodad
""")

    def move(self, namespace, link, to, **options):
        netns1.wait_for(lambda: netns1.link(link, namespace or None))
        return self.root.call(self.root.link(namespace, link), 'Link', 'MoveTo', '(sa{sv})', to, options)

    def assert_home(self, namespace=None):
        info = netns1.link('phys0', namespace)
        self.assertIsNotNone(info, 'it did not come home')
        self.assertEqual((info['address'], info['mtu'], info['altnames']), ('02:00:00:00:00:77', 1400, ['the-network-card']))
        self.assertIn('UP', info['flags'])
        self.assertCountEqual(netns1.addresses('phys0', namespace), ['192.0.2.1/24', 'fd00:77::1/64'])

    def test_link_goes_home(self):
        """Under its old name, with what it had, whatever was done to it; also by force, and for who has no right there."""
        if netns1.IS_ROOT:
            netns1.set_rules(netns1.allow_only(netns1.ALICE, 'configure-own'))
        self.make_link()
        self.move('', 'phys0', 'ns1', name='wan')
        run('ip', '-batch', '-', namespace='ns1', input="""
link set wan name other
address add 10.0.0.1/24 dev other
link set other up
""")
        inside = references.process(self, 'ns1', uid=netns1.ALICE if netns1.IS_ROOT else None)
        self.assert_busy(inside)
        self.delete(kill=True)
        self.assert_home()
        self.assertEqual(self.caller.link('', 'phys0').rpartition('/')[0], netns1.HOST + '/link')

    def test_link_goes_home_after_restart(self):
        self.make_link()
        self.move('', 'phys0', 'ns1')
        self.root.call(self.path, 'Namespace', 'Rename', '(s)', 'ns2')
        run('ip', 'link', 'set', 'phys0', 'name', 'other', namespace='ns2')
        netns1.wait_for(lambda: os.listdir('/run/netnsd/links'))
        netns1.NETNSD.restart()
        self.root.call(f'{netns1.ROOT}/namespace/ns2', 'Namespace', 'Delete', '(a{sv})', {})
        self.assert_home()
        netns1.wait_for(lambda: not os.listdir('/run/netnsd/links'))

    def test_link_that_moved_on(self):
        """Goes to its first home; one that is back at home has no other."""
        self.make_link()
        self.caller.create_namespace('ns2')
        self.move('', 'phys0', 'ns1', name='one')
        self.move('ns1', 'one', 'ns2', name='two')
        self.delete()
        self.assertIsNone(netns1.link('phys0'))
        self.root.call(f'{netns1.ROOT}/namespace/ns2', 'Namespace', 'Delete', '(a{sv})', {})
        self.assert_home()
        self.caller.create_namespace('ns1')
        self.move('', 'phys0', 'ns1')
        self.move('ns1', 'phys0', '')
        netns1.wait_for(lambda: not os.listdir('/run/netnsd/links'))

    def test_link_of_another_namespace(self):
        self.caller.create_namespace('ns2')
        self.make_link('ns2')
        self.move('ns2', 'phys0', 'ns1')
        self.delete()
        self.assert_home('ns2')

    def test_link_that_ip_moved(self):
        """Goes home under its old name as well; a veth pair ends, as those who build namespaces with `ip` expect."""
        self.make_link()
        run('ip', '-batch', '-', input="""
link add v0 type veth peer name v1
link set phys0 netns ns1
link set v1 netns ns1
""")
        run('ip', 'link', 'set', 'phys0', 'name', 'other', namespace='ns1')
        self.delete()
        self.assertEqual(netns1.link('phys0')['address'], '02:00:00:00:00:77')
        for name in ('v0', 'v1', 'other'):
            self.assertIsNone(netns1.link(name))
        netns1.wait_for(lambda: not os.listdir('/run/netnsd/links'))

    def test_link_without_home(self):
        """The namespace that it came from is gone: it ends with this one."""
        self.caller.create_namespace('ns2')
        self.make_link('ns2')
        self.move('ns2', 'phys0', 'ns1')
        self.root.call(f'{netns1.ROOT}/namespace/ns2', 'Namespace', 'Delete', '(a{sv})', {})
        self.delete()
        self.assertIsNone(netns1.link('phys0'))
        self.assertEqual(os.listdir('/run/netns'), [])

    def test_name_taken_at_home(self):
        self.make_link()
        self.move('', 'phys0', 'ns1', name='wan')
        run('ip', 'link', 'add', 'phys0', 'type', 'ifb')
        inside = references.process(self, 'ns1')
        with self.unchanged(), self.assertBusError('Exists') as context:
            self.delete(self.root, kill=True)
        for word in ('wan', 'phys0', 'host'):
            self.assertIn(word, context.exception.message)
        self.assertIsNone(inside.poll())

    def test_what_was_made_inside_ends(self):
        run('ip', 'link', 'add', 'made-inside', 'type', 'ifb', namespace='ns1')
        self.delete()
        self.assertIsNone(netns1.link('made-inside'))

    # ---- by force

    def ended_by(self, process):
        return -process.wait(netns1.PATIENCE)

    def test_kill(self):
        """The scenario: one that is deaf to SIGTERM, one that is not, a descriptor, a mount namespace, two users."""
        deaf = references.process(self, 'ns1', uid=self.other_uid, deaf=True)
        inside = references.process(self, 'ns1', uid=self.other_uid)
        descriptor = references.descriptor(self, 'ns1')
        listener = references.listener(self, 'ns1')
        mount = references.mount(self, 'ns1', '/run/kept')
        bystander = references.process(self, None)
        inode = references.inode('ns1')
        with watch.Watcher() as watcher:
            begin = time.monotonic()
            call = self.caller.start(self.path, 'Namespace', 'Delete', '(a{sv})', {'kill': True})
            self.assert_others_go_on(call, deaf)
            self.assertEqual(self.ended_by(inside), signal.SIGTERM)
            self.assertEqual(self.ended_by(descriptor), signal.SIGTERM)
            self.assertEqual(self.ended_by(listener), signal.SIGTERM)
            call.result()
            self.assertGreaterEqual(time.monotonic() - begin, 5)
            watcher.settle()
            removed = [arguments for path, member, arguments in watcher.signals
                       if member == 'InterfacesRemoved' and arguments[0] == self.path]
        self.assertEqual(self.ended_by(deaf), signal.SIGKILL)
        self.assertNotIn(inode, references.lsns())
        self.assertEqual(os.listdir('/run/netns'), [])
        self.assertEqual(len(removed), 1)
        for process in (mount, bystander):  # who only sees it mounted stays
            self.assertIsNone(process.poll())
        for target in ('/run/kept', '/run/netns/ns1'):
            self.assertEqual(references.mounts(mount.pid, target), 0)

    def assert_others_go_on(self, pending, victim):
        """Others make and change things meanwhile: that is over before the call is, which waits for the victim."""
        done = 0
        for number in range(20):
            path = self.root.create_namespace(f'other{number}')
            self.root.call(path, 'Namespace', 'Rename', '(s)', f'renamed{number}')
            done += victim.poll() is None and not pending.done
            run('umount', f'/run/netns/renamed{number}')
            os.unlink(f'/run/netns/renamed{number}')
            if pending.done:
                break
        self.assertGreater(done, 0)

    def test_kill_who_has_sockets_in_no_list(self):
        for kind in ('AF_INET6, socket.SOCK_STREAM', 'AF_NETLINK, socket.SOCK_RAW, 0'):
            with self.subTest(kind):
                process = references.with_socket(self, 'ns1', f'socket.socket(socket.{kind})')
                self.delete(self.root, kill=True)
                self.assertEqual(self.ended_by(process), signal.SIGTERM)
                self.caller.create_namespace('ns1')

    def test_kill_nobody(self):
        """Does not wait the 5 s that processes have to end; on a busy machine one of several shows it."""
        took = []
        while not took or (min(took) >= 5 and len(took) < 10):
            begin = time.monotonic()
            self.delete(kill=True)
            took.append(time.monotonic() - begin)
            self.assertEqual(os.listdir('/run/netns'), [])
            self.caller.create_namespace('ns1')
        self.assertLess(min(took), 5)

    def test_kill_who_makes_children(self):
        """Who comes while others end is ended as well."""
        parent = references.program(self, """
import os, signal
def fork(*_):
    if os.fork():
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pause()
signal.signal(signal.SIGTERM, fork)
print("ready", flush=True)
signal.pause()
""", namespace='ns1')
        inode = references.inode('ns1')
        self.delete(kill=True)
        self.assertEqual(parent.wait(netns1.PATIENCE), 0)
        self.assertNotIn(inode, references.lsns())

    def test_kill_with_connection_to_nowhere(self):
        """The kernel would try for minutes to tell the other end that the connection is closed."""
        self.root.call(netns1.ROOT, 'Manager', 'CreateVeth', '(ssssa{sv})', '', 'v0', 'ns1', 'v1',
                       {'addresses': ['10.0.0.1/24'], 'peer-addresses': ['10.0.0.2/24']})
        self.assertTrue(netns1.can_ping('10.0.0.2'))
        with socket.create_server(('10.0.0.1', 0)) as server:
            client = references.program(self, f"""
import signal, socket
connection = socket.create_connection(("10.0.0.1", {server.getsockname()[1]}))
connection.recv(1)
connection.sendall(b"x" * 1000)
print("ready", flush=True)
signal.pause()
""", namespace='ns1', start=lambda: self.cut(server))
            inode = references.inode('ns1')
            self.delete(kill=True)
        self.assertEqual(self.ended_by(client), signal.SIGTERM)
        self.assertNotIn(inode, references.lsns())

    def cut(self, server):
        """Lets somebody connect, and closes the connection before anything is said."""
        connection = server.accept()[0]
        self.addCleanup(connection.close)
        connection.sendall(b'!')
        run('nft', '-f', '-', input='table inet cut { chain in { type filter hook input priority 0; iifname "v0" drop; }; }')

    def test_kill_not_the_bus(self):
        """Whom everybody needs: nothing is done to anybody."""
        inside = references.process(self, 'ns1')
        bus = self.root.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID', '(s)',
                             'org.freedesktop.DBus', destination='org.freedesktop.DBus')
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect('/run/dbus/system_bus_socket')
            self.pass_descriptor(connection, '/run/netns/ns1')
            netns1.wait_for(lambda: self.has_open(bus, references.inode('ns1')))
            with self.assertBusError('Busy') as context:
                self.delete(kill=True)
        self.assertIn(f'({bus})', context.exception.message)
        self.assertIsNone(inside.poll())
        self.assertIn('ns1', netns1.namespaces())

    @staticmethod
    def has_open(pid, inode):
        for entry in os.scandir(f'/proc/{pid}/fd'):
            try:
                if os.stat(entry.path).st_ino == inode:
                    return True
            except FileNotFoundError:
                pass
        return False

    @staticmethod
    def pass_descriptor(connection, path):
        """Half a message with a descriptor, which the bus keeps until the other half comes."""
        hello = Gio.DBusMessage.new_method_call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                                'Hello')
        hello.set_serial(1)
        uid = str(os.getuid()).encode().hex()
        connection.sendall(b'\0AUTH EXTERNAL ' + uid.encode() + b'\r\n')
        assert connection.recv(200).startswith(b'OK')
        connection.sendall(b'NEGOTIATE_UNIX_FD\r\n')
        assert connection.recv(200).startswith(b'AGREE_UNIX_FD')
        connection.sendall(b'BEGIN\r\n' + hello.to_blob(Gio.DBusCapabilityFlags.UNIX_FD_PASSING))
        connection.recv(1000)
        with open(path) as file:
            socket.send_fds(connection, [b'l\1\0\1'], [file.fileno()])

    def test_kill_locked_mount(self):
        """What the kernel does not let anybody unmount is told of in the end."""
        mount = references.mount(self, 'ns1', '', options=['--user', '--map-root-user'])
        with self.unchanged(), self.assertBusError('Busy') as context:
            self.delete(kill=True)
        self.assertIn(f'sleep ({mount.pid}) has it mounted on /run/netns/ns1', context.exception.message)
        self.assertIsNone(mount.poll())

    # ---- who may

    def test_rights(self):
        """One's own processes in one's own namespace are one's own; what is another user's is foreign."""
        if not netns1.IS_ROOT:
            self.skipTest('needs an ordinary user besides root')
        netns1.set_rules(netns1.allow_only(netns1.ALICE, 'configure-own'))
        for make in (lambda: references.process(self, 'ns1', uid=netns1.BOB), lambda: references.descriptor(self, 'ns1'),
                     lambda: references.mount(self, 'ns1', '/run/kept')):
            other = make()
            mine = references.process(self, 'ns1', uid=netns1.ALICE)
            with self.unchanged(), self.assertBusError('AccessDenied') as context:
                self.delete(kill=True)
            self.assertIn('configure-foreign', context.exception.message)
            for process in (other, mine):
                self.assertIsNone(process.poll())
                process.kill()
                process.wait()
        mine = references.process(self, 'ns1', uid=netns1.ALICE)
        self.delete(kill=True)
        self.assertEqual(self.ended_by(mine), signal.SIGTERM)

    def test_one_question(self):
        if not netns1.IS_ROOT:
            self.skipTest('needs an ordinary user besides root')
        netns1.set_rules('ask-all')
        inside = references.process(self, 'ns1', uid=netns1.BOB)
        with self.join(netns1.ALICE) as caller:
            questions = caller.become_agent()
            call = caller.start(self.path, 'Namespace', 'Delete', '(a{sv})', {'kill': True}, interactive=True)
            question = questions.next()
            self.assertEqual(question.action, 'configure-foreign')
            for word in ('delete the namespace', 'ns1', 'bob'):
                self.assertIn(word, question.message)
            self.assertIsNone(inside.poll())
            question.grant()
            call.result()
            questions.none_within(0)
            self.callers.remove(caller)
        self.assertEqual(self.ended_by(inside), signal.SIGTERM)

    # ---- the client

    def test_netnsctl(self):
        inside = references.process(self, 'ns1', uid=netns1.ALICE if netns1.IS_ROOT else None)
        uid = netns1.ALICE if netns1.IS_ROOT else None
        refused = netns1.netnsctl('namespace', 'delete', 'ns1', uid=uid, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f'python3 ({inside.pid}) runs in it', refused.stderr)
        netns1.netnsctl('namespace', 'delete', 'ns1', '--kill', uid=uid)
        self.assertEqual(self.ended_by(inside), signal.SIGTERM)
        self.assertEqual(os.listdir('/run/netns'), [])


if __name__ == '__main__':
    netns1.main()
