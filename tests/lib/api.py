# SPDX-License-Identifier: LGPL-2.1-or-later
# introspection/*.xml as Python objects, with the documentation that stands in comments.
import dataclasses
import glob
import os
import xml.etree.ElementTree as ElementTree

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DIRECTORY = os.path.join(SOURCE, 'introspection')
ACTION = 'org.example.NetNS1.Action'


@dataclasses.dataclass
class Member:
    """A method, property or signal. Types are D-Bus signatures; a property has only one."""
    interface: str
    kind: str
    name: str
    arguments: list  # of (name, type)
    results: list  # of (name, type)
    annotations: dict
    documentation: str
    access: str = ''

    @property
    def type(self):
        return self.results[0][1]

    @property
    def signature(self):
        return '(' + ''.join(type_ for _, type_ in self.arguments) + ')'

    def __str__(self):
        return f'{self.interface}.{self.name}'


@dataclasses.dataclass
class Interface:
    name: str
    documentation: str
    members: list

    def of_kind(self, kind):
        return [member for member in self.members if member.kind == kind]

    @property
    def methods(self):
        return self.of_kind('method')

    @property
    def properties(self):
        return self.of_kind('property')

    @property
    def signals(self):
        return self.of_kind('signal')


def _member(interface, element, documentation):
    annotations = {child.get('name'): child.get('value') for child in element.findall('annotation')}
    if element.tag == 'property':
        return Member(interface, 'property', element.get('name'), [], [('value', element.get('type'))], annotations,
                      documentation, element.get('access'))
    sides = {'in': [], 'out': []}
    default = 'out' if element.tag == 'signal' else 'in'
    for argument in element.iter('arg'):
        sides[argument.get('direction', default)].append((argument.get('name'), argument.get('type')))
    return Member(interface, element.tag, element.get('name'), sides['in'], sides['out'], annotations, documentation)


def _with_comments(parent):
    """Each child element with the comment in front of it."""
    comment = ''
    for child in parent:
        if child.tag is ElementTree.Comment:
            comment = child.text
        else:
            yield child, comment
            comment = ''


def parse(text):
    """The interfaces of one introspection document."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    interfaces = []
    for node, documentation in _with_comments(ElementTree.fromstring(text, parser)):
        if node.tag != 'interface':
            continue
        name = node.get('name')
        members = [_member(name, child, comment) for child, comment in _with_comments(node)
                   if child.tag in ('method', 'property', 'signal')]
        interfaces.append(Interface(name, documentation, members))
    return interfaces


def load(directory=DIRECTORY):
    """All interfaces of the service by name."""
    interfaces = {}
    for path in sorted(glob.glob(os.path.join(directory, '*.xml'))):
        with open(path) as file:
            interfaces.update({interface.name: interface for interface in parse(file.read())})
    return interfaces
