/**
 * Replays a segment of the record: its inputs pass through the same pure `decide` again.
 *
 * With the settings of the record it yields the recorded decisions; with others it shows what they would have given.
 */
import type { StoredRecord } from '../../core/decision-record.ts';
import type { Decision } from '../../core/words.ts';
import { createDecider, type Decider } from '../../lighting/decide.ts';
import type { LightingSnapshot, LightingStreet, LitLamps, ZoneState } from '../../lighting/lighting.ts';
import { notBelowFound } from '../start-guard.ts';
import { decodeRecord } from './record-decoder.ts';
import type { RecordedChoice } from './record-encoder.ts';
import { type RecordedInputs, recordedInputs } from './recorded-snapshot.ts';

/**
 * An instant of the recorded time, with what a replay decides for it. `nowMs`: wall time. `nowMono`: monotonic time of the recorded run.
 * Units: ms.
 */
export interface ReplayedInstant {
  readonly nowMs: number;
  readonly nowMono: number;
  /** One per lamp of the street of the replay, in its order. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
  /** The inputs of the decisions: those of the last recorded instant, at this time, with the lit lamps of the replay. */
  readonly snapshot: LightingSnapshot;
  /** The recorded level in force then, and its reason, by id of the recorded lamp; empty at an instant that was not recorded. */
  readonly recorded: ReadonlyMap<string, RecordedChoice>;
}

/** The settings of a replay. */
export interface ReplayOptions {
  /** Default: the street of the record. */
  readonly street?: LightingStreet;
  /** Decides also between the recorded instants, and after the last, this often. Default: not in between. Units: ms, above 0. */
  readonly stepMs?: number;
  /**
   * Searches also between the recorded instants, and after the last, for changes of a level or of the night of a zone by time alone. The
   * time of a change is found to a second; one that is soon undone may be missed. Some instants without a change are yielded too, so that
   * the caller can pause. Has no effect with `stepMs`.
   */
  readonly findsChanges?: true;
  /** The caller uses the levels of the decisions alone: trace and distance may be those of other lamps. */
  readonly onlyLevels?: true;
}

/** The lit lamps are known from the record only for its own settings. */
interface Carried {
  lit: LitLamps | null;
}

/** Returns the street that a segment was recorded with; its shape is not checked. Errors: throws SyntaxError if its text is not JSON. */
export function recordedStreet({ basis }: Pick<StoredRecord, 'basis'>): LightingStreet {
  return JSON.parse(basis.street) as LightingStreet;
}

/**
 * Decides again with the recorded inputs of a segment, and yields each instant with its decisions, oldest first; nothing for a segment
 * without inputs (thinned). Errors: throws for bytes that cannot be read, for example StoreError `corrupt`.
 */
export function* replayRecord(record: StoredRecord, options: ReplayOptions = {}): Generator<ReplayedInstant, void, void> {
  if (record.isThinned) return;
  const { street, onlyLevels } = options;
  const own = recordedStreet(record);
  const used = street ?? own;
  const replay = {
    ...options,
    decider: createDecider(used, onlyLevels === undefined ? {} : { onlyLevels }),
    street: used,
    carried: { lit: null } as Carried,
  };
  let before: Before | null = null;
  for (const state of decodeRecord(record, { nowUs: Math.round(record.fromMono * 1_000), nowMs: record.fromMs })) {
    const inputs = recordedInputs(state);
    if (before !== null) yield* betweenInstants(replay, before, inputs.snapshot.nowMono);
    const recorded = new Map([...state.levels].map(([lamp, choice]) => [own.lamps[lamp]?.id ?? '', choice] as const));
    // The record has the lit lamps as its own settings left them.
    if (street === undefined) replay.carried.lit = inputs.snapshot.lit ?? null;
    const instant = { ...settled(replay, inputs), recorded };
    yield instant;
    before = { inputs, instant };
  }
  if (before !== null) yield* betweenInstants(replay, before, record.fromMono + (record.toMs - record.fromMs));
}

/** The settings of a replay with its decider and the lit lamps so far. */
interface Replay extends ReplayOptions {
  readonly decider: Decider;
  readonly street: LightingStreet;
  readonly carried: Carried;
}

/** The recorded instant before the next one: its inputs, and what was decided. */
interface Before {
  readonly inputs: RecordedInputs;
  readonly instant: ReplayedInstant;
}

const NO_LEVELS: ReadonlyMap<string, RecordedChoice> = new Map();
/** Units: ms. Source: the tick of the control. */
const FINEST_MS = 1_000;
/**
 * Longest stride over unchanged inputs. Units: ms. `still`: presence only falls by time, and a step of a programme lasts longer. `moving`: a wave may raise a
 * lamp and lower it again. Source: assumed; a cyclist of 25 km/h takes 6 s through the light ahead and behind. Confirmed by: a replay with strides of 1 s.
 */
const STRIDE_MS = { still: 60_000, moving: 4_000 };

/** An instant is yielded after so many strides without a change. Source: a decision for a large street takes some milliseconds. */
const PAUSE_STRIDES = 8;

