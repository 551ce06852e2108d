/**
 * Runs the packaged agent for a month on the street of 35 lamps, on the simulated clock, with a real broker. Its memory must not grow.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import leanStart from '../../agent/lean-start.json' with { type: 'json' };
import { ARCHS } from '../../systemd/package/arch.ts';
import { writeBundle } from '../../systemd/package/bundle.ts';
import { findProgram, startMosquitto } from '../../test/platform/mosquitto.ts';
import { startChild } from '../child.ts';
import { scratchFolder } from '../undo.ts';
import type { MonthAnswer, MonthQuestion } from './month-process.ts';
import { type TortureOptions, Unavailable } from './torture.ts';

const DAYS = { full: 30, quick: 2 };
/** The first days fill caches, the file and the events. */
const SETTLED_AFTER_DAYS = 5;
/** Between the means of the first and the last of the settled days. Units: MB; days. Source: issue "cabinet", flat means within this. */
const FLAT_MB = 3;
const MEAN_OF_DAYS = 5;

/** Resolves with whether memory stayed flat and no reading was lost. Errors: rejects with Unavailable without mosquitto, or on a processor that has no package. */
export async function monthTorture({ quick, emit, progress }: TortureOptions): Promise<boolean> {
  const program = findProgram('mosquitto');
  if (program === undefined) throw new Unavailable('mosquitto is not installed: apt-get install mosquitto');
  const { dir, remove } = scratchFolder('month');
  const mosquitto = await startMosquitto(program);
  const agent = await startAgent(dir);
  try {
    const days: MonthAnswer[] = [];
    await agent.ask({ ask: 'begin', dir, broker: mosquitto.url });
    for (let day = 1; day <= (quick ? DAYS.quick : DAYS.full); day++) {
      const seen = await agent.ask({ ask: 'day' });
      days.push(seen);
      progress(
        `month: day ${day}, ${seen.rssMb} MB (at most ${seen.rssMaxMb}), ${seen.heapMb} of them objects, ${seen.polls} polls, ${seen.readingsStored} readings stored`,
      );
    }
    await agent.ask({ ask: 'end' });
    return report(days, emit);
  } finally {
    await agent.stop();
    await mosquitto.stop();
    remove();
  }
}

async function startAgent(dir: string) {
  const arch = ARCHS.find(({ node }) => node === process.arch);
  if (arch === undefined) throw new Unavailable(`nothing is packaged for ${process.arch}`);
  const bundle = join(dir, 'bundle');
  mkdirSync(bundle);
  await writeBundle({ arch, version: 'month', commit: 'month', dir: bundle, main: 'bench/torture/month-process.ts' });
  const env = { ...leanStart.env, NODE_COMPILE_CACHE: join(dir, 'compiled') };
  return startChild<MonthQuestion, MonthAnswer>(join(bundle, 'main.mjs'), [], leanStart.flags, env);
}

function report(days: readonly MonthAnswer[], emit: TortureOptions['emit']): boolean {
  const last = days.at(-1);
  if (last === undefined) throw new Error('no day has passed');
  const settled = days.slice(SETTLED_AFTER_DAYS).map(({ rssMb }) => rssMb);
  const growthMb =
    settled.length === 0 ? 0 : Math.round((mean(settled.slice(-MEAN_OF_DAYS)) - mean(settled.slice(0, MEAN_OF_DAYS))) * 10) / 10;
  const ok = growthMb <= FLAT_MB && last.readingsLost === 0 && last.detections > 0;
  const rssMbByDay = Object.fromEntries(days.map(({ rssMb }, day) => [`${day + 1}`, rssMb]));
  const { rssMb: _, ...figures } = last;
  emit({ torture: 'month', ok, days: days.length, rssGrowthMb: growthMb, ...figures, rssMbByDay });
  return ok;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
