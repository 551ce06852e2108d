import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { finishRestore, stageRestore } from '../../../agent/core/pending-restore.ts';
import { testFolder } from '../store/fixtures/kit.ts';

const FORMER = [
  'state.db',
  'state.db-wal',
  'state.db-shm',
  'state.db.bak',
  'state.db.bak.1',
  'telemetry.db',
  'telemetry.db-wal',
  'users.json',
  'starts.json',
];

/** A folder with files of another life, and a restore that is meant. */
function staged(t: Test, isNewEpoch = true): string {
  const dir = testFolder(t);
  for (const name of FORMER) writeFileSync(join(dir, name), `former ${name}`);
  mkdirSync(join(dir, 'config'));
  writeFileSync(join(dir, 'config', 'book.json'), 'former');
  stageRestore(dir, isNewEpoch, (folder) => {
    writeFileSync(join(folder, 'state.db'), 'restored');
    mkdirSync(join(folder, 'config'));
    writeFileSync(join(folder, 'config', 'book.json'), 'restored');
  });
  return dir;
}

/** Names with the first word of their content. */
function contentOf(dir: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(dir)
      .sort()
      .map((name) => {
        const path = existsSync(join(dir, name, 'book.json')) ? join(dir, name, 'book.json') : join(dir, name);
        return [name, readFileSync(path, 'utf8').split(' ')[0] ?? ''];
      }),
  );
}

const RESTORED = {
  config: 'restored',
  'config.before-restore': 'former',
  'starts.json': 'former',
  'state.db': 'restored',
  'state.db.before-restore': 'former',
  'state.db.before-restore-shm': 'former',
  'state.db.before-restore-wal': 'former',
  'telemetry.db.before-restore': 'former',
  'telemetry.db.before-restore-wal': 'former',
  'users.json': 'former',
};

t.test('a restore interrupted at any rename is completed by the next call', async (t) => {
  const renames: [from: string, to: string][] = [
    ['config', 'config.before-restore'],
    ['restore/config', 'config'],
    ['telemetry.db', 'telemetry.db.before-restore'],
    ['telemetry.db-wal', 'telemetry.db.before-restore-wal'],
    ['state.db', 'state.db.before-restore'],
    ['state.db-wal', 'state.db.before-restore-wal'],
    ['state.db-shm', 'state.db.before-restore-shm'],
    ['restore/state.db', 'state.db'],
  ];
  for (let done = 0; done <= renames.length; done++) {
    const dir = staged(t);
    for (const [from, to] of renames.slice(0, done)) {
      // The copies of the former state go before the restored one is in place.
      if (from === 'restore/state.db') for (const copy of ['state.db.bak', 'state.db.bak.1']) rmSync(join(dir, copy));
      renameSync(join(dir, from), join(dir, to));
    }
    t.ok(finishRestore(dir));
    t.strictSame(contentOf(dir), RESTORED, `after ${done} renames`);
    t.notOk(finishRestore(dir), 'nothing is left to do');
    t.strictSame(contentOf(dir), RESTORED);
  }
});

t.test('a restore interrupted before it was complete changes nothing', async (t) => {
  const dir = staged(t);
  rmSync(join(dir, 'restore'), { recursive: true });
  mkdirSync(join(dir, 'restore.new'));
  writeFileSync(join(dir, 'restore.new', 'state.db'), 'half');
  t.notOk(finishRestore(dir));
  t.equal(readFileSync(join(dir, 'state.db'), 'utf8'), 'former state.db');
  t.throws(() => stageRestore(dir, true, () => JSON.parse('{')));
  t.notOk(finishRestore(dir), 'one that could not be written is not meant');
});

t.test('readings that are to be kept stay where they are', async (t) => {
  const dir = staged(t, false);
  finishRestore(dir);
  t.match(contentOf(dir), { 'telemetry.db': 'former', 'telemetry.db-wal': 'former', 'state.db': 'restored' });
});

t.test('a second restore replaces what the first one set aside, journal included', async (t) => {
  const dir = staged(t);
  finishRestore(dir);
  stageRestore(dir, true, (folder) => writeFileSync(join(folder, 'state.db'), 'second'));
  finishRestore(dir);
  t.match(contentOf(dir), { 'state.db': 'second', 'state.db.before-restore': 'restored' });
  t.notOk(existsSync(join(dir, 'state.db.before-restore-wal')), 'a journal of another file would be replayed into it');
});
