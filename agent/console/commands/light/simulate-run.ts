/**
 * `luciole simulate`: requests the record of past nights from the agent, page by page, and replays it here with other settings.
 *
 * The agent only reads pages from the disk, so a replay never delays the light. The replay pauses often, so that a session stays responsive.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readCabinet } from '../../../config/load/load.ts';
import { recordedStreet } from '../../../control/record/replay.ts';
import { DARK_LIMITS } from '../../../control/replay/dark-moments.ts';
import { NightReplay, type ReplaySettings } from '../../../control/replay/night-replay.ts';
import { isComplete, RecordCoverage } from '../../../control/replay/record-coverage.ts';
import { replayLimits } from '../../../control/replay/replay-limits.ts';
import { paretoFront, type SweepSettings, sweepPoints, sweepSettings } from '../../../control/replay/settings-sweep.ts';
import type { Cabinet } from '../../../core/cabinet.ts';
import type { StoredRecord } from '../../../core/decision-record.ts';
import { HOUR_MS } from '../../../core/durations.ts';
import { ConfigError, StoreError } from '../../../core/errors.ts';
import { msg } from '../../../core/message.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { powerW } from '../../../diagnosis/energy.ts';
import type { LightingStreet } from '../../../lighting/lighting.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { CONSOLE_EXIT, ConsoleError, EXIT_BAD_CONFIG } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { problemLines } from '../../text/text-lines.ts';
import { ENERGY } from './energy.ts';
import type { EnergyAnswer } from './energy-page.ts';
import { RECORD_PAGE, type RecordPageAnswer, receivedRecord } from './record-page.ts';
import { type MeterCheck, readSimulate, type SimulateArgs, type SimulateResult, summed } from './simulate.ts';

/** Longest turn without a pause. Units: ms. Source: a key of the session is answered without a noticeable delay. */
const SLICE_MS = 40;
/** Step of progress lines if there is no terminal. Units: %. Source: as for an export. */
const STAGE_PCT = 10;
const OTHER = 'other';

/**
 * `simulate`: replays nights and prints the result. Resolves with 0; with 1 if `SimulateResult.isComplete` is false; with 78 if the other
 * settings cannot be used. Aborting `signal` stops the replay. `isTerminal`: a person reads the output.
 *
 * Errors: rejects with ConsoleError, for example 'unreachable' without an agent, or 'failed' if `signal` stopped it.
 */
export async function runSimulate(args: LocalArgs, terminal: Terminal, signal: AbortSignal, isTerminal: boolean): Promise<number> {
  const wanted = readSimulate(args as RawArgs);
  const other = wanted.file === null ? null : otherSettings(wanted.file);
  if (other !== null && 'problems' in other) {
    terminal.err(`${problemLines(other.problems, terminal, isTerminal)}\n`);
    return EXIT_BAD_CONFIG;
  }
  try {
    const result = await simulated(wanted, other?.cabinet ?? null, { terminal, signal, socket: args['socket'] });
    terminal.status?.clear();
    const { renderSimulation } = await import('./simulate-page.ts');
    const { widthCols, colour, language = 'en' } = terminal;
    const page = { widthCols, colour, language, atMs: result.nowMs, timezone: result.timezone };
    terminal.out(`${wanted.isJson ? JSON.stringify(result) : renderSimulation(result, page)}\n`);
    return result.isComplete ? 0 : CONSOLE_EXIT.failed;
  } finally {
    terminal.status?.clear();
  }
}

