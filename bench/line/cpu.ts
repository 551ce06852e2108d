/**
 * CPU time of one read when the reply trickles in, as a UART delivers it.
 *
 * All masters as their users have them; ours as shipped.
 */
import { physicalMs } from '../bus.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { type Contestants, cpuUs, PEERS, playRound, type Score } from './contest.ts';
import { startBus } from './parts.ts';

const BAUD = 115_200;
/** Units: bytes. Source: what `poll` returns on a serial port at this speed, measured. */
const CHUNK_BYTES = 2;
/** Of plain `modbus-serial`. Source: the goal set for this line. */
const GOAL_SHARE = 0.5;
const ROUNDS = { full: 5, quick: 3 };
/** Units: ms. */
const ROUND_MS = { full: 600, quick: 300 };

export async function cpuBench(contestants: Contestants, { quick, emit, progress }: BenchOptions): Promise<void> {
  const bus = startBus();
  try {
    const { path } = await bus.ask({ plug: { baud: BAUD, units: [1], chunkBytes: CHUNK_BYTES } });
    const reads = Math.ceil((quick ? ROUND_MS.quick : ROUND_MS.full) / physicalMs(BAUD));
    const scores = contestants.map((contestant): Score => ({ contestant, rounds: [], requests: 0, tooEarly: 0 }));
    for (let i = 1; i <= (quick ? ROUNDS.quick : ROUNDS.full); i++) {
      for (const score of scores) await playRound(score, bus, { path, baud: BAUD, reads });
      progress(
        `line: CPU a read in pieces of ${CHUNK_BYTES} bytes: ${scores.map((s) => `${s.contestant.name} ${cpuUs(s)} µs`).join(', ')}`,
      );
    }
    const us = (name: string): number | undefined => scores.filter(({ contestant }) => contestant.name === name).map(cpuUs)[0];
    const ours = us('luciole') ?? 0;
    const chunked = `replies in pieces of ${CHUNK_BYTES} bytes`;
    const line: BenchResult = {
      bench: 'line',
      metric: 'cpu-per-read-chunked',
      baud: BAUD,
      value: ours,
      unit: 'µs',
      note: `${chunked}; as shipped`,
    };
    const free: BenchResult = { ...line, metric: 'cpu-per-read-chunked-no-gap', value: us('luciole-no-gap') ?? 0, note: chunked };
    for (const peer of PEERS) {
      const theirs = us(peer);
      if (theirs !== undefined) for (const figure of [line, free]) emit(withPeer(figure, peer, theirs));
    }
    const share: BenchResult = {
      ...line,
      metric: 'cpu-share-of-modbus-serial',
      value: round(ours / (us('modbus-serial') ?? 0), 2),
      unit: '',
    };
    emit(against(share, '<=', GOAL_SHARE));
  } finally {
    await bus.stop();
  }
}
