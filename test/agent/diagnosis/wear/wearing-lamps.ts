/** Nights of lamps for the tests of the prediction. */
import { DAY_MS } from '../../../../agent/core/durations.ts';
import type { LampHistory } from '../../../../agent/diagnosis/wear/predict-lamps.ts';
import { type DatedNight, type WearNight, wearValues } from '../../../../agent/diagnosis/wear/wear-night.ts';
import { createRandom } from '../../../street/random.ts';

/** The first night. */
const FIRST = '2026-01-01';

/** Returns the date of the night with this number; 0 is the first. */
export function dateOfNight(night: number): string {
  return new Date(Date.parse(FIRST) + night * DAY_MS).toISOString().slice(0, 10);
}

/** Returns a summary in which everything but the given quantities is unknown. */
function nightWith(values: Partial<WearNight>): WearNight {
  return { ...wearValues(() => null), nights: 1, kind: 'L01 led 60', ...values };
}

/** Returns nights 0 to `count` - 1. `of` undefined: the night is missing. */
export function nightsOf(count: number, of: (night: number) => Partial<WearNight> | undefined): readonly DatedNight[] {
  return Array.from({ length: count }, (_, night) => ({ date: dateOfNight(night), values: of(night) })).flatMap(({ date, values }) =>
    values === undefined ? [] : [{ date, night: nightWith(values) }],
  );
}

/** Returns a lamp with these nights. */
export function lampWith(nights: readonly DatedNight[], id = 'L01'): LampHistory {
  return { id, pole: 'P01', temperatureMaxC: 65, ratedHours: null, nights };
}

/** Returns noise without a trend: uniform within plus and minus `size`. */
export function noise(seed: number, size: number): () => number {
  const random = createRandom(seed);
  return () => size * (2 * random() - 1);
}
