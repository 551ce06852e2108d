/** One meter of the load monitor: its minutes, its watch, and the events that are open. */
import { MINUTE_MS } from '../../core/durations.ts';
import { msg } from '../../core/message.ts';
import type { MeterLoadView } from '../../core/meter-load-view.ts';
import type { AgentEvent } from '../../core/words.ts';
import { restoredLoad, storedNights, storedTonight } from './load-memory.ts';
import { type LoadFinding, loadFindings } from './load-texts.ts';
import { LoadWatch } from './load-watch.ts';
import { MeterMinutes } from './meter-minutes.ts';

/**
 * What a `MeterLoad` requires. `meter`, `cabinet`: ids. `powers`: number of points whose sum is the power; `lampW`: rated power of one lamp,
 * null if unknown. `onEvent` receives an event when it begins, ends, or continues after a restart. Units: W.
 */
export interface MeterLoadParts {
  readonly meter: string;
  readonly cabinet: string;
  readonly lampW: number | null;
  readonly powers: number;
  readonly onEvent: (event: AgentEvent) => void;
}

/** A power is shown for so long. Units: minutes. Source: as the repetition of a value by `MeterMinutes`. */
const FRESH_MIN = 15;

/** An event of an earlier run stays open for so long until its condition is found again. Units: minutes. Source: assumed; longer than any condition takes. Confirmed by: restarts at night. */
const RESUMED_MIN = 45;

/** Learns the power of the lamps at one meter by night, and reports lost power, additional power and other deviations as events. */
export class MeterLoad {
  readonly meter: string;
  /**
   * The learned nights or the open events may have changed since this was last set to false. Also true after the first minute.
   */
  hasNews = false;
  readonly #parts: MeterLoadParts;
  readonly #powers = new Map<string, number>();
  readonly #open = new Map<string, { readonly finding: LoadFinding | null; readonly event: AgentEvent }>();
  readonly #minutes: MeterMinutes;
  #watch = new LoadWatch();
  /** Wall less monotonic time, held through a night: a step of the clock must not shift its minutes. Units: ms. */
  #offsetMs: number | null = null;
  #nights: unknown = null;
  #resumedMin = Number.NaN;

  constructor(parts: MeterLoadParts) {
    this.#parts = parts;
    this.meter = parts.meter;
    this.#minutes = new MeterMinutes((minute) => {
      this.#watch.step(minute);
      this.#report();
    });
  }

  /**
   * Takes a value of one point. Powers of several points count as their sum, once each has a new value. Units: W or V. `utcOffsetMin`
   * returns local time less UTC in minutes.
   */
  put(quantity: 'watts' | 'volts', pointId: string, value: number, wallMs: number, monoMs: number, utcOffsetMin: () => number): void {
    if (this.#offsetMs === null || this.#watch.onMin === null) this.#offsetMs = wallMs - monoMs;
    const atMin = Math.floor((monoMs + this.#offsetMs) / MINUTE_MS);
    if (quantity === 'watts') this.#powers.set(pointId, value);
    // The total of several phases is known once each of them was read.
    if (quantity === 'watts' && this.#powers.size < this.#parts.powers) return;
    const total = quantity === 'watts' ? [...this.#powers.values()].reduce((sum, each) => sum + each, 0) : value;
    if (quantity === 'watts') this.#powers.clear();
    this.#minutes.put(quantity, total, atMin, utcOffsetMin());
  }

  /** Continues what an earlier run stored, in place of what was learned since. An open event continues with its id. */
  resume(nights: unknown, tonight: unknown, open: ReadonlyMap<string, AgentEvent>): void {
    this.#watch = new LoadWatch(restoredLoad(nights, tonight));
    for (const [key, event] of open) {
      this.#open.set(key, { finding: null, event });
      this.#parts.onEvent(event);
    }
  }

  /** Returns the learned nights as data for `resume`. */
  stored(): Readonly<Record<string, unknown>> {
    return storedNights(this.#watch.memory());
  }

  /** Returns the running night as data for `resume`; null if none runs. */
  storedTonight(): Readonly<Record<string, unknown>> | null {
    return storedTonight(this.#watch.memory());
  }

  /** Returns the open events, each with its key for `resume`. */
  openEvents(): readonly { readonly key: string; readonly event: AgentEvent }[] {
    return [...this.#open].map(([key, { event }]) => ({ key, event }));
  }

  /** Returns the present state for display. `nowMs`: wall time; a power of more than 15 min before it is null. */
  view(nowMs: number): MeterLoadView {
    const { model, onMin, expectedW, nights } = this.#watch;
    const { last } = this.#minutes;
    const isFresh = last !== null && Math.floor(nowMs / MINUTE_MS) - last.atMin <= FRESH_MIN;
    return {
      meter: this.meter,
      powerW: isFresh ? Math.round(last.watts) : null,
      expectedW: expectedW === null ? null : Math.round(expectedW),
      onSinceMs: onMin === null ? null : onMin * MINUTE_MS,
      nights,
      fullW: model === null ? null : Math.round(model.fullW),
      smallestLossW: model === null ? null : Math.round(model.fullW * model.limits.both),
      voltageExponents: model === null ? null : [model.exponents.fast, model.exponents.slow],
      warmUpMin: model?.warmUpMin ?? null,
      findings: [...this.#open.values()].map(({ event: { text, startMs } }) => ({ text, sinceMs: startMs })),
    };
  }

  #report(): void {
    const { expectedW, nights } = this.#watch;
    const { meter, cabinet, lampW } = this.#parts;
    const now = loadFindings(this.#watch.findings, { meter, cabinet, lampW, expectedW, nights });
    const keys = new Set(now.map(({ key }) => key));
    for (const [key, { finding, event }] of this.#open) {
      if (keys.has(key) || (finding === null && this.#isJustResumed())) continue;
      this.#open.delete(key);
      const hasGrown = now.some((other) => kindOf(other.key) === kindOf(key));
      const text = hasGrown ? msg`${event.text}; it has grown and is reported again` : (finding?.end ?? event.text);
      this.#parts.onEvent({ ...event, text, endMs: Math.max(this.#nowMs(), event.startMs) });
      this.hasNews = true;
    }
    for (const finding of now) {
      const known = this.#open.get(finding.key);
      if (known === undefined) this.#begin(finding);
      else if (known.finding === null) this.#open.set(finding.key, { ...known, finding });
    }
    const stamp = this.#watch.nightsStamp;
    if (stamp !== this.#nights) [this.#nights, this.hasNews] = [stamp, true];
  }

  #begin(finding: LoadFinding): void {
    const startMs = finding.sinceMin * MINUTE_MS;
    const event: AgentEvent = {
      ...finding.facts,
      id: `${finding.facts.code}:${this.meter}:${kindOf(finding.key)}:${startMs}`,
      startMs,
      endMs: null,
    };
    this.#open.set(finding.key, { finding, event });
    this.#parts.onEvent(event);
    this.hasNews = true;
  }

  #isJustResumed(): boolean {
    const nowMin = this.#minutes.last?.atMin ?? 0;
    if (Number.isNaN(this.#resumedMin)) this.#resumedMin = nowMin;
    return nowMin - this.#resumedMin < RESUMED_MIN;
  }

  #nowMs(): number {
    return (this.#minutes.last?.atMin ?? 0) * MINUTE_MS;
  }
}

function kindOf(key: string): string {
  return key.split(':', 1)[0] ?? key;
}
