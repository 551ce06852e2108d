/**
 * Records each change of a decision with its inputs, so that a complaint can be answered later and a night can be replayed.
 *
 * It looks at each tick after the lamps were written, and waits for nothing: what the store does not accept is not recorded, and counted.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { RecordBasis, RecordPart } from '../../core/decision-record.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { Log, Store } from '../../core/ports.ts';
import type { Decision } from '../../core/words.ts';
import type { LightingStreet, ZoneState } from '../../lighting/lighting.ts';
import { InputCells, type RecordedMoment } from './input-cells.ts';
import { type LevelChange, RecordEncoder, type RecordedChoice } from './record-encoder.ts';

/** The dependencies with which `DecisionRecorder` is created. */
export interface DecisionRecorderParts {
  /** The street of the decisions. Each segment contains it, without settings on which the light does not depend. */
  readonly street: LightingStreet;
  readonly store: Pick<Store, 'appendDecisions'>;
  readonly log: Log;
  /** Version of the program. */
  readonly version: string;
  /** Returns the number of the revision of the configuration in force; null without revisions. */
  readonly revision: () => number | null;
}

/** The inputs and decisions of one tick, to be recorded. */
export interface RecordedTick extends Omit<RecordedMoment, 'isPlainDay'> {
  /** One per lamp, in the order of the street's lamps. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
}

/**
 * A segment ends after this time, or with this many bytes. Source: assumed; to answer one question a segment is decoded as a whole, and each begins with
 * all inputs and levels. Confirmed by: bench `store record`, bytes a day with other lengths.
 */
const SEGMENT = { longestMs: 6 * HOUR_MS, bytes: 65_536 };
/**
 * Longest time that changes wait in memory: a mains cut loses them. Units: ms. Source: assumed; a commit of the record costs a page of flash beside those
 * of the readings. Confirmed by: bench `store device`.
 */
const WAIT_MS = MINUTE_MS;
/** Changes of this size are passed on sooner. Units: bytes. Source: assumed; four pages of the database. Confirmed by: as `WAIT_MS`. */
const WAIT_BYTES = 8_192;
/**
 * Without a change, the record states this often that the agent runs. Units: ms. Source: assumed; the longest time without an answer after the end of a
 * run without a stop. Confirmed by: complaints about the minutes before a mains cut.
 */
const ALIVE_MS = 5 * MINUTE_MS;
/** After a step of the clock, a segment begins whose times are all right or all wrong, but not more often than this. Units: ms. */
const STEP_PAUSE_MS = MINUTE_MS;
/** A smaller difference between wall clock and monotonic clock is no step. Units: ms. */
const STEP_MS = 2_000;
/**
 * By day, with the sun higher than this, sensors are not recorded: they have no effect, and who passes by day is no matter of the light. Units: degrees.
 * Source: assumed; the sun needs over half an hour from there to the horizon, so that a replay with an earlier dusk has its sensors. Confirmed by: the
 * latest and earliest dusk settings of the sites.
 */
const PLAIN_DAY_DEG = 6;

interface OpenSegment {
  readonly encoder: RecordEncoder;
  readonly basis: RecordBasis;
  readonly startMono: MonoMs;
  readonly startMs: number;
  readonly clockQuality: RecordPart['clockQuality'];
  bytes: number;
  /** Start of what waits, and whether its first part has been passed on. */
  fromMono: MonoMs;
  fromMs: number;
  isBegun: boolean;
}

interface Lamp {
  decision: Decision | null;
  choice: RecordedChoice | null;
  sinceUs: number;
}

/** Records the decisions of one street, and their inputs as `InputCells` reduces them: all at the start of a segment, then the changes. */
export class DecisionRecorder {
  readonly #parts: DecisionRecorderParts;
  readonly #cells: InputCells;
  readonly #street: string;
  readonly #lamps: readonly Lamp[];
  readonly #changed = new Set<string>();
  #segment: OpenSegment | null = null;
  #lost = 0;
  #last: RecordedTick | null = null;

  constructor(parts: DecisionRecorderParts) {
    this.#parts = parts;
    this.#cells = new InputCells(parts.street);
    this.#street = JSON.stringify(plainStreet(parts.street));
    this.#lamps = parts.street.lamps.map(() => ({ decision: null, choice: null, sinceUs: 0 }));
  }

  /**
   * Records what changed since the tick before, or everything at the start of a segment; the inputs as `InputCells` reduces them. Never
   * throws: an error is logged.
   */
  look(tick: RecordedTick): void {
    this.#last = tick;
    try {
      this.#look(tick);
    } catch (error) {
      this.#giveUp();
      this.#parts.log.event('decision-record-failed', { message: error instanceof Error ? error.message : String(error) }, 'warning');
    }
  }

