/**
 * Units of a plant that reply slowly, request by request, or not at all.
 *
 * The simulated line reads the turnaround of a unit after it has served the request.
 */

import type { WriteResult } from '../../../agent/core/ports.ts';
import type { Table } from '../../../agent/core/profile.ts';
import type { Plant, TestUnit } from './plant.ts';

export interface PacedRequest {
  readonly kind: 'read' | 'write';
  readonly table: Table;
  readonly address: number;
  readonly count: number;
}

/** No reply within any time that a test runs. Units: ms. */
const NEVER_MS = 1e12;

/** `paceOf` gives the turnaround of each request; null: the unit carries it out, but does not reply. Units: ms. */
export function pace(unit: TestUnit, paceOf: (request: PacedRequest) => number | null): void {
  const { read, write } = unit;
  unit.read = (table, address, count) => {
    unit.turnaroundMs = paceOf({ kind: 'read', table, address, count }) ?? NEVER_MS;
    return read(table, address, count);
  };
  unit.write = (table, address, values) => {
    unit.turnaroundMs = paceOf({ kind: 'write', table, address, count: values.length }) ?? NEVER_MS;
    return write(table, address, values);
  };
}

/** Writes selected by `isIgnored` are neither carried out nor answered, but they are recorded as requests. */
export function ignoreWrites(plant: Plant, unit: TestUnit, isIgnored: () => boolean): void {
  const { write, turnaroundMs } = unit;
  unit.write = (table, address, values) => {
    unit.turnaroundMs = turnaroundMs;
    if (!isIgnored()) return write(table, address, values);
    unit.asked.push({ atMono: plant.clock.monoMs(), what: `write ${table}:${address}=${values}` });
    unit.turnaroundMs = NEVER_MS;
    return undefined;
  };
  const { read } = unit;
  unit.read = (...request) => {
    unit.turnaroundMs = turnaroundMs;
    return read(...request);
  };
}

/** Whether a request includes the register `place`, written `table:address`. */
export function coversRegister({ table, address, count }: PacedRequest, place: string): boolean {
  return Array.from({ length: count }, (_, i) => `${table}:${address + i}`).includes(place);
}

/** The requests to a device since `sinceMono` whose text begins with `start`, such as `read holding:0`; oldest first. */
export function requestsOf(plant: Plant, deviceId: string, start: string, sinceMono = 0): readonly { atMono: number; what: string }[] {
  return plant.unit(deviceId).asked.filter(({ atMono, what }) => atMono >= sinceMono && what.startsWith(start));
}

/** Advances the clock until the result arrives, and returns it. Errors: rejects after `withinMs` of that clock. */
export async function settled({ clock }: Plant, pending: Promise<WriteResult>, withinMs = 60_000): Promise<WriteResult> {
  let result: WriteResult | undefined;
  void pending.then((end) => {
    result = end;
  });
  for (let ms = 0; ms < withinMs && result === undefined; ms += 5) await clock.advance(5);
  if (result === undefined) throw new Error(`no result in ${withinMs} ms`);
  return result;
}

/** A store in memory, for one plant or several in turn. Values pass through JSON; every save succeeds. */
export function memoryOf(
  facts = new Map<string, unknown>(),
): NonNullable<Parameters<typeof import('./plant.ts').createPlant>[0]['memory']> {
  return {
    load: async (key) => facts.get(key),
    save: async (key, value) => {
      facts.set(key, JSON.parse(JSON.stringify(value)));
      return true;
    },
  };
}
