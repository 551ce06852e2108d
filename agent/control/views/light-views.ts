/**
 * The light for the console: why a lamp has its level, the night ahead, the state of each zone, walk test, identify and overrides.
 *
 * Combines street, forecast and control; decides nothing.
 */

import { randomUUID } from 'node:crypto';
import type { Clock, WallMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { LampHours, LightTools, TonightView } from '../../core/light-tools.ts';
import { msg } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';
import type { AgentView, PastLamp, WhyLamp, WhyView } from '../../core/views.ts';
import type { Decision, Rank } from '../../core/words.ts';
import { explain } from '../../lighting/explain.ts';
import { createForecast, type Forecast } from '../../lighting/forecast.ts';
import type { LightingSnapshot, LightingStreet } from '../../lighting/lighting.ts';
import type { Control } from '../control.ts';
import { intentsOf, placeOf, zoneLight } from './views.ts';

/** The views and tools of the console about light. */
export interface LightViews {
  readonly light: LightTools;
  /** Returns why a lamp, or the lamps of a zone, have their level now. Undefined for an unknown id. */
  why(id: string): WhyView | undefined;
  /**
   * Returns why a lamp, or the lamps of a zone, have their level at another instant. That is a forecast, or for the past what the present
   * settings plan, in `past`. Undefined for an unknown id.
   */
  whyAt(id: string, atMs: WallMs): WhyView | undefined;
}

/** What `createLightViews` needs. `control` gives the present inputs, views and burning hours, and runs the tools. */
export interface LightViewsParts {
  readonly street: LightingStreet;
  /** Gives the present time before the first decision. */
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  readonly control: Pick<
    Control,
    'snapshot' | 'zones' | 'zoneStates' | 'why' | 'walkTest' | 'identify' | 'burningHours' | 'setBurningHours'
  >;
}

/** Creates the console's tools of light, and its views of why a lamp has its level, now or at another time. */
export function createLightViews(parts: LightViewsParts): LightViews {
  const { street, control } = parts;
  const forecast = createForecast(street);
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone] as const)));

  function explained(lamp: WhyLamp, snapshot: LightingSnapshot): WhyLamp {
    const zone = zoneOf.get(lamp.id) ?? null;
    const plan = zone === null ? null : (forecast.plan(zone.id) ?? null);
    const trace = lamp.trace.map((line) => ({ ...line, ...explain(line, { street, lampId: lamp.id, zone, plan, snapshot }) }));
    // The rule that won is first in the trace; its limits follow.
    return { ...lamp, trace, requestedPct: trace.find(({ applied }) => applied)?.levelPct ?? lamp.wantedPct };
  }

  return {
    why(id) {
      const view = control.why(id);
      const snapshot = snapshotNow(parts);
      return view === undefined ? undefined : { ...view, lamps: view.lamps.map((lamp) => explained(lamp, snapshot)) };
    },
    whyAt(id, atMs) {
      const place = placeOf(street, id);
      if (place === undefined) return undefined;
      const present = snapshotNow(parts);
      const isPast = atMs < present.nowMs;
      // Past requests are not recorded, and the present ones must not be shown for the past.
      const now = isPast ? withoutRequests(present) : present;
      const { decisions } = forecast.at(now, atMs);
      const then: LightingSnapshot = { ...now, nowMs: atMs, nowMono: now.nowMono + (atMs - now.nowMs) };
      const own = decisions.filter(({ lampId }) => place.lamps.includes(lampId));
      const lamps = own.map((each) => explained(lampThen(street, each, atMs), then));
      if (isPast) return { id, kind: place.kind, atMs, lamps: [], past: lamps.map((lamp) => pastLamp(street, lamp)) };
      return { id, kind: place.kind, atMs, lamps };
    },
    light: createLightTools(parts, forecast),
  };
}

