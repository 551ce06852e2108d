/** The commands of a session of `luciole console`: its terminal, its language, its end. The shell does the work. */
import { LANGUAGES } from '../../../core/words.ts';
import type { ArgumentSpec, ShellCommand, ShellCommandName } from '../../command-spec.ts';
import { LEVEL_OPTION } from '../service/log.ts';

const ON_OFF: ArgumentSpec = { name: 'state', summary: 'on or off', required: true, choices: ['on', 'off'] };

function row(name: ShellCommandName, summary: string, args: readonly ArgumentSpec[], examples: readonly string[]): ShellCommand {
  return { kind: 'shell', role: 'anyone', group: 'Session:', name, summary, arguments: args, options: [], examples };
}

const COPY: ShellCommand = {
  kind: 'shell',
  role: 'technician',
  group: 'Session:',
  name: 'copy',
  summary: 'a file over this line, by ZMODEM or base64',
  arguments: [needed('file', 'a file, as tech-support made it'), needed('to', 'serial: this line', ['serial'])],
  options: [
    { name: 'base64', value: null, summary: 'lines of base64 with a check each, for a terminal without ZMODEM' },
    { name: 'from', value: 'LINE', summary: 'go on from this line of base64' },
  ],
  examples: ['copy bundle.txt.gz serial', 'copy bundle.txt.gz serial --base64 --from 120'],
};

const RECEIVE: ShellCommand = {
  kind: 'shell',
  role: 'technician',
  group: 'Session:',
  name: 'receive',
  summary: 'a file from your terminal, by ZMODEM over this line',
  arguments: [needed('file', 'the name it is sent with')],
  options: [
    { name: 'anew', value: null, summary: 'from its beginning, in the place of what is there' },
    { name: 'remove', value: null, summary: 'receive nothing: what came under this name goes' },
  ],
  examples: ['receive luciole_0.2.0_arm64.update', 'receive luciole_0.2.0_arm64.update --anew'],
};

/** In the order of the help. */
export const SHELL_COMMANDS: readonly ShellCommand[] = [
  row(
    'help',
    'help on one command; ? helps within a line',
    [word('command', 'a command, one word or two', { isRest: true })],
    ['help why', 'help bus scan'],
  ),
  row('terminal', 'what this session knows of the terminal', [], ['terminal']),
  row(
    'terminal type',
    'dumb: letters only; vt100: colours, cursor',
    [needed('type', 'dumb or vt100', ['dumb', 'vt100'])],
    ['terminal type dumb', 'terminal type vt100'],
  ),
  row('terminal width', 'columns of the terminal', [needed('columns', '40 to 250')], ['terminal width 132', 'terminal width 80']),
  row(
    'terminal length',
    'rows of the terminal; 0 stops no page',
    [needed('rows', '0, or 8 to 200')],
    ['terminal length 0', 'terminal length 24'],
  ),
  row(
    'terminal charset',
    'ascii, or utf-8 for accents',
    [needed('charset', 'ascii or utf-8', ['ascii', 'utf-8'])],
    ['terminal charset utf-8', 'terminal charset ascii'],
  ),
  row('terminal colour', 'colours for states, on or off', [ON_OFF], ['terminal colour on', 'terminal colour off']),
  row('terminal status', 'a last line for scripts: %OK, or %ERR and a code', [ON_OFF], ['terminal status on', 'terminal status off']),
  row('terminal resize', 'ask the terminal for its size', [], ['terminal resize']),
  row(
    'language',
    'the language of messages: fr or en',
    [word('language', 'fr or en', { choices: LANGUAGES })],
    ['language fr', 'language'],
  ),
  row('agent state', 'what files and the service manager say', [], ['agent state']),
  { ...row('agent restart', 'ask the service manager to start it anew', [], ['agent restart']), role: 'technician' },
  row(
    'speed',
    'another speed of this serial port, if you follow',
    [needed('baud', 'bits per second, 9600 to 921600')],
    ['speed 115200', 'speed 9600'],
  ),
  COPY,
  RECEIVE,
  {
    ...row('log on', "show lines of the agent's log between commands", [], ['log on', 'log on --level warning']),
    role: 'technician',
    options: [LEVEL_OPTION],
  },
  row('log off', 'show no lines of the log any more', [], ['log off']),
  row('watch status', 'the cabinet on one screen, and on and on', [], ['watch status']),
  row('watch bus', 'lines and units: loss, turnaround, worst first', [], ['watch bus']),
  row(
    'watch lamp',
    'one lamp: its level, why, what it measures',
    [{ ...needed('lamp', 'a lamp'), names: 'lamp' }],
    ['watch lamp L07', 'watch lamp L12'],
  ),
  row('watch presence', 'what the sensors of each zone see', [], ['watch presence']),
  row('recall', 'the lines typed before', [word('count', 'how many (default: 20)')], ['recall', 'recall 5']),
  row('logout', 'end the session (also exit, quit, Ctrl-D)', [], ['logout']),
];

function word(name: string, summary: string, more: Partial<ArgumentSpec> = {}): ArgumentSpec {
  return { name, summary, required: false, ...more };
}

function needed(name: string, summary: string, choices?: readonly string[]): ArgumentSpec {
  return { name, summary, required: true, ...(choices === undefined ? {} : { choices }) };
}
