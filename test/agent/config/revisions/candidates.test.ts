import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { CandidateStore } from '../../../../agent/config/revisions/candidate-store.ts';
import { createRevisionDisk } from '../../../../agent/config/revisions/revision-disk.ts';
import { createUploads } from '../../../../agent/config/revisions/upload.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { FilePart, Revision } from '../../../../agent/core/revisions.ts';
import { texts } from '../../../support/texts.ts';

const RUNNING = 'lines: []\n';

/** Candidates over a folder of revisions; `again` is the next run. */
async function candidates(t: { testdir(): string }) {
  const dir = join(t.testdir(), 'config');
  const disk = createRevisionDisk(dir);
  const clock = createManualClock(1_000, 'synced');
  await disk.writeFiles(1, { cabinet: RUNNING, profiles: {} }, {});
  const again = async (): Promise<CandidateStore> => {
    const store = new CandidateStore({ disk, clock, running: () => ({ number: 1 }) as Revision });
    await store.restore(disk);
    return store;
  };
  const textOf = async (store: CandidateStore, by: string): Promise<string | undefined> => {
    const files = store.files(by);
    return files === undefined ? undefined : (await disk.readFiles(files))?.cabinet;
  };
  return { dir, disk, clock, again, textOf };
}

t.test('each author has a candidate of their own, that no other changes, over a restart too', async (t) => {
  const { again, textOf, clock } = await candidates(t);
  const store = await again();
  await store.put('cabinet.yaml', 'lines: [platform]\n', 'platform:eve');
  await store.put('profiles/eve.yaml', 'id: eve\n', 'platform:eve');
  await clock.advance(1_000);
  await store.put('profiles/acme.yaml', 'id: acme\n', 'console:marie');
  await store.put('cabinet.yaml', 'lines: [luc]\n', 'console:luc');
  for (const run of [store, await again()]) {
    t.equal(await textOf(run, 'console:marie'), RUNNING, 'begun with what runs, not with what another has begun');
    t.equal(await textOf(run, 'console:luc'), 'lines: [luc]\n');
    t.equal(await textOf(run, 'platform'), 'lines: [platform]\n', 'users of the platform are one author');
    t.equal(await textOf(run, 'console:ada'), undefined);
    t.strictSame(
      run.others('console:marie').map(({ by }) => by),
      ['platform:eve', 'console:luc'],
    );
    t.match(run.view('console:marie'), { authors: ['console:marie'] });
  }
  await store.drop('console:marie');
  t.equal(await textOf(store, 'console:luc'), 'lines: [luc]\n', 'discarding is for the own one');
});

t.test('a candidate that is put while an earlier run is restored is kept', async (t) => {
  const { disk, again, textOf } = await candidates(t);
  await (await again()).put('cabinet.yaml', 'lines: [old]\n', 'console:luc');
  await (await again()).put('cabinet.yaml', 'lines: [marie]\n', 'console:marie');
  const store = await again();
  await store.drop('console:luc');
  const slow = Promise.withResolvers<void>();
  const restoring = store.restore({ ...disk, readFiles: (of) => disk.readFiles(of).finally(() => slow.promise) });
  await store.put('cabinet.yaml', 'lines: [new]\n', 'console:luc');
  slow.resolve();
  await restoring;
  t.equal(await textOf(store, 'console:luc'), 'lines: [new]\n');
  t.equal(await textOf(store, 'console:marie'), 'lines: [marie]\n');
  t.match(store.view('console:luc'), { by: 'console:luc' });
});

t.test('another author is copied, not shared: later changes are not in the copy, and both are named', async (t) => {
  const { again, textOf } = await candidates(t);
  const store = await again();
  await store.put('cabinet.yaml', 'lines: [seen]\n', 'platform:a');
  await store.put('profiles/acme.yaml', 'id: acme\n', 'platform:b');
  await store.put('revision.sig', 'luciole-sig1.a.b', 'platform:b');
  t.match(await store.take('platform', 'console:ada'), { state: 'done' });
  await store.put('cabinet.yaml', 'lines: [changed after the look]\n', 'platform:a');
  t.equal(await textOf(store, 'console:ada'), 'lines: [seen]\n');
  t.match(store.view('console:ada'), { by: 'console:ada', authors: ['platform:a', 'platform:b'], signature: 'luciole-sig1.a.b', base: 1 });
  await store.put('profiles/own.yaml', 'id: own\n', 'console:ada');
  t.match((await again()).view('console:ada'), { authors: ['platform:a', 'platform:b', 'console:ada'] });
  t.match(texts(await store.take('platform', 'console:ada')), { state: 'refused', reason: /you have a candidate of your own/ });
  t.match(texts(await store.take('console:eve', 'console:luc')), { state: 'refused', reason: /no candidate of console:eve; there are: / });
  t.match(texts(await store.take('console:ada', 'console:ada')), {
    state: 'refused',
    reason: /^the candidate of console:ada is your own: /,
  });
  t.match(
    texts(await store.take('console:eve', 'console:ada')),
    { state: 'refused', reason: /no candidate of console:eve; there are: platform$/ },
    'of those that may be taken',
  );
});

