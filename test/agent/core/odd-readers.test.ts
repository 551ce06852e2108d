/** What each reader of a file makes of a pipe, a device, a folder, a link in a circle, a socket and a huge file: an error or none, never a wait. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createUsersFile } from '../../../agent/access/users-file.ts';
import { beginConfiguration } from '../../../agent/config/load/start-revision.ts';
import { revisionHash } from '../../../agent/config/revisions/revision-disk.ts';
import { withTrial } from '../../../agent/config/revisions/revision-history.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { readRegularFile, readRegularFileLater } from '../../../agent/core/regular-file.ts';
import { requestUnpacking } from '../../../agent/service/updates/unpack-request.ts';
import { readUpdateKeys } from '../../../agent/service/updates/update-file.ts';
import { earlierStateTraces } from '../../../agent/store/earlier-life.ts';
import { createFileReader } from '../../../agent/sync/mqtt/secret-files.ts';
import { ODD_KINDS, type OddKind, placeOdd } from '../../support/odd-files.ts';
import { SMALL_SITE } from '../../support/small-site.ts';

function folderIn(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-odd-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const READERS: Readonly<Record<string, (path: string) => unknown>> = {
  readRegularFile: async (path) => readRegularFile(path),
  readRegularFileLater: (path) => readRegularFileLater(path),
  'a key, password or certificate of the uplink': (path) => createFileReader(null)(path, 'secret'),
  'an authority of the uplink': (path) => createFileReader(null)(path, 'public'),
};

for (const kind of ODD_KINDS) {
  t.test(`${kind} is refused by every reader of a single file`, { timeout: 20_000 }, async (t) => {
    const path = join(folderIn(t), 'odd');
    placeOdd(kind, path);
    for (const [what, read] of Object.entries(READERS)) await t.rejects(async () => read(path), Error, what);
  });

  t.test(
    `${kind} in the place of the users, of a key of updates, of the unpacker's answer and of a copy of the state`,
    { timeout: 20_000 },
    async (t) => {
      const folder = folderIn(t);
      for (const name of ['users.json', 'maker.pem', 'answer.json', 'telemetry.db', 'state.db.bak']) placeOdd(kind, join(folder, name));
      await t.rejects(createUsersFile(folder).read(), { code: 'file', message: /users\.json/ });
      t.equal((await readUpdateKeys(folder)).size, 0);
      t.same(
        earlierStateTraces({ dir: folder, boot: 'b' }).filter((name) => !name.includes('.bak')),
        [],
      );
      const clock = createManualClock(0);
      const unpacking = requestUnpacking({ clock, runtimeDir: folder, unpackedDir: folder });
      let isOver = false;
      void unpacking.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        await clock.advance(30_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      t.match(await unpacking, { release: null, text: /does not answer/ });
    },
  );

  t.test(
    `${kind} in the place of a revision on trial: the confirmed one runs again, and the file is named`,
    { timeout: 20_000 },
    async (t) => {
      const { parts, disk, file } = await twoRevisions(t, kind);
      const { site, revisions } = await beginConfiguration(parts);
      t.match(site.cabinet.programmes[0]?.steps[1]?.level, { pct: 60 }, 'the confirmed revision');
      t.match(revisions.history, { current: 2, trial: null });
      t.match(
        revisions.notices.map(({ text }) => String(text)),
        [
          /revision 3 returned, revision 2 runs again: its files cannot be used any more/,
          new RegExp(`^a file of the revisions cannot be used: ${file} `),
        ],
      );
      t.ok((await disk.readFiles(2))?.cabinet.includes('levelPct: 60'));
    },
  );
}

/** Revision 2 is confirmed, 3 is on trial, and its cabinet.yaml is odd. */
async function twoRevisions(t: Test, kind: OddKind) {
  const folder = folderIn(t);
  const [configFile, dataDir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  const withLevel = (pct: number): string => SMALL_SITE.replace('levelPct: 30', `levelPct: ${pct}`);
  const parts = { configFile, dataDir, nowMs: 0 };
  writeFileSync(configFile, SMALL_SITE);
  await beginConfiguration(parts);
  writeFileSync(configFile, withLevel(60));
  const { disk, history } = (await beginConfiguration(parts)).revisions;
  const files = { cabinet: withLevel(70), profiles: {} };
  const revision = { atMs: 0, by: 'platform', why: '', hash: revisionHash(files) };
  const next = withTrial(history, revision, { mode: 'auto', trialMs: 1, commandId: null, baseline: { units: [], isOnline: false } });
  await disk.writeFiles(3, files, {});
  await disk.markTrial(3);
  await disk.writeHistory(next);
  const file = join(disk.dirOf(3), 'cabinet.yaml');
  placeOdd(kind, file);
  return { parts, disk, file };
}
