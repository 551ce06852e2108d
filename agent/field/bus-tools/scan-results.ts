/**
 * What a scan has found so far, and how far it is.
 *
 * Owns the list and the count. Never asks anything.
 */
import type { FoundUnit, ScanProgress } from '../../core/bus-tools.ts';
import type { SerialSettings } from '../../core/cabinet.ts';

export interface ScanResults {
  /** One address is done. */
  step(serial: SerialSettings | null): void;
  found(unit: FoundUnit): void;
  /** By address, then by speed. */
  all(): readonly FoundUnit[];
}

export function createScanResults(total: number, tell: (progress: ScanProgress) => void): ScanResults {
  const units: FoundUnit[] = [];
  let done = 0;
  return {
    step: (serial) => tell({ done: ++done, total, serial, found: null }),
    found(unit) {
      units.push(unit);
      tell({ done, total, serial: unit.serial, found: unit });
    },
    all: () => units.toSorted((a, b) => a.unit - b.unit || (a.serial?.baud ?? 0) - (b.serial?.baud ?? 0)),
  };
}
