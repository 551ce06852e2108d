/**
 * Examines a line in service for `bus doctor`: records every byte for half a minute, reads from units between the polls, and tries other
 * serial settings for units that do not answer. It never writes.
 */
import type { BusExam, ExamProgress, ExamRequest, ExamTrial } from '../../core/bus-exam.ts';
import { sleep } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import { msg } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { Refusal } from '../../core/refusal.ts';
import type { LineStatsCollector } from '../stats/line-stats.ts';
import type { Unit } from '../units/unit.ts';
import { timeoutFor } from '../units/unit-requests.ts';
import { isNetwork } from './bus-bounds.ts';
import { type BusToolQueue, replyOrBusError } from './bus-tool-queue.ts';
import { createExamLog, type ExamLog } from './exam-log.ts';
import { type ExamReads, examReads } from './exam-reads.ts';
import { otherSettings } from './scan-settings.ts';
import { speedPass } from './scan-speeds.ts';

/** Polls are observed this long without a read: a unit that sleeps between its polls is not kept awake. Units: ms. Source: three periods of 5 s of the polls of lamps. */
const LISTEN_MS = 16_000;
/** Time for the reads. Units: ms. Source: assumed; 24 units have ten reads each in it at 9600 baud. Confirmed by: the number of reads in examinations of full lines. */
const READ_MS = 14_000;
/** Reads in total, of one unit that does not answer, and of one whose replies are all damaged. Source: assumed; a share of damaged replies of 5 % is then seen ten times. Confirmed by: examinations of lines with known faults. */
const MOST_READS = { all: 240, silent: 6, damaged: 20 } as const;
/** Units that are read; the polls of the others are observed. */
const MOST_UNITS = 24;
/**
 * The pause before a read varies evenly up to this, so that an adapter that delivers at fixed steps is recognised. Units: ms. Source: twice the
 * usual step of 16 ms.
 */
const DITHER_MS = 32;
/** Shortest wait for a reply to a read. Units: ms. Source: assumed; a timeout learned from quick replies is short, and a busy machine delays a reply by some ten ms. Confirmed by: examinations on a loaded gateway. */
const LEAST_WAIT_MS = 150;
/** Fraction of the golden ratio: its multiples are spread evenly. */
const GOLDEN = 0.618_034;
/** After so many reads the line is left silent for a moment. Units: ms. Source: assumed; an urgent level waits 100 ms at most. Confirmed by: waits of urgent levels during examinations. */
const SILENCE = { everyReads: 16, forMs: 100 } as const;
/** Rests of units that miss requests: a unit that sleeps in between misses the first read after each. Units: ms. Source: assumed; longer than the period of lamp polls. Confirmed by: drivers that sleep. */
const REST = { times: 4, forMs: 6_000 } as const;
/** More reads of units that failed now and then, if they are few. Units: ms. Source: assumed; a share of failures of 5 % is then seen twice more. Confirmed by: examinations of units with a loose terminal. */
const SUSPECTS = { units: 3, reads: 40, forMs: 10_000 } as const;
/** Longest wait for a port that is being reopened. Units: ms. Source: assumed; twice what a USB adapter needs. Confirmed by: examinations of a dead line with such an adapter. */
const REOPENING_MS = 5_000;
/** Share of recently missed requests from which a unit is given rests. */
const MISSED_SHARE = 0.05;
/** Units without an answer for which other settings are tried, and the wait for each. Units: ms. Source: assumed; as the wait through a network. Confirmed by: as there. */
const TRIAL = { units: 3, waitMs: 150 } as const;

/** What an examination uses: the queue and the statistics of its line, and what is known about devices and adapter. */
export interface ExamParts {
  readonly queue: BusToolQueue;
  readonly stats: Pick<LineStatsCollector, 'quarters' | 'recentUnits'>;
  /** Device types whose serial settings are tried for units that do not answer, before other common ones. */
  readonly profiles: readonly Profile[];
  /** How long the adapter delays bytes; null if unknown. Units: ms. */
  readonly latencyMs: number | null;
}

/**
 * Examines a line; see `BusTools.examine`. Errors: rejects, for example with Refusal while another examination of the line runs, or with
 * the signal's reason when it is aborted.
 */