/** The other settings, or the problems of their file. */
function otherSettings(file: string): { readonly cabinet: Cabinet } | Pick<ConfigError, 'problems'> {
  try {
    const { loaded, problems } = readCabinet(file, (path) => readRegularFile(path).toString('utf8'), 'new');
    return problems.length > 0 || loaded === null ? { problems } : { cabinet: loaded.cabinet };
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

interface Caller {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly socket: LocalArgs[string] | undefined;
}

/** A replay while its pages arrive. */
interface Running {
  readonly replay: NightReplay;
  readonly sweep: readonly SweepSettings[];
  readonly coverage: RecordCoverage;
  street: LightingStreet | null;
}

async function simulated(wanted: SimulateArgs, other: Cabinet | null, caller: Caller): Promise<SimulateResult> {
  const { night, nights, needPct, file } = wanted;
  const report = progressReporter(caller.terminal);
  let running: Running | null = null;
  let first: { readonly answer: RecordPageAnswer; readonly nowMs: number; readonly timezone: string } | null = null;
  for (let afterId: number | null = 0; afterId !== null; ) {
    // The agent may begin another night meanwhile.
    const asked: string | undefined = first?.answer.nights.at(-1)?.date ?? night ?? undefined;
    const page = await fetchAnswer(
      RECORD_PAGE,
      { ...(asked === undefined ? {} : { night: asked }), nights: String(nights), after: String(afterId) },
      { socket: caller.socket, terminal: caller.terminal },
    );
    const answer = page.result as RecordPageAnswer;
    first ??= { answer, nowMs: page.atMs, timezone: page.timezone };
    running ??= begun(wanted, other, first.answer);
    await replayPage(running, answer, first.answer, caller, report);
    afterId = answer.nextId;
  }
  if (running === null || first === null) throw new TypeError('there is at least one page');
  const windows = first.answer.nights;
  const { replay, coverage, street, sweep } = running;
  const covered = coverage.nights(windows, street, first.nowMs);
  const figures = replay.figures();
  const ownReplay = replay.ownReplay();
  const isWhole = covered.every(isComplete);
  const hours = windows.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / HOUR_MS, 0);
  const recordedKwh = street === null ? null : summed(figures[0]).kwh + (wanted.otherLoadW * hours) / 1_000;
  return {
    ...{ windows, timezone: first.timezone, nowMs: first.nowMs, file, needPct },
    settings: figures.slice(0, other === null ? 1 : 2),
    sweep: wanted.isSweep ? bestOf(sweep, figures) : null,
    ownReplay,
    coverage: covered,
    limits: street === null || other === null ? [] : replayLimits(street, other),
    meters: recordedKwh === null || !isWhole ? [] : await metersOf(first.answer, recordedKwh, caller),
    isComplete: isWhole && ownReplay.differing === 0,
  };
}

function begun({ isSweep, needPct }: SimulateArgs, other: Cabinet | null, { nights: windows }: RecordPageAnswer): Running {
  const base: ReplaySettings['streetFor'] = (recorded) => other ?? recorded;
  const sweep = isSweep ? sweepPoints(needPct !== null).map((point) => sweepSettings(point, base)) : [];
  const settings = [...(other === null ? [] : [{ id: OTHER, streetFor: base }]), ...sweep];
  const limits = needPct === null ? DARK_LIMITS : { ...DARK_LIMITS, needPct };
  return { replay: new NightReplay({ windows, settings, powerOf: powerW, limits }), sweep, coverage: new RecordCoverage(), street: null };
}

type Report = (night: string, pct: number) => void;

async function replayPage(
  running: Running,
  page: RecordPageAnswer,
  { nights }: RecordPageAnswer,
  { signal }: Caller,
  report: Report,
): Promise<void> {
  const read: StoredRecord[] = [];
  let { damaged } = page;
  const [fromMs, toMs] = [nights[0]?.fromMs ?? 0, nights.at(-1)?.toMs ?? 1];
  let pauseMs = performance.now() + SLICE_MS;
  for (const record of page.segments.map(receivedRecord)) {
    goOnUnless(signal);
    try {
      for (const share of running.replay.segment(record)) {
        if (performance.now() < pauseMs) continue;
        const atMs = record.fromMs + share * (record.toMs - record.fromMs);
        const night = nights.findLast((each) => each.fromMs <= atMs) ?? nights[0];
        report(night?.date ?? '', Math.min(100, Math.max(0, (100 * (atMs - fromMs)) / (toMs - fromMs))));
        await nextTurn();
        goOnUnless(signal);
        pauseMs = performance.now() + SLICE_MS;
      }
      running.street = recordedStreet(record);
      read.push(record);
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof SyntaxError)) throw error;
      damaged++;
    }
  }
  running.coverage.take({ ...page, damaged }, read);
}

function goOnUnless(signal: AbortSignal): void {
  if (signal.aborted) throw new ConsoleError('failed', msg`stopped`);
}

function bestOf(sweep: readonly SweepSettings[], figures: ReturnType<NightReplay['figures']>): SimulateResult['sweep'] {
  const results = sweep.map(({ id, point }) => {
    const { kwh, darkMoments, missingS } = summed(figures.find((each) => each.id === id));
    return { ...point, kwh, darkMoments, missingS };
  });
  return { tried: results.length, front: paretoFront(results) };
}

/** The meters of the cabinet that counted all of these nights; none if the agent has no such figures. */
async function metersOf({ nights }: RecordPageAnswer, recordedKwh: number, { terminal, socket }: Caller): Promise<readonly MeterCheck[]> {
  const [from, to] = [nights[0]?.fromMs ?? 0, nights.at(-1)?.toMs ?? 0].map((ms) => new Date(ms).toISOString());
  try {
    const { result } = await fetchAnswer(ENERGY, { since: from ?? '', until: to ?? '' }, { socket, terminal });
    return (result as EnergyAnswer).meters
      .filter((meter) => meter.nights === nights.length && meter.kwh > 0)
      .map(({ device, kwh }) => ({ device, kwh, recordedKwh, differencePct: (100 * (recordedKwh - kwh)) / kwh }));
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    return [];
  }
}

/** Reports progress in the status line of a terminal, or as occasional lines. */
function progressReporter(terminal: Terminal): Report {
  let reportedPct = 0;
  return (night, pct) => {
    const text = translated(msg`night ${night}, ${Math.floor(pct)} %`, terminal);
    if (terminal.status !== null) return terminal.status.show(text);
    if (pct < reportedPct + STAGE_PCT) return;
    reportedPct = Math.floor(pct / STAGE_PCT) * STAGE_PCT;
    terminal.err(`${text}\n`);
  };
}
