/**
 * Which unit of a line is to be asked next: a poll, a set-up step or a probe, and when there is next something to ask.
 *
 * Pure. Never touches the line, never reads a clock. Called by the line runner between any two transactions: one pass over the units
 * that makes nothing, because a line may have 247 of them and a turn may last 5 ms.
 */
import type { MonoMs } from '../core/clock.ts';
import type { ReadRequest } from '../core/driver.ts';
import { restedMono, type Unit } from './unit.ts';

/** The answer to a read like this may still come from an earlier one: not before this time. */
export type HeldUntil = (request: ReadRequest) => MonoMs;

/** What may be asked now, the earliest wish of each kind first. */
export interface Agenda {
  presence: Unit | undefined;
  telemetry: Unit | undefined;
  setUp: Unit | undefined;
  probe: Unit | undefined;
  /** When there is next something that may not be asked yet; infinite when there is not. */
  nextMono: MonoMs;
  silentUnits: number;
}

/** `probeMono`: when the line may next spend time on the dead. */
export function agendaOf(units: readonly Unit[], nowMono: MonoMs, probeMono: MonoMs): Agenda {
  const agenda: Agenda = {
    presence: undefined,
    telemetry: undefined,
    setUp: undefined,
    probe: undefined,
    nextMono: Number.POSITIVE_INFINITY,
    silentUnits: 0,
  };
  for (const unit of units) {
    const freeMono = Math.max(restedMono(unit), unit.heldMono, unit.health.dueMono);
    if (unit.health.state === 'silent') {
      agenda.silentUnits++;
      const mono = Math.max(freeMono, probeMono);
      if (mono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, mono);
      else if (agenda.probe === undefined || unit.health.dueMono < agenda.probe.health.dueMono) agenda.probe = unit;
      continue;
    }
    if (freeMono > nowMono) {
      if (hasWish(unit)) agenda.nextMono = Math.min(agenda.nextMono, freeMono);
      continue;
    }
    if (unit.presenceMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, unit.presenceMono);
    else if (agenda.presence === undefined || unit.presenceMono < agenda.presence.presenceMono) agenda.presence = unit;
    if (unit.telemetryMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, unit.telemetryMono);
    else if (agenda.telemetry === undefined || unit.telemetryMono < agenda.telemetry.telemetryMono) agenda.telemetry = unit;
    if (agenda.setUp === undefined && isSetUpDue(unit)) agenda.setUp = unit;
  }
  return agenda;
}

/** A flaky unit is set up once it answers again. */
function isSetUpDue({ pendingSteps, health }: Unit): boolean {
  return pendingSteps.length > 0 && health.state === 'ok';
}

function hasWish(unit: Unit): boolean {
  return unit.presenceMono !== Number.POSITIVE_INFINITY || unit.telemetryMono !== Number.POSITIVE_INFINITY || isSetUpDue(unit);
}
