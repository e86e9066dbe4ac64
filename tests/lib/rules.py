# SPDX-License-Identifier: LGPL-2.1-or-later
# polkit rules of a sandbox, changed while it runs. polkitd takes a new rules file in when inotify tells it, some
# time later; so each file carries a number, and a question about it shows that it is in force.
import itertools
import os
import subprocess

from services import PATIENCE, STATE, wait_for

RULES_DIR = '/etc/polkit-1/rules.d'
PROBE_ACTION = 'org.example.netns1.sandbox.generation'
PREFIX = 'org.example.NetNS1.'

# polkit refuses questions about actions that no policy file has.
PROBE_POLICY = f'''<?xml version="1.0" encoding="UTF-8"?>
<policyconfig>
  <action id="{PROBE_ACTION}">
    <description>Which rules are in force</description>
    <message>Which rules are in force</message>
    <defaults><allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>no</allow_active></defaults>
  </action>
</policyconfig>
'''

FRAME = '''
polkit.addAdminRule(function(action, subject) {{ return ["unix-user:0"]; }});
polkit.addRule(function(action, subject) {{
  if (action.id == "{probe}")
    return action.lookup("number") == "{number}" ? polkit.Result.YES : polkit.Result.NO;
}});
{body}
'''

# One answer for each action of the service: YES, NO, AUTH_ADMIN (ask an administrator) ...
ONE_ANSWER = '''
polkit.addRule(function(action, subject) {{
  if (action.id.indexOf("{prefix}") == 0)
    return polkit.Result.{answer};
}});
'''

READY_MADE = {
    'allow-all': ONE_ANSWER.format(prefix=PREFIX, answer='YES'),
    'deny-all': ONE_ANSWER.format(prefix=PREFIX, answer='NO'),
    'ask-all': ONE_ANSWER.format(prefix=PREFIX, answer='AUTH_ADMIN'),
    'defaults': '',
}

_numbers = itertools.count(os.getpid() * 1000)


def allow_only(*actions, user=None):
    """A rule: these actions (without prefix) are allowed, for one user name or all; all other ones refused."""
    names = ', '.join(f'"{PREFIX}{action}"' for action in actions)
    who = f' && subject.user == "{user}"' if user else ''
    return f'''
polkit.addRule(function(action, subject) {{
  if ([{names}].indexOf(action.id) >= 0{who})
    return polkit.Result.YES;
}});
''' + READY_MADE['deny-all']


def write(body):
    """Writes the rules file, a name of READY_MADE or JavaScript; returns the number that in_force() takes."""
    number = next(_numbers)
    text = FRAME.format(probe=PROBE_ACTION, number=number, body=READY_MADE.get(body, body))
    temporary = os.path.join(STATE, f'rules.{number}')
    with open(temporary, 'w') as file:
        file.write(text)
    os.chmod(temporary, 0o644)
    # Renamed, so that polkitd never reads half a file, and where RULES_DIR was bound from: the same file system.
    os.rename(temporary, os.path.join(STATE, 'rules', '10-sandbox.rules'))
    return number


def in_force(number):
    """Whether polkitd has taken in the rules that write() numbered so."""
    from gi.repository import Gio, GLib
    bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
    # root is never asked, so the question is about somebody else.
    process = _probe_process()
    subject = ('unix-process', {'pid': GLib.Variant('u', process.pid), 'start-time': GLib.Variant('t', 0),
                                'uid': GLib.Variant('i', 65534)})
    question = GLib.Variant('((sa{sv})sa{ss}us)', (subject, PROBE_ACTION, {'number': str(number)}, 0, ''))
    reply = bus.call_sync('org.freedesktop.PolicyKit1', '/org/freedesktop/PolicyKit1/Authority',
                          'org.freedesktop.PolicyKit1.Authority', 'CheckAuthorization', question, None, 0, PATIENCE * 1000, None)
    return reply.unpack()[0][0]


def set_rules(body):
    """Gives polkitd other rules and returns when they are in force."""
    number = write(body)
    wait_for(lambda: in_force(number), what='polkitd to read its new rules')


def _probe_process(kept=[]):
    if not kept:
        kept.append(subprocess.Popen(['/usr/bin/sleep', 'infinity'], user=65534, group=65534, extra_groups=[],
                                     stdin=subprocess.DEVNULL))
    return kept[0]
