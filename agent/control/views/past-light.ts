/** Answers what the record has about a lamp or zone at an instant in the past: level, reason, inputs, and what is missing. */
import type { WallMs } from '../../core/clock.ts';
import type { RecordPage, StoredRecord } from '../../core/decision-record.ts';
import { StoreError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Store } from '../../core/ports.ts';
import type { MissingRecord, RecordedLamp, RecordedWhy, WhyLine } from '../../core/recorded-why.ts';
import type { Decision } from '../../core/words.ts';
import { createDecider } from '../../lighting/decide.ts';
import { explain } from '../../lighting/explain.ts';
import type { LightingSnapshot, LightingStreet } from '../../lighting/lighting.ts';
import { reasonBetween } from '../record/gap-reason.ts';
import { CLOCK_WORDS } from '../record/input-words.ts';
import { decodeRecord, type RecordedState } from '../record/record-decoder.ts';
import { recordedInputs } from '../record/recorded-snapshot.ts';
import { recordedStreet } from '../record/replay.ts';
import { notBelowFound } from '../start-guard.ts';
import { pastInputs } from './past-inputs.ts';
import { placeOf } from './views.ts';

/** The dependencies of `recordedAt`. */
export interface PastLightParts {
  readonly store: Pick<Store, 'decisions'>;
  /** Passes what the recorder still has in memory to the store, which `recordedAt` reads next. */
  readonly flush: () => void;
}

const NOTHING = { lamps: [], inputs: [], notes: [], basis: null, clockQuality: null };

/** Pages of segments that may contain one instant: as many as the clock was set back. Source: assumed; a clock is set back once. Confirmed by: steps of clocks in the logs. */
const MOST_PAGES = 4;

/**
 * Resolves with what the record has about a lamp or zone at an instant, or why it has nothing, for example for an unknown id. Undefined if
 * the record could not be read, for example because the disk did not respond.
 */
export async function recordedAt({ store, flush }: PastLightParts, id: string, atMs: WallMs): Promise<RecordedWhy | undefined> {
  flush();
  const found: StoredRecord[] = [];
  let page: RecordPage | undefined;
  for (let [pages, afterId] = [0, 0]; pages < MOST_PAGES; pages++) {
    page = await store.decisions({ fromMs: atMs, toMs: atMs + 1, afterId });
    if (page === undefined) return undefined;
    found.push(...page.segments);
    if (page.nextId === null) break;
    afterId = page.nextId;
  }
  if (page === undefined) return undefined;
  const best = found.toSorted(byTrust).at(-1);
  if (best === undefined) return { ...NOTHING, missing: missingOf(page, atMs) };
  try {
    return answered(best, { id, atMs, isTwice: found.length > 1 });
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof SyntaxError)) throw error;
    return { ...NOTHING, missing: { why: 'damaged', fromMs: best.fromMs, toMs: best.toMs } };
  }
}

function byTrust(a: StoredRecord, b: StoredRecord): number {
  return CLOCK_WORDS.indexOf(a.clockQuality) - CLOCK_WORDS.indexOf(b.clockQuality) || a.id - b.id;
}

function missingOf({ damaged, before, after, facts }: RecordPage, atMs: WallMs): MissingRecord {
  const [fromMs, toMs] = [before?.toMs ?? null, after?.fromMs ?? null];
  const because = (why: MissingRecord['why']): MissingRecord => ({ why, fromMs, toMs });
  if (damaged > 0) return because('damaged');
  if (before === null) {
    const isIn = (endMs: WallMs | null): boolean => endMs !== null && atMs <= endMs;
    if (isIn(facts.agedToMs)) return because('aged');
    if (isIn(facts.droppedToMs)) return because('dropped');
    return because(facts.segments === 0 ? 'empty' : 'before');
  }
  if (after !== null && after.lost > 0) return because('not-stored');
  if (before.isEnd) return because('stopped');
  if (after === null) return because('not-yet');
  return because(reasonBetween(before, after));
}

interface Question {
  readonly id: string;
  readonly atMs: WallMs;
  readonly isTwice: boolean;
}

