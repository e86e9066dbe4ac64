#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# introspection/*.xml against data/*.policy and src/common/error.c: nothing without a polkit action, no action that
# is not there, nothing without documentation, and the same errors in text and code. What is about actions is part
# of the build (data/meson.build): a method that says nothing about polkit does not build.
import re
import sys
import xml.etree.ElementTree as ElementTree

import checking
import api

PREFIX = 'org.example.NetNS1.'
STANDARD = 'org.freedesktop.'
# What a user in front of the machine may do without a password; nobody else may do anything without one.
FREE_WHEN_ACTIVE = {PREFIX + verb for verb in ('create-namespace', 'configure-own', 'run', 'open-socket', 'diagnose')}
MESSAGE = PREFIX + 'Message'
MESSAGE_FORM = r'Authentication is required to (?:[^$()]|\$\(\w+\))* \(\$\(place\)\)'
ASKS = ('auth_admin', 'auth_admin_keep')
ERROR_TEXT = re.compile(r'Errors:(.*?)(?:polkit:|\Z)', re.DOTALL)
QUALIFIED_ERROR = re.compile(r'`(?:org\.example\.NetNS1|org\.freedesktop\.DBus)\.Error\.([A-Za-z]+)`')
ERROR_IN_CODE = re.compile(r'(?:NETNS_ERROR_PREFIX|DBUS_ERROR_PREFIX) "([A-Za-z]+)",')


def actions_of(policy):
    return {action.get('id') for action in ElementTree.fromstring(policy).iter('action')}


def check_defaults(policy):
    for action in ElementTree.fromstring(policy).iter('action'):
        name = action.get('id')
        allowed = {'allow_any': ASKS, 'allow_inactive': ASKS,
                   'allow_active': (*ASKS, 'yes') if name in FREE_WHEN_ACTIVE else ASKS}
        for who, answers in allowed.items():
            answer = action.findtext(f'defaults/{who}')
            if answer not in answers:
                yield f'{name}: {who} is {answer}'


def check_action(member, actions):
    action = member.annotations.get(api.ACTION)
    if action is None:
        yield f'{member}: no {api.ACTION}; say which polkit action it asks for, or public'
    for key, value in member.annotations.items():
        if key.startswith(api.ACTION) and value != 'public' and value not in actions:
            yield f'{member}: no policy file has {value}'
    if (action == 'public' and api.ACTION + 'Foreign' not in member.annotations
            and any(key != api.ACTION and key.startswith(api.ACTION) for key in member.annotations)):
        yield f'{member}: public for everybody\'s things, and yet more actions'
    if member.kind == 'property' and member.access != 'read':
        yield f'{member}: a property that can be written goes past the methods'


def general_actions(policy):
    """Actions in whose dialogs the method's message stands: many methods ask for them."""
    return {action.get('id') for action in ElementTree.fromstring(policy).iter('action')
            if '$(change)' in action.findtext('message', '')}


def check_message(member, general):
    message = member.annotations.get(MESSAGE)
    asks = any(value in general for key, value in member.annotations.items() if key.startswith(api.ACTION))
    if member.kind == 'method' and asks and not message:
        yield f'{member}: no {MESSAGE}; say what it does, for dialogs'
    if message and not re.fullmatch(MESSAGE_FORM, message):
        yield (f'{member}: a message is like “Authentication is required to set the MTU of $(link) ($(place))”, not '
               f'“{message}”')


def check_documentation(member):
    text = member.documentation
    if not re.search(rf'^\s*{member.name}:', text):
        yield f'{member}: no documentation that begins with its name'
    if member.kind == 'property':
        return
    for name, _ in member.arguments + member.results:
        if f'@{name}:' not in text:
            yield f'{member}: argument {name} is not documented'
    for part in ('@since:', *(('Errors:', 'polkit:') if member.kind == 'method' else ())):
        if part not in text:
            yield f'{member}: its documentation lacks {part}'


def all_words(interfaces):
    return [text for interface in interfaces.values()
            for text in (interface.documentation, *(member.documentation for member in interface.members))]


def errors_mentioned(interfaces):
    """Names, without prefix, of what the documentation says is an error."""
    names = set()
    for text in all_words(interfaces):
        names.update(QUALIFIED_ERROR.findall(text))
        for section in ERROR_TEXT.findall(text):
            names.update(re.findall(r'`([A-Z][A-Za-z]+)`', section))
    return names


def check_actions(interfaces, policy):
    actions = actions_of(policy)
    general = general_actions(policy)
    used = set()
    for interface in interfaces.values():
        for member in interface.methods + interface.properties:
            yield from check_action(member, actions)
            yield from check_message(member, general)
            used.update(value for key, value in member.annotations.items() if key.startswith(api.ACTION))
    for action in sorted(actions - used):
        yield f'{action}: nothing asks for it'
    yield from check_defaults(policy)
    for action in sorted(action for action in actions if not action.startswith(PREFIX)):
        yield f'{action}: not one of ours'


