/** Source: the wording is that of commander 14, which read the command line before. */
import t from 'tap';
import { type CommandLine, readCommandLine } from '../../../agent/console/command-line.ts';
import { commandNodes } from '../../../agent/console/command-tree.ts';
import { COMMANDS, FAMILIES } from '../../../agent/console/commands.ts';

const FIRST_WORDS = commandNodes(
  COMMANDS.filter(({ kind }) => kind !== 'shell'),
  FAMILIES,
);

/** With what is wrong as it is shown. */
const textsIn = (read: CommandLine): object => (read.kind === 'wrong' ? { ...read, message: String(read.message) } : read);

const wrong: [words: string[], message: string][] = [
  [['status', '--jsn'], "unknown option '--jsn'\n(Did you mean --json?)"],
  [['status', '--json=1'], "unknown option '--json=1'\n(Did you mean --json?)"],
  [['status', '-j'], "unknown option '-j'"],
  [['status', 'now'], "too many arguments for 'status'. Expected 0 arguments but got 1."],
  [['status', '--', '--json'], "too many arguments for 'status'. Expected 0 arguments but got 1."],
  [['why'], "missing required argument 'target'"],
  [['override', 'L07', '80', '--for'], "option '--for <DURATION>' argument missing"],
  [['override', '--fro', '30m'], "unknown option '--fro'\n(Did you mean --for?)"],
  [['bus', 'read', 'street'], "missing required argument 'unit'"],
  [['bus', 'read', 'street', '7', '0', '1', 'more'], "too many arguments for 'read'. Expected 4 arguments but got 5."],
  [['run', '--uplink'], "unknown option '--uplink'\n(Did you mean --no-uplink?)"],
  [['sttaus'], "unknown command 'sttaus'\n(Did you mean status?)"],
  [['xyzzy'], "unknown command 'xyzzy'"],
  [['bus', 'xyzzy', '--json'], "unknown command 'xyzzy'"],
  [['-x', 'status'], "unknown option '-x'"],
];
for (const [words, message] of wrong)
  t.test(`luciole ${words.join(' ')} is answered in the words that scripts know`, async (t) =>
    t.strictSame(textsIn(readCommandLine(FIRST_WORDS, words)), { kind: 'wrong', message }),
  );

const understood: [words: string[], name: string, args: object][] = [
  [
    ['run', 'a.yaml', '--port', 'a=/x', '--port=b=/y', '--no-uplink', '--start-at', '-1'],
    'run',
    { file: 'a.yaml', port: ['a=/x', 'b=/y'], 'start-at': '-1', 'no-uplink': true },
  ],
  [['run', '--verbose', '--', '-a.yaml'], 'run', { file: '-a.yaml', 'no-uplink': false, verbose: true }],
  [['check', '-5'], 'check', { file: '-5' }],
  [['config', 'load', '-', '--framed'], 'config load', { file: '-', framed: true }],
  [['export', '--since', '--until'], 'export', { since: '--until' }],
  [['stat', '--json', '--json'], 'status', { json: true }],
  [['store', '--json', 'check', '--json', 'x'], 'store check', { json: true }],
];
for (const [words, name, args] of understood)
  t.test(`luciole ${words.join(' ')} is ${name}`, async (t) =>
    t.match(readCommandLine(FIRST_WORDS, words), { kind: 'act', command: { name }, args }, name),
  );

const help: [words: string[], name: string, isAsked: boolean][] = [
  [[], '', false],
  [['help'], '', true],
  [['help', 'xyzzy'], '', false],
  [['bus'], 'bus', false],
  [['bus', 'xyzzy', '--help'], 'bus', true],
  [['help', 'b', 'sc'], 'bus scan', true],
  [['status', '--zzz', '-h'], 'status', true],
];
for (const [words, name, isAsked] of help)
  t.test(`luciole ${words.join(' ')} shows the help of ${name === '' ? 'the program' : name}`, async (t) =>
    t.match(readCommandLine(FIRST_WORDS, words), { kind: 'help', node: { name }, isAsked }),
  );

t.test('backup and restore have no abbreviation: they are not meant by chance, and take none of another command', async (t) => {
  for (const words of [['restor', 'x.tar.gz'], ['rest', 'x.tar.gz'], ['back'], ['ba']])
    t.match(readCommandLine(FIRST_WORDS, words), { kind: 'wrong' });
  t.match(readCommandLine(FIRST_WORDS, ['RESTORE', 'x.tar.gz']), { kind: 'act', command: { name: 'restore' } });
});

t.test('the version can be requested anywhere before a command', async (t) => {
  for (const words of [['-V'], ['xyzzy', '--version'], ['-Vx', 'status']])
    t.strictSame(readCommandLine(FIRST_WORDS, words), { kind: 'version' }, words.join(' '));
  t.match(textsIn(readCommandLine(FIRST_WORDS, ['status', '-V'])), { kind: 'wrong', message: "unknown option '-V'" });
});