/** Errors: throws StoreError `corrupt`, or SyntaxError for a damaged street. */
function answered(record: StoredRecord, { id, atMs, isTwice }: Question): RecordedWhy {
  const street = recordedStreet(record);
  const place = placeOf(street, id);
  const state = stateAt(record, atMs);
  if (place === undefined || state === undefined)
    return { ...NOTHING, missing: { why: place === undefined ? 'unknown' : 'damaged', fromMs: record.fromMs, toMs: record.toMs } };
  const recomputed = record.isThinned ? null : recompute(street, state, atMs);
  const lamps = street.lamps.flatMap((lamp, index): RecordedLamp[] => {
    const choice = state.levels.get(index);
    if (!place.lamps.includes(lamp.id) || choice === undefined) return [];
    const { isHeld: _, ...level } = choice;
    return [{ id: lamp.id, pole: lamp.pole, ...level, ...traceOf(recomputed, lamp.id, level.levelPct) }];
  });
  return {
    ...{ missing: null, lamps, clockQuality: record.clockQuality },
    inputs: recomputed === null ? [] : pastInputs(street, { lampIds: place.lamps, state, snapshot: recomputed.snapshot }),
    notes: notesOn(record, isTwice),
    basis: { revision: record.basis.revision, version: record.basis.version },
  };
}

function stateAt(record: StoredRecord, atMs: WallMs): RecordedState | undefined {
  let last: RecordedState | undefined;
  for (const state of decodeRecord(record, { nowUs: Math.round(record.fromMono * 1_000), nowMs: record.fromMs }, atMs)) last = state;
  return last;
}

interface Recomputed {
  readonly snapshot: LightingSnapshot;
  readonly lines: ReadonlyMap<string, { readonly decision: Decision; readonly trace: readonly WhyLine[] }>;
}

/** Decides again with the recorded inputs, at the instant itself: its ages and rests are those of the question. */
function recompute(street: LightingStreet, state: RecordedState, atMs: WallMs): Recomputed {
  const { snapshot, floors } = recordedInputs(state, { nowMs: atMs, nowMono: state.nowUs / 1_000 + (atMs - state.nowMs) });
  const decider = createDecider(street);
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone] as const)));
  const maxPct = new Map(street.lamps.map((lamp) => [lamp.id, lamp.maxPct]));
  const lines = decider.decide(snapshot).decisions.map((plain) => {
    const decision = notBelowFound(plain, floors.get(plain.lampId) ?? 0, maxPct.get(plain.lampId));
    const zone = zoneOf.get(decision.lampId) ?? null;
    const facts = { street, lampId: decision.lampId, zone, plan: zone === null ? null : (decider.plan(zone.id) ?? null), snapshot };
    const trace = decision.trace.map((line) => ({ ...line, ...explain(line, facts) }));
    return [decision.lampId, { decision, trace }] as const;
  });
  return { snapshot, lines: new Map(lines) };
}

function traceOf(recomputed: Recomputed | null, lampId: string, levelPct: number): Pick<RecordedLamp, 'trace' | 'recomputedPct'> {
  const found = recomputed?.lines.get(lampId);
  if (found === undefined) return { trace: null, recomputedPct: null };
  return { trace: found.trace, recomputedPct: found.decision.levelPct === levelPct ? null : found.decision.levelPct };
}

function notesOn({ isThinned, isCorrected, clockQuality }: StoredRecord, isTwice: boolean): readonly Message[] {
  return [
    ...(isThinned ? [msg`thinned: the inputs of that time were removed to make room; levels and reasons are kept`] : []),
    ...(isCorrected ? [msg`the clock was wrong then; the time was corrected later`] : []),
    ...(!isCorrected && (clockQuality === 'none' || clockQuality === 'restored')
      ? [msg`the clock was not trusted then (${clockQuality}); the time may be wrong`]
      : []),
    ...(isTwice ? [msg`the clock was set back: this time occurred more than once; the answer is from the better clock`] : []),
  ];
}
