#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What bash offers when a user presses Tab, and that completion and manual page know each command and option of netnsctl.
#
# Usage: completion.py COMPLETION MANUAL COMMANDS
import json
import re
import subprocess
import sys

completion, manual, commands = sys.argv[1:]

# netnsctl answers as if there were a service; bash has its words as it would split the line.
SCRIPT = r"""
. /usr/share/bash-completion/bash_completion
netnsctl() {
    case "$*" in
        *"namespace list") printf '@host a\nweb b\n' ;;
        *"link list") printf 'lo x\nup0 x\n' ;;
        *"link list web") printf 'eth0 x\neth1 x\n' ;;
        *"network list") printf 'br0 x\nweb:lan x\nweb:l2 x\n' ;;
        *"nat list") printf '2 x\n12 y\n' ;;
        *"forward list") printf '7 x\n' ;;
        *"firewall web show") printf -- '- x\n17 y\n' ;;
        *"address list web eth0") printf 'eth0 10.0.0.1/24\n' ;;
    esac
}
compopt() { :; }
. "$0"
COMP_LINE=$1 COMP_POINT=${#1}
mapfile -t COMP_WORDS < <(sed -E 's/([=:])/\n\1\n/g; s/ +/\n/g' <<<"$1" | sed '/^$/d')
[[ $1 == *[' '=:] ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_netnsctl
printf '%s\n' "${COMPREPLY[@]}"
"""

# A line, and what is offered; `...` for more of which these are some.
OFFERS = [
    ('namesp', 'namespace'),
    ('namespace s', 'show sysctl'),
    ('namespace show ', '@host web'),
    ('namespace list --a', '--all'),
    ('namespace delete web --k', '--kill'),
    ('namespace create ', ''),
    ('link show web ', 'eth0 eth1'),
    ('link create web ', 'bridge dummy ifb ipvlan macvlan tap vlan vxlan ...'),
    ('link create web dummy d ', 'addresses= mac-address= mtu= up='),
    ('link create web macvlan m ', 'addresses= link= link-namespace= mac-address= mode= mtu= up='),
    ('link create web vlan m p', 'protocol='),
    ('link create web tap m o', 'owner='),
    ('link create web macvlan m mtu=5 mode=p', 'passthru private'),
    ('link create web dummy m up=', 'off on'),
    ('link set web eth0 ', 'description down mac mtu name rate up'),
    ('link set web eth0 mtu ', ''),
    ('link set web eth0 mtu 1400 u', 'up'),
    ('link move web eth0 ', '@host web'),
    ('link move web eth0 --name ', ''),
    ('veth create ', '@host: web:'),
    ('bridge set web eth0 s', 'stp='),
    ('bridge port web eth0 ', 'cost= hairpin= isolated= learning='),
    ('address remove web eth0 ', '10.0.0.1/24'),
    ('address add web eth0 ', ''),
    ('route add web ', 'blackhole default prohibit throw unreachable'),
    ('route add web default ', 'dev metric onlink src table via'),
    ('route add web default via ', ''),
    ('route add web default via 1 dev ', 'eth0 eth1'),
    ('network show ', 'br0 web:l2 web:lan'),
    ('network show b', 'br0'),
    ('network delete web:la', 'lan'),  # for bash a word begins behind a colon
    ('network create ', ''),
    ('network nat br0 ', 'off on'),
    ('network create x --namespace ', '@host web'),
    ('network create x --uplink ', 'lo up0'),
    ('network create x --firewall ', 'check cure ...'),
    ('network create x --firewall=c', 'check cure ...'),
    ('connect web ', 'br0 web:l2 web:lan'),
    ('connect --address 1 web b', 'br0'),
    ('firewall ', '@host web'),
    ('firewall web ', 'add policy remove ruleset show'),
    ('firewall web policy input ', 'accept drop'),
    ('firewall web add ', 'forward input output'),
    ('firewall web add input tcp 80 in ', 'eth0 eth1'),
    ('firewall web add input tcp 80 d', 'dccp dport drop'),
    ('firewall web remove ', '17'),
    ('nat delete ', '12 2'),
    ('forward delete ', '7'),
    ('forward create web ', 'sctp tcp udp'),
    ('forward create web tcp 1:2 --scope l', 'loopback'),
    ('--json=s', 'short'),
    ('--json short netw', 'network'),
    ('-H root@x tree --al', '--all'),
]

results = []


def check(name, fine, said=''):
    results.append(fine)
    print(f'{"ok" if fine else "not ok"} {len(results)} {name}')
    if not fine:
        print(f'# {said}')


def offers_of(line):
    result = subprocess.run(['bash', '--norc', '-c', SCRIPT, completion, f'netnsctl {line}'], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, check=False)
    return sorted(set(result.stdout.split())) if result.returncode == 0 else [result.stderr]


for typed, expected in OFFERS:
    offered, wanted = offers_of(typed), expected.split()
    some = '...' in wanted
    wanted = sorted(set(wanted) - {'...'})
    check(f'netnsctl {typed}', set(wanted) <= set(offered) if some else wanted == offered, offered)

with open(commands, encoding='utf-8') as file:
    dump = json.load(file)
with open(manual, encoding='utf-8') as file:
    page = re.sub(r'\\f.|\\&', '', file.read()).replace('\\-', '-')
for option in dump['options']:
    check(f'{option["name"]} in both', option['name'] in page and option['name'] in ' '.join(offers_of('-')))
for command in dump['commands']:
    verbs = offers_of(f'{command["word"]} {"web " if command["namespace-first"] else ""}')
    for verb in command['verbs']:
        words = [command['word'], *(['NS'] if command['namespace-first'] else []), verb['verb']]
        name = ' '.join(filter(None, words))
        check(f'{name} in both', f'\n{name}' in page and (verb['verb'] in verbs or not verb['verb']), verbs)
        offered = offers_of(name.replace('NS', 'web') + ' --')
        for option in verb['options']:
            check(f'{name} {option["name"]} in both', option['name'] in offered
                  and option['name'] in page.partition(f'\n{name}')[2], offered)
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
