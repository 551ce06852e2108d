import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import type { FileUse } from '../../../../agent/console/command-spec.ts';
import { COMMANDS } from '../../../../agent/console/commands.ts';
import { createLocalActions } from '../../../../agent/console/local-actions.ts';
import { OUTSIDE } from '../../../../agent/console/shell/as-typed.ts';
import { strangerLogin } from '../../../../agent/console/shell/session.ts';
import { expectSessionRoom, sessionArgs, sessionFile, sessionRoomBytes } from '../../../../agent/console/shell/session-files.ts';
import { type LeastRole, mayUse, ROLES } from '../../../../agent/core/access.ts';
import { msg } from '../../../../agent/core/message.ts';
import { testFolder } from '../../store/fixtures/kit.ts';
import { createFakeView } from '../fake-view.ts';
import { NO_ACTIONS } from '../no-actions.ts';
import { together } from './base64-lines.ts';
import { openSession, PROMPT, type SessionOptions } from './shell-session.ts';

const MB = 2 ** 20;
const OTHERS_LINES = 'override bressigny 100 --reason canary\n';

/** A session of a user who logged in, with the program's own commands and the folder of the console. */
async function visit(t: Test, user: string, filesDir = testFolder(t), more: Partial<SessionOptions> = {}) {
  mkdirSync(join(filesDir, 'received'), { recursive: true });
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
    ...more,
  });
  await session.say(user);
  const shown = await session.say('right');
  t.match(shown.endsWith('Code: ') ? await session.say('123456') : shown, PROMPT);
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

t.test('an export of a session replaces no file of another user, and is written nowhere else', async (t) => {
  const { say, filesDir } = await visit(t, 'vera');
  const own = join(filesDir, 'for-viewer');
  mkdirSync(own);
  writeFileSync(join(own, 'luciole-support-x.txt.gz'), 'precious');
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
  t.strictSame(readdirSync(filesDir).sort(), ['.console-key', 'console-lines-ada', 'for-viewer', 'received']);
  t.strictSame(readdirSync(own).sort(), ['luciole-support-x.txt.gz', 'today.csv']);
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
    readdirSync(join(filesDir, 'for-technician')).filter((name) => !name.includes('.part')),
    [],
  );
});

t.test('each file of the folder counts once towards its bound, and one that grows counts its own bytes as its own', async (t) => {
  const dir = testFolder(t);
  for (const folder of ['received', 'for-admin']) mkdirSync(join(dir, folder));
  const [one, two] = [join(dir, 'for-admin', 'one'), join(dir, 'received', 'two')];
  for (const file of [one, two]) {
    writeFileSync(file, '');
    truncateSync(file, 100 * MB);
  }
  linkSync(two, join(dir, 'received', '.two'));
  t.equal(sessionRoomBytes(dir, join(dir, 'three')), 56 * MB);
  t.equal(sessionRoomBytes(dir, two), 156 * MB);
  expectSessionRoom(dir, two, 156 * MB);
  t.throws(() => expectSessionRoom(dir, two, 156 * MB + 1), { code: 'failed' });
  t.throws(
    () => sessionFile('x.csv', 'write', { filesDir: null, role: 'admin' }),
    { code: 'denied' },
    'a console without a folder has no files',
  );
  t.throws(() => sessionFile('-', 'write', { filesDir: dir, role: 'admin' }), { code: 'denied' }, 'no file with the name of the output');
});

t.test('a session may name - to read from or to print, not to write to', async (t) => {
  const place = { filesDir: testFolder(t), role: 'admin' } as const;
  const args = (use: FileUse) =>
    sessionArgs({ arguments: [], options: [{ name: 'out', value: 'FILE', summary: msg`a file`, file: use }] }, { out: '-' }, place);
  t.strictSame([args('read'), args('write-or-print')], [{ out: '-' }, { out: '-' }]);
  t.throws(() => args('write'), { code: 'denied' });
});

t.test('files in folders count towards the bound of a console, however deep', async (t) => {
  const dir = testFolder(t);
  for (const [folder, bytes] of [
    ['received/sub', 100 * MB],
    ['received/.part/f.gz', 50 * MB],
    ['for-technician/a/b/c', 26 * MB],
  ] as const) {
    mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, folder, 'f.gz'), '');
    truncateSync(join(dir, folder, 'f.gz'), bytes);
  }
  t.equal(sessionRoomBytes(dir, join(dir, 'three')), 80 * MB);
  t.equal(sessionRoomBytes(dir, join(dir, 'received/.part/f.gz/f.gz')), 130 * MB);
});