/** The decisions between a recorded instant and the next, with the inputs of the first. */
function* betweenInstants(replay: Replay, before: Before, nextMono: number): Generator<ReplayedInstant, void, void> {
  if (replay.stepMs !== undefined) yield* fixedSteps(replay, before, { nextMono, stepMs: replay.stepMs });
  else if (replay.findsChanges === true) yield* foundChanges(replay, before, nextMono);
}

function* fixedSteps(
  replay: Replay,
  { inputs }: Before,
  { nextMono, stepMs }: { readonly nextMono: number; readonly stepMs: number },
): Generator<ReplayedInstant, void, void> {
  const { nowMono } = inputs.snapshot;
  for (let passedMs = stepMs; nowMono + passedMs < nextMono; passedMs += stepMs)
    yield { ...settled(replay, later(inputs, passedMs)), recorded: NO_LEVELS };
}

/** Looks ahead in strides; where something differs, halves the stride until the change is known to a second. */
function* foundChanges(replay: Replay, { inputs, instant }: Before, nextMono: number): Generator<ReplayedInstant, void, void> {
  const { nowMono } = inputs.snapshot;
  const endMs = nextMono - nowMono;
  let [last, atMs]: [Omit<ReplayedInstant, 'recorded'>, number] = [instant, 0];
  for (let strides = 1; atMs + FINEST_MS < endMs; strides++) {
    let foundMs = Math.min(atMs + strideMs(replay.street, last), endMs - 1);
    if (isSameLight(last, decided(replay, later(inputs, foundMs)).instant)) {
      atMs = foundMs;
      if (strides % PAUSE_STRIDES === 0) yield { ...settled(replay, later(inputs, foundMs)), recorded: NO_LEVELS };
      continue;
    }
    for (let sameMs = atMs; foundMs - sameMs > FINEST_MS; ) {
      const middleMs = Math.round((sameMs + foundMs) / 2);
      if (isSameLight(last, decided(replay, later(inputs, middleMs)).instant)) sameMs = middleMs;
      else foundMs = middleMs;
    }
    last = settled(replay, later(inputs, foundMs));
    atMs = foundMs;
    yield { ...last, recorded: NO_LEVELS };
  }
}

function strideMs({ zones }: LightingStreet, { snapshot: { detections = [], lit } }: Pick<ReplayedInstant, 'snapshot'>): number {
  const isWarning = [...(lit ?? [])].some(([, sinceMono]) => sinceMono !== null);
  const isMoving = detections.length > 0 && zones.some(({ presence }) => presence?.wave != null);
  return isMoving || isWarning ? STRIDE_MS.moving : STRIDE_MS.still;
}

function isSameLight(a: Pick<ReplayedInstant, 'decisions' | 'zones'>, b: Pick<ReplayedInstant, 'decisions' | 'zones'>): boolean {
  return (
    a.decisions.every(({ levelPct }, at) => levelPct === b.decisions[at]?.levelPct) &&
    a.zones.every(({ night }, at) => night === b.zones[at]?.night)
  );
}

/** The inputs some time later, unchanged. Units: ms. */
function later(inputs: RecordedInputs, passedMs: number): RecordedInputs {
  const { nowMs, nowMono, otherMs = null } = inputs.snapshot;
  const at = { nowMs: nowMs + passedMs, nowMono: nowMono + passedMs, otherMs: otherMs === null ? null : otherMs + passedMs };
  // A recorded verdict of a photocell lasts until the record changes it.
  const photocells = new Map([...(inputs.snapshot.photocells ?? [])].map(([id, cell]) => [id, { ...cell, atMono: at.nowMono }] as const));
  return { ...inputs, snapshot: { ...inputs.snapshot, ...at, photocells } };
}

/** Decides, and keeps the lit lamps for the next decision. */
function settled(replay: Replay, inputs: RecordedInputs): Omit<ReplayedInstant, 'recorded'> {
  const { instant, lit } = decided(replay, inputs);
  replay.carried.lit = lit;
  return instant;
}

/** Decides as the control does: the levels found at a start apply last. */
function decided(
  { decider, street: { lamps }, carried }: Replay,
  { snapshot, floors }: RecordedInputs,
): { readonly instant: Omit<ReplayedInstant, 'recorded'>; readonly lit: LitLamps } {
  const used = { ...snapshot, lit: carried.lit ?? snapshot.lit ?? new Map() };
  const { decisions, zones, lit } = decider.decide(used);
  const instant = { nowMs: used.nowMs, nowMono: used.nowMono, zones, snapshot: used };
  if (floors.size === 0) return { instant: { ...instant, decisions }, lit };
  const litAfter = new Map(lit);
  const maxPct = new Map(lamps.map((lamp) => [lamp.id, lamp.maxPct]));
  const held = decisions.map((decision) => {
    const found = notBelowFound(decision, floors.get(decision.lampId) ?? 0, maxPct.get(decision.lampId));
    if (found.levelPct > decision.levelPct) litAfter.set(decision.lampId, null);
    return found;
  });
  return { instant: { ...instant, decisions: held }, lit: litAfter };
}
