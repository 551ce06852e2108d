/**
 * How long it takes to probe all 247 addresses of a line.
 *
 * Ours goes on polling meanwhile; the peer, a plain loop with its usual timeout, does nothing else.
 */
import { unitsUpTo } from '../bus.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { type Bus, startBus, startEngine, startPeer, wait } from './parts.ts';

const BAUD = 9_600;
const UNITS = 35;
const ADDRESSES = 247;
/** How often each unit is polled. Units: ms. Source: the agent's own period for a lamp's level. */
const PERIOD_MS = 5_000;
/** Units: ms. Source: the goal set for this line. */
const GOAL_MS = 8_000;
/** Units: ms. Source: modbus-serial's users set 200 to 500; the lowest is to its favour. */
const PEER_TIMEOUT_MS = 200;
/** The first rounds of polls are over. Units: ms. */
const WARM_UP_MS = 6_000;
/** The peer's whole scan takes three quarters of a minute. */
const PEER_ADDRESSES = { full: ADDRESSES, quick: 60 };

export async function scanBench(options: BenchOptions): Promise<void> {
  const { quick, emit, progress } = options;
  const bus = startBus();
  try {
    const units = unitsUpTo(UNITS);
    const engine = startEngine();
    const { path } = await bus.ask({ plug: { baud: BAUD, units } });
    let durationMs = 0;
    let polls = 0;
    try {
      await engine.ask({ ask: 'open', path, baud: BAUD, units, periodMs: PERIOD_MS });
      await wait(WARM_UP_MS);
      await bus.ask({});
      const { wallMs, found } = await engine.ask({ ask: 'scan' });
      durationMs = round(wallMs, 0);
      polls = (await bus.ask({})).seen.polls;
      progress(`line: scan, ours: ${found.length} units found in ${durationMs} ms, ${polls} polls meanwhile`);
      if (found.length !== UNITS) throw new Error(`the scan found ${found.length} units of ${UNITS}: ${found.join(' ')}`);
    } finally {
      await engine.stop();
    }
    const addresses = quick ? PEER_ADDRESSES.quick : PEER_ADDRESSES.full;
    const theirs = await peerMs(bus, addresses);
    progress(`line: scan, modbus-serial: ${addresses} addresses in ${theirs} ms`);
    const note = `${ADDRESSES} addresses, ${UNITS} units, ${polls} polls meanwhile; peer: ${addresses} addresses, ${PEER_TIMEOUT_MS} ms timeout, no polls`;
    const line: BenchResult = { bench: 'line', metric: 'scan', baud: BAUD, value: durationMs, unit: 'ms', note };
    emit(withPeer(against(line, '<=', GOAL_MS), 'modbus-serial', theirs));
  } finally {
    await bus.stop();
  }
}

async function peerMs(bus: Bus, addresses: number): Promise<number> {
  const peer = startPeer('modbus-serial');
  try {
    const { path } = await bus.ask({ plug: { baud: BAUD, units: unitsUpTo(UNITS) } });
    const units = unitsUpTo(addresses);
    const { wallMs } = await peer.ask({ path, baud: BAUD, timeoutMs: PEER_TIMEOUT_MS, work: 'scan', units, forMs: 0 });
    return round(wallMs, 0);
  } finally {
    await peer.stop();
  }
}
