/**
 * What dead units cost the others: answered reads a second on a busy line, all alive, one dead, a tenth dead.
 *
 * Ours is the whole field engine; the peer is a plain loop over all units with its usual timeout.
 */
import { unitsUpTo } from '../bus.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { type Bus, startBus, startEngine, startPeer, wait } from './parts.ts';

const BAUD = 19_200;
const UNITS = 40;
/** Poll period of each unit, far shorter than the line can keep. Units: ms. */
const PERIOD_MS = 50;
/** Units: %. Source: the goal set for this line; with a tenth of the units dead. */
const GOAL_PCT = 90;
/** Units: ms. Source: modbus-serial's users set 200 to 500; the lowest is to its favour. */
const PEER_TIMEOUT_MS = 200;
/** Time to adapt after units went dead. Units: ms. */
const SETTLE_MS = { full: 3_000, quick: 2_000 };
const MEASURE_MS = { full: 4_000, quick: 2_000 };

const CASES = [
  { name: 'healthy', dead: [] },
  { name: '1-dead', dead: [7] },
  { name: '10-percent-dead', dead: [7, 8, 21, 40] },
] as const;

export async function deadUnitsBench(options: BenchOptions): Promise<void> {
  const bus = startBus();
  try {
    const ours = await oursPerS(bus, options);
    const theirs = await peerPerS(bus, options);
    CASES.forEach(({ name }, i) => {
      const [value, peerValue] = [ours[i] as number, theirs[i] as number];
      const line: BenchResult = {
        bench: 'line',
        metric: `reads-per-second-${name}`,
        baud: BAUD,
        value,
        unit: '1/s',
        note: `${UNITS} units`,
      };
      options.emit(withPeer(line, 'modbus-serial', peerValue));
      if (i === 0) return;
      const share: BenchResult = { ...line, metric: `throughput-${name}`, value: sharePct(ours, i), unit: '%' };
      const note = `of healthy; peer: a loop with ${PEER_TIMEOUT_MS} ms timeout and no back-off`;
      const held = name === '10-percent-dead' ? against(share, '>=', GOAL_PCT) : share;
      options.emit(withPeer({ ...held, note }, 'modbus-serial', sharePct(theirs, i)));
    });
  } finally {
    await bus.stop();
  }
}

async function oursPerS(bus: Bus, { quick, progress }: BenchOptions): Promise<number[]> {
  const engine = startEngine();
  const units = unitsUpTo(UNITS);
  const rates: number[] = [];
  try {
    const { path } = await bus.ask({ plug: { baud: BAUD, units } });
    await engine.ask({ ask: 'open', path, baud: BAUD, units, periodMs: PERIOD_MS });
    for (const { name, dead } of CASES) {
      await bus.ask({ dead });
      await wait(quick ? SETTLE_MS.quick : SETTLE_MS.full);
      await bus.ask({});
      const startMono = performance.now();
      await wait(quick ? MEASURE_MS.quick : MEASURE_MS.full);
      const { seen } = await bus.ask({});
      rates.push(round((1_000 * seen.polls) / (performance.now() - startMono), 1));
      progress(`line: dead units, ours, ${name}: ${rates.at(-1)} reads a second`);
    }
    return rates;
  } finally {
    await engine.stop();
  }
}

async function peerPerS(bus: Bus, { quick, progress }: BenchOptions): Promise<number[]> {
  const peer = startPeer('modbus-serial');
  const units = unitsUpTo(UNITS);
  const rates: number[] = [];
  try {
    const { path } = await bus.ask({ plug: { baud: BAUD, units } });
    for (const { name, dead } of CASES) {
      await bus.ask({ dead });
      const forMs = quick ? MEASURE_MS.quick : MEASURE_MS.full;
      const { answered, wallMs } = await peer.ask({ path, baud: BAUD, timeoutMs: PEER_TIMEOUT_MS, work: 'loop', units, forMs });
      rates.push(round((1_000 * answered) / wallMs, 1));
      progress(`line: dead units, modbus-serial, ${name}: ${rates.at(-1)} reads a second`);
    }
    return rates;
  } finally {
    await peer.stop();
  }
}

function sharePct(rates: readonly number[], at: number): number {
  return round((100 * (rates[at] as number)) / (rates[0] as number), 1);
}
