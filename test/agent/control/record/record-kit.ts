/** A recorder whose parts are kept in memory, and what was decided at each tick. */
import { DecisionRecorder, type RecordedTick } from '../../../../agent/control/record/decision-recorder.ts';
import { replayRecord } from '../../../../agent/control/record/replay.ts';
import type { RecordPart, StoredRecord } from '../../../../agent/core/decision-record.ts';
import type { Decision } from '../../../../agent/core/words.ts';
import type { LightingStreet } from '../../../../agent/lighting/lighting.ts';

/** What a decision is compared by; the text of its trace says seconds. */
export type PlainDecision = Pick<Decision, 'lampId' | 'levelPct' | 'rank' | 'reason'> & { readonly held: boolean; readonly source: string };

function plainDecision({ lampId, levelPct, rank, reason, isHeld, trace }: Decision): PlainDecision {
  return { lampId, levelPct, rank, reason, held: isHeld === true, source: trace.find(({ applied }) => applied)?.source ?? '' };
}

/** One tick: when, and what was decided. */
export interface SeenTick {
  readonly nowMono: number;
  readonly nowMs: number;
  readonly decisions: readonly PlainDecision[];
}

/** Parts as a store would join them. */
function joinParts(parts: readonly RecordPart[]): readonly StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const part of parts) {
    const last = records.at(-1);
    if (part.basis !== null || last === undefined) {
      const { basis, fromMs, toMs, clockQuality, isEnd, lost, ticks, inputs, levels, fromMono, toMono } = part;
      if (basis === null) throw new Error('a record begins with a basis');
      const label = { id: records.length + 1, run: 1, isCorrected: false, isThinned: false };
      records.push({ ...label, basis, fromMs, toMs, clockQuality, isEnd, lost, ticks, inputs, levels, fromMono, toMono });
    } else {
      const join = (a: Uint8Array, b: Uint8Array): Uint8Array => Uint8Array.from([...a, ...b]);
      records[records.length - 1] = {
        ...last,
        ...{ toMs: part.toMs, toMono: part.toMono, isEnd: part.isEnd },
        ...{ ticks: join(last.ticks, part.ticks), inputs: join(last.inputs, part.inputs), levels: join(last.levels, part.levels) },
      };
    }
  }
  return records;
}

/** Recorders of one run after another: `next` begins another street. `accepts`: whether the store takes a part. */
export function createRecordKit(accepts: () => boolean = () => true) {
  const parts: RecordPart[] = [];
  const ticks: SeenTick[] = [];
  const log: string[] = [];
  return {
    parts,
    ticks,
    log,
    bytes: () => parts.reduce((sum, { ticks: t, inputs, levels }) => sum + t.length + inputs.length + levels.length, 0),
    records: () => joinParts(parts),
    next(street: LightingStreet, revision = 1) {
      const appendDecisions = (part: RecordPart): boolean => {
        if (!accepts()) return false;
        parts.push(part);
        return true;
      };
      const recorder = new DecisionRecorder({
        ...{ street, version: '1.0.0', revision: () => revision },
        store: { appendDecisions },
        log: { event: (name, fields) => log.push(`${name} ${JSON.stringify(fields)}`) },
      });
      return {
        look(tick: RecordedTick) {
          const { nowMono, nowMs } = tick.snapshot;
          ticks.push({ nowMono, nowMs, decisions: tick.decisions.map(plainDecision) });
          recorder.look(tick);
        },
        flush: () => recorder.flush(),
        stop: () => recorder.stop(),
      };
    },
  };
}

/**
 * Compares the replay of these records with what was decided. Returns the differences, as text; none if each recorded instant gives what was decided then,
 * and every tick between two instants left all levels as they were.
 */
export function replayDifferences(records: readonly StoredRecord[], ticks: readonly SeenTick[]): readonly string[] {
  const found: string[] = [];
  const seen = Map.groupBy(ticks, keyOf);
  const replayed = new Set<string>();
  for (const record of records) {
    for (const { nowMono, nowMs, decisions, recorded } of replayRecord(record)) {
      const key = keyOf({ nowMono, nowMs });
      const again = decisions.map(plainDecision);
      replayed.add(key);
      // Two ticks may have the same time: a reading that cannot wait follows a tick at once.
      const candidates = seen.get(key) ?? [];
      const original = candidates.find((tick) => JSON.stringify(tick.decisions) === JSON.stringify(again));
      if (original === undefined)
        found.push(`${key}: ${candidates[0] === undefined ? 'no such tick' : differenceOf(candidates[0].decisions, again)}`);
      for (const decision of again) {
        const { levelPct, rank, reason, source } = recorded.get(decision.lampId) ?? {};
        if (levelPct !== decision.levelPct || rank !== decision.rank || reason !== decision.reason || source !== decision.source)
          found.push(`${key}: ${decision.lampId} recorded as ${levelPct} ${rank} ${source}, was ${JSON.stringify(decision)}`);
      }
    }
  }
  let last = '';
  for (const tick of ticks) {
    const now = JSON.stringify(tick.decisions);
    if (now !== last && !replayed.has(keyOf(tick))) found.push(`${keyOf(tick)}: not recorded`);
    last = now;
  }
  return found;
}

function keyOf({ nowMono, nowMs }: Pick<SeenTick, 'nowMono' | 'nowMs'>): string {
  return `${nowMono} ${nowMs}`;
}

function differenceOf(a: readonly PlainDecision[], b: readonly PlainDecision[]): string {
  const at = a.findIndex((each, index) => JSON.stringify(each) !== JSON.stringify(b[index]));
  return `${JSON.stringify(a[at])} replayed as ${JSON.stringify(b[at])}`;
}