t.test('every argument that is a file is marked as one; otherwise a session would not confine it', async (t) => {
  // `start-console.ts` refuses the commands of the desk.
  const desk = ['config keygen', 'config sign', 'config verify', 'user sign', 'uplink renew'];
  const local = COMMANDS.filter(({ kind, name }) => kind === 'local' && !OUTSIDE.has(name) && !desk.includes(name));
  const files = local.flatMap(({ name, arguments: positional, options }) =>
    [
      ...positional.filter(
        (each) => each.file !== undefined || /\bfile\b|FILE|\.csv/.test(String(each.summary)) || /file|table/.test(each.name),
      ),
      ...options.filter((each) => each.file !== undefined || /\bFILE\b|DIR|FOLDER|PATH/.test(each.value ?? '')),
    ].map((each) => [`${name} ${each.name}`, each.file] as const),
  );
  t.strictSame(
    files.filter(([, file]) => file === undefined),
    [],
  );
  t.ok(files.length >= 8, String(files.length));
});

/** An entry in the audit log of the fake agent. */
const AUDIT_LINE = /zone bressigny to 40 %/;

/** The text of a bundle, as `copy FILE serial --base64` gave it. */
function bundleOf(shown: string): string {
  return gunzipSync(together(shown).content).toString('utf8');
}

/** The name of the file in an answer of `tech-support`. */
function bundleName(shown: string): string {
  const [name] = /luciole-support-[^/]+\.gz/.exec(shown.replace(/\s+/g, '')) ?? [''];
  return name;
}

t.test('what an admin writes in a session is read by no technician, and what a technician writes is taken away by another', async (t) => {
  const view = createFakeView();
  const admin = await visit(t, 'ada', testFolder(t), { view });
  const { filesDir } = admin;
  const ofAdmin = bundleName(await admin.say('tech-support'));
  await admin.say('tech-support --to mine.txt.gz');
  await admin.say('export --since 24h --to admin.csv');
  t.match(bundleOf(await admin.say(`copy ${ofAdmin} serial --base64`)), AUDIT_LINE, 'the audit log is in it');
  await admin.say('logout');

  // The clocks of both sessions stand at the same second.
  const marie = await visit(t, 'marie', filesDir, { view });
  t.match(await marie.say('audit'), /% audit requires the role admin/);
  for (const name of [ofAdmin, 'mine.txt.gz', 'admin.csv'])
    for (const line of [`copy ${name} serial --base64`, `check ${name}`, `config load ${name}`, `profile check ${name}`]) {
      const shown = await marie.say(line);
      t.match(shown.replace(/\s+/g, ' '), `% ${name} requires the role admin; you have the role technician`, line);
      t.notMatch(shown, /begin-base64/, line);
    }
  for (const name of ['x'.repeat(300), `for-admin/${ofAdmin}`, `./for-admin/${ofAdmin}`, join(filesDir, 'for-admin', ofAdmin), 'for-admin'])
    t.notMatch(await marie.say(`copy ${name} serial --base64`), /begin-base64/, name);
  await marie.say('export --since 24h --to today.csv');
  const ofMarie = bundleName(await marie.say('tech-support'));
  await marie.say('logout');

  const paul = await visit(t, 'paul', filesDir, { view });
  t.match(await paul.say('copy today.csv serial --base64'), /lines sent/);
  t.notMatch(bundleOf(await paul.say(`copy ${ofMarie} serial --base64`)), AUDIT_LINE);
  writeFileSync(join(filesDir, 'received', 'next.update'), 'update');
  t.match(await paul.say('copy received/next.update serial --base64'), /1 line sent/);
  const again = await visit(t, 'ada', filesDir, { view });
  t.match(await again.say('copy today.csv serial --base64'), /lines sent/, 'a higher role reads it too');
});

t.test('a file that lay in the folder before the roles had theirs is for admins', async (t) => {
  const marie = await visit(t, 'marie');
  writeFileSync(join(marie.filesDir, 'luciole-support-x.txt.gz'), 'canary');
  t.match(await marie.say('copy luciole-support-x.txt.gz serial --base64'), /requires the role admin/);
  const ada = await visit(t, 'ada', marie.filesDir);
  t.match(await ada.say('copy luciole-support-x.txt.gz serial --base64'), /1 line sent/);
});

