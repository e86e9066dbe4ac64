#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manual pages of the D-Bus interfaces, such as org.example.NetNS1.Manager(5), from introspection/*.xml.

Usage: generate_reference.py FOLDER XML...
"""
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
import roff  # noqa: E402

EMITS = {'const': 'never changes', 'invalidates': 'changes are announced without the value', 'false': 'changes are not announced'}


class Documentation:
    """One comment in front of a member: what it says of arguments, and its paragraphs."""

    def __init__(self, text):
        self.arguments, paragraphs, name = {}, [[]], None
        for text_line in text.strip().splitlines():
            argument = re.match(r' *@(\w+): ?(.*)', text_line)
            if argument:
                name = argument[1]
                self.arguments[name] = argument[2]
            elif not text_line.strip():
                name = None
                paragraphs.append([])
            elif name is not None:
                self.arguments[name] += ' ' + text_line.strip()
            else:
                paragraphs[-1].append(text_line)
        self.paragraphs = [' '.join(' '.join(paragraph).split()) for paragraph in paragraphs if paragraph]


def read_documentation(text):
    """Comments by what their first word names: the interface or a member of it."""
    found = {}
    for comment in re.findall(r'<!--(.*?)-->', text, flags=re.DOTALL):
        head = re.match(r'\s*([\w.]+):(?=\s)(.*)', comment, flags=re.DOTALL)
        if head:
            found[head[1]] = Documentation(head[2])
    return found


def paragraphs(documentation):
    return ''.join('.PP\n' + roff.prose(paragraph) for paragraph in documentation.paragraphs)


def signature(member):
    arguments = [f'{argument.get("direction", "out")} {roff.bold(argument.get("type"))} {roff.italic(argument.get("name"))}'
                 for argument in member.findall('arg')]
    return roff.line(f'{roff.bold(member.get("name"))} ({", ".join(arguments)})')


def options_of(method):
    if method is None or not method.options:
        return ''
    heads = [' '.join(filter(None, (roff.bold(option.key), roff.escape(option.type), roff.italic(option.form))))
             for option in method.options]
    rows = ''.join(f'.TP\n{roff.line(head)}{roff.describe(option)}' for head, option in zip(heads, method.options))
    return f'.RS\n{rows}.RE\n'


def settings_of(member):
    return ''.join(f'.TP\n{roff.bold(prefix + "LINK." * of_link)}\n{roff.escape(" ".join(names))}\n'
                   for prefix, of_link, names in roff.generate_options.settings_of(member))


def render_member(member, documentation, method):
    """A method or a signal: its arguments, with the keys of the one that has keys, then what it does."""
    text = f'.SS {roff.escape(member.get("name"))}\n{signature(member)}'
    for argument in member.findall('arg'):
        said = documentation.arguments.get(argument.get('name'), '')
        words = argument.find(f'annotation[@name="{roff.generate_options.PREFIX}Words"]')
        if words is not None and not said:
            said = ', '.join(f'`{word}`' for word in words.get('value').split())
        if said:
            text += f'.TP\n{roff.line(roff.italic(argument.get("name")))}{roff.prose(said)}'
            if argument.get('type') == 'a{sv}' and argument.get('direction') == 'in':
                text += options_of(method)
    return text + paragraphs(documentation) + settings_of(member)


def render_property(member, documentation):
    emits = [EMITS.get(annotation.get('value')) for annotation in member.findall('annotation')
             if annotation.get('name').endswith('.EmitsChangedSignal')]
    facts = [{'read': 'read only', 'readwrite': 'can be set'}[member.get('access')], *filter(None, emits)]
    head = f'{roff.bold(member.get("name"))} {roff.escape(member.get("type"))} ({"; ".join(facts)})'
    said = ''.join(('' if number == 0 else '.IP\n') + roff.prose(paragraph)
                   for number, paragraph in enumerate(documentation.paragraphs))
    return f'.TP\n{roff.line(head)}{said}'


def render(interface, documentation, methods, others):
    name = interface.get('name')
    head = documentation[name]
    short = name.removeprefix(roff.generate_options.PREFIX)
    text = (f'.\\" Made by data/generate_reference.py from introspection/{name}.xml.\n'
            f'.TH {name.upper()} 5 "" "NetNS1" "D\\-Bus interfaces"\n.ad l\n.nh\n.SH NAME\n'
            f'{roff.escape(name)} \\- {roff.escape(head.arguments["short_description"].rstrip("."))}\n'
            f'.SH DESCRIPTION\n{paragraphs(head)}')
    nothing = Documentation('')
    for title, tag in (('METHODS', 'method'), ('SIGNALS', 'signal'), ('PROPERTIES', 'property')):
        members = interface.findall(tag)
        text += f'.SH {title}\n' if members else ''
        for member in members:
            said = documentation.get(member.get('name'), nothing)
            text += (render_property(member, said) if tag == 'property' else
                     render_member(member, said, methods.get(f'{short}.{member.get("name")}')))
    also = [f'.BR {roff.escape(other)} (5)' for other in others if other != name]
    return text + '.SH SEE ALSO\n' + ',\n'.join(['.BR netnsd (8)', '.BR netnsctl (1)', *also]) + '\n'


def main():
    folder, *paths = sys.argv[1:]
    texts = {}
    for path in paths:
        with open(path, encoding='utf-8') as file:
            texts[os.path.basename(path).removesuffix('.xml')] = file.read()
    methods = roff.generate_options.parse(texts.values())
    for name, text in texts.items():
        page = render(ElementTree.fromstring(text).find('interface'), read_documentation(text), methods, texts)
        with open(os.path.join(folder, f'{name}.5'), 'w', encoding='utf-8') as file:
            file.write(page)


if __name__ == '__main__':
    main()
