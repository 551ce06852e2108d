/**
 * A plain Modbus library as usually employed on a line with many units: `peer-process.ts <name>`.
 *
 * In the three usual ways: a first-in-first-out queue, a loop over all units, a scan address by address.
 */

import { type BenchIntent, createBenchIntents } from './bench-intents.ts';
import { BENCH_REGISTERS, serialAt, UNIT } from './bus.ts';
import { answerParent, sharedMonoMs } from './child.ts';
import type { Master } from './masters/master.ts';
import { masterNamed } from './masters/masters.ts';

export interface PeerQuestion {
  readonly path: string;
  readonly baud: number;
  readonly timeoutMs: number;
  /** `queue`: rounds of polls issued as bursts, writes behind them. `loop`: polls alone. `scan`: each unit once. */
  readonly work: 'queue' | 'loop' | 'scan';
  readonly units: readonly number[];
  /** How long `queue` and `loop` go on. Units: ms. */
  readonly forMs: number;
}

export interface PeerAnswer {
  readonly wallMs: number;
  /** Reads that were answered. */
  readonly answered: number;
  /** Levels that were requested while the queue was running. */
  readonly intents: readonly BenchIntent[];
}

const { open } = await masterNamed(process.argv[2]);

answerParent<PeerQuestion, PeerAnswer>(async (question) => {
  const { path, baud, timeoutMs, work } = question;
  const master = await open({ path, serial: serialAt(baud), timeoutMs });
  try {
    await answers(master, UNIT, 1);
    const startMono = sharedMonoMs();
    const done = await (work === 'queue' ? queue(master, question) : work === 'loop' ? loop(master, question) : scan(master, question));
    return { intents: [], ...done, wallMs: sharedMonoMs() - startMono };
  } finally {
    await master.close();
  }
});

/** Each request waits until all earlier requests have ended. */
async function queue(master: Master, { units, forMs }: PeerQuestion): Promise<Pick<PeerAnswer, 'answered' | 'intents'>> {
  const endMono = sharedMonoMs() + forMs;
  const jobs: (() => Promise<unknown>)[] = [];
  let answered = 0;
  const intents = createBenchIntents(units, ({ unit, value }) => jobs.push(() => master.write(unit, value)));
  const poll = (unit: number) => async (): Promise<void> => {
    if (await answers(master, unit, BENCH_REGISTERS)) answered++;
  };
  while (sharedMonoMs() < endMono || jobs.length > 0) {
    if (sharedMonoMs() >= endMono) intents.stop();
    else if (jobs.length === 0) jobs.push(...units.map(poll));
    await jobs.shift()?.();
  }
  return { answered, intents: intents.stop() };
}

async function loop(master: Master, { units, forMs }: PeerQuestion): Promise<Pick<PeerAnswer, 'answered'>> {
  const endMono = sharedMonoMs() + forMs;
  let answered = 0;
  for (let i = 0; sharedMonoMs() < endMono; i = (i + 1) % units.length)
    if (await answers(master, units[i] as number, BENCH_REGISTERS)) answered++;
  return { answered };
}

async function scan(master: Master, { units }: PeerQuestion): Promise<Pick<PeerAnswer, 'answered'>> {
  let answered = 0;
  for (const unit of units) if (await answers(master, unit, 1)) answered++;
  return { answered };
}

/** True if a reply arrived. Each library reports a lost reply with its own error; here only the loss matters. */
async function answers(master: Master, unit: number, count: number): Promise<boolean> {
  return master.read(unit, count).then(
    () => true,
    () => false,
  );
}
