/**
 * Measures whether the lamp ahead of a cyclist has reached its level before the cyclist reaches its pole.
 *
 * Runs the whole agent with real frames and bus time on the manual clock, so that hundreds of passages fit into minutes; the
 * figure `detection` is the same street in real time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent } from '../../agent/app/agent.ts';
import { createManualClock, type ManualClock } from '../../agent/core/manual-clock.ts';
import { quantile } from '../../agent/core/quantile.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createMqttTransport } from '../../agent/sync/mqtt/mqttjs-transport.ts';
import { createStreet, type Street } from '../../test/street/street.ts';
import { createWire } from '../../test/street/wire.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { lightingSite, POLE_M, ZONE_LEVELS_PCT } from './street.ts';

const POLES = 12;
const PASSAGES = { full: 500, quick: 20 };
/** Units: %. Source: the goal set for this figure. */
const GOAL_PCT = 99;
const START_MS = Date.parse('2026-12-01T22:00:00+01:00');
/** Rest between two cyclists: hold, fall and a random part, so that polls and passers-by never keep step. Units: ms. */
const REST_MS = { least: 26_000, random: 3_000 };
/** Units: m. The world sets people out so far before the first pole. */
const BEFORE_M = 20;

export async function passagesBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const count = quick ? PASSAGES.quick : PASSAGES.full;
  for (const hasWave of [true, false]) {
    const seen = await ride({ hasWave, count: hasWave ? count : Math.ceil(count / 10), progress });
    const note = `25 km/h, ${seen.length} passages of ${POLES} poles at ${POLE_M} m, a sensor on every third; whole agent, bus time, simulated clock; the pole of the first sensor not counted`;
    const lit = seen.filter(({ late }) => late === 0).length;
    const share = {
      bench: 'lighting',
      metric: `lit-ahead-${hasWave ? 'with' : 'without'}-wave`,
      value: round((100 * lit) / seen.length, 1),
      unit: '% of passages',
      note,
    };
    emit(hasWave ? against(share, '>=', GOAL_PCT) : share);
    const least = seen.map(({ leastPct }) => leastPct);
    emit({
      bench: 'lighting',
      metric: `level-at-pole-p1-${hasWave ? 'with' : 'without'}-wave`,
      value: round(quantile(least, 0.01), 0),
      unit: '%',
      note,
    });
  }
}

interface Passage {
  /** Lamps that had not reached their level. */
  readonly late: number;
  readonly leastPct: number;
}

async function ride({
  hasWave,
  count,
  progress,
}: {
  hasWave: boolean;
  count: number;
  progress: (text: string) => void;
}): Promise<Passage[]> {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-bench-'));
  const site = lightingSite({ poles: POLES, hasWave, dir });
  const clock = createManualClock(START_MS);
  const street = createStreet({ cabinet: site.cabinet, clock, seed: 7 });
  const sim = street.lines.get('street');
  if (sim === undefined) throw new Error('no line');
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  const log = { event: () => {} };
  const agent = createAgent({
    ...site,
    clock,
    log,
    version: 'bench',
    openPort: () => wire.port,
    door: createMqttTransport(),
    random: street.random,
    socketPath: null,
    openStoreLink: openInProcessLink,
  });
  try {
    street.start();
    await settle(clock, agent.start());
    await clock.advance(20_000);
    const seen: Passage[] = [];
    for (let i = 0; i < count; i++) {
      seen.push(await pass(clock, street));
      await clock.advance(REST_MS.least + street.random() * REST_MS.random);
      // The hour may pass, the night may not.
      if (clock.wallMs() > START_MS + 6 * 3_600_000) clock.stepWall(-5 * 3_600_000);
      if ((i + 1) % 50 === 0) progress(`lighting: ${i + 1} of ${count} passages ${hasWave ? 'with' : 'without'} the wave`);
    }
    await settle(clock, agent.stop());
    return seen;
  } finally {
    street.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One cyclist from the first pole to the last; each lamp is checked when the cyclist is at its pole. */
async function pass(clock: ManualClock, { world }: Street): Promise<Passage> {
  const { startMono, speedMps } = world.send('cyclist');
  let late = 0;
  let leastPct = 100;
  for (let n = 2; n <= POLES; n++) {
    const atMono = startMono + (1_000 * (BEFORE_M + (n - 1) * POLE_M)) / speedMps;
    await clock.advance(atMono - clock.monoMs());
    const lamp = world.lamps.get(`L${String(n).padStart(3, '0')}`);
    const pct = lamp === undefined ? 0 : world.levelPct(lamp);
    leastPct = Math.min(leastPct, pct);
    if (pct < ZONE_LEVELS_PCT.boost - 1) late++;
  }
  return { late, leastPct };
}

async function settle<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(10);
  return settled;
}
