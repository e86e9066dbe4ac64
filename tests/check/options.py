#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Options as introspection/*.xml has them against the code of the service: each method's options are checked, no option
# is read that the XML does not name, and none is named that nobody reads.
import os
import re
import sys

import checking

sys.path.insert(0, os.path.join(checking.SOURCE, 'introspection'))
import generate_options  # noqa: E402

TABLE = re.compile(r'\bnetns_options_((?!check\b|complete\b|read\b)\w+)')
ROWS = re.compile(r'static const NetnsField (\w+)\[\] = \{(.*?)\n\};', re.DOTALL)
ROW = re.compile(r'\{\s*"([^"]+)"')
READ = re.compile(r'\bnetns_(?:options_read|fields_from_variant)\s*\(([^;]*?)\)')
LOOKUP = re.compile(r'\b\w+ \((?:options|values|rule), "([^"]+)"')
LOOKUP_ELSEWHERE = re.compile(r'\b\w+ \((?:options|values), "([^"]+)"')
# Rows of a kind of links (core/link/kinds) are options of one method.
KIND_ROWS = re.compile(r'static const NetnsLinkAttribute \w+\[\] = \{(.*?)\n\};', re.DOTALL)
KINDS_METHOD = 'manager_create_link'
HELP = re.compile(r'[A-Z].*(?:[^.]|\.\.\.)')


def without_comments(text):
    return re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL)


def keys_read(code):
    """Keys of the rows that options are read into, and those that are looked up."""
    rows = {name: ROW.findall(body) for name, body in ROWS.findall(code)}
    words = {word for call in READ.findall(code) for word in re.findall(r'\w+', call)}
    return [*(key for name in rows if name in words for key in rows[name]), *ROW.findall(''.join(KIND_ROWS.findall(code))),
            *LOOKUP.findall(code)]


def check_options(methods, texts):
    """methods: as generate_options.parse() returns them; texts: {path: text} of the service."""
    tables = {method.symbol: method for method in methods.values()}
    codes = {path: without_comments(text) for path, text in texts.items()}
    mentioned = {path: set(TABLE.findall(code)) for path, code in codes.items()}
    every_key = {option.key for method in methods.values() for option in method.options}
    for path, code in codes.items():
        if KIND_ROWS.search(code) and KINDS_METHOD in tables:
            mentioned[path].add(KINDS_METHOD)
        known = {option.key for name in mentioned[path] & set(tables) for option in tables[name].options}
        if mentioned[path]:
            for key in sorted(set(keys_read(code)) - known):
                yield f'src/{path}: reads an option “{key}”, which introspection/*.xml does not name'
        else:
            # A part of a method that another file checks.
            for key in sorted(set(LOOKUP_ELSEWHERE.findall(code)) - every_key):
                yield f'src/{path}: reads an option “{key}”, which introspection/*.xml does not name'
    looked_up = {key for code in codes.values() for key in LOOKUP.findall(code)}
    for symbol, method in tables.items():
        name = f'{method.interface}.{method.name}'
        paths = [path for path in codes if symbol in mentioned[path]]
        if not paths:
            yield f'{name}: nobody checks its options; use netns_options_{symbol}'
        folders = {os.path.dirname(path) for path in paths}
        near = ''.join(code for path, code in codes.items()
                       if path in paths or (not mentioned[path] and os.path.dirname(path) in folders))
        for option in method.options:
            if paths and f'"{option.key}"' not in near and option.key not in looked_up:
                yield f'{name}: nobody reads option “{option.key}”'
            if not HELP.fullmatch(option.help):
                yield f'{name}: the help of option “{option.key}” is no line with a capital in front and no full stop'


def check():
    try:
        methods = generate_options.load()
    except ValueError as error:
        return [str(error)]
    folders = [os.path.join('src', folder) for folder in ('core', 'bus')]
    texts = {os.path.relpath(path, 'src'): checking.read(path)
             for path in checking.project_files(*folders, endings=('.c', '.h'))}
    return list(check_options(methods, texts))


XML = '''<node><interface name="org.example.NetNS1.Example">
  <method name="Go">
    <arg name="options" type="a{sv}" direction="in">
      <annotation name="org.example.NetNS1.Option.speed" value="u 1..9 km/h = 5: How fast"/>
      <annotation name="org.example.NetNS1.Option.loud" value="b: Whether it is heard"/>
    </arg>
  </method>
</interface></node>'''
CODE = '''static const NetnsField fields[] = {
  { "speed", NETNS_FIELD_UINT32, offsetof (Options, speed) },
  { NULL },
};
  netns_options_read (netns_options_example_go, NULL, values, fields, &options, error);
  g_variant_lookup (values, "loud", "b", &loud);
'''

TWICE = CODE.replace('netns_options_read (netns_options_example_go, NULL, values, fields, &options, error);',
                     'complete = netns_options_complete (netns_options_example_go, NULL, values, error);\n'
                     '  netns_fields_from_variant (fields, &options, complete, error);')
KIND_XML = XML.replace('Example', 'Manager').replace('"Go"', '"CreateLink"').replace('speed', 'mode').replace('loud', 'id')
KIND_CODE = '''static const NetnsLinkAttribute attributes[] = {
  { { "mode", NETNS_FIELD_UINT32, offsetof (Macvlan, mode) }, IFLA_MACVLAN_MODE },
  { { "id", NETNS_FIELD_UINT32, offsetof (Macvlan, id) }, IFLA_MACVLAN_ID },
  { { NULL } }
};
'''


def example(xml=XML, code=CODE, other=''):
    def complaints():
        try:
            return list(check_options(generate_options.parse([xml]), {'core/go.c': code, 'core/way.c': other}))
        except ValueError as error:
            return [str(error)]
    return complaints


if __name__ == '__main__':
    checking.main(check, [
        example(code=CODE.replace('{ "speed"', '{ "colour", NETNS_FIELD_TEXT, offsetof (Options, colour) },\n  { "speed"')),
        example(code=CODE.replace('"loud"', '"lound"')),
        example(code=CODE.replace('{ "speed"', '{ "sped"')),
        example(code=TWICE.replace('{ "speed"', '{ "sped"')),
        example(other='  g_variant_lookup (values, "colour", "&s", &colour);\n'),
        example(xml=XML.replace('Option.loud', 'Option.quiet')),
        example(xml=XML.replace('    </arg>', '<annotation name="org.example.NetNS1.Option.x" value="b: Unread"/></arg>')),
        example(code=CODE.replace('netns_options_example_go', 'table')),
        example(xml=KIND_XML, code=KIND_CODE.replace('"mode"', '"mood"')),
        example(xml=XML.replace('How fast', 'how fast')),
        example(xml=XML.replace('How fast', 'How fast.')),
        example(xml=XML.replace('1..9', '1..9999999999')),
        example(xml=XML.replace('u 1..9 km/h', 'u FAST')),
        example(xml=XML.replace('u 1..9 km/h = 5: How fast', 'u')),
        example(xml=XML.replace('u 1..9 km/h', 's slow|fast')),
        example(xml=XML.replace('Option.loud', 'Option.speed')),
        example(xml=XML.replace('    </arg>', '<annotation name="org.example.NetNS1.Options" value="Example.Stop"/></arg>')),
        example(xml=XML.replace('    </arg>', '<annotation name="org.example.NetNS1.Options" value="-quiet"/></arg>')),
    ], example())
