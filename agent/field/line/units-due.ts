/**
 * Which unit of a line is due next for a poll, a set-up step or a probe, and when the next one is due.
 *
 * Pure: time is an argument.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { nameplateMono } from '../units/nameplate.ts';
import { isSetUpOpen, setUpRank } from '../units/set-up-steps.ts';
import { restedMono, type Unit, wasMet } from '../units/unit.ts';

/**
 * Returns when this read may be sent. Sent earlier, it may block the line, which waits for the late reply to a similar read. The time may
 * be in the past.
 */
export type HeldUntil = (request: ReadRequest) => MonoMs;

/** Per kind of request, the unit that is next; undefined where none is due. */
export interface Agenda {
  /** For the presence inputs of a unit that has answered before; those of another are polled as `telemetry`. */
  presence: Unit | undefined;
  telemetry: Unit | undefined;
  setUp: Unit | undefined;
  /** A unit with a nameplate that is not read yet. */
  nameplate: Unit | undefined;
  /** A silent unit, or one whose isolated register is due. */
  probe: Unit | undefined;
  /**
   * Earliest time at which a unit may become due for a request for which it is not due now; infinite when there is none. Failed set-up
   * steps that are to be tried again are not included.
   */
  nextMono: MonoMs;
  silentUnits: number;
}

/**
 * Returns the unit that is next for each kind of request at `nowMono`; undefined where none is due. `probeMono`: before this time no unit
 * is due for `probe`.
 */
export function agendaOf(units: readonly Unit[], nowMono: MonoMs, probeMono: MonoMs): Agenda {
  const agenda: Agenda = {
    presence: undefined,
    telemetry: undefined,
    setUp: undefined,
    nameplate: undefined,
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
      else if (isEarlierProbe(unit, agenda.probe)) agenda.probe = unit;
      continue;
    }
    if (freeMono > nowMono) {
      if (hasRequests(unit, nowMono)) agenda.nextMono = Math.min(agenda.nextMono, freeMono);
      continue;
    }
    const telemetryMono = telemetryMonoOf(unit);
    if (unit.presenceMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, unit.presenceMono);
    else if (wasMet(unit) && (agenda.presence === undefined || unit.presenceMono < agenda.presence.presenceMono)) agenda.presence = unit;
    if (telemetryMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, telemetryMono);
    else if (isEarlierPoll(unit, agenda.telemetry)) agenda.telemetry = unit;
    if (isSetUpDue(unit, nowMono) && (agenda.setUp === undefined || setUpRank(unit) < setUpRank(agenda.setUp))) agenda.setUp = unit;
    const namesMono = isSetUpOpen(unit) ? Number.POSITIVE_INFINITY : nameplateMono(unit.nameplate);
    if (namesMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, namesMono);
    else agenda.nameplate ??= unit;
    if (unit.retryMono === Number.POSITIVE_INFINITY) continue;
    const retryMono = Math.max(unit.retryMono, probeMono);
    if (retryMono > nowMono) agenda.nextMono = Math.min(agenda.nextMono, retryMono);
    else if (isEarlierProbe(unit, agenda.probe)) agenda.probe = unit;
  }
  return agenda;
}

/** A unit that has not answered yet is neither read, set up nor lit: its first poll is sent before the other registers of known units. */
function isEarlierPoll(unit: Unit, other: Unit | undefined): boolean {
  if (other === undefined) return true;
  if ((unit.seenMs === null) !== (other.seenMs === null)) return unit.seenMs === null;
  return telemetryMonoOf(unit) < telemetryMonoOf(other);
}

/** A presence input of a unit that has never answered is polled as telemetry: it may be absent, and each loss would delay the others. */
function telemetryMonoOf(unit: Unit): MonoMs {
  return wasMet(unit) ? unit.telemetryMono : Math.min(unit.presenceMono, unit.telemetryMono);
}

/** Silent units and isolated registers share one time budget; the one overdue for longest is probed first. */
function isEarlierProbe(unit: Unit, other: Unit | undefined): boolean {
  return other === undefined || probeMonoOf(unit) < probeMonoOf(other);
}

function probeMonoOf({ health, retryMono }: Unit): MonoMs {
  return health.state === 'silent' ? health.dueMono : retryMono;
}

/** A flaky unit is set up once it answers again. */
function isSetUpDue(unit: Unit, nowMono: MonoMs): boolean {
  return (isSetUpOpen(unit) || unit.setUpAgainMono <= nowMono) && unit.health.state === 'ok' && !unit.isSetUpHeld;
}

function hasRequests(unit: Unit, nowMono: MonoMs): boolean {
  const { presenceMono, telemetryMono, retryMono } = unit;
  return (
    Math.min(presenceMono, telemetryMono, retryMono, nameplateMono(unit.nameplate)) !== Number.POSITIVE_INFINITY ||
    isSetUpDue(unit, nowMono)
  );
}