t.test('a committed copy removes its unchanged original, and no other file', async (t) => {
  const { again } = await candidates(t);
  const store = await again();
  await store.put('cabinet.yaml', 'lines: [one]\n', 'platform');
  await store.put('cabinet.yaml', 'lines: [two]\n', 'console:luc');
  await store.take('platform', 'console:ada');
  await store.committed('console:ada');
  t.equal(store.view('platform'), null);
  t.equal(store.view('console:ada'), null);
  t.match(store.view('console:luc'), { by: 'console:luc' });
  await store.committed('console:nobody');
  t.match((await again()).view('console:luc'), { by: 'console:luc' });
});

t.test('many authors fill neither the disk nor push the platform out, nor the platform any of them', async (t) => {
  const { again, dir, clock } = await candidates(t);
  const store = await again();
  await store.put('cabinet.yaml', 'lines: [platform]\n', 'platform');
  for (let n = 0; n < 30; n++) {
    await clock.advance(1_000);
    await store.put('cabinet.yaml', `lines: [user${n}]\n`, `console:user${n}`);
    await store.put('cabinet.yaml', `lines: [platform${n}]\n`, `platform:user${n}`);
  }
  t.equal(readdirSync(dir).filter((name) => name.startsWith('candidate')).length, 9);
  t.strictSame(
    store.others('platform').map(({ by }) => by),
    Array.from({ length: 8 }, (_, n) => `console:user${n + 22}`),
  );
  t.equal(store.view('platform')?.authors.length, 8, 'the newest are named');
});

t.test('a candidate of a release that had one for all authors stays with its last author, and is removed with it', async (t) => {
  const { again, dir, textOf } = await candidates(t);
  mkdirSync(join(dir, 'candidate', 'profiles'), { recursive: true });
  writeFileSync(join(dir, 'candidate', 'cabinet.yaml'), 'lines: [before]\n');
  writeFileSync(join(dir, 'candidate', 'note.json'), JSON.stringify({ by: 'console:marie', atMs: 5, base: 1, signature: null }));
  const store = await again();
  t.equal(await textOf(store, 'console:marie'), 'lines: [before]\n');
  t.match(store.view('console:marie'), { authors: ['console:marie'], base: 1 });
  t.equal(store.view('platform'), null);
  await store.put('profiles/acme.yaml', 'id: acme\n', 'console:marie');
  await store.drop('console:marie');
  t.notOk(existsSync(join(dir, 'candidate')));
  rmSync(dir, { recursive: true });
  t.equal((await again()).view('console:marie'), null);
});

t.test('parts of one author never complete or disturb a file of another', async (t) => {
  const uploads = createUploads(createManualClock(0, 'synced'));
  const partsOf = (text: string): FilePart[] => {
    const data = Buffer.from(text);
    const sha256 = createHash('sha256').update(data).digest('hex');
    return [0, 1].map((n) => ({
      file: 'cabinet.yaml',
      part: n + 1,
      parts: 2,
      sha256,
      data: data.subarray(n * 4, n === 0 ? 4 : undefined),
    }));
  };
  const [first, second] = partsOf('lines: [marie]') as [FilePart, FilePart];
  const [other] = partsOf('lines: [platform]') as [FilePart, FilePart];
  t.match(uploads.take(first, 'console:marie'), { kind: 'more', have: 1 });
  // The same part, another text, and more files than one side holds.
  t.match(uploads.take(second, 'platform'), { kind: 'more', have: 1 }, 'it completes nothing');
  for (let n = 0; n < 20; n++) uploads.take({ ...other, file: `profiles/p${n}.yaml` }, 'platform');
  uploads.take(other, 'platform');
  t.match(uploads.take(second, 'console:marie'), { kind: 'whole', text: 'lines: [marie]' });
});
