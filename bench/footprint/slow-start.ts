/**
 * The start of the packaged agent under a service manager, on a whole core or on a part of one.
 *
 * The manager is the fake one of the tests with the times of the unit file; street and broker use the rest of the machine.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../agent/core/quantile.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createFakeServiceManager, type FakeServiceManager, managerMissing } from '../../test/support/fake-service-manager.ts';
import { sharedMonoMs, startChild } from '../child.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder, undoAtEnd } from '../undo.ts';
import { FOOTPRINT_LAMPS } from './footprint-street.ts';
import { installNodeRed, type NodeRedPeer } from './node-red.ts';
import { begin, installed, type StreetChild, sleepMs } from './program.ts';
import { type SlowCore, slowCore } from './slow-core.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from './street-process.ts';

/** Source: the goals of this bench, for a whole core and an eighth. Other parts of a core have no goal. Units: ms. */
const FIRST_POLL_GOAL_MS: Readonly<Record<number, number>> = { 1: 1_000, 8: 4_000 };
/** The first start compiles everything; the next ones find it. */
const STARTS = { full: 5, quick: 1 };
/** What was compiled is kept half a minute after the start. Units: ms. Source: `agent/main.ts`. */
const KEPT_AFTER_MS = 35_000;
/** Longest wait for a start on a whole core. Units: ms. */
const LIMIT_MS = 60_000;
const PEER = 'node-red';

/** Units: ms from the start; `restarts` in all starts together. */
interface Starts {
  readonly firstMs: Times;
  readonly laterMs: Times;
  readonly restarts: number;
}
interface Times {
  readonly poll: number;
  readonly ready: number;
}

/**
 * Measures the start of the packaged agent under a service manager, on a whole core or a part of one, and emits the times. Errors: rejects
 * if the fake service manager cannot run, or a program does not poll.
 */
export async function startFigures(options: BenchOptions): Promise<void> {
  if (managerMissing !== false) throw new Error(managerMissing);
  const factor = options.slow ?? 1;
  const core = factor === 1 ? null : slowCore(factor);
  const { dir, remove } = scratchFolder('start');
  const street = startChild<FootprintStreetQuestion, FootprintStreetAnswer>('footprint/street-process.ts');
  const places = await street.ask({ ask: 'build', dir });
  options.progress('start: bundle');
  const ours = await startsOf(street, { ...options, dir, home: await installed(dir), core, configFile: places.configFile, factor });
  const theirs = options.quick ? null : await peerStart(street, { ...options, dir, core, factor, places });
  emitFigures(options, ours, { core, factor, theirs });
  await street.stop();
  remove();
}

interface StartScene extends Pick<BenchOptions, 'quick' | 'progress'> {
  readonly dir: string;
  readonly home: string;
  readonly core: SlowCore | null;
  readonly configFile: string;
  readonly factor: number;
}

async function startsOf(street: StreetChild, scene: StartScene): Promise<Starts> {
  const times: Times[] = [];
  let restarts = 0;
  const count = 1 + (scene.quick ? STARTS.quick : STARTS.full);
  for (let i = 0; i < count; i++) {
    const managed = await oneStart(street, scene);
    times.push(managed.times);
    scene.progress(`start: first poll after ${round(managed.times.poll, 0)} ms, ready after ${round(managed.times.ready, 0)} ms`);
    if (i === 0) await sleepMs(KEPT_AFTER_MS);
    restarts += managed.manager.runs.length - 1;
    await managed.manager.stop();
  }
  const [firstMs = { poll: 0, ready: 0 }, ...later] = times;
  const middle = (key: keyof Times): number =>
    quantile(
      later.map((each) => each[key]),
      0.5,
    );
  return { firstMs, laterMs: { poll: middle('poll'), ready: middle('ready') }, restarts };
}

