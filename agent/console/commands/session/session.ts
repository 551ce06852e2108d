/** The commands of a `luciole console` session: terminal, language, logout. The shell implements them. */
import { type Message, msg } from '../../../core/message.ts';
import { LANGUAGES } from '../../../core/words.ts';
import type { ArgumentSpec, ShellCommand, ShellCommandName } from '../../command-spec.ts';
import { LEVEL_OPTION } from '../service/log.ts';

const ON_OFF: ArgumentSpec = { name: 'state', summary: msg`on or off`, required: true, choices: ['on', 'off'] };

function row(name: ShellCommandName, summary: Message, args: readonly ArgumentSpec[], examples: readonly string[]): ShellCommand {
  return { kind: 'shell', role: 'anyone', group: 'Session:', name, summary, arguments: args, options: [], examples };
}

const COPY: ShellCommand = {
  kind: 'shell',
  role: 'technician',
  group: 'Session:',
  name: 'copy',
  summary: msg`a file over this line, by ZMODEM or base64`,
  arguments: [needed('file', msg`a file, as tech-support made it`), needed('to', msg`serial: this line`, ['serial'])],
  options: [
    { name: 'base64', value: null, summary: msg`lines of base64 with a check each, for a terminal without ZMODEM` },
    { name: 'from', value: 'LINE', summary: msg`go on from this line of base64` },
  ],
  examples: ['copy bundle.txt.gz serial', 'copy bundle.txt.gz serial --base64 --from 120'],
};

const RECEIVE: ShellCommand = {
  kind: 'shell',
  role: 'technician',
  group: 'Session:',
  name: 'receive',
  summary: msg`a file from your terminal, by ZMODEM over this line`,
  arguments: [needed('file', msg`the name it is sent with`)],
  options: [
    { name: 'anew', value: null, summary: msg`from its beginning, replacing what exists` },
    { name: 'remove', value: null, summary: msg`receive nothing: remove what has this name` },
  ],
  examples: ['receive luciole_0.2.0_arm64.update', 'receive luciole_0.2.0_arm64.update --anew'],
};

/** The commands that the shell of a `luciole console` session runs itself. Except `help`, they do not exist outside a session. */
export const SHELL_COMMANDS: readonly ShellCommand[] = [
  row(
    'help',
    msg`help on one command; ? helps within a line`,
    [word('command', msg`a command, one word or two`, { isRest: true })],
    ['help why', 'help bus scan'],
  ),
  row('terminal', msg`the settings of the terminal in this session`, [], ['terminal']),
  row(
    'terminal type',
    msg`dumb: letters only; vt100: colours, cursor`,
    [needed('type', msg`dumb or vt100`, ['dumb', 'vt100'])],
    ['terminal type dumb', 'terminal type vt100'],
  ),
  row('terminal width', msg`columns of the terminal`, [needed('columns', msg`40 to 250`)], ['terminal width 132', 'terminal width 80']),
  row(
    'terminal length',
    msg`rows of the terminal; 0 stops no page`,
    [needed('rows', msg`0, or 8 to 200`)],
    ['terminal length 0', 'terminal length 24'],
  ),
  row(
    'terminal charset',
    msg`ascii, or utf-8 for accents`,
    [needed('charset', msg`ascii or utf-8`, ['ascii', 'utf-8'])],
    ['terminal charset utf-8', 'terminal charset ascii'],
  ),
  row('terminal colour', msg`colours for states, on or off`, [ON_OFF], ['terminal colour on', 'terminal colour off']),
  row('terminal status', msg`a last line for scripts: %OK, or %ERR and a code`, [ON_OFF], ['terminal status on', 'terminal status off']),
  row('terminal resize', msg`ask the terminal for its size`, [], ['terminal resize']),
  row(
    'language',
    msg`the language of messages: fr or en`,
    [word('language', msg`fr or en`, { choices: LANGUAGES })],
    ['language fr', 'language'],
  ),
  row('agent state', msg`what files and the service manager say`, [], ['agent state']),
  { ...row('agent restart', msg`restart the agent through the service manager`, [], ['agent restart']), role: 'technician' },
  row(
    'speed',
    msg`change the speed of this port; set your terminal too`,
    [needed('baud', msg`bits per second, 9600 to 921600`)],
    ['speed 115200', 'speed 9600'],
  ),
  COPY,
  RECEIVE,
  {
    ...row('log on', msg`show lines of the agent's log between commands`, [], ['log on', 'log on --level warning']),
    role: 'technician',
    options: [LEVEL_OPTION],
  },
  row('log off', msg`show no lines of the log any more`, [], ['log off']),
  row('watch status', msg`the cabinet on one screen, live`, [], ['watch status']),
  row('watch bus', msg`lines and units: loss, turnaround, worst first`, [], ['watch bus']),
  row(
    'watch lamp',
    msg`one lamp: its level, why, what it measures`,
    [{ ...needed('lamp', msg`a lamp`), names: 'lamp' }],
    ['watch lamp L07', 'watch lamp L12'],
  ),
  row('watch presence', msg`what the sensors of each zone see`, [], ['watch presence']),
  row('recall', msg`the lines typed before`, [word('count', msg`how many (default: 20)`)], ['recall', 'recall 5']),
  row('logout', msg`end the session (also exit, quit, Ctrl-D)`, [], ['logout']),
];

function word(name: string, summary: Message, more: Partial<ArgumentSpec> = {}): ArgumentSpec {
  return { name, summary, required: false, ...more };
}

function needed(name: string, summary: Message, choices?: readonly string[]): ArgumentSpec {
  return { name, summary, required: true, ...(choices === undefined ? {} : { choices }) };
}
