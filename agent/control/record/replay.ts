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

/** One instant of a replay. Units: ms. */
export interface ReplayedInstant {
  readonly nowMs: number;
  readonly nowMono: number;
  /** One per lamp of the street of the replay, in its order. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
  readonly snapshot: LightingSnapshot;
  /** The recorded levels, by lamp of the recorded street; empty between the recorded instants. */
  readonly recorded: ReadonlyMap<string, RecordedChoice>;
}

/** The settings of a replay. */
export interface ReplayOptions {
  /** Default: the street of the record. */
  readonly street?: LightingStreet;
  /** Decides also between the recorded instants, this often. Default: only at the recorded instants. Units: ms. */
  readonly stepMs?: number;
}

/** The lit lamps are known from the record only for its own settings. */
interface Carried {
  lit: LitLamps | null;
}

/** Returns the street of a segment. Errors: throws SyntaxError if its text is not JSON. */
export function recordedStreet({ basis }: Pick<StoredRecord, 'basis'>): LightingStreet {
  return JSON.parse(basis.street) as LightingStreet;
}

/**
 * Yields the decisions of a segment, oldest first; nothing for a segment without inputs (thinned). Errors: throws if the record is damaged,
 * for example StoreError `corrupt`.
 */
export function* replayRecord(record: StoredRecord, { street, stepMs }: ReplayOptions = {}): Generator<ReplayedInstant, void, void> {
  if (record.isThinned) return;
  const own = recordedStreet(record);
  const used = street ?? own;
  const decider = createDecider(used);
  const carried: Carried = { lit: null };
  let before: RecordedInputs | null = null;
  for (const state of decodeRecord(record, { nowUs: Math.round(record.fromMono * 1_000), nowMs: record.fromMs })) {
    const inputs = recordedInputs(state);
    if (before !== null && stepMs !== undefined) yield* between(decider, used, { before, next: inputs.snapshot, stepMs, carried });
    const recorded = new Map([...state.levels].map(([lamp, choice]) => [own.lamps[lamp]?.id ?? '', choice] as const));
    // The record has the lit lamps as its own settings left them.
    if (street === undefined) carried.lit = inputs.snapshot.lit ?? null;
    yield { ...decided(decider, used, inputs, carried), recorded };
    before = inputs;
  }
}

/** The decisions on the way from one recorded instant to the next, with the inputs of the first. */
function* between(
  decider: Decider,
  street: LightingStreet,
  { before, next, stepMs, carried }: { before: RecordedInputs; next: LightingSnapshot; stepMs: number; carried: Carried },
): Generator<ReplayedInstant, void, void> {
  const { nowMs, nowMono, otherMs = null } = before.snapshot;
  for (let passedMs = stepMs; nowMono + passedMs < next.nowMono; passedMs += stepMs) {
    const at = { nowMs: nowMs + passedMs, nowMono: nowMono + passedMs, otherMs: otherMs === null ? null : otherMs + passedMs };
    // A recorded verdict of a photocell lasts until the record changes it.
    const photocells = new Map([...(before.snapshot.photocells ?? [])].map(([id, cell]) => [id, { ...cell, atMono: at.nowMono }] as const));
    const snapshot = { ...before.snapshot, ...at, photocells };
    yield { ...decided(decider, street, { ...before, snapshot }, carried), recorded: new Map() };
  }
}

/** Decides as the control does: the levels found at a start apply last. */
function decided(
  decider: Decider,
  { lamps }: LightingStreet,
  { snapshot, floors }: RecordedInputs,
  carried: Carried,
): Omit<ReplayedInstant, 'recorded'> {
  const used = { ...snapshot, lit: carried.lit ?? snapshot.lit ?? new Map() };
  const { decisions, zones, lit } = decider.decide(used);
  const litAfter = new Map(lit);
  const maxPct = new Map(lamps.map((lamp) => [lamp.id, lamp.maxPct]));
  const held = decisions.map((decision) => {
    const found = notBelowFound(decision, floors.get(decision.lampId) ?? 0, maxPct.get(decision.lampId));
    if (found.levelPct > decision.levelPct) litAfter.set(decision.lampId, null);
    return found;
  });
  carried.lit = litAfter;
  return { nowMs: used.nowMs, nowMono: used.nowMono, decisions: held, zones, snapshot: used };
}
