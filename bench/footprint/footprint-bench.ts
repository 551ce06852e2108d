/**
 * The footprint: what the packaged agent uses of a gateway, compared with Node-RED on the same street in the same run.
 *
 * Both run with their defaults, one after the other; street and broker are shared.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../agent/core/quantile.ts';
import { makePackage } from '../../systemd/package/make-package.ts';
import { sharedMonoMs, startChild } from '../child.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { FOOTPRINT_LAMPS } from './footprint-street.ts';
import { folderBytes, installNodeRed, type NodeRedPeer } from './node-red.ts';
import { archHere, begin, installed, type Start, type StreetChild, sleepMs } from './program.ts';
import { startFigures } from './slow-start.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from './street-process.ts';

/** Source: the goals of this bench: a gateway with 256 MB, and light within a second of a start. */
const GOAL = { rssMb: 85, firstPollMs: 1_000 };
const MEGABYTE = 2 ** 20;
const SOAK_MINUTES = { full: 2, quick: 0.2 };
/** A peer that is asked for its memory after as long would double the time of an endurance run. Units: minutes. */
const PEER_SOAK_MINUTES = 2;
const SAMPLE_EVERY_MS = 30_000;
const STARTS = { full: 5, quick: 1 };
const PEER = 'node-red';

export const FOOTPRINT_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  agent: agentFigures,
  start: startFigures,
  package: packageFigures,
};

/**
 * Runs the named figures of the footprint, or all, one after the other, and emits them. Errors: rejects at the first failure, for example
 * if npm cannot install Node-RED, or if a program does not poll.
 */
export async function footprintBench(options: BenchOptions): Promise<void> {
  for (const name of options.figures.length === 0 ? Object.keys(FOOTPRINT_FIGURES) : options.figures)
    await FOOTPRINT_FIGURES[name]?.(options);
}

/** Units: bytes; minutes; ms from the start to the first bytes on any line. */
interface Footprint {
  readonly soakMinutes: number;
  /** Peak resident memory while it ran. */
  readonly maxRssBytes: number;
  readonly rssBytes: number;
  readonly pssBytes: number;
  readonly privateBytes: number;
  readonly firstPollMs: number;
}

async function agentFigures(options: BenchOptions): Promise<void> {
  const { dir, remove } = scratchFolder('footprint');
  const street = startChild<FootprintStreetQuestion, FootprintStreetAnswer>('footprint/street-process.ts');
  const places = await street.ask({ ask: 'build', dir });
  options.progress('footprint: bundle');
  const home = await installed(dir);
  options.progress(`footprint: ${PEER} from npm`);
  const peer = await installNodeRed({ dir: join(dir, PEER), ...places });
  options.progress('footprint: the agent');
  const soakMinutes = options.minutes ?? (options.quick ? SOAK_MINUTES.quick : SOAK_MINUTES.full);
  const ours = await measured(street, agentStart(home, dir, places.configFile), { ...options, soakMinutes });
  options.progress(`footprint: ${PEER}`);
  const theirs = await measured(street, peer, { ...options, soakMinutes: Math.min(soakMinutes, PEER_SOAK_MINUTES) });
  emitFigures(options, ours, theirs, peer);
  await street.stop();
  remove();
}

function emitFigures({ emit }: BenchOptions, ours: Footprint, theirs: Footprint, { version }: NodeRedPeer): void {
  const after = `after ${ours.soakMinutes} min; ${version} after ${theirs.soakMinutes} min`;
  const note = `${FOOTPRINT_LAMPS} lamps, 4 sensors and a meter on 2 lines at 19200 baud, MQTT; ${after}, polling the same units, without store or light`;
  const mb = (bytes: number): number => round(bytes / MEGABYTE, 1);
  const figure = (metric: string, value: number, unit: string): BenchResult => ({ bench: 'footprint', metric, value, unit, note });
  emit(against(withPeer(figure('agent-rss', mb(ours.rssBytes), 'MB'), PEER, mb(theirs.rssBytes)), '<=', GOAL.rssMb));
  emit(withPeer(figure('agent-rss-max', mb(ours.maxRssBytes), 'MB'), PEER, mb(theirs.maxRssBytes)));
  emit(withPeer(figure('agent-pss', mb(ours.pssBytes), 'MB'), PEER, mb(theirs.pssBytes)));
  emit(withPeer(figure('agent-private', mb(ours.privateBytes), 'MB'), PEER, mb(theirs.privateBytes)));
  emit(
    against(
      withPeer(figure('start-first-poll', round(ours.firstPollMs, 0), 'ms'), PEER, round(theirs.firstPollMs, 0)),
      '<=',
      GOAL.firstPollMs,
    ),
  );
}

