/** Scans a line for units. Only reads. Units of the cabinet that answer are known from their polls and are not requested again. */
import type { FoundUnit, ScanProgress, ScanRequest, ScanResult } from '../../core/bus-tools.ts';
import type { SerialSettings } from '../../core/cabinet.ts';
import { serialOf } from '../../core/line-port.ts';
import type { Profile } from '../../core/profile.ts';
import { quantile } from '../../core/quantile.ts';
import { tenths } from '../stats/meters.ts';
import { isUntried, type Unit, unitState } from '../units/unit.ts';
import { isNetwork } from './bus-bounds.ts';
import { identify, type SendProbe } from './bus-identify.ts';
import type { BusToolQueue } from './bus-tool-queue.ts';
import { quickPass, type ScanAnswer } from './scan-pass.ts';
import { type Adapter, NETWORK_WAIT_MS, otherSettings, quickWaitMs } from './scan-settings.ts';
import { readAway, speedPass } from './scan-speeds.ts';

/**
 * What a scan needs: the requests to the line, the device types that it may recognise, and the delays of the adapter, which extend its
 * default wait on a serial line.
 */
export interface ScanParts {
  readonly queue: BusToolQueue;
  readonly profiles: readonly Profile[];
  readonly adapter: Adapter;
  /** Whether more replies of this unit of the cabinet are damaged than on a good line. `unit`: its address. */
  readonly isDamaged: (unit: number) => boolean;
}

type ScanResults = ReturnType<typeof createScanResults>;

/** What the scan has found so far. Each change is reported. */
function createScanResults(total: number, onProgress: (progress: ScanProgress) => void) {
  const units: FoundUnit[] = [];
  let done = 0;
  return {
    /** Records that one address is done. */
    step: (serial: SerialSettings | null): void => onProgress({ done: ++done, total, serial, found: null }),
    add(unit: FoundUnit): void {
      units.push(unit);
      onProgress({ done, total, serial: unit.serial, found: unit });
    },
    /** By address, then by speed. */
    all: (): readonly FoundUnit[] => units.toSorted((a, b) => a.unit - b.unit || (a.serial?.baud ?? 0) - (b.serial?.baud ?? 0)),
  };
}

/**
 * Scans the addresses of a request at the line's own speed and, with `autoBaud`, at other speeds too. Units of the cabinet that answer
 * their polls count as found. Resolves with the units that were found, in the order of their addresses, with missing units of the cabinet,
 * and with addresses whose replies are damaged.
 *
 * Errors: rejects, for example with BusError when the line goes down, or with the signal's reason when it is aborted.
 */
export async function scanLine(parts: ScanParts, request: ScanRequest, onProgress: (progress: ScanProgress) => void): Promise<ScanResult> {
  const { queue } = parts;
  const profiles = parts.profiles.filter(({ transport }) => transport === queue.config.kind);
  const home = queue.config.serial;
  const startMono = queue.clock.monoMs();
  const addresses = Array.from({ length: request.to - request.from + 1 }, (_, i) => request.from + i);
  const own = queue.units.filter(({ device: { unit } }) => unit >= request.from && unit <= request.to);
  const others = request.autoBaud ? otherSettings(home, profiles) : [];
  const results = createScanResults((1 + others.length) * addresses.length, onProgress);

  const missing = await scanOwn(queue, own, results);
  // A silent unit may have been repaired since its last poll.
  const isSilent = (unit: number): boolean => missing.some(({ device }) => device.unit === unit);
  const probed = addresses.filter((unit) => queue.unitAt(unit) === undefined || isSilent(unit));
  const damaged = await scanHome({ ...parts, profiles }, request, { addresses: probed, results });
  for (const serial of others) await scanAway({ ...parts, profiles }, request, { addresses, results, serial });
  const damagedOwn = own.map(({ device: { unit } }) => unit).filter(parts.isDamaged);
  const found = results.all();
  return {
    line: queue.config.id,
    isNetwork: isNetwork(queue.config.port),
    ...(queue.config.kind === 'dali' ? { isDali: true as const } : {}),
    found,
    missing: missing.flatMap(({ device: { id, unit } }) => (found.some(({ device }) => device === id) ? [] : [{ unit, device: id }])),
    damaged: [...new Set([...damaged, ...damagedOwn])].toSorted((a, b) => a - b),
    durationMs: Math.round(queue.clock.monoMs() - startMono),
  };
}

