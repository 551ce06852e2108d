/**
 * Which units are on a line.
 *
 * Owns one scan from its first question to its result. Only reads; the units of the cabinet are known and not asked.
 */
import type { FoundUnit, ScanProgress, ScanRequest, ScanResult } from '../../core/bus-tools.ts';
import type { SerialSettings } from '../../core/cabinet.ts';
import { serialOf } from '../../core/line-port.ts';
import type { Profile } from '../../core/profile.ts';
import { quantile } from '../../core/quantile.ts';
import { isUntried, type Unit, unitState } from '../units/unit.ts';
import { isNetwork } from './bus-bounds.ts';
import { type Ask, identify } from './bus-identify.ts';
import type { BusToolQueue } from './bus-tool-queue.ts';
import { quickPass, type ScanAnswer } from './scan-pass.ts';
import { createScanResults, type ScanResults } from './scan-results.ts';
import { type Adapter, NETWORK_WAIT_MS, otherSettings, quickWaitMs } from './scan-settings.ts';
import { askAway, speedPass } from './scan-speeds.ts';

export interface ScanParts {
  readonly desk: BusToolQueue;
  readonly profiles: readonly Profile[];
  readonly adapter: Adapter;
  /** Answers of this unit of the cabinet have been damaged more than a sound line would. */
  readonly isDamaged: (unit: number) => boolean;
}

/** Errors: rejects with BusError when the line goes down, with the signal's reason when it is aborted. */
export async function scanLine(parts: ScanParts, request: ScanRequest, tell: (progress: ScanProgress) => void): Promise<ScanResult> {
  const { desk, profiles } = parts;
  const home = desk.config.serial;
  const startMono = desk.clock.monoMs();
  const addresses = Array.from({ length: request.to - request.from + 1 }, (_, i) => request.from + i);
  const own = desk.units.filter(({ device: { unit } }) => unit >= request.from && unit <= request.to);
  const others = request.autoBaud ? otherSettings(home, profiles) : [];
  const book = createScanResults((1 + others.length) * addresses.length, tell);

  const missing = await lookAtOwn(desk, own, book);
  // A silent unit may have been repaired since the poll last asked.
  const isSilent = (unit: number): boolean => missing.some(({ device }) => device.unit === unit);
  const asked = addresses.filter((unit) => desk.unitAt(unit) === undefined || isSilent(unit));
  const damaged = await lookAtHome(parts, request, { addresses: asked, book });
  for (const serial of others) await lookAway(parts, request, { addresses, book, serial });
  const damagedOwn = own.map(({ device: { unit } }) => unit).filter(parts.isDamaged);
  return {
    line: desk.config.id,
    isNetwork: isNetwork(desk.config.port),
    found: book.all(),
    missing: missing.flatMap(({ device: { id, unit } }) => (book.all().some((found) => found.device === id) ? [] : [{ unit, device: id }])),
    damaged: [...damaged, ...damagedOwn].toSorted((a, b) => a - b),
    durationMs: Math.round(desk.clock.monoMs() - startMono),
  };
}

/** The poll knows best; only a unit that was never asked is asked now. Returns those that are not there. */
async function lookAtOwn(desk: BusToolQueue, own: readonly Unit[], book: ScanResults): Promise<Unit[]> {
  const missing: Unit[] = [];
  for (const unit of own) {
    const { device, driver } = unit;
    if (isUntried(unit)) await desk.read({ unit: device.unit, table: 'holding', address: 0, count: 1 });
    if (unitState(unit) === 'silent' || unitState(unit) === 'new') missing.push(unit);
    else {
      book.step(serialOf(desk.config));
      const turnaroundMs = tenths(unit.health.turnaroundMs?.mean ?? 0);
      const profiles = [{ id: driver.profile.id, strength: 'strong' as const }];
      book.found({ unit: device.unit, serial: serialOf(desk.config), turnaroundMs, profiles, device: device.id, exception: null });
    }
  }
  return missing;
}

interface Pass {
  readonly addresses: readonly number[];
  readonly book: ScanResults;
}

/** Returns the addresses whose answers are damaged. */
async function lookAtHome(parts: ScanParts, request: ScanRequest, { addresses, book }: Pass): Promise<readonly number[]> {
  const { desk, profiles } = parts;
  const { serial } = desk.config;
  const shown = serialOf(desk.config);
  const onProbed = (): void => book.step(shown);
  const { sightings, damaged } = await quickPass(desk, {
    units: addresses,
    waitMs: waitMs(parts, request, serial),
    signal: request.signal,
    onProbed,
  });
  for (const sighting of sightings) {
    request.signal?.throwIfAborted();
    const found = await named(sighting, { serial: shown, profiles, ask: (question) => desk.read(question) });
    const own = desk.unitAt(sighting.unit);
    // It is there again: it is probed now, not when its back-off is over.
    if (own?.health.state === 'silent') own.health = { ...own.health, dueMono: desk.clock.monoMs() };
    book.found(asOwn(found, own));
  }
  return damaged;
}

/** A unit of the cabinet under its name, and as what the cabinet says where its answers allow it. */
function asOwn(found: FoundUnit, unit: Unit | undefined): FoundUnit {
  if (unit === undefined) return found;
  const said = found.profiles.filter(({ id }) => id === unit.driver.profile.id);
  return { ...found, device: unit.device.id, profiles: said.length > 0 ? said : found.profiles };
}

async function lookAway(parts: ScanParts, request: ScanRequest, pass: Pass & { readonly serial: SerialSettings }): Promise<void> {
  const { desk, profiles } = parts;
  const { addresses, book, serial } = pass;
  const onProbed = (): void => book.step(serial);
  const { signal } = request;
  const sightings = await speedPass(desk, { units: addresses, serial, waitMs: waitMs(parts, request, serial), signal, onProbed });
  for (const sighting of sightings) {
    signal?.throwIfAborted();
    book.found(await named(sighting, { serial, profiles, ask: (question) => askAway(desk, serial, question) }));
  }
}

function waitMs({ desk, adapter }: ScanParts, request: ScanRequest, serial: SerialSettings): number {
  return request.waitMs ?? (isNetwork(desk.config.port) ? NETWORK_WAIT_MS : quickWaitMs(serial, adapter));
}

/** What a stranger is, and its pace over more than one answer. */
async function named(
  { unit, turnaroundMs, exception }: ScanAnswer,
  { serial, profiles, ask }: { readonly serial: SerialSettings | null; readonly profiles: readonly Profile[]; readonly ask: Ask },
): Promise<FoundUnit> {
  const { profiles: fitting, turnaroundsMs } = await identify(unit, profiles, ask);
  return {
    unit,
    serial,
    turnaroundMs: tenths(turnaroundsMs.length === 0 ? turnaroundMs : quantile(turnaroundsMs, 0.5)),
    profiles: fitting,
    device: null,
    exception,
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