t.test('each role reads what its own and lower roles wrote, its own first, and no other', async (t) => {
  const filesDir = testFolder(t);
  const roles: readonly LeastRole[] = ['anyone', ...ROLES];
  for (const writer of roles) {
    const path = sessionFile(`by-${writer}.csv`, 'write', { filesDir, role: writer });
    writeFileSync(path, writer);
    writeFileSync(sessionFile('same.csv', 'write', { filesDir, role: writer }), writer);
    for (const role of roles) {
      const read = (): string => readFileSync(sessionFile(`by-${writer}.csv`, 'read', { filesDir, role }), 'utf8');
      if (mayUse(role === 'anyone' ? null : role, writer)) t.equal(read(), writer, `${role} reads`);
      else t.throws(read, { code: 'denied' }, `${role} does not read what ${writer} wrote`);
    }
  }
  for (const role of roles) t.equal(readFileSync(sessionFile('same.csv', 'read', { filesDir, role }), 'utf8'), role);
  for (const role of ['anyone', 'viewer'] as const)
    t.throws(
      () => sessionFile('received/x', 'read', { filesDir, role }),
      { code: 'denied' },
      `${role}: received files are for technicians`,
    );
});

t.test('at a console that requires a login, a session without one reads no users file', async (t) => {
  const { filesDir, say: sayAda } = await visit(t, 'ada');
  const name = bundleName(await sayAda('tech-support'));
  const stranger = await openSession(t, { view: null, filesDir, login: strangerLogin('luciole-console') });
  for (const file of [name, join(filesDir, 'for-admin', name), join('for-admin', name), '.console-key', 'console-lines-ada', '/etc/passwd'])
    t.notMatch(await stranger.say(`copy ${file} serial --base64`), /begin-base64/, file);
});

t.test('a bundle is written where copy finds it, with and without a login', async (t) => {
  const filesDir = join(testFolder(t), 'not made yet');
  const localActions: SessionOptions['localActions'] = (terminal, signal) =>
    createLocalActions({
      ...{ screen: terminal, isTerminal: true, readInput: null, filesDir, commit: undefined, own: NO_ACTIONS },
      write: async (text) => terminal.out(text),
      signal: () => signal,
    });
  const session = await openSession(t, { filesDir, localActions });
  const shown = await session.say('tech-support');
  t.match(shown.replace(/\s+/g, ''), join(filesDir, 'luciole-support-').replace(/\s+/g, ''));
  t.match(await session.say(`copy ${bundleName(shown)} serial --base64`), /lines sent/);
  const marie = await visit(t, 'marie');
  t.match(await marie.say(`copy ${bundleName(await marie.say('tech-support'))} serial --base64`), /lines sent/);
});

t.test('what the console refuses a user is in the audit log, with its arguments and without secrets', async (t) => {
  const view = createFakeView();
  const { say, filesDir } = await visit(t, 'vera', testFolder(t), { view });
  mkdirSync(join(filesDir, 'for-admin'));
  writeFileSync(join(filesDir, 'for-admin', 'a.yaml'), '');
  const from = view.noted.length;
  for (const line of [
    'override L07 0',
    'user add eve',
    'bus write north 11 2000 0 --yes',
    'config set uplink.password hunter2',
    'tech-support --to x.gz',
    'copy today.csv serial',
    'check a.yaml',
  ])
    t.match(await say(line), /requires the role/, line);
  const refused = view.noted.slice(from).filter(({ result }) => result === 'denied');
  t.match(refused, [
    { user: 'vera', role: 'viewer', door: 'login', action: 'override', detail: 'target=L07 level=0' },
    { user: 'vera', action: 'user add', detail: /name=eve/ },
    { user: 'vera', action: 'bus write', detail: 'yes line=north unit=11 address=2000 value=0' },
    { user: 'vera', action: 'config set', detail: 'uplink.password ***' },
    { user: 'vera', action: 'tech-support', detail: 'to=x.gz' },
    { user: 'vera', action: 'copy', detail: 'file=today.csv to=serial' },
    { user: 'vera', action: 'check', detail: 'file=a.yaml' },
  ]);
  t.equal(refused.length, 7);
  t.notMatch(JSON.stringify(view.noted), /hunter2/);
  t.strictSame(view.asked, [], 'nothing of it was carried out');
});
