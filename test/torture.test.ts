import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

const RUN = join(import.meta.dirname, '../bench/torture/run.ts');

/** As a person starts it; resolves with its exit code and the summaries that it printed. */
async function torture(...words: string[]) {
  const child = spawn(process.execPath, [RUN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const progress: Buffer[] = [];
  child.stdout.on('data', (bytes) => out.push(bytes));
  child.stderr.on('data', (bytes) => progress.push(bytes));
  const [code] = await once(child, 'close');
  const lines = Buffer.concat(out)
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return {
    code,
    progress: Buffer.concat(progress).toString(),
    summaries: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => /^luciole-(torture|tc)-/.test(name));

t.test('a writer killed at random moments has lost nothing that it reported committed', { timeout: 80_000 }, async (t) => {
  const before = leftovers();
  const { code, summaries, progress } = await torture('kill', '--rounds', '5', '--seed', '1');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'kill', ok: true, rounds: 5, lostReadings: 0, integrityFailures: 0, reusedSeqs: 0, problems: 0 }]);
  t.ok(Number(summaries[0]?.['committedReadings']) > 1_000, 'and it had reported thousands');
  t.strictSame(
    leftovers().filter((name) => !before.includes(name)),
    [],
    'nothing is left behind',
  );
});

t.test('commands through cut links, kills and copies each end once, in time, and none is done twice', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('commands', '--rounds', '400', '--seed', '4');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'commands', ok: true, commands: 400, withoutEnd: 0, withTwoEnds: 0, runTwice: 0, runLate: 0 }]);
  const { kill, cut } = (summaries[0]?.['faults'] ?? {}) as Record<string, number>;
  t.ok((kill ?? 0) > 0 && (cut ?? 0) > 0, 'and there were faults');
});

t.test('hostile messages neither crash the command desk nor make it grow nor get through', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('hostile', '--rounds', '100000', '--seed', '2');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'hostile', ok: true, messages: 100_000, outside: 0 }]);
});

t.test('an agent on a damaged data folder lights the street and says what was wrong', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('corrupt', '--quick');
  t.equal(code, 0, progress);
  t.match(summaries, [
    { ok: true, file: 'telemetry.db', damage: 'bytes-flipped', told: /readings lost/ },
    { ok: true, file: 'state.db', damage: 'cut-in-half', told: /set aside/ },
  ]);
  for (const { firstLevelMs } of summaries) t.ok(Number(firstLevelMs) > 0, `light after ${firstLevelMs} ms`);
});

t.test('a clock that is stepped, slewed and lost never darkens a night and never makes a saving larger', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('clock', '--rounds', '24', '--seed', '3');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'clock', ok: true, faults: 24, darkMin: 0, overclaimWhBySite: {} }]);
  t.ok(Number(summaries[0]?.['nightH']) > 5 && Number(summaries[0]?.['disputedH']) > 1, 'and it was night, and there were disputes');
});

t.test('what cannot be asked for is refused', async (t) => {
  t.match(await torture('drown'), { code: 64, summaries: [], progress: /bad run "drown": one of kill, powercut, corrupt, diskfull/ });
  t.match(await torture('kill', '--rounds', 'many'), { code: 64, progress: /whole numbers/ });
});
