/**
 * The rows of the demo's screen below the lamps of a square: panel, sound, air, and the meter of the invoice. Pure.
 *
 * What people read and hear comes from the simulated devices, the reason from the agent.
 */
import type { PanelView } from '../../agent/core/panel-tools.ts';
import type { SoundView } from '../../agent/core/sound-tools.ts';
import type { StreetDevices } from './street-devices.ts';

/** The part of the demo that these rows show. */
export interface ShownSquare {
  readonly devices: Pick<StreetDevices, 'panels' | 'players' | 'airSensors' | 'meters' | 'counterBoxes'>;
  readonly panels: readonly Pick<PanelView, 'device' | 'rank'>[];
  readonly sounds: readonly Pick<SoundView, 'player' | 'track' | 'rank' | 'amplifiers'>[];
}

/** The values of the rows, for `--json`. */
export interface SquareFigures {
  /** Texts by device, a text for each line of the panel. */
  readonly panels: Readonly<Record<string, readonly string[]>>;
  /** Units: % of the player's range. */
  readonly sounds: Readonly<Record<string, { readonly state: string; readonly volumePct: number }>>;
  /** Units: µg/m³. */
  readonly pm25: Readonly<Record<string, number>>;
  readonly meters: Readonly<Record<string, { readonly indexKwh: number; readonly tariff: number; readonly peakNotice: number }>>;
}

/** Highest volume of a player. Source: DFRobot, DFPlayer Mini manual. */
const FULL_VOLUME = 30;
const WH_PER_KWH = 1_000;

/** Whether the street has anything that these rows show besides an air sensor. */
export function isSquare({ panels, players, meters }: ShownSquare['devices']): boolean {
  return panels.size + players.size + meters.size > 0;
}

/** At most 79 columns each; none in a street without panel, sound and meter. */
export function squareRows({ devices, panels, sounds }: ShownSquare): readonly string[] {
  if (!isSquare(devices)) return [];
  const figures = squareFigures(devices);
  return [
    ...Object.entries(figures.panels).map(([id, lines]) => {
      const rank = panels.find(({ device }) => device === id)?.rank ?? '-';
      return `panel  ${lines.filter((line) => line !== '').join(' / ') || '(dark)'}   because: ${rank}`;
    }),
    ...Object.entries(figures.sounds).map(([id, { state, volumePct }]) => {
      const view = sounds.find(({ player }) => player.device === id);
      const what = state === 'playing' ? `${view?.track ?? 'a track'} at ${volumePct} %` : 'silence';
      const isOn = view?.amplifiers.some((amplifier) => amplifier.isOn === true) === true;
      return `sound  ${what}, amplifier ${isOn ? 'on' : 'off'}   because: ${view?.rank ?? '-'}`;
    }),
    `${airText(figures)}${meterText(figures)}`,
  ].map((row) => row.slice(0, 79));
}

export function squareFigures({ panels, players, airSensors, meters }: ShownSquare['devices']): SquareFigures {
  return {
    panels: byId(panels, (panel) => panel.texts()),
    sounds: byId(players, ({ state, volume }) => ({ state, volumePct: Math.round((100 * volume) / FULL_VOLUME) })),
    pm25: byId(airSensors, ({ pm25 }) => Math.round(pm25)),
    meters: byId(meters, ({ state: { indexWh, tariff, peakNotice } }) => ({
      indexKwh: indexWh.reduce((sum, wh) => sum + wh, 0) / WH_PER_KWH,
      tariff,
      peakNotice,
    })),
  };
}

function airText({ pm25 }: SquareFigures): string {
  return Object.values(pm25)
    .map((value) => `air PM2.5 ${value} ug/m3   `)
    .join('');
}

function meterText({ meters }: SquareFigures): string {
  return Object.values(meters)
    .map(({ indexKwh, tariff, peakNotice }) => `meter ${indexKwh.toFixed(3)} kWh, tariff ${tariff}, ${peakNotice > 0 ? 'PEAK' : 'no peak'}`)
    .join('   ');
}

function byId<Device, Value>(devices: ReadonlyMap<string, Device>, figureOf: (device: Device) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries([...devices].map(([id, device]) => [id, figureOf(device)]));
}
