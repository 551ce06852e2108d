/**
 * Three days of readings through Debian's Mosquitto: time, cost, and the effect on live data.
 *
 * Rounds: as metrics with the broker's proof, as metrics and packed with the platform's. Each has its own agent, host and folder.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../agent/core/quantile.ts';
import leanStart from '../../agent/lean-start.json' with { type: 'json' };
import { ARCHS } from '../../systemd/package/arch.ts';
import { writeBundle } from '../../systemd/package/bundle.ts';
import { findProgram, startMosquitto } from '../../test/platform/mosquitto.ts';
import { startChild } from '../child.ts';
import { against, type BenchOptions, type BenchResult, round } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import type { UplinkAgentAnswer, UplinkAgentQuestion } from './agent-process.ts';
import type { HostAnswer, HostQuestion } from './host-process.ts';

/** Source: an outage of three days, 1.2 million readings; at 360 a minute that is 56 h. */
const HOURS = { full: 56, quick: 3 };
const GOAL = { drainS: 60, liveLateMs: 1_000, rssMb: 100, packedBytes: 2 };
/** The recorder holds a reading until its next frame. Units: ms. */
const RECORDER_MS = 1_000;
const MEGABYTE = 2 ** 20;
const FORMS = [
  { form: 'metrics, proof by broker', proof: 'broker', segments: false },
  { form: 'metrics, proof by platform', proof: 'platform', segments: false },
  { form: 'segments, proof by platform', proof: 'platform', segments: true },
] as const;

/**
 * Fills a store with days of readings and sends them through Mosquitto in three forms, one after the other. Errors: rejects if mosquitto
 * is not installed, or at the first round in which a reading is lost.
 */
export async function drainBench(options: BenchOptions): Promise<void> {
  const program = findProgram('mosquitto');
  if (program === undefined) throw new Error('mosquitto is not installed: apt-get install mosquitto');
  const { dir, remove } = scratchFolder('uplink');
  const filled = join(dir, 'filled');
  options.progress(`uplink: filling a store with ${options.quick ? HOURS.quick : HOURS.full} hours of readings`);
  const cache = join(dir, 'compiled');
  const bundle = join(dir, 'bundle');
  const arch = ARCHS.find(({ node }) => node === process.arch);
  if (arch === undefined) throw new Error(`nothing is packaged for ${process.arch}`);
  mkdirSync(bundle);
  await writeBundle({ arch, version: 'bench', commit: 'bench', dir: bundle, main: 'bench/uplink/agent-process.ts' });
  const filler = startAgent(bundle, cache);
  await filler.ask({ kind: 'fill', dir: filled, hours: options.quick ? HOURS.quick : HOURS.full });
  await filler.stop();
  for (const [i, form] of FORMS.entries()) {
    options.progress(`uplink: drain as ${form.form}`);
    const copy = join(dir, `round-${i}`);
    cpSync(filled, copy, { recursive: true });
    await oneRound({ ...form, dir: copy, bundle, cache, program, options });
  }
  remove();
}

/** Bundled and with the flags of the package, as at a cabinet. */
function startAgent(bundle: string, cache: string) {
  const env = { ...leanStart.env, NODE_COMPILE_CACHE: cache };
  return startChild<UplinkAgentQuestion, UplinkAgentAnswer>(join(bundle, 'main.mjs'), [], [...process.execArgv, ...leanStart.flags], env);
}

async function oneRound(
  round_: (typeof FORMS)[number] & { dir: string; bundle: string; cache: string; program: string; options: BenchOptions },
): Promise<void> {
  const { form, proof, segments, dir, bundle, cache, program, options } = round_;
  const mosquitto = await startMosquitto(program);
  const host = startChild<HostQuestion, HostAnswer>('uplink/host-process.ts');
  const agent = startAgent(bundle, cache);
  try {
    await host.ask({ kind: 'listen', url: mosquitto.url, acks: proof === 'platform', segments });
    const done = await agent.ask({ kind: 'drain', dir, url: mosquitto.url, proof });
    const seen = await host.ask({ kind: 'report' });
    if (seen.readings - seen.liveReadings < done.readings)
      throw new Error(`${form}: the host has ${seen.readings - seen.liveReadings} of ${done.readings} readings of the backlog`);
    tell(options, { form, segments, done, seen });
  } finally {
    await agent.stop();
    await host.stop();
    await mosquitto.stop();
  }
}

function tell(
  { emit }: BenchOptions,
  { form, segments, done, seen }: { form: string; segments: boolean; done: UplinkAgentAnswer; seen: HostAnswer },
): void {
  const note = `${form}; ${done.readings} readings, ${done.messages} messages`;
  const figure = (metric: string, value: number, unit: string): BenchResult => ({ bench: 'uplink', metric, value, unit, note });
  const lateMs = seen.liveLateMs.map((ms) => Math.max(0, ms - RECORDER_MS));
  emit(against(figure('drain', round(done.drainMs / 1_000, 1), 's'), '<=', GOAL.drainS));
  emit(against(figure('drain-live-late-max', round(quantile(lateMs, 1), 0), 'ms'), '<=', GOAL.liveLateMs));
  emit(figure('drain-live-late-p50', round(quantile(lateMs, 0.5), 0), 'ms'));
  emit(figure('drain-rest-rss', round(done.restRssBytes / MEGABYTE, 1), 'MB'));
  emit(against(figure('drain-peak-rss', round(done.peakRssBytes / MEGABYTE, 1), 'MB'), '<=', GOAL.rssMb));
  const bytes = figure('drain-bytes-a-reading', round(done.bytesSent / done.readings, 2), 'B');
  emit(segments ? against(bytes, '<=', GOAL.packedBytes) : bytes);
}
