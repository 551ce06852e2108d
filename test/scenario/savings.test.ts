/** Proven savings of the running agent: nights, ledger, restarts and changes of the configuration on the simulated street; signed evidence. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommandLine } from '../../agent/console/cli.ts';
import { createLocalActions } from '../../agent/console/local-actions.ts';
import type { Terminal } from '../../agent/console/terminal/terminal.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import type { SavingsAnswer } from '../../agent/core/savings-view.ts';
import { uplinkConfig } from '../agent/sync/small-node.ts';
import { openTestAuthorities } from '../platform/certificates.ts';
import { findProgram } from '../platform/mosquitto.ts';
import { createRig, type Rig } from '../support/rig.ts';

/** A street whose meters and lamps are read less often, so that nights are short. */
const PERIODS_MS = { fast: 10_000, normal: 60_000, slow: 60_000 };
const METER = { id: 'M01', profile: 'p', serial: '4711', classPct: 1 };

function value<T>(answer: SavingsAnswer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(answer.why);
}

const tools = (rig: Rig) => rig.agent.view.savings;

const openssl = findProgram('openssl');
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const city = authorities?.create('city');

/** An uplink with a certified key, and a socket. No broker answers: a signature needs none. Null without openssl. */
function signingUplink(t: Test): { readonly change: (cabinet: Cabinet) => Cabinet; readonly socketPath: string } | null {
  if (city === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'c.key')];
  const pair = city.issue('node-7', { from: new Date('2026-01-01'), until: new Date('2027-12-31') });
  copyFileSync(pair.cert, certFile);
  copyFileSync(pair.key, keyFile);
  const uplink = { ...uplinkConfig('mqtts://127.0.0.1:1', { certFile, keyFile, caFile: city.cert }), node: 'node-7' };
  return { change: (cabinet) => ({ ...cabinet, uplink }), socketPath: join(folder, 'agent.sock') };
}

async function run(rig: Rig, socketPath: string, ...words: readonly string[]) {
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
  };
  const screen: Terminal = {
    ...{ out: add('out'), err: add('err'), widthCols: 80, colour: false, user: 'ada', version: 'luciole 0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not needed here')),
  };
  const { signal } = new AbortController();
  const parts = { screen, isTerminal: false, write: async (more: string) => screen.out(more), readInput: null, signal: () => signal };
  const actions = createLocalActions({ ...parts, commit: undefined, own: {} as never });
  return { code: await rig.settled(runCommandLine(words, screen, actions)), ...text };
}

/** The commands of a person with the authority of the city. */
async function evidenceVerifies(t: Test, rig: Rig, socketPath: string): Promise<void> {
  const authority = ['--authority', city?.cert ?? ''];
  t.match(await run(rig, socketPath, 'savings', 'verify', ...authority), { code: 0, out: /VALID[\s\S]*by node node-7/ });
  t.match(await run(rig, socketPath, 'savings', 'verify'), { code: 9, out: /NOT DECIDED/ });
  const file = `${socketPath}.html`;
  for (const kind of ['night', 'month', 'savings', 'commission']) {
    const nights = kind === 'month' ? ['--nights', '2026-12-01..2026-12-31'] : [];
    const made = await run(rig, socketPath, 'report', kind, ...nights, '--out', file);
    t.match(made, { code: 0, out: /signed by\s+node\s+node-7/ }, kind);
    const found = await run(rig, socketPath, 'report', 'verify', file, ...authority);
    t.match(found, { code: 0, out: new RegExp(`VALID[\\s\\S]*${kind}`) }, kind);
  }
  t.match(readFileSync(file, 'utf8'), /signed with the key of node node-7/);
}

/** Entries are added to the ledger, count at once, and are exported. */
async function ledgerGrows(t: Test, rig: Rig, savedKwh: number): Promise<void> {
  const { cabinet } = rig.agent.site();
  const ledger = value(await rig.settled(tools(rig).ledger()));
  t.equal(ledger.brokenAt, null);
  t.match(
    ledger.entries.find(({ cause }) => cause === 'wattage'),
    { by: 'agent', about: ['L01'] },
  );
  const added = value(
    await rig.settled(
      tools(rig).add({
        cause: 'other-load',
        by: 'console:ada',
        from: '2026-12-01',
        to: null,
        about: [],
        note: 'sign',
        effect: { kind: 'load', loadW: 50 },
      }),
    ),
  );
  t.equal(added.n, ledger.head.n + 1);
  const more = value(await rig.settled(tools(rig).result('2026-12-01', '2026-12-01')));
  t.ok(Math.abs(more.total.savedKwh - savedKwh - 1.2) < 1e-6, '50 W for 24 h');
  t.match(await rig.settled(tools(rig).add({ ...added, cause: 'void', voids: 99, effect: { kind: 'none' } })), {
    ok: false,
    why: 'no-entry',
  });
  const exported = value(await rig.settled(tools(rig).export('2026-12-01', '2026-12-31')));
  t.equal(exported.chain.length, added.n);
  t.ok((exported.darkHours['2026-12-01']?.[cabinet.zones[0]?.id ?? ''] ?? 0) > 14);
}