export async function examineLine(parts: ExamParts, request: ExamRequest, onProgress: (progress: ExamProgress) => void): Promise<BusExam> {
  const { line, config, clock } = parts.queue;
  if (line.lastUnit !== undefined || parseLinePort(config.port).kind === 'tcp')
    throw new Refusal(
      msg`the wire of line ${config.id} is not visible here: the doctor examines serial lines; \`luciole bus stats ${config.id}\` shows its counters`,
    );
  if (line.tap != null) throw new Refusal(msg`line ${config.id} is being examined already: wait for the end of that examination`);
  const log = createExamLog(clock);
  line.tap = log.tap;
  try {
    return await new Examination(parts, log, request, onProgress).run();
  } finally {
    line.tap = null;
  }
}

interface Patient {
  readonly unit: Unit;
  readonly reads: ExamReads;
  asked: number;
  answered: number;
  /** Replies that came damaged. */
  damaged: number;
}

class Examination {
  readonly #parts: ExamParts;
  readonly #log: ExamLog;
  readonly #request: ExamRequest;
  readonly #onProgress: (progress: ExamProgress) => void;
  readonly #startMono: number;
  readonly #patients: readonly Patient[];
  #reads = 0;

  constructor(parts: ExamParts, log: ExamLog, request: ExamRequest, onProgress: (progress: ExamProgress) => void) {
    this.#parts = parts;
    this.#log = log;
    this.#request = request;
    this.#onProgress = onProgress;
    this.#startMono = parts.queue.clock.monoMs();
    this.#patients = chosen(parts, request.unfed).flatMap((unit) => {
      const reads = examReads(unit);
      return reads === undefined ? [] : [{ unit, reads, asked: 0, answered: 0, damaged: 0 }];
    });
  }

  async run(): Promise<BusExam> {
    const { queue, stats, latencyMs } = this.#parts;
    const { id, port, serial } = queue.config;
    await this.#rest('listening', LISTEN_MS);
    await this.#readAll();
    await this.#readSuspects();
    for (const patient of this.#missing()) await this.#restAndRead(patient);
    const windows = this.#log.windows();
    // Before the trials, whose replies at other settings count as noise.
    const counted = { units: stats.recentUnits(), quarters: stats.quarters() };
    const trials = await this.#tryOthers();
    const durationMs = Math.round(queue.clock.monoMs() - this.#startMono);
    return { line: id, port, isNetwork: isNetwork(port), serial, latencyMs, windows, ...counted, trials, durationMs };
  }

  async #readAll(): Promise<void> {
    const { clock } = this.#parts.queue;
    const endMono = clock.monoMs() + READ_MS;
    for (let round = 0; clock.monoMs() < endMono && this.#reads < MOST_READS.all; round++) {
      const open = this.#patients.filter(isWorthReading);
      if (open.length === 0) return this.#rest('reading', endMono - clock.monoMs());
      for (const patient of open) {
        if (clock.monoMs() >= endMono) return;
        const isNew = patient.answered === 0;
        await this.#read(patient, round % 2 === 0 ? 'short' : 'long');
        // A unit that sleeps misses the first request after a pause and answers one that follows at once.
        if (isNew && patient.answered === 0) await this.#read(patient, 'short');
        if (this.#reads % SILENCE.everyReads === 0) await this.#silence();
      }
      this.#report('reading');
    }
  }

  /** A few units that failed now and then are read more often, so that chance does not decide. */
  async #readSuspects(): Promise<void> {
    const { clock } = this.#parts.queue;
    const suspects = this.#patients.filter(({ asked, answered }) => answered > 0 && answered < asked);
    if (suspects.length > SUSPECTS.units) return;
    const endMono = clock.monoMs() + SUSPECTS.forMs;
    for (let reads = 0; reads < SUSPECTS.reads && clock.monoMs() < endMono; reads++) {
      for (const patient of suspects) await this.#read(patient, reads % 3 === 0 ? 'short' : 'long');
      if (suspects.length > 0) this.#report('reading');
    }
  }

  async #read(patient: Patient, which: keyof ExamReads): Promise<void> {
    const { queue } = this.#parts;
    this.#request.signal?.throwIfAborted();
    const read = patient.reads[which];
    await queue.unguarded(read);
    const end = await this.#send(patient.unit, read, DITHER_MS * ((this.#reads++ * GOLDEN) % 1));
    patient.asked++;
    if (!(end instanceof BusError) || end.policy.answered) patient.answered++;
    else if (end.code !== 'timeout') patient.damaged++;
  }

  /** The pause lies within the turn of the read: before it, a poll would take the line and the read would follow it at a fixed time. */
  #send(unit: Unit, read: ReadRequest, pauseMs: number): Promise<unknown> {
    const { runner, clock } = this.#parts.queue;
    return this.#overReopening(() =>
      replyOrBusError(
        runner.ask(async (own) => {
          await sleep(clock, pauseMs);
          this.#log.markTest();
          return own.read(read, Math.max(LEAST_WAIT_MS, timeoutFor(unit, read)));
        }),
      ),
    );
  }

  /** The agent reopens the port of a line on which nothing answers; that does not end the examination. */
  async #overReopening<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusError && error.code === 'port-closed')) throw error;
      await this.#reopened();
      return work();
    }
  }

  async #reopened(): Promise<void> {
    const { line, clock, config } = this.#parts.queue;
    const endMono = clock.monoMs() + REOPENING_MS;
    while (!line.isOpen && clock.monoMs() < endMono) await sleep(clock, 100);
    if (!line.isOpen) throw new BusError('port-closed', msg`line ${config.id} is down`);
  }

  /** Nothing is sent for a moment: what arrives then has another sender, or is noise. */
  #silence(): Promise<void> {
    const { queue } = this.#parts;
    return this.#overReopening(() => queue.runner.exclusive(() => sleep(queue.clock, SILENCE.forMs)));
  }

  /** Units that answer, but recently missed more than an odd request. */
  #missing(): readonly Patient[] {
    const recents = new Map(this.#parts.stats.recentUnits().map(({ unit, recent }) => [unit, recent]));
    return this.#patients
      .filter(({ unit, answered }) => {
        const { missed = 0, answered: recently = 0 } = recents.get(unit.device.unit) ?? {};
        return answered > 0 && missed > MISSED_SHARE * (missed + recently);
      })
      .slice(0, 1);
  }

  async #restAndRead(patient: Patient): Promise<void> {
    for (let times = 0; times < REST.times; times++) {
      await this.#rest('resting', REST.forMs);
      for (const which of ['short', 'short'] as const) await this.#read(patient, which);
    }
  }

  async #rest(step: ExamProgress['step'], forMs: number): Promise<void> {
    const { clock } = this.#parts.queue;
    const endMono = clock.monoMs() + forMs;
    while (clock.monoMs() < endMono) {
      this.#request.signal?.throwIfAborted();
      this.#report(step);
      await sleep(clock, Math.min(1_000, endMono - clock.monoMs()));
    }
    await this.#reopened();
  }

  async #tryOthers(): Promise<ExamTrial[]> {
    const { queue, profiles } = this.#parts;
    const silent = this.#patients.filter(({ answered }) => answered === 0).slice(0, TRIAL.units);
    if (silent.length === 0 || isNetwork(queue.config.port)) return [];
    const tried = silent.map(({ unit }) => unit.device.unit);
    const trials: ExamTrial[] = [];
    for (const serial of otherSettings(queue.config.serial, profiles)) {
      this.#report('settings');
      const pass = { units: tried, serial, waitMs: TRIAL.waitMs, signal: this.#request.signal, onProbed: () => {} };
      const answers = await this.#overReopening(() => speedPass(queue, pass));
      trials.push({ serial, tried, answered: answers.map(({ unit }) => unit) });
      if (answers.length === tried.length) break;
    }
    return trials;
  }

  #report(step: ExamProgress['step']): void {
    const doneMs = Math.round(this.#parts.queue.clock.monoMs() - this.#startMono);
    this.#onProgress({ step, doneMs, totalMs: Math.max(doneMs, LISTEN_MS + READ_MS) });
  }
}

/** A unit without any reply costs its whole timeout; one whose replies are all damaged shows how by a few. */
function isWorthReading({ asked, answered, damaged }: Patient): boolean {
  return answered > 0 || asked < (damaged > 0 ? MOST_READS.damaged : MOST_READS.silent);
}

/** Units to read: those in trouble first, then others evenly along the line. */
function chosen({ queue, stats }: ExamParts, unfed: ReadonlySet<number> = new Set()): readonly Unit[] {
  const units = queue.units.filter(({ device }) => !unfed.has(device.unit));
  const troubled = new Set(stats.recentUnits().flatMap(({ unit, recent }) => (recent.missed + recent.damaged > 0 ? [unit] : [])));
  const isTroubled = ({ device, health }: Unit): boolean => troubled.has(device.unit) || health.state !== 'ok';
  const first = units.filter(isTroubled).slice(0, MOST_UNITS / 2);
  const others = units.filter((unit) => !first.includes(unit));
  const places = MOST_UNITS - first.length;
  const step = Math.max(1, others.length / places);
  return [...first, ...Array.from({ length: Math.min(places, others.length) }, (_, i) => others[Math.floor(i * step)] as Unit)];
}
