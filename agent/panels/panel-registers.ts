/**
 * The registers of a panel, and what was written to them under earlier configurations of this run. Ids of panels and devices belong to the platform:
 * another id must neither renew the rate of the site nor end a text of the console. Pure.
 */
import type { Cabinet } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { MonoMs } from '../core/clock.ts';
import { portKey } from '../core/line-port.ts';
import type { PanelConfig } from '../core/panel-config.ts';
import type { PointId } from '../core/words.ts';
import { withChange } from './change-pace.ts';

/**
 * Times of changes of the shown text, and of accepted texts, that may count towards a limit; by register and kind, oldest first. Units: ms
 * of the monotonic clock.
 */
export type PanelPaces = Map<string, readonly MonoMs[]>;

/**
 * Returns names for the registers that a panel writes, made of port, unit and address. The ids of device and point replace those that are
 * not known.
 */
export function panelRegisters(
  { device, points: names }: Pick<PanelConfig, 'device' | 'points'>,
  { lines }: Pick<Cabinet, 'lines'>,
  points: ReadonlyMap<PointId, CabinetPoint>,
): readonly string[] {
  const line = lines.find(({ devices }) => devices.some(({ id }) => id === device));
  const unit = line?.devices.find(({ id }) => id === device)?.unit;
  const place = line === undefined ? device : `${portKey(line.port)}#${unit}`;
  return [...new Set(names.map((name) => `${place}@${points.get(`${device}.${name}`)?.profile.address ?? name}`))];
}

/**
 * Returns the recorded times of the changes of one of these registers, the one that has most of them; oldest first. Empty if none is
 * recorded. `what`: the kind of change.
 */
export function changesOf(paces: PanelPaces, registers: readonly string[], what: string): readonly MonoMs[] {
  const each = registers.map((register) => paces.get(`${register} ${what}`) ?? []);
  return each.reduce((most, next) => (next.length > most.length ? next : most), []);
}

/**
 * Records in `paces` a change at `nowMono` for each of these registers. Removes their changes of the same kind that are an hour old or
 * older. `what`: the kind of change.
 */
export function noteChange(paces: PanelPaces, registers: readonly string[], { what, nowMono }: { what: string; nowMono: MonoMs }): void {
  for (const register of registers) {
    const key = `${register} ${what}`;
    paces.set(key, withChange(paces.get(key) ?? [], nowMono));
  }
}
