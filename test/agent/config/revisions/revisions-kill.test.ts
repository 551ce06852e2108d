import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { LoadedSite } from '../../../../agent/config/load/load-site.ts';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { createRandom } from '../../../street/random.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';

const levelOf = ({ cabinet }: LoadedSite): number => {
  const level = cabinet.programmes[0]?.steps[1]?.level;
  return level !== undefined && 'pct' in level ? level.pct : 0;
};
const COMMITTER = join(import.meta.dirname, 'fixtures/committer.ts');
const KILLS = 8;

t.test('kill -9 at any moment: the next start finds a whole configuration, confirmed or on trial', { timeout: 120_000 }, async (t) => {
  const folder = t.testdir();
  const configFile = join(folder, 'cabinet.yaml');
  const dataDir = join(folder, 'data');
  writeFileSync(configFile, SMALL_SITE);
  const random = createRandom(7);
  const seen = { trials: 0, revisions: 0 };
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const child = spawn(process.execPath, [COMMITTER, configFile, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let lines: string[] = [];
    const words = Math.ceil(random() * 6);
    const enough = Promise.withResolvers<void>();
    child.stdout.on('data', (bytes) => {
      lines = `${lines.join('\n')}${String(bytes)}`.split('\n');
      if (lines.length > words) enough.resolve();
    });
    await enough.promise;
    // Anywhere in the next commit.
    const at = Math.floor(random() * 5_000);
    for (let turn = 0; turn < at; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { site, revisions } = await beginConfiguration({ configFile, dataDir, nowMs: kill });
    t.strictSame(revisions.notices, [], `after kill ${kill} nothing is wrong`);
    const { history } = revisions;
    t.equal(site.cabinet.id, 'demo');
    const last = lines.filter((line) => /^\d+$/.test(line)).at(-1);
    if (history.trial === null && last !== undefined) {
      const levelPct = levelOf(site);
      // Every confirmation that was printed is on disk; one more may have been confirmed but not printed yet.
      t.ok(levelPct >= Number(last), `confirmed ${last}, found ${levelPct}`);
    }
    seen.trials += history.trial === null ? 0 : 1;
    seen.revisions = Math.max(seen.revisions, history.revisions.at(-1)?.number ?? 0);
  }
  t.ok(seen.revisions > KILLS, `${seen.revisions} revisions, ${seen.trials} kills hit a trial`);
});
