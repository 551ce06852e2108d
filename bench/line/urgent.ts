/**
 * How long an urgent level waits on a line that has no time to spare.
 *
 * From the intent to the end of its frame on the wire, as the units received it. Ours is the whole field engine, which checks for
 * urgent writes between any two transactions; the peers are plain libraries with a first-in-first-out queue, as their users have them.
 */

import { quantile } from '../../agent/core/quantile.ts';
import { type BenchIntent, waitsMs } from '../bench-intents.ts';
import { physicalMs, UNIT, unitsUpTo, writeFrameMs } from '../bus.ts';
import type { BusSeen } from '../bus-process.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { type Bus, type Engine, startBus, startEngine, startPeer, wait } from './parts.ts';

const BAUDS = [9_600, 19_200] as const;
const PEERS = ['modbus-serial', 'jsmodbus'] as const;
const UNITS = 30;
/** Poll period of each unit, far shorter than the line can keep. Units: ms. */
const PERIOD_MS = 50;
/** Beyond the transaction in flight and its own frame. Units: ms. Source: the goal set for this line. */
const GRACE_MS = 5;
/** Units: ms. */
const OURS_MS = { full: 15_000, quick: 3_000 };
const PEER_MS = { full: 4_000, quick: 2_000 };
/** Units are met and code is compiled. Units: ms. */
const WARM_UP_MS = 3_000;
const TIMEOUT_MS = 1_000;

const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['max', 1],
] as const;

/** What the intents of one run had to wait. */
interface Waits {
  readonly ms: readonly number[];
  /** How late the simulated units were themselves, 99 of 100 replies: what a busy machine adds to every figure. */
  readonly unitsLateMs: number;
}

export async function urgentBench(options: BenchOptions): Promise<void> {
  const bus = startBus();
  const engine = startEngine();
  try {
    for (const baud of BAUDS) {
      const ours = await oursMs({ bus, engine, baud, ...options });
      const theirs = new Map<string, Waits>();
      for (const peer of PEERS) theirs.set(peer, await peerMs({ bus, peer, baud, ...options }));
      report(baud, { ours, theirs }, options);
    }
  } finally {
    await Promise.all([engine.stop(), bus.stop()]);
  }
}

async function oursMs({ bus, engine, baud, quick, progress }: BenchOptions & { bus: Bus; engine: Engine; baud: number }): Promise<Waits> {
  const units = unitsUpTo(UNITS);
  const { path } = await bus.ask({ plug: { baud, units } });
  await engine.ask({ ask: 'open', path, baud, units, periodMs: PERIOD_MS });
  await wait(WARM_UP_MS);
  await bus.ask({});
  const { intents, failures } = await engine.ask({ ask: 'write', units, forMs: quick ? OURS_MS.quick : OURS_MS.full });
  const { seen } = await bus.ask({});
  progress(
    `line: urgent at ${baud} baud, ours: ${intents.length} writes among ${seen.polls} polls, ${failures.length} failed ${failures[0] ?? ''}`,
  );
  return waitsOf(intents, seen, baud);
}

async function peerMs({
  bus,
  peer,
  baud,
  quick,
  progress,
}: BenchOptions & { bus: Bus; peer: (typeof PEERS)[number]; baud: number }): Promise<Waits> {
  // A jsmodbus client supports only one unit; the wire is just as busy.
  const units = peer === 'jsmodbus' ? new Array<number>(UNITS).fill(UNIT) : unitsUpTo(UNITS);
  const master = startPeer(peer);
  try {
    const { path } = await bus.ask({ plug: { baud, units } });
    const forMs = quick ? PEER_MS.quick : PEER_MS.full;
    const { intents, answered } = await master.ask({ path, baud, timeoutMs: TIMEOUT_MS, work: 'queue', units, forMs });
    const { seen } = await bus.ask({});
    progress(`line: urgent at ${baud} baud, ${peer}: ${intents.length} writes among ${answered} polls`);
    return waitsOf(intents, seen, baud);
  } finally {
    await master.stop();
  }
}

function waitsOf(intents: readonly BenchIntent[], seen: BusSeen, baud: number): Waits {
  return { ms: waitsMs(intents, seen).map((ms) => ms + writeFrameMs(baud)), unitsLateMs: quantile(seen.latenessMs, 0.99) };
}

function report(baud: number, { ours, theirs }: { ours: Waits; theirs: ReadonlyMap<string, Waits> }, { emit }: BenchOptions): void {
  const goalMs = round(physicalMs(baud) + writeFrameMs(baud) + GRACE_MS, 1);
  const note =
    `wish to end of its frame, ${ours.ms.length} writes, ${UNITS} units polled without pause (the units' own error: p99 ${round(ours.unitsLateMs, 1)} ms); ` +
    'peers: the same polls queued a round at a time, writes behind them';
  for (const [name, share] of QUANTILES) {
    const line: BenchResult = {
      bench: 'line',
      metric: `urgent-write-${name}`,
      baud,
      value: round(quantile(ours.ms, share), 1),
      unit: 'ms',
      note,
    };
    const held = name === 'p99' ? against(line, '<=', goalMs) : line;
    for (const [peer, waits] of theirs) emit(withPeer(held, peer, round(quantile(waits.ms, share), 1)));
  }
}