/** Reports the cabinet's own units from their polls; only a unit without a poll so far is read. Returns those that do not answer. */
async function scanOwn(queue: BusToolQueue, own: readonly Unit[], results: ScanResults): Promise<Unit[]> {
  const missing: Unit[] = [];
  const serial = serialOf(queue.config);
  for (const unit of own) {
    const { device, driver } = unit;
    if (isUntried(unit)) await queue.read({ unit: device.unit, table: 'holding', address: 0, count: 1 });
    if (unitState(unit) === 'silent' || unitState(unit) === 'new') missing.push(unit);
    else {
      results.step(serial);
      const turnaroundMs = tenths(unit.health.turnaroundMs?.mean ?? 0);
      const profiles = [{ id: driver.profile.id, strength: 'strong' as const }];
      results.add({ unit: device.unit, serial, turnaroundMs, profiles, device: device.id, exception: null });
    }
  }
  return missing;
}

interface Pass {
  readonly addresses: readonly number[];
  readonly results: ScanResults;
}

/** Scans at the line's own speed. Returns the addresses whose replies are damaged. */
async function scanHome(parts: ScanParts, request: ScanRequest, { addresses, results }: Pass): Promise<readonly number[]> {
  const { queue, profiles } = parts;
  const { signal } = request;
  const { serial } = queue.config;
  const shown = serialOf(queue.config);
  const onProbed = (): void => results.step(shown);
  const patience = { waitMs: waitMs(parts, request, serial), readsAgain: request.waitMs !== null };
  const { answers, damaged } = await quickPass(queue, { units: addresses, ...patience, signal, onProbed });
  for (const answer of answers) {
    signal?.throwIfAborted();
    const found = await identified(answer, { serial: shown, profiles, send: (probe) => queue.read(probe) });
    const own = queue.unitAt(answer.unit);
    // The unit answers again: it is polled now, without waiting for the end of its back-off.
    if (own?.health.state === 'silent') own.health = { ...own.health, dueMono: queue.clock.monoMs() };
    results.add(asOwn(found, own));
  }
  return damaged;
}

/** Returns a unit of the cabinet with the id of its device, and with the cabinet's profile if its answers match. */
function asOwn(found: FoundUnit, unit: Unit | undefined): FoundUnit {
  if (unit === undefined) return found;
  const configured = found.profiles.filter(({ id }) => id === unit.driver.profile.id);
  return { ...found, device: unit.device.id, profiles: configured.length > 0 ? configured : found.profiles };
}

/** Scans at another speed. */
async function scanAway(parts: ScanParts, request: ScanRequest, pass: Pass & { readonly serial: SerialSettings }): Promise<void> {
  const { queue, profiles } = parts;
  const { addresses, results, serial } = pass;
  const { signal } = request;
  const onProbed = (): void => results.step(serial);
  const answers = await speedPass(queue, { units: addresses, serial, waitMs: waitMs(parts, request, serial), signal, onProbed });
  for (const answer of answers) {
    signal?.throwIfAborted();
    results.add(await identified(answer, { serial, profiles, send: (probe) => readAway(queue, serial, probe) }));
  }
}

function waitMs({ queue, adapter }: ScanParts, request: ScanRequest, serial: SerialSettings): number {
  return request.waitMs ?? (isNetwork(queue.config.port) ? NETWORK_WAIT_MS : quickWaitMs(serial, adapter));
}

/** Adds the device types that the unit may be, and its pace over several replies. */
async function identified(
  { unit, turnaroundMs, exception }: ScanAnswer,
  { serial, profiles, send }: { readonly serial: SerialSettings | null; readonly profiles: readonly Profile[]; readonly send: SendProbe },
): Promise<FoundUnit> {
  const { profiles: fitting, turnaroundsMs } = await identify(unit, profiles, send);
  return {
    unit,
    serial,
    turnaroundMs: tenths(turnaroundsMs.length === 0 ? turnaroundMs : quantile(turnaroundsMs, 0.5)),
    profiles: fitting,
    device: null,
    exception,
  };
}