function createLightTools(parts: LightViewsParts, forecast: Forecast): LightTools {
  const { street, control } = parts;
  return {
    tonight: (zone) => {
      const ids = zone === null ? street.zones.map(({ id }) => id) : [zone];
      return ids.map((id) => found(forecast.tonight(snapshotNow(parts), id), id));
    },
    zones: () => {
      const [snapshot, states, views] = [snapshotNow(parts), control.zoneStates(), control.zones()];
      return street.zones.map((zone) => {
        const facts = { snapshot, plan: forecast.plan(zone.id), state: states.find(({ id }) => id === zone.id) };
        return zoneLight(street, zone, { ...facts, lamps: views.find(({ id }) => id === zone.id)?.lamps ?? [] });
      });
    },
    intentsBy(...authorities) {
      return intentsOf(authorities, snapshotNow(parts));
    },
    walkTest(zone, forMs, tell) {
      const walk = control.walkTest(zone, forMs, tell);
      return { night: control.zoneStates().find(({ id }) => id === zone)?.night ?? true, ...walk };
    },
    identify: (request) => control.identify({ ...request, authority: 'technician' }),
    hours: (target) => hoursOf(parts, target),
    async setHours(target, h) {
      const lampIds = hoursOf(parts, target).map(({ lamp }) => lamp);
      const isSaved = await control.setBurningHours(lampIds, h);
      return { lamps: hoursOf(parts, target), isSaved };
    },
  };
}

/** The inputs of the newest decision. Before the first decision nothing is in force. */
function snapshotNow({ clock, control }: LightViewsParts): LightingSnapshot {
  return control.snapshot() ?? { nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: 'none', sensors: new Map(), intents: [] };
}

/** Errors: throws Refusal for an unknown lamp or zone. */
function hoursOf({ street, control }: LightViewsParts, target: string | null): readonly LampHours[] {
  const known = control.burningHours();
  const lamps = target === null ? street.lamps.map(({ id }) => id) : (placeOf(street, target)?.lamps ?? []);
  if (lamps.length === 0 && target !== null) throw new Refusal(msg`there is no lamp or zone ${target} on this street`);
  return lamps.map((lamp) => ({ lamp, hours: known.has(lamp) ? Math.round(known.get(lamp) ?? 0) : null }));
}

/** A lamp at another instant, without a measurement. */
function lampThen({ lamps }: LightingStreet, { lampId, levelPct, rank, reason, trace }: Decision, atMs: WallMs): WhyLamp {
  const pole = lamps.find(({ id }) => id === lampId)?.pole ?? '';
  return { id: lampId, pole, wantedPct: levelPct, measuredPct: null, rank, reason, following: true, faults: [], sinceMs: atMs, trace };
}

function withoutRequests({ programmes: _, ...snapshot }: LightingSnapshot): LightingSnapshot {
  return { ...snapshot, intents: [] };
}

/** The ranks that follow from clock and settings alone. */
const PLANNED_RANKS: ReadonlySet<Rank> = new Set(['programme', 'dusk', 'default']);

function pastLamp({ lamps }: LightingStreet, { id, pole, trace }: WhyLamp): PastLamp {
  const lamp = lamps.find((each) => each.id === id);
  const planned = trace.filter(({ rank }) => PLANNED_RANKS.has(rank)).map((line) => ({ ...line, applied: false }));
  return { id, pole, pointId: `${lamp?.device ?? id}.${lamp?.point ?? 'level'}`, measured: null, planned };
}

/** Errors: throws Refusal. */
function found(view: TonightView | undefined, zone: string): TonightView {
  if (view === undefined) throw new Refusal(msg`there is no zone ${zone} on this street`);
  return view;
}

/**
 * Returns the commands `override` and `release` for a person at the console. The outcome of `override` has `untilMs`, its end for display;
 * a refused one has the end that it would have had.
 */
export function createPersonCommands(
  control: () => Pick<Control, 'override' | 'release'>,
  clock: Pick<Clock, 'wallMs'>,
): Pick<AgentView, 'override' | 'release'> {
  return {
    async override(request) {
      // The end counts from the request, however long the lamps take to confirm it.
      const untilMs = clock.wallMs() + request.minutes * MINUTE_MS;
      return { untilMs, ...(await control().override({ authority: 'technician', ...request, commandId: randomUUID() })) };
    },
    release: (request) => control().release({ ...request, commandId: randomUUID(), authority: 'technician' }),
  };
}