/** As the service starts it. */
function agentStart(home: string, dir: string, configFile: string): Start {
  const words = ['run', configFile, '--socket', join(dir, 'agent.sock'), '--start-at', '2026-12-15T21:50:00Z'];
  return { program: join(home, 'bin/luciole'), words, env: { PATH: '/usr/bin:/bin', CACHE_DIRECTORY: join(dir, 'cache') } };
}

interface Soak extends Pick<BenchOptions, 'quick' | 'progress'> {
  readonly soakMinutes: number;
}

/** Several starts; the last one is left to run until its memory is read. */
async function measured(street: StreetChild, start: Start, { quick, soakMinutes, progress }: Soak): Promise<Footprint> {
  const firstPollsMs: number[] = [];
  // Once unseen: it compiles everything, which the later ones find.
  for (let i = 0; i <= (quick ? STARTS.quick : STARTS.full); i++) {
    const run = await begin(street, start);
    if (i > 0) firstPollsMs.push(run.firstPollMs);
    await run.end();
  }
  const run = await begin(street, start);
  const maxRssBytes = await soaked(run.pid, soakMinutes, progress);
  const { bytes } = await street.ask({ ask: 'report' });
  if (bytes === 0) throw new Error(`${start.program} has stopped polling`);
  const memory = memoryOf(run.pid);
  await run.end();
  return { ...memory, soakMinutes, maxRssBytes: Math.max(maxRssBytes, memory.rssBytes), firstPollMs: quantile(firstPollsMs, 0.5) };
}

/** Returns the peak resident memory. Units: bytes. */
async function soaked(pid: number, minutes: number, progress: Soak['progress']): Promise<number> {
  const endMono = sharedMonoMs() + minutes * 60_000;
  let maxBytes = 0;
  for (let leftMs = minutes * 60_000; leftMs > 0; leftMs = endMono - sharedMonoMs()) {
    await sleepMs(Math.min(SAMPLE_EVERY_MS, leftMs));
    const { rssBytes } = memoryOf(pid);
    maxBytes = Math.max(maxBytes, rssBytes);
    progress(`footprint: ${round(rssBytes / MEGABYTE, 1)} MB, ${round(Math.max(0, leftMs - SAMPLE_EVERY_MS) / 60_000, 1)} min left`);
  }
  return maxBytes;
}

/** Source: proc(5), smaps_rollup, in kB. */
function memoryOf(pid: number): Pick<Footprint, 'rssBytes' | 'pssBytes' | 'privateBytes'> {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const bytes = (name: string): number => 1_024 * Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss'), privateBytes: bytes('Private_Clean') + bytes('Private_Dirty') };
}

async function packageFigures({ emit, progress, quick }: BenchOptions): Promise<void> {
  const { dir, remove } = scratchFolder('footprint');
  const options = { arch: archHere(), out: dir, tar: false, node: null, version: null, isFast: quick, signingKey: null };
  const [made] = await makePackage({ ...options, progress });
  const peerDir = join(dir, PEER);
  const { version } = await installNodeRed({ dir: peerDir, configFile: '', ports: {}, broker: 'mqtt://127.0.0.1:1883' });
  const peerBytes = folderBytes(peerDir) + readFileSync(process.execPath).length;
  const figure = (metric: string, bytes: number): BenchResult => ({
    bench: 'footprint',
    metric,
    value: round(bytes / MEGABYTE, 1),
    unit: 'MB',
  });
  if (made === undefined) throw new Error('no package was made');
  emit(figure('package', made.bytes));
  emit(
    withPeer(
      { ...figure('installed', made.installedBytes), note: `with Node on both sides; ${version}` },
      PEER,
      round(peerBytes / MEGABYTE, 1),
    ),
  );
  rmSync(peerDir, { recursive: true, force: true });
  remove();
}
