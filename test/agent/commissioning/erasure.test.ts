import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { eraseError } from '../../../agent/commissioning/erase.ts';
import { erase, planErasure } from '../../../agent/commissioning/erasure.ts';
import { STATE, TELEMETRY } from '../../../agent/store/schema.ts';

const database = (schema: { readonly applicationId: number }): Buffer => {
  const header = Buffer.alloc(100);
  header.write('SQLite format 3\0', 'latin1');
  header.writeUInt32BE(schema.applicationId, 68);
  return header;
};

/** What this program writes there, by name; another program's text for other names. */
function ownContent(name: string): string | Uint8Array {
  if (/-wal$/.test(name)) return Buffer.from('377f0682', 'hex');
  if (name.startsWith('state.db')) return database(STATE);
  if (name.startsWith('telemetry.db')) return database(TELEMETRY);
  if (name === 'users.json') return '{"version":1,"users":[]}';
  if (name === 'starts.json') return '{"starts":1,"ends":{},"runs":[]}';
  if (name === '.console-key') return 'k'.repeat(43);
  return name.endsWith('.gz') ? Buffer.from('1f8b08', 'hex') : 'abc';
}

/** Names that end in `/` are folders with one file of 10 bytes in them; files have the content of this program, or the given one. */
function folderWith(t: Test, names: readonly string[], contentOf: (name: string) => string | Uint8Array = ownContent): string {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-erasure-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of names) {
    if (!name.endsWith('/')) writeFileSync(join(dir, name), contentOf(name));
    else {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, 'file'), '0123456789');
    }
  }
  return dir;
}

const OURS = [
  'ballast',
  'config.before-restore/',
  'config/',
  'quarantine/',
  'received/',
  'releases/',
  'restore.new/',
  'restore/',
  'starts.json',
  'state.db',
  'state.db-wal',
  'state.db.bak.1',
  'telemetry.db',
  'users.json',
];

const table: [story: string, names: readonly string[], goes: readonly string[], stays: readonly string[]][] = [
  ['all of a store goes', OURS, OURS, []],
  ['what somebody put there stays', [...OURS, 'holidays.txt', 'photos/'], OURS, ['holidays.txt', 'photos/']],
  [
    'a folder without a mark of ours loses nothing, whatever its names',
    ['config/', 'releases/', 'ballast'],
    [],
    ['ballast', 'config/', 'releases/'],
  ],
  [
    'the lines of a console and its support files go',
    ['.console-key', 'console-lines-tina', 'luciole-support-x-20261126.txt.gz', 'received/'],
    ['.console-key', 'console-lines-tina', 'luciole-support-x-20261126.txt.gz', 'received/'],
    [],
  ],
  [
    'the files that sessions of each role wrote go',
    ['console-lines-tina', 'for-admin/', 'for-anyone/', 'for-technician/', 'for-viewer/', 'for-sale/'],
    ['console-lines-tina', 'for-admin/', 'for-anyone/', 'for-technician/', 'for-viewer/'],
    ['for-sale/'],
  ],
  [
    'a folder with only lines of a console keeps what may be of another program',
    ['ballast', 'config/', '.console-key', 'console-lines-tina', 'releases/'],
    ['.console-key', 'console-lines-tina'],
    ['ballast', 'config/', 'releases/'],
  ],
  ['an empty folder has nothing', [], [], []],
  ['drafts of a power cut go', ['users.json', 'users.json.new', 'state.db.new'], ['users.json', 'users.json.new', 'state.db.new'], []],
  ['a lock alone is no mark', ['agent.lock', 'config/'], [], ['agent.lock', 'config/']],
];
for (const [story, names, goes, stays] of table) {
  t.test(story, async (t) => {
    const dir = folderWith(t, names);
    const plan = planErasure(dir);
    const bare = (paths: readonly string[]): string[] => paths.map((path) => path.replace(/\/$/, '')).sort();
    t.same(
      bare(plan.goes.map(({ path }) => path)),
      bare(goes).map((name) => join(dir, name)),
    );
    t.same(
      bare(plan.stays),
      bare(stays).map((name) => join(dir, name)),
    );
    t.same(readdirSync(dir).length, names.length, 'a plan only looks');
    erase(plan.goes);
    t.same(readdirSync(dir).sort(), bare(stays));
  });
}

