/**
 * One pass over addresses at the line's own speed: a quick look at each, a longer one where bytes went astray.
 *
 * Owns what was seen of each address. Only reads.
 */
import type { SerialSettings } from '../../core/cabinet.ts';
import { type MonoMs, sleep } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { BusToolQueue, Look } from './bus-tool-queue.ts';
import { refusalMs } from './scan-settings.ts';
import { explains, type Probed, type Suspect, strayCount, suspectsOf } from './scan-suspects.ts';

/** Questions kept waiting in the line's queue: one on the wire and the next, so that the console lane never gives away a turn it has. */
const WORKERS = 2;
/** A longer look waits this much longer than the stray bytes took. Units: ms. */
const SLACK_MS = 25;
/** Longer looks of one pass; beyond that the line is too noisy to tell. */
const MAX_LOOKS = 64;
/** The last addresses are listened to for this long after the pass. Units: ms. */
const TAIL_MS = 150;
/** Looks at an address whose answers are damaged, the first included; two damaged ones are no accident. */
const DAMAGED = { looks: 3, enough: 2 } as const;

export interface ScanAnswer {
  readonly unit: number;
  readonly turnaroundMs: number;
  readonly exception: BusErrorCode | null;
}

export interface PassResult {
  readonly sightings: readonly ScanAnswer[];
  readonly damaged: readonly number[];
}

/** Errors: rejects with BusError when the line goes down, with the signal's reason when it is aborted. */
export async function quickPass(
  desk: BusToolQueue,
  {
    units,
    waitMs,
    signal,
    onProbed,
  }: {
    readonly units: readonly number[];
    readonly waitMs: number;
    readonly signal: AbortSignal | undefined;
    readonly onProbed: () => void;
  },
): Promise<PassResult> {
  const { clock, line } = desk;
  const sightings = new Map<number, ScanAnswer>();
  const damages = new Map<number, number>();
  const probed: Probed[] = [];
  const incidents: Suspect[][] = [];
  let strays = { count: strayCount(line.counters), atMono: clock.monoMs() };
  const waiting = units.values();
  await Promise.all(Array.from({ length: WORKERS }, work));
  await sleep(clock, TAIL_MS);
  watchStrays(clock.monoMs());
  await lookAgain();
  return { sightings: [...sightings.values()], damaged: [...damages.keys()].filter(isDamaged) };

  function isDamaged(unit: number): boolean {
    return (damages.get(unit) ?? 0) >= DAMAGED.enough;
  }

  async function work(): Promise<void> {
    for (const unit of waiting) {
      signal?.throwIfAborted();
      note(unit, await desk.look(scanRequest(unit, 1), waitMs));
      probed.push({ unit, atMono: clock.monoMs() - waitMs });
      watchStrays(clock.monoMs());
      onProbed();
    }
  }

  function watchStrays(nowMono: MonoMs): void {
    const count = strayCount(line.counters);
    if (count > strays.count) incidents.push(suspectsOf(probed, { fromMono: strays.atMono, toMono: nowMono }));
    strays = { count, atMono: nowMono };
  }

  function note(unit: number, look: Look): void {
    const sighting = sightingOf(unit, look, desk.config.serial);
    if (sighting !== null) sightings.set(unit, sighting);
    else if (look.answer instanceof BusError && look.answer.code !== 'timeout') damages.set(unit, (damages.get(unit) ?? 0) + 1);
  }

  /** Each incident from its nearest suspect on, until one is found whose pace or damage explains it. */
  async function lookAgain(): Promise<void> {
    const waited = new Map<number, number>();
    for (const unit of damages.keys()) incidents.unshift([{ unit, minMs: 0, maxMs: 0 }]);
    for (const suspects of incidents) {
      for (const suspect of suspects) {
        const { unit } = suspect;
        if (isDamaged(unit)) break;
        const longMs = Math.max(waitMs, suspect.maxMs) + SLACK_MS;
        if (sightings.has(unit) || (waited.get(unit) ?? 0) >= longMs || waited.size >= MAX_LOOKS) continue;
        waited.set(unit, longMs);
        await lookLonger(unit, longMs);
        const found = sightings.get(unit);
        if (found !== undefined && explains(found.turnaroundMs, suspect, SLACK_MS)) break;
      }
    }
  }

  /** Another function and two registers, so that neither a late reply nor a late refusal is taken for this one's. */
  async function lookLonger(unit: number, longMs: number): Promise<void> {
    for (let look = 1; look < DAMAGED.looks; look++) {
      signal?.throwIfAborted();
      note(unit, await desk.look({ ...scanRequest(unit, 2), table: 'discrete' }, longMs));
      if ((damages.get(unit) ?? 0) === 0) return;
    }
  }
}

/** Who answers is there, be it with a refusal; null for nobody. */
export function sightingOf(unit: number, { answer, tookMs }: Look, serial: SerialSettings): ScanAnswer | null {
  if (!(answer instanceof BusError)) return { unit, turnaroundMs: answer.turnaroundMs, exception: null };
  return answer.policy.answered ? { unit, turnaroundMs: Math.max(0, tookMs - refusalMs(serial)), exception: answer.code } : null;
}

/** Register 0 is as good as any: who does not have it says so. */
export function scanRequest(unit: number, count: number): ReadRequest {
  return { unit, table: 'holding', address: 0, count };
}