/** Ready and polling, from the manager's first start on: a restart counts as lost time. */
async function oneStart(
  street: StreetChild,
  { dir, home, core, configFile, factor }: StartScene,
): Promise<{ times: Times; manager: FakeServiceManager }> {
  await street.ask({ ask: 'forget' });
  const folder = join(dir, `run-${sharedMonoMs()}`);
  mkdirSync(folder);
  const [program, ...words] = commandOf(core, join(home, 'bin/luciole'));
  const manager = createFakeServiceManager({
    clock: createSystemClock({ quality: () => 'synced' }),
    folder,
    command: [program ?? '', ...words],
    pace: 1,
    args: [configFile, '--socket', join(folder, 'agent.sock'), '--start-at', '2026-12-15T21:50:00Z'],
    env: { STATE_DIRECTORY: join(dir, 'data'), CACHE_DIRECTORY: join(dir, 'cache') },
  });
  const undo = undoAtEnd(() => void manager.stop());
  const startMono = sharedMonoMs();
  await manager.start();
  for (;;) {
    const { firstMono } = await street.ask({ ask: 'report' });
    const run = manager.runs.at(-1);
    if (firstMono !== null && run?.isReady === true) {
      undo();
      const ready = (run.readyMono ?? 0) - (manager.runs[0]?.atMono ?? 0);
      return { times: { poll: firstMono - startMono, ready }, manager };
    }
    if (sharedMonoMs() - startMono > LIMIT_MS * factor) throw new Error(`not ready after ${LIMIT_MS * factor} ms: ${manager.logFile}`);
    await sleepMs(20);
  }
}

function commandOf(core: SlowCore | null, program: string): readonly string[] {
  if (core === null) return [program];
  const wrapped = core.wrap(program, []);
  return [wrapped.program, ...wrapped.words];
}

interface PeerScene extends Pick<StartScene, 'dir' | 'core' | 'factor' | 'progress'> {
  readonly places: FootprintStreetAnswer;
}

/** The second of two starts, its first poll. Units: ms. */
async function peerStart(
  street: StreetChild,
  { dir, core, factor, progress, places }: PeerScene,
): Promise<{ pollMs: number; peer: NodeRedPeer }> {
  progress(`start: ${PEER} from npm`);
  const peer = await installNodeRed({ dir: join(dir, PEER), ...places });
  const start = core === null ? peer : { ...peer, ...core.wrap(peer.program, peer.words) };
  let pollMs = 0;
  for (let i = 0; i < 2; i++) {
    const run = await begin(street, start, LIMIT_MS * factor);
    pollMs = run.firstPollMs;
    await run.end();
  }
  return { pollMs, peer };
}

interface SlowStartFigures {
  readonly core: SlowCore | null;
  readonly factor: number;
  readonly theirs: { readonly pollMs: number; readonly peer: NodeRedPeer } | null;
}

function emitFigures({ emit }: BenchOptions, ours: Starts, { core, factor, theirs }: SlowStartFigures): void {
  const speed = core?.note ?? 'a whole core';
  const note = `${FOOTPRINT_LAMPS} lamps, 4 sensors and a meter on 2 lines, under a service manager; ${speed}${theirs === null ? '' : `; ${theirs.peer.version}`}`;
  const figure = (metric: string, value: number, unit = 'ms'): BenchResult => ({
    bench: 'footprint',
    metric,
    value: round(value, 0),
    unit,
    note,
  });
  const compared = (result: BenchResult): BenchResult => (theirs === null ? result : withPeer(result, PEER, round(theirs.pollMs, 0)));
  const goalMs = FIRST_POLL_GOAL_MS[factor];
  const poll = compared(figure('service-first-poll', ours.laterMs.poll));
  emit(goalMs === undefined ? poll : against(poll, '<=', goalMs));
  emit(figure('service-ready', ours.laterMs.ready));
  emit(figure('service-first-poll-uncompiled', ours.firstMs.poll));
  emit(figure('service-ready-uncompiled', ours.firstMs.ready));
  emit(against(figure('service-restarts', ours.restarts, 'restarts'), '<=', 0));
}