t.test('a night is counted over a restart, the ledger keeps what happened, and the result has an interval', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-02T08:00:00+01:00', periodsMs: PERIODS_MS });
  await rig.clock.advance(5 * MINUTE_MS);
  t.match(await rig.settled(tools(rig).result('2026-12-01', '2026-12-31')), { ok: false, why: 'no-baseline' });
  t.match(
    await rig.settled(
      tools(rig).freeze({
        by: 'console:ada',
        note: '',
        meters: [METER],
        nights: { from: '2026-11-01', to: '2026-11-30' },
        tolerancePct: 10,
      }),
    ),
    {
      ok: false,
      why: 'too-few-nights',
    },
  );
  const frozen = value(
    await rig.settled(tools(rig).freeze({ by: 'console:ada', note: 'contract', meters: [METER], nights: null, tolerancePct: 5 })),
  );
  t.match(frozen, { n: 1, cause: 'baseline', by: 'console:ada', from: '2026-12-01', baseline: { source: 'nameplates' } });
  await rig.clock.advance(60 * MINUTE_MS);
  await rig.kill();
  await rig.clock.advance(30 * MINUTE_MS);
  await rig.restart(() => rig.clock.advance(20 * MINUTE_MS));
  const { cabinet, profiles } = rig.agent.site();
  const next: Cabinet = {
    ...cabinet,
    lamps: cabinet.lamps.map((lamp) => (lamp.id === 'L01' ? { ...lamp, ratedPowerW: lamp.ratedPowerW + 4 } : lamp)),
  };
  await rig.settled(rig.agent.apply({ cabinet: next, profiles }));
  await rig.clock.advance(2.5 * HOUR_MS);
  const result = value(await rig.settled(tools(rig).result('2026-11-01', '2027-12-31')));
  t.match(result, { from: '2026-12-01', to: '2026-12-01', nightsCounted: 1, nightsExpected: 1, missingNights: [] });
  const { measuredKwh, estimatedKwh, savedKwh, adjustedKwh } = result.total;
  t.ok(measuredKwh > 0 && estimatedKwh >= 0, `${measuredKwh} + ${estimatedKwh} kWh`);
  t.ok(Math.abs(savedKwh - (adjustedKwh - measuredKwh - estimatedKwh)) < 1e-9);
  t.ok(result.halfKwh > 0);
  const energy = await rig.settled(
    rig.agent.view.energy({ fromMs: Date.parse('2026-12-01T00:00Z'), toMs: Date.parse('2026-12-02T00:00Z'), by: 'night', zone: null }),
  );
  const metered = energy?.meters.find(({ device }) => device === 'M01')?.kwh ?? 0;
  t.ok(Math.abs(measuredKwh - metered) < 0.05 * metered, `${measuredKwh} of ${metered} kWh by the energy figures`);
  await ledgerGrows(t, rig, savedKwh);
});

t.test('an agent that was off for three nights shares what its meter counted among them, and signs it', async (t) => {
  const signing = signingUplink(t);
  const rig = await createRig(t, { startAt: '2026-12-02T11:00:00+01:00', periodsMs: PERIODS_MS, ...signing });
  await rig.clock.advance(15 * MINUTE_MS);
  value(await rig.settled(tools(rig).freeze({ by: 'console:ada', note: '', meters: [METER], nights: null, tolerancePct: 5 })));
  await rig.clock.advance(15 * MINUTE_MS);
  await rig.restart(() => rig.clock.advance(72 * HOUR_MS));
  await rig.clock.advance(45 * MINUTE_MS);
  const { nights, gaps, total } = value(await rig.settled(tools(rig).result('2026-12-01', '2026-12-31')));
  t.same(
    nights.map(({ date }) => date),
    ['2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04'],
  );
  t.ok(gaps.length >= 3, `${gaps.length} gaps`);
  t.ok(total.estimatedKwh >= 0);
  const { entries } = value(await rig.settled(tools(rig).ledger()));
  t.ok(entries.some(({ cause }) => cause === 'agent-away'));
  if (signing !== null) await evidenceVerifies(t, rig, signing.socketPath);
});
