/**
 * One master at work: `master-process.ts <name>`. Reads as fast as it can and tells what that took.
 *
 * Owns the measured loop. Called by the line bench, one round a question.
 */
import { REGISTER_VALUES } from './bus.ts';
import { answerParent } from './child.ts';
import type { Master } from './masters/master.ts';
import { MASTER_NAMES, MASTERS } from './masters/masters.ts';

export interface RoundQuestion {
  readonly path: string;
  readonly baud: number;
  readonly reads: number;
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

const name = MASTER_NAMES.find((known) => known === process.argv[2]);
if (name === undefined) throw new TypeError(`bad master "${process.argv[2]}": one of ${MASTER_NAMES.join(', ')}`);
const open = await MASTERS[name]();

answerParent<RoundQuestion, RoundAnswer>(async ({ path, baud, reads }) => {
  const master = await open(path, baud);
  try {
    for (let i = 0; i < WARM_UP_READS; i++) check(await master.read());
    return await measure(master, reads);
  } finally {
    await master.close();
  }
});

async function measure(master: Master, reads: number): Promise<RoundAnswer> {
  const readMs = new Array<number>(reads);
  const cpuBefore = process.cpuUsage();
  const startMono = performance.now();
  let beforeMono = startMono;
  for (let i = 0; i < reads; i++) {
    check(await master.read());
    const afterMono = performance.now();
    readMs[i] = afterMono - beforeMono;
    beforeMono = afterMono;
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wallMs: beforeMono - startMono, readMs, cpuUs: user + system, rssMb: process.memoryUsage.rss() / 2 ** 20 };
}

/** A fast wrong answer is no answer. */
function check(words: readonly number[]): void {
  if (words.length !== REGISTER_VALUES.length || words.some((word, i) => word !== REGISTER_VALUES[i]))
    throw new Error(`${name} read ${words.join(' ')} instead of ${REGISTER_VALUES.join(' ')}`);
}
