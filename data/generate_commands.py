#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual page and the bash completion of netnsctl, from its own tables and from the options in introspection/*.xml.

Usage: generate_commands.py COMMANDS TEMPLATE OUTPUT

COMMANDS is what `netnsctl --dump-commands` prints. In the template of the manual page (`*.1.in`) a line `@command WORDS`
becomes the entry of that command, and what follows says more about it; each command must be there once. In that of the
completion `@NAME@` becomes the lines of a table.
"""
import json
import re
import sys

sys.dont_write_bytecode = True
import roff  # noqa: E402

WORDS_OF_TYPE = {'b': ('on', 'off')}


class Verb:
    """A command, such as `link create`."""

    def __init__(self, row, word, namespace_first, methods):
        self.name = f'{word} {row["verb"]}'.strip()
        self.usage, self.help, self.options = row['usage'], row['help'], row['options']
        self.method = methods.get(row['method'])
        self.key_methods = [methods[name] for name in (row['keys'] or '').split()]
        first, _, rest = self.usage.partition(' ')
        self.typed = ' '.join(filter(None, [word, first, row['verb'], rest] if namespace_first else
                                     [word, row['verb'], self.usage]))

    def option_info(self, key):
        """What the introspection files say of an option, or None."""
        found = [option for option in (self.method.options if self.method else []) if option.key == key]
        return found[0] if found else None

    def words_for(self, argument):
        """What an argument can be that the usage calls ARGUMENT, or nothing."""
        if self.method is None:
            return ()
        kinds = [method.name.removeprefix('Create').lower() for method in self.key_methods[1:]]
        words = self.method.words.get(argument.lower())
        if words:
            return (*(kinds if argument == 'KIND' else ()), *words)
        info = self.option_info(argument.lower())
        return info.words if info else ()

    def keys_by_kind(self):
        """(kind or nothing, options that are the keys of KEY=VALUE)"""
        if len(self.key_methods) == 1:
            return [('', self.key_methods[0].options)]
        kinds = self.words_for('KIND')
        own = {method.name.removeprefix('Create').lower(): method for method in self.key_methods[1:]}
        return [(kind, own[kind].options if kind in own else
                 [option for option in self.key_methods[0].options if not option.kinds or kind in option.kinds])
                for kind in kinds] if self.key_methods else []


def read_commands(path):
    with open(path, encoding='utf-8') as file:
        dump = json.load(file)
    methods = roff.generate_options.load()
    verbs = [Verb(row, command['word'], command['namespace-first'], methods)
             for command in dump['commands'] for row in command['verbs']]
    return dump, verbs


# The manual page.

def typeset(usage):
    """What is typed as it is in bold, what stands for something else in italics."""
    return re.sub(r'[A-Z][A-Z0-9]*|[a-z@][a-z0-9-]*|-+[a-z-]*|[^A-Za-z@-]+',
                  lambda match: (roff.italic if match[0][0].isupper() else
                                 roff.bold if re.match('[a-z@-]', match[0]) else roff.escape)(match[0]), usage)


def option_head(option):
    letter = f'{roff.bold("-" + option["letter"])}, ' if option['letter'] else ''
    return letter + roff.bold(option['name']) + (f' {typeset(option["value"])}' if option['value'] else '')


def option_rows(options, verb=None):
    rows = ''
    for option in options:
        info = verb.option_info(option['key']) if verb else None
        # Words that the value shows already are not repeated.
        facts = [fact for fact in (roff.facts(info) if info and info.type != 'b' else [])
                 if not (info.words and option['value'].islower() and fact.startswith('one of'))]
        said = roff.escape(option['help']) + (f' ({"; ".join(facts)})' if facts else '')
        more = ' Can be given several times.' if option['list'] else ''
        rows += f'.TP\n{roff.line(option_head(option))}{roff.line(said.rstrip(".") + ("..." if said.endswith("...") else ".") + more)}'
    return rows


def key_rows(verb):
    seen, rows = set(), ''
    for method in verb.key_methods:
        kind = method.name.removeprefix('Create').lower() if method is not verb.key_methods[0] else ''
        for option in method.options:
            if (option.key, option.kinds) not in seen:
                seen.add((option.key, option.kinds))
                own = f'Of kind {roff.bold(kind)}: ' if kind else ''
                value = roff.italic(option.form or ('WORD' if option.words else '') or {'b': 'on|off', 'u': 'N', 'q': 'N'}.get(option.type, 'TEXT'))
                value += ',...' if option.type == 'as' else ''
                rows += f'.TP\n{roff.line(roff.bold(option.key) + "=" + value)}{roff.line(own + roff.describe(option).strip())}'
    return rows


def manual_entry(verb):
    synopsis = typeset(verb.typed)
    if len(verb.options) > 2:
        synopsis += f' [{roff.italic("OPTION")}]...'
    else:
        synopsis += ''.join(f' [{option_head({**option, "letter": ""})}]{"..." if option["list"] else ""}'
                            for option in verb.options)
    details = option_rows(verb.options, verb) + key_rows(verb)
    return f'.TP\n{roff.line(synopsis)}{roff.line(roff.escape(verb.help) + ".")}' + (
        f'.RS\n{details}.RE\n.IP\n' if details else '')


def make_manual(template, dump, verbs):
    missing = {verb.name: verb for verb in verbs}
    lines = []
    for text in template.splitlines(keepends=True):
        if text.startswith('@command '):
            lines.append(manual_entry(missing.pop(text.removeprefix('@command ').strip())))
        else:
            lines.append(option_rows(dump['options']) if text == '@options\n' else text)
    if missing:
        sys.exit(f'The manual page has no entry for {", ".join(missing)}')
    # Nothing may follow the options of a command.
    return re.sub(r'\.IP\n(?=\.TP|\.S[SH])', '', ''.join(lines))


# The completion. A part of the usage becomes one word: in capitals what is asked from the service, `a|b` words to choose
# from, `{a,b:VALUE}` such words as often as wanted, some with a value behind them, KEY= keys.

def completion_words(verb):
    usage = verb.usage
    pairs = re.findall(r'\[([a-z]+) ([A-Z]+)\]', usage)
    settings = re.search(r'[a-z]+(\|[a-z]+( [A-Z]+)?)+\.\.\.$', usage)
    if settings:
        pairs = [tuple(setting.split()) for setting in settings[0].removesuffix('...').split('|')]
        usage = usage.removesuffix(settings[0])
    free = []
    if pairs and not settings:
        head, _, tail = usage.partition('[')
        free = [word for name in re.findall('[A-Z]+', re.sub(r'\[[a-z]+ [A-Z]+\]', '', tail)) for word in verb.words_for(name)]
        free += re.findall(r'\[([a-z]+)\]', usage)
        usage = head
    words = []
    for part in usage.split():
        part = part.strip('[].')
        if part in ('', '--'):
            continue
        if part.startswith('KEY'):
            part = 'KEY=' if part.startswith('KEY=VALUE') else 'KEY'
        elif ':' in part:
            part = 'END' if part.startswith('NS:') else 'PORTS'
        elif part.isupper() and verb.words_for(part):
            part = '|'.join(verb.words_for(part))
        words.append(part)
    if pairs:
        words.append('{' + ','.join([*free, *(':'.join(pair) for pair in pairs)]) + '}')
    return ' '.join(words)


def value_of(option, verb=None):
    """What stands behind an option, as a word of completion_words()."""
    info = verb.option_info(option['key']) if verb else None
    if '|' in option['value'] or option['value'] == 'NAME':
        return option['value']
    if info is not None and info.words:
        return option['value'] if option['value'].islower() else '|'.join(info.words)
    form = info.form if info else re.sub(r'\[.*?\]', '', option['value'])
    return 'HOSTLINK' if form == 'LINK' and not verb.usage.startswith('NS') else form or 'NUMBER'


def keys_of(options):
    return ' '.join(dict.fromkeys(f'{option.key}={"|".join(option.words or WORDS_OF_TYPE.get(option.type, ()))}'
                                  for option in options))


def make_completion(template, dump, verbs):
    def table(rows):
        return ''.join(f"    ['{key}']='{value}'\n" for key, value in rows)

    tables = {
        'USAGE': table((verb.name, completion_words(verb)) for verb in verbs),
        'OPTIONS': table((verb.name, ' '.join(option['name'] for option in verb.options)) for verb in verbs if verb.options),
        'VALUES': table([(option['name'], value_of(option)) for option in dump['options'] if option['value']]
                        + [('-' + option['letter'], value_of(option)) for option in dump['options']
                           if option['value'] and option['letter']]
                        + [(f'{verb.name} {option["name"]}', value_of(option, verb))
                           for verb in verbs for option in verb.options if option['value']]),
        'KEYS': table((f'{verb.name} {kind}'.strip(), keys_of(options))
                      for verb in verbs for kind, options in verb.keys_by_kind()),
        'GLOBAL': ''.join(f'    {option["name"]}\n' for option in dump['options']),
        'NAMESPACE_FIRST': ''.join(f"    ['{command['word']}']=1\n" for command in dump['commands']
                                   if command['namespace-first']),
    }
    return re.sub(r'@([A-Z_]+)@\n', lambda match: tables[match[1]], template)


def main():
    commands, template, output = sys.argv[1:]
    dump, verbs = read_commands(commands)
    with open(template, encoding='utf-8') as file:
        text = file.read()
    make = make_manual if template.endswith('.1.in') else make_completion
    with open(output, 'w', encoding='utf-8') as file:
        file.write(make(text, dump, verbs))


if __name__ == '__main__':
    main()
