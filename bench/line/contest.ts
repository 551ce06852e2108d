/**
 * Masters that read the same registers in turn: the contestants, one round, CPU time of a read.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { quantile } from '../../agent/core/quantile.ts';
import { REGISTER_VALUES } from '../bus.ts';
import type { BusSeen } from '../bus-process.ts';
import { type Child, startChild, startJsonProgram } from '../child.ts';
import type { RoundAnswer, RoundQuestion } from '../master-process.ts';
import { MASTER_NAMES } from '../masters/masters.ts';
import { round } from '../result.ts';
import type { Bus } from './parts.ts';

export interface Contestant {
  readonly name: string;
  readonly master: Child<RoundQuestion, RoundAnswer>;
}
export type Contestants = readonly Contestant[];

/** What one master did at one speed, all rounds together. */
export interface Score {
  readonly contestant: Contestant;
  readonly rounds: RoundAnswer[];
  requests: number;
  tooEarly: number;
}

/** The Modbus masters that ours is compared with. `libmodbus` takes part only if it is installed. */
export const PEERS = ['modbus-serial', 'jsmodbus', 'libmodbus'] as const;
/** Debian's own; another Python may lack nothing but is not asked. */
const PYTHON = '/usr/bin/python3';

export function startContestants(progress: (text: string) => void): Contestants {
  const contestants = MASTER_NAMES.map((name): Contestant => ({ name, master: startChild('master-process.ts', [name]) }));
  if (spawnSync(PYTHON, ['-c', 'import ctypes; ctypes.CDLL("libmodbus.so.5")']).status !== 0) {
    progress('line: without libmodbus, which is not installed (Debian: python3 and libmodbus5)');
    return contestants;
  }
  return [...contestants, { name: 'libmodbus', master: startJsonProgram(PYTHON, [join(import.meta.dirname, '../masters/libmodbus.py')]) }];
}

/**
 * Lets one master read one round and adds the result to `score`, which is changed. Resolves with what the units saw in this round. Errors:
 * rejects if a read fails or returns wrong values.
 */
export async function playRound(score: Score, bus: Bus, round: Pick<RoundQuestion, 'path' | 'baud' | 'reads'>): Promise<BusSeen> {
  score.rounds.push(await score.contestant.master.ask({ ...round, values: REGISTER_VALUES }));
  const { seen } = await bus.ask({});
  score.requests += seen.requests;
  score.tooEarly += seen.tooEarly;
  return seen;
}

/** Returns the CPU time of the median round. Units: µs a read. */
export function cpuUs({ rounds }: Score): number {
  const each = rounds.map((answer) => answer.cpuUs / answer.readMs.length);
  return round(quantile(each, 0.5), 0);
}
