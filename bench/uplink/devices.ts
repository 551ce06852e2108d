/**
 * The cabinet of the store's workload as the platform sees it: sixty lamps with six quantities each. Pure.
 */
import type { UplinkDevice } from '../../agent/core/ports.ts';
import type { PointId } from '../../agent/core/words.ts';

const UNITS: Readonly<Record<string, string>> = { level: '%', power: 'W', energy: 'Wh', temperature: '°C', voltage: 'V', current: 'mA' };

/** One device per driver, each a lamp. */
export function benchDevices(points: readonly PointId[]): readonly UplinkDevice[] {
  const byDevice = Map.groupBy(points, (point) => point.slice(0, point.indexOf('.')));
  return [...byDevice].map(([id, own]) => ({
    id,
    target: { kind: 'lamp', id },
    metrics: own.map((pointId) => {
      const name = pointId.slice(pointId.indexOf('.') + 1);
      return { name, pointId, type: 'Double', unit: UNITS[name] ?? '', range: null, talq: null };
    }),
  }));
}
