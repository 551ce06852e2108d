/**
 * Publishes the state of the lighting: the decision of each lamp, the intents and programmes in force, blinking lamps, the energy of a
 * night.
 */
import type { Cabinet } from '../../core/cabinet.ts';
import type { Clock, WallMs } from '../../core/clock.ts';
import type { PanelView } from '../../core/panel-tools.ts';
import type { Uplink, UplinkDevice, UplinkValue } from '../../core/ports.ts';
import type { EnergyRow } from '../../core/views.ts';
import type { Decision, Intent } from '../../core/words.ts';
import { byStrength } from '../../lighting/intents.ts';
import type { ChosenProgramme } from '../../lighting/lighting.ts';
import { EMERGENCY_METRIC, IDENTIFY_METRIC, OVERRIDE_METRIC, PROGRAMME_METRIC } from '../commands/command-metrics.ts';
import { LAMP_METRIC, PANEL_SHOWN, ZONE_METRIC } from './cabinet-metrics.ts';

/**
 * Creates the publisher of the state of the lighting and of panels, which sets metrics in `uplink`. It publishes decisions, intents,
 * programmes, blinking lamps, and the energy of a night. `devices`: those of the uplink.
 */
export function createPlatformView(
  { zones, lamps }: Pick<Cabinet, 'zones' | 'lamps'>,
  devices: readonly UplinkDevice[],
  clock: Pick<Clock, 'wallMs'>,
  uplink: Pick<Uplink, 'update'>,
) {
  const targets = devices.flatMap(({ id, target }) => (target === null ? [] : [{ id, target }]));
  const show = (deviceId: string, metric: string, value: UplinkValue['value'], atMs = clock.wallMs()): void =>
    uplink.update(deviceId, metric, { value, quality: 'good', atMs });

  /** The emergency of the whole cabinet on the node, that of a zone on its device. */
  function emergency(deviceId: string, intents: readonly Intent[]): void {
    const [strongest] = intents.filter(({ rank }) => rank === 'emergency').toSorted(byStrength);
    show(deviceId, EMERGENCY_METRIC.on, strongest !== undefined);
    show(deviceId, EMERGENCY_METRIC.until, strongest?.untilMs ?? null);
    show(deviceId, EMERGENCY_METRIC.reason, strongest?.reason ?? null);
  }

  return {
    /** The decision for one lamp. */
    decision({ lampId, levelPct, rank, reason }: Decision): void {
      show(lampId, LAMP_METRIC.wanted, levelPct);
      show(lampId, LAMP_METRIC.rank, rank);
      show(lampId, LAMP_METRIC.reason, reason);
    },
    /** All intents in force: the strongest of each lamp and zone, and the emergencies of the cabinet and of zones. */
    intents(intents: readonly Intent[]): void {
      emergency(
        '',
        intents.filter(({ target }) => target.kind === 'cabinet'),
      );
      // An intent for a zone is not repeated on its lamps.
      for (const { id, target } of targets) {
        const own = intents.filter((intent) => intent.target.kind === target.kind && intent.target.id === target.id);
        const [strongest] = own.toSorted(byStrength);
        show(id, OVERRIDE_METRIC.level, strongest?.levelPct ?? null);
        show(id, OVERRIDE_METRIC.until, strongest?.untilMs ?? null);
        show(id, OVERRIDE_METRIC.reason, strongest?.reason ?? null);
        if (target.kind === 'zone') emergency(id, own);
      }
    },
    /** All chosen programmes; a zone without one shows an empty choice. */
    programmes(choices: readonly ChosenProgramme[]): void {
      for (const { id } of zones) {
        const choice = choices.find(({ zone }) => zone === id);
        show(id, PROGRAMME_METRIC.choice, choice?.programme ?? '');
        show(id, PROGRAMME_METRIC.until, choice?.untilMs ?? null);
        show(id, PROGRAMME_METRIC.reason, choice?.reason ?? null);
      }
    },
    /** The requested time of each blinking lamp; 0 for all others. Units: s, by lamp. */
    blinks(running: ReadonlyMap<string, number>): void {
      for (const { id } of lamps) show(id, IDENTIFY_METRIC.seconds, running.get(id) ?? 0);
    },
    panel: (view: PanelView): void => showPanel(view, show),
    /** The energy figures of a zone's night that ended at `endMs`. */
    night({
      zone,
      kwh,
      baselineKwh,
      raisedPct,
      endMs,
    }: Pick<EnergyRow, 'zone' | 'kwh' | 'baselineKwh' | 'raisedPct'> & { readonly endMs: WallMs }): void {
      show(zone, ZONE_METRIC.night, rounded(kwh), endMs);
      show(zone, ZONE_METRIC.baseline, rounded(baselineKwh), endMs);
      show(zone, ZONE_METRIC.boosted, rounded(raisedPct), endMs);
    },
  };
}

type Show = (deviceId: string, metric: string, value: UplinkValue['value']) => void;

function showPanel({ id, text, state, rank, source, untilMs }: PanelView, show: Show): void {
  show(id, PANEL_SHOWN.shown, text);
  show(id, PANEL_SHOWN.state, state);
  show(id, PANEL_SHOWN.rank, rank);
  show(id, PANEL_SHOWN.source, source);
  show(id, PANEL_SHOWN.until, untilMs);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}
