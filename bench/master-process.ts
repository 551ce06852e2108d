/**
 * One master at work: `master-process.ts <name>`. Reads as fast as it can and reports time and CPU time, one round a question.
 */
import { BENCH_REGISTERS, REGISTER_VALUES, serialAt, UNIT } from './bus.ts';
import { answerParent } from './child.ts';
import type { Master } from './masters/master.ts';
import { masterNamed } from './masters/masters.ts';
import { readTicLine } from './masters/tic-line.ts';

export interface RoundQuestion {
  readonly path: string;
  readonly baud: number;
  readonly reads: number;
  /** The values that each read must return. */
  readonly values: readonly number[];
  /** A TIC meter that is read in this process too. Not for the masters in other languages. */
  readonly ticPath?: string;
}

export interface RoundAnswer {
  /** The whole loop, from the first measured request to the last reply. Units: ms. */
  readonly wallMs: number;
  /** Each read. Units: ms. */
  readonly readMs: readonly number[];
  /** User and system time of this process over the loop. Units: µs. */
  readonly cpuUs: number;
  readonly rssMb: number;
}

/** Not measured: the first request after opening finds a cold line and cold code. */
const WARM_UP_READS = 5;
/** Far above any reply of the bench. Units: ms. */
const TIMEOUT_MS = 1_000;

const { name, open } = await masterNamed(process.argv[2]);

answerParent<RoundQuestion, RoundAnswer>(async ({ path, baud, reads, ticPath }) => {
  const stopTic = ticPath === undefined ? undefined : await readTicLine(ticPath);
  const master = await open({ path, serial: serialAt(baud), timeoutMs: TIMEOUT_MS });
  try {
    for (let i = 0; i < WARM_UP_READS; i++) check(await master.read(UNIT, BENCH_REGISTERS));
    return await measure(master, reads);
  } finally {
    await master.close();
    await stopTic?.();
  }
});

async function measure(master: Master, reads: number): Promise<RoundAnswer> {
  const readMs = new Array<number>(reads);
  const cpuBefore = process.cpuUsage();
  const startMono = performance.now();
  let beforeMono = startMono;
  for (let i = 0; i < reads; i++) {
    check(await master.read(UNIT, BENCH_REGISTERS));
    const afterMono = performance.now();
    readMs[i] = afterMono - beforeMono;
    beforeMono = afterMono;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs: beforeMono - startMono, readMs, cpuUs: user + system, rssMb: process.memoryUsage.rss() / 2 ** 20 };
}

/** Throws if the values are wrong: a fast wrong reply must not count. */
function check(words: readonly number[]): void {
  if (words.length !== REGISTER_VALUES.length || words.some((word, i) => word !== REGISTER_VALUES[i]))
    throw new Error(`${name} read ${words.join(' ')} instead of ${REGISTER_VALUES.join(' ')}`);
}
