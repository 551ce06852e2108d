/** Computes the first line of `luciole status`: all is well, or the worst finding and the command that shows more. Pure. */

import { isSuppressed } from '../../../core/event-handling.ts';
import { counted, type Message, msg } from '../../../core/message.ts';
import type { StatusView } from '../../../core/views.ts';
import type { EventCode } from '../../../core/words.ts';
import { BUSY_PCT } from '../../../field/stats/bus-advice.ts';
import { formatNumber } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';

/** Events already covered by the state of a line, lamp, unit, store, uplink or clock, or by the maintenance of lamps. */
const SHOWN_BY_STATE: ReadonlySet<EventCode> = new Set<EventCode>([
  ...(['line-down', 'unit-silent', 'lamp-not-following', 'level-not-read', 'lamp-fault'] as const),
  ...(['device-flag', 'store-trouble', 'uplink-down', 'time-not-trusted', 'maintenance-mode'] as const),
]);

/** Time over which the load of a line is averaged. Units: s. Source: `busyPct` covers the last minute. */
const BUSY_WINDOW_S = 60;

/** Returns `all is well`, or the worst finding and the number of other findings. One finding may be about several lamps or events. */
export function verdictText(view: StatusView): Message {
  const [worst, ...others] = findings(view);
  if (worst === undefined) return msg`all is well`;
  return others.length === 0 ? worst : msg`${worst}; ${others.length} more below`;
}

/** Returns the findings, worst first: dark or unknown lamps, then lost readings, then the link. */
function findings(view: StatusView): readonly Message[] {
  const { zones, units, store, uplink, clockQuality } = view;
  const lamps = zones.flatMap((zone) => zone.lamps);
  const maintained = lamps.filter(({ isInMaintenance }) => isInMaintenance === true).length;
  const unwilling = lamps.filter(({ following, isInMaintenance }) => !following && isInMaintenance !== true);
  const faulty = lamps.filter(({ faults, following }) => following && faults.length > 0);
  const events = eventsBeyond(view, unwilling.length + faulty.length > 0);
  return [
    ...view.lines
      .filter(({ state }) => state !== 'up')
      .map(({ id, state }) => msg`line ${id} is ${wordOf(state)}: \`luciole bus stats ${id}\``),
    ...unwilling.slice(0, 1).map(({ id }) => unwillingText(unwilling.length, id)),
    ...faulty.slice(0, 1).map(({ id }) => faultyText(faulty.length, id)),
    ...(units.silent === 0 ? [] : [silentText(units.silent)]),
    ...(clockQuality === 'none' || clockQuality === 'restored' ? [msg`time not trusted, lamps stay lit: \`luciole events --active\``] : []),
    ...(store.state === 'ok' ? [] : [msg`the store is in trouble: \`luciole store\``]),
    ...(store.readingsLost + store.lossesEstimated === 0 ? [] : [msg`readings were lost since the start: \`luciole store\``]),
    ...(uplink.state === 'down' ? [msg`the uplink is down: \`luciole uplink\``] : []),
    ...(events === 0 ? [] : [openText(events)]),
    ...(maintained === 0 ? [] : [maintainedText(maintained)]),
    // After a start every device is read once, so the load is not normal.
    ...(view.upS < BUSY_WINDOW_S ? [] : view.lines)
      // Each reading of a DALI bus takes many frames, so a full bus is always busy.
      .filter(({ kind, busyPct }) => kind !== 'dali' && busyPct > BUSY_PCT)
      .map(({ id, busyPct }) => msg`line ${id} is ${formatNumber(busyPct)} % busy: \`luciole bus stats ${id}\``),
  ];
}

function unwillingText(n: number, id: string): Message {
  return counted(n, msg`${n} lamp does not follow: \`luciole why ${id}\``, msg`${n} lamps do not follow: \`luciole why ${id}\``);
}

function faultyText(n: number, id: string): Message {
  return counted(n, msg`${n} lamp has a fault: \`luciole why ${id}\``, msg`${n} lamps have a fault: \`luciole why ${id}\``);
}

function maintainedText(n: number): Message {
  return counted(
    n,
    msg`${n} lamp in maintenance: \`luciole maintenance list\``,
    msg`${n} lamps in maintenance: \`luciole maintenance list\``,
  );
}

function silentText(n: number): Message {
  return counted(n, msg`${n} unit silent: \`luciole devices silent\``, msg`${n} units silent: \`luciole devices silent\``);
}

function openText(n: number): Message {
  return counted(n, msg`${n} open event: \`luciole events --active\``, msg`${n} open events: \`luciole events --active\``);
}

/** Returns the number of warnings and alarms that no other finding covers and no maintenance suppresses. */
function eventsBeyond({ activeEvents, clockQuality, lines, units, store, uplink, zones }: StatusView, hasLampFinding: boolean): number {
  const hasState: Partial<Record<EventCode, boolean>> = {
    'line-down': lines.some(({ state }) => state !== 'up'),
    'unit-silent': units.silent > 0,
    'store-trouble': store.state !== 'ok',
    'uplink-down': uplink.state === 'down',
    'maintenance-mode': zones.some(({ lamps }) => lamps.some(({ isInMaintenance }) => isInMaintenance === true)),
    'time-not-trusted': clockQuality === 'none' || clockQuality === 'restored',
  };
  return activeEvents.filter(
    (event) =>
      !isSuppressed(event) && event.severity !== 'info' && !(SHOWN_BY_STATE.has(event.code) && (hasState[event.code] ?? hasLampFinding)),
  ).length;
}
