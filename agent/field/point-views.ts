/**
 * The points of the cabinet as a list shows them: newest value, quality and age.
 *
 * Pure.
 */
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { MonoMs } from '../core/clock.ts';
import type { Field } from '../core/ports.ts';
import type { PointView } from '../core/views.ts';
import type { PointId } from '../core/words.ts';

/** The points that are polled and whose id contains `filter`, in whatever case it is written. */
export function pointViews(
  points: ReadonlyMap<PointId, CabinetPoint>,
  field: Pick<Field, 'readings'>,
  { filter, nowMono }: { readonly filter: string; readonly nowMono: MonoMs },
): PointView[] {
  const text = filter.toLowerCase();
  const readings = new Map(field.readings().map((reading) => [reading.pointId, reading]));
  const wanted = [...points.values()].filter(({ pointId, profile }) => profile.poll !== 'never' && pointId.toLowerCase().includes(text));
  return wanted.map(({ pointId, profile: { unit, decimals } }) => {
    const reading = readings.get(pointId);
    const ageS = reading === undefined ? null : Math.max(0, Math.round((nowMono - reading.atMono) / 100) / 10);
    return { pointId, value: reading?.value ?? null, unit, decimals, quality: reading?.quality ?? 'missing', ageS };
  });
}
