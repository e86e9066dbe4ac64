# SPDX-License-Identifier: LGPL-2.1-or-later
# A process on the bus under another uid, which makes the calls that a test asks it for, one JSON object per line on
# standard input and output. A process of its own, because the bus and polkit ask the kernel who a process is. It can
# also be the user's polkit agent: it shows each question to the test, and stays silent until that answers.
# bus/netns1.py (class Caller) is the other end.
import json
import os
import sys


def become(uid, gid, groups):
    """Before anything is imported from where the user may not read."""
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


if __name__ == '__main__' and os.geteuid() == 0 and sys.argv[1] != '0':
    become(int(sys.argv[1]), int(sys.argv[2]), [int(group) for group in sys.argv[3:]])

import gi  # noqa: E402

gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib  # noqa: E402

AUTHORITY = ('org.freedesktop.PolicyKit1', '/org/freedesktop/PolicyKit1/Authority',
             'org.freedesktop.PolicyKit1.Authority')
AGENT_PATH = '/org/example/netns1/sandbox/agent'
AGENT_INTERFACE = '''<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
  <method name="BeginAuthentication">
    <arg type="s" name="action" direction="in"/><arg type="s" name="message" direction="in"/>
    <arg type="s" name="icon" direction="in"/><arg type="a{ss}" name="details" direction="in"/>
    <arg type="s" name="cookie" direction="in"/><arg type="a(sa{sv})" name="identities" direction="in"/>
  </method>
  <method name="CancelAuthentication"><arg type="s" name="cookie" direction="in"/></method>
</interface></node>'''


class Caller:
    def __init__(self):
        self.loop = GLib.MainLoop()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(os.environ['DBUS_SYSTEM_BUS_ADDRESS'], flags, None, None)
        self.bus.connect('closed', lambda *_: self.loop.quit())
        self.questions = {}
        self.say(name=self.bus.get_unique_name(), pid=os.getpid())
        self.received = b''
        GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, self.on_input)

    def say(self, **message):
        sys.stdout.write(json.dumps(message) + '\n')
        sys.stdout.flush()

    def on_input(self, _descriptor, _condition):
        received = os.read(0, 65536)
        if not received:
            self.loop.quit()
            return False
        *lines, self.received = (self.received + received).split(b'\n')
        for line in lines:
            request = json.loads(line)
            getattr(self, request.pop('do'))(**request)
        return True

    def call(self, number, destination, path, interface, method, arguments, interactive, timeout):
        message = Gio.DBusMessage.new_method_call(destination, path, interface, method)
        if arguments is not None:
            message.set_body(GLib.Variant.parse(None, arguments))
        if interactive:
            message.set_flags(Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
        self.bus.send_message_with_reply(message, Gio.DBusSendMessageFlags.NONE, timeout, None, self.on_reply, number)

    def on_reply(self, bus, result, number):
        try:
            reply = bus.send_message_with_reply_finish(result)
        except GLib.Error as error:  # no reply at all
            self.say(number=number, error=['org.freedesktop.DBus.Error.NoReply', error.message])
            return
        body = reply.get_body()
        if reply.get_message_type() == Gio.DBusMessageType.ERROR:
            text = body.unpack()[0] if body and body.n_children() else ''
            self.say(number=number, error=[reply.get_error_name(), text])
        else:
            self.say(number=number, reply=body.print_(True) if body else '()')

    def subject(self):
        with open('/proc/self/stat') as file:
            start_time = int(file.read().rpartition(')')[2].split()[19])
        return ('unix-process', {'pid': GLib.Variant('u', os.getpid()), 'uid': GLib.Variant('i', os.getuid()),
                                 'start-time': GLib.Variant('t', start_time)})

    def be_agent(self, number, locale):
        node = Gio.DBusNodeInfo.new_for_xml(AGENT_INTERFACE)
        self.bus.register_object(AGENT_PATH, node.interfaces[0], self.on_agent_call, None, None)
        arguments = GLib.Variant('((sa{sv})ss)', (self.subject(), locale, AGENT_PATH))
        self.call(number, *AUTHORITY, 'RegisterAuthenticationAgent', arguments.print_(True), False, -1)

    def on_agent_call(self, _bus, _sender, _path, _interface, method, arguments, invocation):
        if method == 'CancelAuthentication':
            cookie, = arguments.unpack()
            question = self.questions.pop(cookie, None)
            if question:
                question.return_dbus_error('org.freedesktop.PolicyKit1.Error.Cancelled', 'The caller is gone')
            invocation.return_value(None)
            self.say(cancelled=cookie)
            return
        action, message, _icon, details, cookie, identities = arguments.unpack()
        self.questions[cookie] = invocation
        self.say(question=cookie, action=action, message=message, details=details,
                 identities=[[kind, content] for kind, content in identities])

    def answer(self, cookie, error):
        question = self.questions.pop(cookie, None)
        if question is None:
            return
        if error:
            question.return_dbus_error(error, 'The test said so')
        else:
            question.return_value(None)


if __name__ == '__main__':
    Caller().loop.run()
