/**
 * Compares the clock of an electricity meter with the agent's clock. It is a second opinion for people: it sets no clock, and the light does not
 * depend on it.
 */
import type { CabinetPoint } from '../core/cabinet-points.ts';
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import { SECOND_MS } from '../core/durations.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { type Message, msg } from '../core/message.ts';
import type { PointId, Reading } from '../core/words.ts';
import { spell } from '../lighting/spell.ts';

/**
 * Differences at which the event begins and ends. Units: ms. Source: assumed; a meter sets its clock by the utility's network to some seconds.
 * Confirmed by: a month of differences of the city's meters.
 */
const LIMIT_MS = { from: 60_000, until: 30_000 };
/** The difference must last for this time. Units: ms. Source: assumed; a clock that is just being set is no difference. Confirmed by: the logs of cabinets after a start. */
const HOLD_MS = 180_000;

/** The dependencies with which `createMeterClock` is called. `points`: those with another meaning than `clock` are ignored. */
export interface MeterClockParts {
  readonly points: ReadonlyMap<PointId, Pick<CabinetPoint, 'device' | 'semantic'>>;
  readonly clock: Clock;
  readonly events: Pick<EventTracker, 'set'>;
}

/**
 * Creates the comparison of the points with the meaning `clock`, in seconds since 1970, with the agent's clock. A large difference that
 * lasts becomes the event `meter-clock-differs`.
 */
export function createMeterClock({ points, clock, events }: MeterClockParts): { onReadings(readings: readonly Reading[]): void } {
  const watched = new Map([...points].filter(([, { semantic }]) => semantic === 'clock').map(([id, { device }]) => [id, device.id]));
  const since = new Map<string, MonoMs>();
  const take = (device: string, meterMs: number): void => {
    const aheadMs = meterMs - clock.wallMs();
    const text = differenceText(device, aheadMs, clock);
    if (Math.abs(aheadMs) <= LIMIT_MS.from) since.delete(device);
    if (Math.abs(aheadMs) <= LIMIT_MS.until) {
      events.set(false, {
        code: 'meter-clock-differs',
        source: device,
        severity: 'warning',
        text: msg`the clocks of ${device} and of the agent agree`,
      });
    } else if (Math.abs(aheadMs) > LIMIT_MS.from) {
      const sinceMono = since.get(device) ?? clock.monoMs();
      since.set(device, sinceMono);
      if (clock.monoMs() - sinceMono >= HOLD_MS)
        events.set(true, { code: 'meter-clock-differs', source: device, severity: 'warning', text });
    }
  };
  return {
    onReadings(readings) {
      if (watched.size === 0) return;
      for (const { pointId, value, quality } of readings) {
        const device = watched.get(pointId);
        if (device !== undefined && value !== null && quality === 'good') take(device, value * SECOND_MS);
      }
    },
  };
}

function differenceText(device: string, aheadMs: number, clock: Pick<Clock, 'quality' | 'wallMs'>): Message {
  const meter = `${new Date(clock.wallMs() + aheadMs).toISOString().slice(0, 16)}Z`;
  if (!isTrusted(clock.quality()))
    return msg`the clock of ${device} reads ${meter}; the agent's time is not trusted (${clock.quality()}), and the meter's time is not used; check the time server and the battery clock: timedatectl`;
  const apart = spell(Math.abs(aheadMs));
  return aheadMs > 0
    ? msg`the clock of ${device} reads ${meter}, ${apart} ahead of the agent's, which is used; check the time server: timedatectl; if the agent's time is right, report the meter to the utility`
    : msg`the clock of ${device} reads ${meter}, ${apart} behind the agent's, which is used; check the time server: timedatectl; if the agent's time is right, report the meter to the utility`;
}
