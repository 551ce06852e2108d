/**
 * Readings that a checker with the same seed can verify later.
 *
 * Owns the content of a frame. Pure. The writer that is killed and the checker both use it.
 */
import { crc32 } from 'node:zlib';
import type { ReadingFrame, StoredReading } from '../../agent/core/ports.ts';
import type { PointId, Quality, Reading } from '../../agent/core/words.ts';
import { createRandom } from '../../test/street/random.ts';

export interface FrameName {
  readonly seed: number;
  readonly round: number;
  readonly ticket: number;
  readonly atMs: number;
}

/** How large the frames are. `light`: 1 to 12 readings each; `heavy`: 1 to 300. */
export type Load = 'light' | 'heavy';

const MOST_READINGS: Readonly<Record<Load, number>> = { light: 12, heavy: 300 };
/** Decimals of each quantity; null: none are given, so the value is stored exactly. */
const QUANTITIES = { level: 0, energy: 0, power: 1, current: 3, exact: null } as const;
const UNSCALED: Quality[] = ['good', 'good', 'good', 'good', 'stale', 'bad', 'missing'];
const DEVICES = 40;

/** Decimals by point, as a cabinet's profiles give them. */
export const DECIMALS: ReadonlyMap<string, number> = new Map(
  Array.from({ length: DEVICES }, (_, i) => i).flatMap((i) =>
    Object.entries(QUANTITIES).flatMap(([quantity, decimals]) => (decimals === null ? [] : [[`D${i}.${quantity}`, decimals] as const])),
  ),
);

/** Points that are counters: the `energy` of each device. A store that makes room keeps more of their readings. */
export const COUNTERS: ReadonlySet<string> = new Set([...DECIMALS.keys()].filter((point) => point.endsWith('.energy')));

/**
 * Returns the frame with this seed, round and ticket: the same arguments always give the same readings, so that a checker can make it
 * again. `atMono` only sets its monotonic times.
 */
export function frameOf({ seed, round, ticket, atMs }: FrameName, load: Load, atMono: number): ReadingFrame {
  const random = createRandom(crc32(`${seed}/${round}/${ticket}`));
  const count = 1 + Math.floor(random() * MOST_READINGS[load]);
  const names = Object.keys(QUANTITIES);
  const start = Math.floor(random() * DEVICES * names.length);
  const readings = Array.from({ length: count }, (_, i): Reading => {
    const place = (start + i) % (DEVICES * names.length);
    const pointId: PointId = `D${Math.floor(place / names.length)}.${names[place % names.length]}`;
    const quality = UNSCALED[Math.floor(random() * UNSCALED.length)] ?? 'good';
    const hasValue = quality === 'good' || quality === 'stale';
    const lateMs = Math.floor(random() * 20);
    return { pointId, value: hasValue ? valueFor(pointId, random()) : null, quality, atMono: atMono - lateMs, atMs: atMs - lateMs };
  });
  return { ticket, atMono, atMs, clockQuality: 'synced', readings };
}

/** Returns a checksum of point, value, quality and time of all readings; their order does not matter. */
export function checksumOf(readings: readonly StoredReading[]): number {
  return crc32(textsOf(readings).join('\n'));
}

/** Returns true if each of `readings` is also in `whole`, unchanged and as often; their order does not matter. */
export function isPartOf(readings: readonly StoredReading[], whole: readonly StoredReading[]): boolean {
  const rest = textsOf(whole);
  return textsOf(readings).every((text) => {
    const place = rest.indexOf(text);
    if (place >= 0) rest.splice(place, 1);
    return place >= 0;
  });
}

function textsOf(readings: readonly StoredReading[]): string[] {
  return readings.map(({ pointId, value, quality, atMs }) => `${pointId} ${value} ${quality} ${atMs}`).sort();
}

function valueFor(pointId: PointId, share: number): number {
  const decimals = DECIMALS.get(pointId);
  if (decimals === undefined) return share * 1e6;
  return Math.round(share * 1e5) / 10 ** decimals;
}
