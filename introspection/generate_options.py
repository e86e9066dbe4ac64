#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options of methods, as annotations of introspection/*.xml say them, and the C table of them.

An argument of type a{sv} has one annotation for each key:

    <annotation name="org.example.NetNS1.Option.KEY" value="TYPE [FORM] [needed|or empty] [= DEFAULT]: HELP"/>

TYPE is a D-Bus signature. FORM says what values are good: a range and its unit (`68..65535 bytes`), words
(`check|cure`), or in capitals what a text is (`CIDR`). Without a default, one that is not given has a meaning of its own,
which HELP tells. Where the kind of what is made decides which keys there are, the name goes on with the kinds that have
this one: `Option.link.macvlan.vlan`. Other keys are for all kinds.

The annotation org.example.NetNS1.Options takes in the keys of other methods that are for all kinds, but for those with a
dash in front: `Manager.CreateLink Bridge.SetOptions -allow-loop`.
An argument of type s can have its words in an annotation org.example.NetNS1.Words.

A method can have lists of kernel settings: org.example.NetNS1.Settings.net.ipv4 of those that begin so,
org.example.NetNS1.Settings.net.ipv4.conf.LINK of those with the name of a link in between.
"""
import dataclasses
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

PREFIX = 'org.example.NetNS1.'
OPTION = re.compile(r'(?P<type>[a-z]+)(?: (?P<form>(?!needed\b|or empty\b|=)[^:=]+?))?(?P<needed> needed)?'
                    r'(?P<empty> or empty)?(?: = (?P<default>[^:]+))?: (?P<help>.+)')
RANGE = re.compile(r'(\d+)\.\.(\d+)(?: (.+))?')
# What a text may be said to be, and what the service makes of it.
FORMS = ('ADDRESS', 'CIDR', 'LINK', 'MAC', 'NAME', 'NS', 'PORTS', 'RANGE', 'SUBNET', 'TEXT', 'USER')
NUMBERS = {'q': 2**16 - 1, 'u': 2**32 - 1}


@dataclasses.dataclass
class Option:
    """minimum and maximum are None where every number of the type is good."""
    key: str
    type: str
    help: str
    kinds: tuple = ()
    form: str = ''
    unit: str = ''
    minimum: int = None
    maximum: int = None
    words: tuple = ()
    needed: bool = False
    may_be_empty: bool = False
    default: str = ''


@dataclasses.dataclass
class Method:
    interface: str  # without prefix
    name: str
    options: list
    words: dict  # of its arguments

    @property
    def symbol(self):
        snake = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', f'{self.interface}_{self.name}')
        return snake.lower()


def parse_option(name, text):
    """name is what stands behind org.example.NetNS1.Option: KEY or KEY.KIND.KIND"""
    key, *kinds = name.split('.')
    match = OPTION.fullmatch(text)
    if not match:
        raise ValueError(f'{name}: “{text}” is not TYPE [FORM] [needed|or empty] [= DEFAULT]: HELP')
    option = Option(key, match['type'], match['help'], tuple(kinds), needed=bool(match['needed']),
                    may_be_empty=bool(match['empty']), default=match['default'] or '')
    form = match['form'] or ''
    limits = RANGE.fullmatch(form)
    if limits:
        option.minimum, option.maximum, option.unit = int(limits[1]), int(limits[2]), limits[3] or ''
    elif form in FORMS:
        option.form = form
    elif form:
        option.words = tuple(form.split('|'))
    if limits and (option.type not in NUMBERS or option.maximum > NUMBERS[option.type]):
        raise ValueError(f'“{text}”: a range that type {option.type} does not have')
    if option.words and (option.type not in ('s', 'as') or form.isupper()):
        raise ValueError(f'“{text}”: “{form}” is no form; there are {", ".join(FORMS)}')
    if option.words and option.default and option.default not in option.words:
        raise ValueError(f'“{text}”: the default is none of the words')
    return option


def _annotations(element):
    """(name without prefix, value) for each."""
    return [(annotation.get('name').removeprefix(PREFIX), annotation.get('value'))
            for annotation in element.findall('annotation')]


def _parse_method(interface, element):
    """The method, and what other methods it takes options of: (place among its own, their names)."""
    options, words, taken = [], {}, []
    for argument in element.findall('arg'):
        for name, value in _annotations(argument):
            if name.startswith('Option.'):
                options.append(parse_option(name.removeprefix('Option.'), value))
            elif name == 'Options':
                taken.append((len(options), value.split()))
            elif name == 'Words':
                words[argument.get('name')] = value.split()
    return Method(interface, element.get('name'), options, words), taken


def parse(texts):
    """The methods of some introspection documents that have an argument for options, by `Interface.Method`."""
    methods, taken = {}, {}
    for text in texts:
        for interface in ElementTree.fromstring(text).findall('interface'):
            short = interface.get('name').removeprefix(PREFIX)
            for element in interface.findall('method'):
                if not any(argument.get('type') == 'a{sv}' and argument.get('direction') == 'in'
                           for argument in element.findall('arg')):
                    continue
                name = f'{short}.{element.get("name")}'
                methods[name], taken[name] = _parse_method(short, element)
    for name, method in methods.items():
        for place, others in reversed(taken[name]):
            without = {other[1:] for other in others if other.startswith('-')}
            others = [other for other in others if not other.startswith('-')]
            if any(other not in methods or taken[other] for other in others):
                raise ValueError(f'{name}: there are no options of {", ".join(others)} to take')
            found = [option for other in others for option in methods[other].options if not option.kinds]
            if not without <= {option.key for option in found}:
                raise ValueError(f'{name}: there are no options {", ".join(without)} to leave out')
            method.options[place:place] = [option for option in found if option.key not in without]
        seen = set()
        for option in method.options:
            for kind in option.kinds or ('',):
                if (option.key, kind) in seen or (option.key, '') in seen:
                    raise ValueError(f'{name}: option {option.key} is there twice')
                seen.add((option.key, kind))
    return methods


def settings_of(method):
    """Kernel settings: (prefix with its dots, whether the name of a link follows, names)."""
    for name, value in _annotations(method):
        if name.startswith('Settings.'):
            prefix, of_link = re.fullmatch(r'Settings\.(.+?)(\.LINK)?', name).groups()
            yield f'{prefix}.', bool(of_link), value.split()


def parse_settings(texts):
    """Those of all methods. Those of links come first: net.ipv4. is the beginning of net.ipv4.conf., too."""
    return sorted((group for text in texts for method in ElementTree.fromstring(text).iter('method')
                   for group in settings_of(method)), key=lambda group: not group[1])


def load(directory=os.path.dirname(os.path.abspath(__file__))):
    texts = []
    for name in sorted(os.listdir(directory)):
        if name.startswith(PREFIX) and name.endswith('.xml'):
            with open(os.path.join(directory, name), encoding='utf-8') as file:
                texts.append(file.read())
    return parse(texts)


HEADER = '''/* Made by introspection/generate_options.py from the introspection files. */
#pragma once

#include <glib.h>

/**
 * NetnsOptionInfo:
 * @key: its key, %NULL ends a table
 * @type: signature of its value
 * @form: (nullable): what a text is: ADDRESS, CIDR, LINK, MAC, NAME, NS, PORTS, SUBNET, TEXT or USER (a number)
 * @words: (nullable) (array zero-terminated=1): the only texts that it can be, or that can be in a list
 * @min: least number
 * @max: greatest number
 * @unit: what is counted, or empty
 * @initial: (nullable): what one is that is not given, as text; %NULL where that has a meaning of its own
 * @needed: whether it must be given
 * @kinds: (nullable) (array zero-terminated=1): what kinds have it; %NULL for all
 * @help: one line about it
 * @may_be_empty: whether an empty text is the same as none where words or an address are expected
 */
typedef struct {
  const char *key;
  const char *type;
  const char *form;
  const char *const *words;
  guint64 min;
  guint64 max;
  const char *unit;
  const char *initial;
  gboolean needed;
  const char *const *kinds;
  const char *help;
  gboolean may_be_empty;
} NetnsOptionInfo;

/**
 * NetnsOptionTable:
 * @method: the method, `Manager.CreateLink`; %NULL ends the list
 * @options: its options
 */
typedef struct {
  const char *method;
  const NetnsOptionInfo *options;
} NetnsOptionTable;

/**
 * NetnsSettingGroup:
 * @prefix: how they begin, `net.ipv4.conf.`; %NULL ends the list
 * @of_link: whether the name of a link and a dot follow
 * @names: (array zero-terminated=1): what follows then
 */
typedef struct {
  const char *prefix;
  gboolean of_link;
  const char *const *names;
} NetnsSettingGroup;

/* The kernel settings that can be changed. Those of links come first: net.ipv4. is the beginning of theirs, too. */
extern const NetnsSettingGroup netns_setting_groups[];

/* All that follow. */
extern const NetnsOptionTable netns_option_tables[];

'''


def quoted(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def words_of(words):
    return f'(const char *const[]) {{ {", ".join(map(quoted, words))}, NULL }}' if words else 'NULL'


def row_of(option):
    minimum = option.minimum or 0
    maximum = NUMBERS.get(option.type, 0) if option.maximum is None else option.maximum
    cells = [quoted(option.key), quoted(option.type), quoted(option.form) if option.form else 'NULL',
             words_of(option.words), str(minimum), str(maximum), quoted(option.unit),
             quoted(option.default) if option.default else 'NULL', 'TRUE' if option.needed else 'FALSE',
             words_of(option.kinds), quoted(option.help), 'TRUE' if option.may_be_empty else 'FALSE']
    return f'  {{ {", ".join(cells)} }},\n'


def write_header(methods, settings, file):
    file.write(HEADER)
    for method in methods.values():
        file.write(f'extern const NetnsOptionInfo netns_options_{method.symbol}[];\n')
        for argument in method.words:
            file.write(f'extern const char *const netns_words_{method.symbol}_{argument}[];\n')


def write_body(methods, settings, file):
    file.write('/* Made by introspection/generate_options.py from the introspection files. */\n#include "options-table.h"\n')
    for method in methods.values():
        rows = ''.join(row_of(option) for option in method.options)
        file.write(f'\nconst NetnsOptionInfo netns_options_{method.symbol}[] = {{\n{rows}  {{ NULL }},\n}};\n')
        for argument, words in method.words.items():
            file.write(f'\nconst char *const netns_words_{method.symbol}_{argument}[]'
                       f' = {{ {", ".join(map(quoted, words))}, NULL }};\n')
    rows = ''.join(f'  {{ {quoted(prefix)}, {"TRUE" if of_link else "FALSE"}, {words_of(names)} }},\n'
                   for prefix, of_link, names in settings)
    file.write(f'\nconst NetnsSettingGroup netns_setting_groups[] = {{\n{rows}  {{ NULL }},\n}};\n')
    rows = ''.join(f'  {{ {quoted(name)}, netns_options_{method.symbol} }},\n' for name, method in methods.items())
    file.write(f'\nconst NetnsOptionTable netns_option_tables[] = {{\n{rows}  {{ NULL }},\n}};\n')


def main():
    header, body, *paths = sys.argv[1:]
    texts = []
    for path in paths:
        with open(path, encoding='utf-8') as file:
            texts.append(file.read())
    methods, settings = parse(texts), parse_settings(texts)
    for path, write in ((header, write_header), (body, write_body)):
        with open(path, 'w', encoding='utf-8') as file:
            write(methods, settings, file)


if __name__ == '__main__':
    main()