  /** Passes what waits in memory to the store, which may refuse it: it is then lost, and counted. */
  flush(): void {
    if (this.#last !== null) this.#flush(this.#last, false);
  }

  /** As `flush`, and marks the end of the run, because the control has stopped. */
  stop(): void {
    if (this.#last !== null) this.#flush(this.#last, true);
    this.#segment = null;
  }

  #look(tick: RecordedTick): void {
    const { nowMs, nowMono } = tick.snapshot;
    const nowUs = Math.round(nowMono * 1_000);
    if (this.#segment !== null && this.#isOver(this.#segment, tick)) {
      this.#flush(tick, false);
      this.#segment = null;
    }
    const segment = this.#segment ?? this.#begin(tick);
    const levels = this.#levelChanges(tick.decisions, nowUs, !segment.isBegun && segment.encoder.instants === 0);
    const isPlainDay = tick.zones.every(({ night, sunAltitudeDeg }) => !night && sunAltitudeDeg > PLAIN_DAY_DEG);
    const changes = this.#cells.look({ ...tick, isPlainDay }, this.#changed);
    if (changes.length > 0 || levels.length > 0) {
      const before = segment.encoder.length;
      segment.encoder.add({ nowUs, nowMs: Math.round(nowMs), changes, levels });
      segment.bytes += segment.encoder.length - before;
    }
    const waitedMs = nowMono - segment.fromMono;
    const isDue = segment.encoder.length > 0 ? waitedMs >= WAIT_MS || segment.encoder.length >= WAIT_BYTES : waitedMs >= ALIVE_MS;
    if (isDue) this.#flush(tick, false);
  }

  #isOver(segment: OpenSegment, { snapshot: { nowMs, nowMono, clockQuality } }: RecordedTick): boolean {
    const ageMs = nowMono - segment.startMono;
    if (ageMs >= SEGMENT.longestMs || segment.bytes >= SEGMENT.bytes) return true;
    const steppedMs = Math.abs(nowMs - segment.startMs - ageMs);
    return ageMs >= STEP_PAUSE_MS && (clockQuality !== segment.clockQuality || steppedMs >= STEP_MS);
  }

  #begin({ snapshot: { nowMs, nowMono, clockQuality } }: RecordedTick): OpenSegment {
    const { version, revision } = this.#parts;
    this.#cells.forget();
    const startMs = Math.round(nowMs);
    this.#segment = {
      encoder: new RecordEncoder({ nowUs: Math.round(nowMono * 1_000), nowMs: startMs }),
      basis: { revision: revision(), version, street: this.#street },
      ...{ startMono: nowMono, startMs, clockQuality, bytes: 0, fromMono: nowMono, fromMs: startMs, isBegun: false },
    };
    return this.#segment;
  }

  /** Fills the set of changed lamps. `isAll`: returns every lamp. */
  #levelChanges(decisions: readonly Decision[], nowUs: number, isAll: boolean): readonly LevelChange[] {
    const levels: LevelChange[] = [];
    this.#changed.clear();
    decisions.forEach((decision, lamp) => {
      const known = this.#lamps[lamp];
      if (known === undefined) return;
      if (decision !== known.decision) {
        const isNew = known.choice === null || !isSameChoice(known.choice, decision);
        known.decision = decision;
        if (isNew) {
          known.choice = choiceOf(decision);
          known.sinceUs = nowUs;
          this.#changed.add(decision.lampId);
        }
      }
      if (known.choice !== null && (isAll || this.#changed.has(decision.lampId)))
        levels.push({ ...known.choice, lamp, sinceUs: known.sinceUs });
    });
    return levels;
  }

  #flush({ snapshot: { nowMono, nowMs } }: RecordedTick, isEnd: boolean): void {
    const segment = this.#segment;
    if (segment === null) return;
    const { encoder, basis, isBegun, fromMono, fromMs, clockQuality } = segment;
    // A segment that a step of the clock ends, ends by the clock before the step.
    const byOwnMs = segment.startMs + (nowMono - segment.startMono);
    const toMs = Math.max(segment.startMs, Math.round(Math.abs(nowMs - byOwnMs) >= STEP_MS ? byOwnMs : nowMs));
    const part: RecordPart = {
      ...encoder.take(),
      basis: isBegun ? null : basis,
      ...{ fromMono, toMono: nowMono, fromMs, toMs, clockQuality, isEnd },
      lost: isBegun ? 0 : this.#lost,
    };
    if (!this.#parts.store.appendDecisions(part)) {
      this.#giveUp();
      return;
    }
    if (!isBegun) this.#lost = 0;
    segment.isBegun = true;
    segment.fromMono = nowMono;
    segment.fromMs = toMs;
    if (this.#parts.revision() !== basis.revision && !isEnd) this.#segment = null;
  }

  #giveUp(): void {
    this.#lost += Math.max(1, this.#segment?.encoder.instants ?? 0);
    this.#segment = null;
  }
}

/** The source of the line that decided the level, before its limits. */
function sourceOf({ trace }: Decision): string {
  for (const line of trace) if (line.applied) return line.source;
  return '';
}

function choiceOf(decision: Decision): RecordedChoice {
  const { levelPct, rank, reason, isHeld = false } = decision;
  return { levelPct, rank, reason, isHeld, source: sourceOf(decision) };
}

function isSameChoice(choice: RecordedChoice, decision: Decision): boolean {
  const { levelPct, rank, reason, isHeld = false } = decision;
  return (
    choice.levelPct === levelPct &&
    choice.rank === rank &&
    choice.reason === reason &&
    choice.isHeld === isHeld &&
    choice.source === sourceOf(decision)
  );
}

/** Only what the light depends on: a cabinet also has the settings of uplink and store. */
function plainStreet({ lines = [], ...street }: LightingStreet): LightingStreet {
  const {
    latitudeDeg,
    longitudeDeg,
    timezone,
    poles,
    branches,
    lamps,
    zones,
    programmes,
    calendars,
    eventNights,
    rules,
    outputs,
    neighbours,
  } = street;
  return {
    ...{
      latitudeDeg,
      longitudeDeg,
      timezone,
      poles,
      branches,
      lamps,
      zones,
      programmes,
      calendars,
      eventNights,
      rules,
      outputs,
      neighbours,
    },
    lines: lines.map(({ devices }) => ({ devices: devices.map(({ id, pole }) => ({ id, pole })) })),
  };
}
