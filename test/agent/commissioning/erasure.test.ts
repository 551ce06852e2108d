import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { erase, planErasure } from '../../../agent/commissioning/erasure.ts';

/** Names that end in `/` are folders with one file of 10 bytes in them; files have 3 bytes. */
function folderWith(t: Test, names: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-erasure-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of names) {
    if (!name.endsWith('/')) writeFileSync(join(dir, name), 'abc');
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
  ['an empty folder has nothing', [], [], []],
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

t.test('a folder counts with all that lies in it, and one that is not there has nothing', async (t) => {
  const dir = folderWith(t, ['config/', 'state.db']);
  t.same(
    planErasure(dir).goes.map(({ bytes }) => bytes),
    [10, 3],
  );
  t.same(planErasure(join(dir, 'nowhere')), { goes: [], stays: [] });
});

t.test('a link among ours goes itself, not what it points to', async (t) => {
  const elsewhere = folderWith(t, ['precious']);
  const dir = folderWith(t, ['state.db']);
  symlinkSync(elsewhere, join(dir, 'releases'));
  erase(planErasure(dir).goes);
  t.same(readdirSync(dir), []);
  t.ok(existsSync(join(elsewhere, 'precious')));
});

t.test('what is cut off in the middle is gone on with: the files by which a folder is known as ours go last', async (t) => {
  const dir = folderWith(t, [...OURS, 'luciole-support-x.txt.gz', 'console-lines-tina']);
  for (let rest = planErasure(dir).goes; rest.length > 0; rest = planErasure(dir).goes) erase(rest.slice(0, 1));
  t.same(readdirSync(dir), []);
});
