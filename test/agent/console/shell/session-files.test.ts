import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { COMMANDS } from '../../../../agent/console/commands.ts';
import { createLocalActions } from '../../../../agent/console/local-actions.ts';
import { OUTSIDE } from '../../../../agent/console/shell/as-typed.ts';
import { expectSessionRoom, sessionFile, sessionRoomBytes } from '../../../../agent/console/shell/session-files.ts';
import { testFolder } from '../../store/fixtures/kit.ts';
import { NO_ACTIONS } from '../no-actions.ts';
import { openSession, PROMPT } from './shell-session.ts';

const MB = 2 ** 20;
const OTHERS_LINES = 'override bressigny 100 --reason canary\n';

/** A session of a user who logged in, with the program's own commands and the folder of the console. */
async function visit(t: Test, user: string) {
  const filesDir = testFolder(t);
  mkdirSync(join(filesDir, 'received'));
  writeFileSync(join(filesDir, 'console-lines-ada'), OTHERS_LINES);
  writeFileSync(join(filesDir, '.console-key'), 'canary key');
  const session = await openSession(t, {
    hasLogin: true,
    filesDir,
    localActions: (terminal, signal, readInput) =>
      createLocalActions({
        ...{ screen: terminal, isTerminal: true, readInput, filesDir, commit: undefined, own: NO_ACTIONS },
        write: async (text) => terminal.out(text),
        signal: () => signal,
      }),
  });
  await session.say(user);
  t.match(await session.say('right'), PROMPT);
  return { ...session, filesDir };
}

t.test('no file command of a session reads what is not a file of its console', async (t) => {
  const { say } = await visit(t, 'marie');
  const outside = [
    '/etc/passwd',
    '../../etc/passwd',
    'console-lines-ada',
    '.console-key',
    './console-lines-ada',
    'received/../console-lines-ada',
  ];
  for (const file of outside)
    for (const line of [
      `check ${file}`,
      `profile check ${file}`,
      `profile test ${file} --line north --unit 11`,
      `config load ${file}`,
      `config load x --signature ${file}`,
      `copy ${file} serial`,
    ]) {
      const shown = await say(line);
      t.match(shown, /% name a file of this console, without a folder/, line);
      t.notMatch(shown, /root:|canary/, line);
    }
});

t.test('an export of a session replaces nothing of another, and goes nowhere else', async (t) => {
  const { say, filesDir } = await visit(t, 'vera');
  writeFileSync(join(filesDir, 'luciole-support-x.txt.gz'), 'precious');
  for (const [to, why] of [
    ['console-lines-ada', /name a file of this console/],
    ['.console-key', /name a file of this console/],
    [join(filesDir, 'today.csv'), /name a file of this console/],
    ['/tmp/luciole-escape.csv', /name a file of this console/],
    ['received/today.csv', /name a file of this console/],
    ['luciole-support-x.txt.gz', /is there already, and is no export/],
  ] as const)
    t.match((await say(`export --since 24h --format csv --to ${to}`)).replace(/\s+/g, ' '), why, to);
  t.notOk(existsSync('/tmp/luciole-escape.csv'));
  t.match(await say('export --since 24h --to today.csv'), /today\.csv: /);
  t.strictSame(readdirSync(filesDir).sort(), ['.console-key', 'console-lines-ada', 'luciole-support-x.txt.gz', 'received', 'today.csv']);
  t.equal(readFileSync(join(filesDir, 'console-lines-ada'), 'utf8'), OTHERS_LINES);
  t.match(await say('export --since 24h --to today.csv'), /today\.csv: /, 'an export may be made again');
});

t.test('the files of a console have a bound together, which exports and bundles keep to as well', async (t) => {
  const { say, filesDir } = await visit(t, 'marie');
  // Sparse: it has the length, not the blocks.
  const large = join(filesDir, 'received', 'next.update');
  writeFileSync(large, '');
  truncateSync(large, 256 * MB - 10);
  t.match(
    (await say('export --since 24h --to today.csv')).replace(/\s+/g, ' '),
    /no room in .*: its files take 256 MB at most, and 32 MB stay free/,
  );
  t.match((await say('tech-support')).replace(/\s+/g, ' '), /no room in/);
  t.match((await say('receive more.bin')).replace(/\s+/g, ' '), /no room in/);
  t.strictSame(readdirSync(join(filesDir, 'received')), ['next.update']);
  t.strictSame(
    readdirSync(filesDir).filter((name) => /today|support/.test(name) && !name.includes('.part')),
    [],
  );
});

t.test('each file of the folder counts once towards its bound, and one that grows counts its own bytes as its own', async (t) => {
  const dir = testFolder(t);
  mkdirSync(join(dir, 'received'));
  const [one, two] = [join(dir, 'one'), join(dir, 'received', 'two')];
  for (const file of [one, two]) {
    writeFileSync(file, '');
    truncateSync(file, 100 * MB);
  }
  linkSync(two, join(dir, 'received', '.two'));
  t.equal(sessionRoomBytes(dir, join(dir, 'three')), 56 * MB);
  t.equal(sessionRoomBytes(dir, two), 156 * MB);
  expectSessionRoom(dir, two, 156 * MB);
  t.throws(() => expectSessionRoom(dir, two, 156 * MB + 1), { code: 'failed' });
  t.throws(() => sessionFile('x.csv', 'write', null), { code: 'denied' }, 'a console without a folder has no files');
});

t.test('every argument that is a file says so, or a session would not confine it', async (t) => {
  // `start-console.ts` refuses the commands of the desk.
  const desk = ['config keygen', 'config sign', 'config verify', 'user sign', 'uplink renew'];
  const local = COMMANDS.filter(({ kind, name }) => kind === 'local' && !OUTSIDE.has(name) && !desk.includes(name));
  const files = local.flatMap(({ name, arguments: positional, options }) =>
    [
      ...positional.filter((each) => each.file !== undefined || /\bfile\b|FILE|\.csv/.test(each.summary) || /file|table/.test(each.name)),
      ...options.filter((each) => each.file !== undefined || /FILE|DIR|FOLDER|PATH/.test(each.value ?? '')),
    ].map((each) => [`${name} ${each.name}`, each.file] as const),
  );
  t.strictSame(
    files.filter(([, file]) => file === undefined),
    [],
  );
  t.ok(files.length >= 8, String(files.length));
});