t.test('the size of a folder includes its content, and a missing folder has none', async (t) => {
  const dir = folderWith(t, ['config/', 'state.db']);
  t.same(
    planErasure(dir).goes.map(({ bytes }) => bytes),
    [10, 100],
  );
  t.same(planErasure(join(dir, 'nowhere')), { goes: [], stays: [] });
});

t.test('a link in our folder is removed, not its target', async (t) => {
  const elsewhere = folderWith(t, ['precious']);
  const dir = folderWith(t, ['state.db']);
  symlinkSync(elsewhere, join(dir, 'releases'));
  erase(planErasure(dir).goes);
  t.same(readdirSync(dir), []);
  t.ok(existsSync(join(elsewhere, 'precious')));
});

t.test('an interrupted erasure continues: the files that identify a folder as ours are removed last', async (t) => {
  const dir = folderWith(t, [...OURS, 'luciole-support-x.txt.gz', 'console-lines-tina']);
  for (let rest = planErasure(dir).goes; rest.length > 0; rest = planErasure(dir).goes) erase(rest.slice(0, 1));
  t.same(readdirSync(dir), []);
});

t.test('a file of another program that only has a name of ours stays, and makes no folder ours', async (t) => {
  const marks = [
    'state.db',
    'state.db-wal',
    'state.db-shm',
    'telemetry.db',
    'users.json',
    'starts.json',
    '.console-key',
    'luciole-support-x.txt.gz',
  ];
  const withId = (id: number): Buffer => database({ applicationId: id });
  const contents: [story: string, content: string | Uint8Array][] = [
    ['text', 'mine'],
    ['nothing', ''],
    ['the id without the header', withId(STATE.applicationId).fill(0, 0, 16)],
    ['a database of another program', withId(0)],
    ['one whose id differs by a bit', withId(STATE.applicationId ^ 1)],
    ['a header that is cut before the id', database(STATE).subarray(0, 68)],
    ['a JSON object of another program', '{"users":["ada"],"runs":{}}'],
    ['a JSON value', '[1]'],
  ];
  for (const [story, content] of contents) {
    const dir = folderWith(t, [...marks, 'config/'], () => content);
    t.same(planErasure(dir).goes, [], story);
    const ours = folderWith(t, [...marks, 'users.json.new', 'telemetry.db.bak'], (name) =>
      name === 'telemetry.db.bak' ? database(TELEMETRY) : content,
    );
    t.same(
      planErasure(ours).goes.map(({ path }) => basename(path)),
      ['users.json.new', 'telemetry.db.bak'],
      `${story}, in a folder of ours`,
    );
  }
});

t.test('a folder, a link and a FIFO with the name of a database are not opened and stay', async (t) => {
  const ours = folderWith(t, ['state.db']);
  const dir = folderWith(t, ['state.db/', 'users.json']);
  symlinkSync(join(ours, 'state.db'), join(dir, 'telemetry.db'));
  execFileSync('mkfifo', [join(dir, 'state.db.bak')]);
  t.same(
    planErasure(dir).goes.map(({ path }) => basename(path)),
    ['users.json'],
  );
});

t.test('an error of the system during an erasure is reported with advice that fits it', async (t) => {
  const failed = (code: string, isRoot: boolean) => eraseError(Object.assign(new Error(code), { code, path: '/data/config' }), isRoot);
  for (const code of ['ENOTEMPTY', 'EEXIST', 'ENOENT'])
    for (const isRoot of [true, false]) {
      const error = failed(code, isRoot);
      t.match(error, { code: 'busy', message: /^\/data\/config was written while it was erased: stop the agent/ });
      t.notMatch(error.message, new RegExp(`chown|sudo|${code}`));
    }
  t.match(failed('EACCES', true).message, /chown -R/);
  t.match(failed('EACCES', false).message, /use sudo/);
  t.match(failed('EIO', true).message, /\(EIO\): look at the disk/);
  const bug = new TypeError('a bug');
  t.equal(eraseError(bug, true), bug);
});
