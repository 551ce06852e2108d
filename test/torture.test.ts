import { readdirSync } from 'node:fs';
import t from 'tap';
import { torture, tortureIn } from './support/torture.ts';

t.test('a writer killed at random moments has lost nothing that it reported committed', { timeout: 80_000 }, async (t) => {
  const folder = t.testdir();
  const { code, summaries, progress } = await tortureIn(folder, 'kill', '--rounds', '5', '--seed', '1');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'kill', ok: true, rounds: 5, lostReadings: 0, integrityFailures: 0, reusedSeqs: 0, problems: 0 }]);
  t.ok(Number(summaries[0]?.['committedReadings']) > 1_000, 'and it had reported thousands');
  t.strictSame(readdirSync(folder), [], 'nothing is left behind');
});

t.test('hostile messages neither crash the command desk nor make it grow nor get through', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('hostile', '--rounds', '100000', '--seed', '2');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'hostile', ok: true, messages: 100_000, outside: 0 }]);
});

t.test('an agent on a damaged data folder lights the street and reports the fault', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('corrupt', '--quick');
  t.equal(code, 0, progress);
  t.match(summaries, [
    { ok: true, file: 'telemetry.db', damage: 'bytes-flipped', told: /readings lost/ },
    { ok: true, file: 'state.db', damage: 'cut-in-half', told: /sets the file aside/ },
  ]);
  for (const { firstLevelMs } of summaries) t.ok(Number(firstLevelMs) > 0, `light after ${firstLevelMs} ms`);
});

t.test('an impossible request is refused', async (t) => {
  t.match(await torture('drown'), { code: 64, summaries: [], progress: /bad run "drown": one of kill, powercut, corrupt, diskfull/ });
  t.match(await torture('kill', '--rounds', 'many'), { code: 64, progress: /whole numbers/ });
});