def check_words(interfaces, code):
    for interface in interfaces.values():
        if not interface.documentation.strip():
            yield f'{interface.name}: no documentation'
        if not interface.name.startswith(STANDARD):
            for member in interface.members:
                yield from check_documentation(member)
    mentioned, known = errors_mentioned(interfaces), set(ERROR_IN_CODE.findall(code))
    for name in sorted(mentioned - known):
        yield f'{name}: an error of the documentation that src/common/error.c does not have'
    for name in sorted(known - mentioned - set(re.findall(r'`(\w+)`', ' '.join(all_words(interfaces))))):
        yield f'{name}: an error of src/common/error.c that the documentation does not mention'


def check_details(interfaces, code):
    """That the service knows all details that messages name."""
    known = set(re.findall(r'^  \{ "(\w+)",', code, re.MULTILINE))
    for interface in interfaces.values():
        for member in interface.methods:
            for key in re.findall(r'\$\((\w+)\)', member.annotations.get(MESSAGE, '')):
                if key not in known | {'place'}:
                    yield f'{member}: src/bus/call/actions.c knows no detail “{key}”'


def check():
    return list(check_actions(api.load(), checking.read('data', 'org.example.NetNS1.policy')))


def check_all():
    interfaces = api.load()
    return (check() + list(check_words(interfaces, checking.read('src', 'common', 'error.c')))
            + list(check_details(interfaces, checking.read('src', 'bus', 'call', 'actions.c'))))


METHOD = '''<node><!-- Words. --><interface name="org.example.NetNS1.Example">
  <!-- Go: @speed: How fast. @since: 1 Errors: `Busy`. polkit: org.example.NetNS1.go. -->
  <method name="Go">
    <annotation name="org.example.NetNS1.Action" value="org.example.NetNS1.go"/>
    <annotation name="org.example.NetNS1.Message" value="Authentication is required to go to $(link) ($(place))"/>
    <arg name="speed" type="u" direction="in"/>
  </method>
  <!-- Speed: How fast. -->
  <property name="Speed" type="u" access="read">
    <annotation name="org.example.NetNS1.Action" value="public"/>
  </property>
</interface></node>'''
DEFAULTS = ('<defaults><allow_any>auth_admin</allow_any><allow_inactive>auth_admin</allow_inactive>'
            '<allow_active>auth_admin_keep</allow_active></defaults>')
POLICY = (f'<policyconfig><action id="org.example.NetNS1.go"><message>Do it ($(change))</message>{DEFAULTS}</action>'
          '</policyconfig>')
CODE = '[X] = NETNS_ERROR_PREFIX "Busy",'
DETAILS = '  { "link", TRUE },'


def example(old='', new='', policy=POLICY, code=CODE, details=DETAILS):
    interfaces = {interface.name: interface for interface in api.parse(METHOD.replace(old, new) if old else METHOD)}
    return lambda: [*check_actions(interfaces, policy), *check_words(interfaces, code),
                    *check_details(interfaces, details)]


if __name__ == '__main__':
    checking.main(check if '--stamp' in sys.argv else check_all, [
        example('<annotation name="org.example.NetNS1.Action" value="org.example.NetNS1.go"/>'),
        example('<annotation name="org.example.NetNS1.Action" value="public"/>'),
        example('value="org.example.NetNS1.go"', 'value="org.example.NetNS1.fly"'),
        example('<arg name="speed"', '<annotation name="org.example.NetNS1.ActionHost" value="x"/><arg name="speed"'),
        example('access="read"', 'access="readwrite"'),
        example('<annotation name="org.example.NetNS1.Message" value="Authentication is required to go to $(link) ($(place))"/>'),
        example('$(link)', '$link'),
        example('$(link)', '$(target)'),
        example(' ($(place))'),
        example(details=''),
        example('<!-- Speed: How fast. -->'),
        example('<!-- Words. -->'),
        example('@speed: How fast.'),
        example('Errors: `Busy`.'),
        example('polkit:', ''),
        example('@since: 1'),
        example('`Busy`', '`Busy`, `Lost`'),
        example(policy=POLICY.replace('<action', f'<action id="org.example.NetNS1.stop">{DEFAULTS}</action><action', 1)),
        example(policy=POLICY.replace(DEFAULTS, '')),
        example(policy=POLICY.replace('auth_admin_keep', 'yes')),
        example(policy=POLICY.replace('<allow_any>auth_admin', '<allow_any>yes')),
        example(code=CODE + '[Y] = NETNS_ERROR_PREFIX "Lost",'),
    ], example())
