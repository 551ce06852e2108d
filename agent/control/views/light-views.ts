/**
 * What the console sees of the light: why with its reasons, the night ahead, what acts in each zone, walk-test and identify.
 *
 * Owns the joining of street, forecast and control for a person who asks; decides nothing.
 */

import type { Clock, WallMs } from '../../core/clock.ts';
import type { LampHours, LightTools, TonightView } from '../../core/light-tools.ts';
import type { WhyLamp, WhyView } from '../../core/views.ts';
import type { Decision, TraceLine } from '../../core/words.ts';
import { explain } from '../../lighting/explain.ts';
import { createForecast } from '../../lighting/forecast.ts';
import type { LightingSnapshot, LightingStreet } from '../../lighting/lighting.ts';
import type { Control } from '../control.ts';
import { zoneLight } from './zone-view.ts';

export interface LightViews {
  readonly light: LightTools;
  why(id: string): WhyView | undefined;
  whyAt(id: string, atMs: WallMs): WhyView | undefined;
}

export function createLightViews({
  street,
  clock,
  control,
}: {
  readonly street: LightingStreet;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  readonly control: Pick<Control, 'sight' | 'zones' | 'zoneStates' | 'why' | 'walkTest' | 'identify' | 'burningHours' | 'setBurningHours'>;
}): LightViews {
  const forecast = createForecast(street);
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone] as const)));
  /** Before the first decision nothing is in force. */
  const now = (): LightingSnapshot =>
    control.sight() ?? { nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: 'none', sensors: new Map(), intents: [] };

  function explained<T extends { readonly id: string; readonly trace: readonly TraceLine[] }>(lamp: T, snapshot: LightingSnapshot): T {
    const zone = zoneOf.get(lamp.id) ?? null;
    const plan = zone === null ? null : (forecast.plan(zone.id) ?? null);
    const trace = lamp.trace.map((line) => ({ ...line, ...explain(line, { street, zone, plan, snapshot }) }));
    return { ...lamp, trace };
  }

  function hours(target: string | null): readonly LampHours[] {
    const known = control.burningHours();
    const lamps = target === null ? street.lamps.map(({ id }) => id) : (placeOf(street, target)?.lamps ?? []);
    if (lamps.length === 0 && target !== null) throw new RangeError(`there is no lamp or zone ${target} on this street`);
    return lamps.map((lamp) => ({ lamp, hours: known.has(lamp) ? Math.round(known.get(lamp) ?? 0) : null }));
  }

  return {
    why(id) {
      const view = control.why(id);
      const snapshot = now();
      return view === undefined ? undefined : { ...view, lamps: view.lamps.map((lamp) => requested(explained(lamp, snapshot))) };
    },
    whyAt(id, atMs) {
      const place = placeOf(street, id);
      if (place === undefined) return undefined;
      const snapshot = now();
      const { decisions } = forecast.at(snapshot, atMs);
      const sightThen: LightingSnapshot = { ...snapshot, nowMs: atMs, nowMono: snapshot.nowMono + (atMs - snapshot.nowMs) };
      const lamps = decisions.filter(({ lampId }) => place.lamps.includes(lampId)).map((each) => lampThen(street, each, atMs));
      return { id, kind: place.kind, atMs, lamps: lamps.map((lamp) => requested(explained(lamp, sightThen))) };
    },
    light: {
      tonight: (zone) => {
        const ids = zone === null ? street.zones.map(({ id }) => id) : [zone];
        return ids.map((id) => found(forecast.tonight(now(), id), id));
      },
      zones: () => {
        const [snapshot, states, views] = [now(), control.zoneStates(), control.zones()];
        return street.zones.map((zone) => {
          const parts = { snapshot, plan: forecast.plan(zone.id), state: states.find(({ id }) => id === zone.id) };
          return zoneLight(street, zone, { ...parts, lamps: views.find(({ id }) => id === zone.id)?.lamps ?? [] });
        });
      },
      walkTest(zone, forMs, tell) {
        const { sensors, stop } = control.walkTest(zone, forMs, tell);
        return { night: control.zoneStates().find(({ id }) => id === zone)?.night ?? false, sensors, stop };
      },
      identify: (request) => control.identify(request),
      hours,
      async setHours(target, h) {
        const isSaved = await control.setBurningHours(
          hours(target).map(({ lamp }) => lamp),
          h,
        );
        return { lamps: hours(target), isSaved };
      },
    },
  };
}

/** What the rule that won asked for; the limits come behind it in the trace. */
function requested(lamp: WhyLamp): WhyLamp {
  return { ...lamp, requestedPct: lamp.trace.find(({ applied }) => applied)?.levelPct ?? lamp.wantedPct };
}

function placeOf(
  { lamps, zones }: LightingStreet,
  id: string,
): { readonly kind: WhyView['kind']; readonly lamps: readonly string[] } | undefined {
  if (lamps.some((lamp) => lamp.id === id)) return { kind: 'lamp', lamps: [id] };
  const zone = zones.find((each) => each.id === id);
  return zone === undefined ? undefined : { kind: 'zone', lamps: zone.lamps };
}

/** A lamp at another instant: nobody has measured it. */
function lampThen({ lamps }: LightingStreet, { lampId, levelPct, rank, reason, trace }: Decision, atMs: WallMs): WhyLamp {
  const pole = lamps.find(({ id }) => id === lampId)?.pole ?? '';
  return { id: lampId, pole, wantedPct: levelPct, measuredPct: null, rank, reason, following: true, faults: [], sinceMs: atMs, trace };
}

function found(view: TonightView | undefined, zone: string): TonightView {
  if (view === undefined) throw new RangeError(`there is no zone ${zone} on this street`);
  return view;
}
