/** Reads the decided levels of a period from the record of decisions. Inputs are not needed, so it also reads segments without them. */
import type { WallMs } from '../../core/clock.ts';
import type { LevelSpell, StoredRecord } from '../../core/decision-record.ts';
import { StoreError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import type { LevelPct } from '../../core/words.ts';
import { decodeRecord } from './record-decoder.ts';
import { recordedStreet } from './replay.ts';

/**
 * Yields the spells of the segments that reach into a period, in the order of the record. Spells may be outside the period. After a clock
 * was set back they may overlap, or end before they begin. What is damaged is left out; if the disk does not
 * respond, `onUnread` is called and the spells end.
 */
export async function* recordedLevels(
  store: Pick<Store, 'decisions'>,
  { fromMs, toMs }: { readonly fromMs: WallMs; readonly toMs: WallMs },
  onUnread: () => void,
): AsyncGenerator<LevelSpell, void, void> {
  for (let afterId: number | null = 0; afterId !== null; ) {
    const page: Awaited<ReturnType<Store['decisions']>> = await store.decisions({ fromMs, toMs, afterId });
    if (page === undefined) {
      onUnread();
      return;
    }
    for (const segment of page.segments) yield* undamaged(segment);
    afterId = page.nextId;
  }
}

function* undamaged(segment: StoredRecord): Generator<LevelSpell, void, void> {
  try {
    yield* spellsOf(segment);
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof SyntaxError)) throw error;
  }
}

/** Errors: throws StoreError `corrupt`, or SyntaxError for a damaged street. */
function* spellsOf(segment: StoredRecord): Generator<LevelSpell, void, void> {
  const { lamps } = recordedStreet(segment);
  const levels = new Map<string, LevelPct>();
  let sinceMs: WallMs | null = null;
  for (const { nowMs, levels: choices, changed } of decodeRecord(segment, {
    nowUs: Math.round(segment.fromMono * 1_000),
    nowMs: segment.fromMs,
  })) {
    if (sinceMs !== null && changed.size === 0) continue;
    if (sinceMs !== null) yield { fromMs: sinceMs, toMs: nowMs, levels };
    for (const index of changed) {
      const [lamp, choice] = [lamps[index], choices.get(index)];
      if (lamp !== undefined && choice !== undefined) levels.set(lamp.id, choice.levelPct);
    }
    sinceMs = nowMs;
  }
  if (sinceMs !== null) yield { fromMs: sinceMs, toMs: segment.toMs, levels };
}
