/**
 * The screen of the demo: the street live on a terminal, one line a second elsewhere. Keys change the street.
 */
import { styleText } from 'node:util';
import { every } from '../../agent/core/clock.ts';
import type { LineView, StoreStatus, UplinkStatus } from '../../agent/core/ports.ts';
import type { LampView, StatusView } from '../../agent/core/views.ts';
import { keyRows, pressKey } from './demo-keys.ts';
import { isSquare, type ShownSquare, squareFigures, squareRows } from './demo-square.ts';
import type { Demo } from './demo-state.ts';
import type { DemoSummary } from './demo-summary.ts';
import type { MoverKind } from './movers.ts';
import type { Street } from './street.ts';

const FRAME_MS = 200;
const BAR_COLS = 20;
const STREET_COLS = 72;
const MARK: Readonly<Record<MoverKind, string>> = { walker: 'w', cyclist: 'b', car: 'C' };
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

const FIRST_NOTICE = 'In a second terminal:  npx luciole why L07    npx luciole status';

/** The part of the agent's status that the screen shows. */
export interface ShownStatus extends Pick<StatusView, 'timezone' | 'night' | 'sunAltitudeDeg' | 'units'> {
  readonly cabinet: Pick<StatusView['cabinet'], 'name'>;
  readonly zones: readonly { readonly lamps: readonly Pick<LampView, 'id' | 'reason' | 'following'>[] }[];
  readonly lines: readonly Pick<LineView, 'id' | 'kind' | 'state' | 'busyPct'>[];
  readonly store: Pick<StoreStatus, 'readingsStored' | 'readingsWaiting'>;
  readonly uplink: Pick<UplinkStatus, 'readingsPublished' | 'readingsHistorical' | 'state'>;
}

/** The part of the demo that the screen shows. */
export interface ShownDemo {
  readonly clock: Pick<Demo['clock'], 'wallMs'>;
  readonly street: Pick<Street, 'world' | 'devices'>;
  readonly status: ShownStatus | null;
  readonly panels: ShownSquare['panels'];
  readonly sounds: ShownSquare['sounds'];
  readonly isCut: boolean;
}

export interface DemoScreen {
  /** Stops drawing and restores the terminal. */
  close(): void;
  /** Returns the closing text; does not print it. */
  farewell(summary: DemoSummary): string;
}

/** Draws the demo until `close`: a full screen with keys on a terminal; one line a second elsewhere or with `--json`. */
export function openDemoScreen(demo: Demo): DemoScreen {
  const { stdin, stdout } = process;
  const isLive = stdout.isTTY && !demo.options.json;
  let notice = FIRST_NOTICE;
  const show = (text: string): void => {
    notice = text;
  };
  if (isLive) stdout.write(`\x1b[?25l${HOME}${CLEAR_BELOW}`);
  const timer = isLive
    ? every(demo.clock, FRAME_MS, () => stdout.write(`${HOME}${demoPage(demo, notice).join(`${CLEAR_LINE}\n`)}${CLEAR_LINE}${CLEAR_BELOW}`))
    : every(demo.clock, 1_000, () => stdout.write(`${plainLine(demo)}\n`));
  const onKey = (bytes: Buffer): void => pressKey(bytes.toString('latin1'), demo, show);
  const hasKeys = isLive && stdin.isTTY;
  if (hasKeys) stdin.setRawMode(true).on('data', onKey).resume();
  return {
    close() {
      timer.cancel();
      if (hasKeys) stdin.off('data', onKey).setRawMode(false).pause();
      if (isLive) stdout.write('\x1b[?25h\n');
    },
    farewell: (summary) => `${farewellLines(summary).join('\n')}`,
  };
}

/** The rows of the screen, at most 80 columns each; a single row until the agent has a status. Default: the notice before the first key. */
export function demoPage(demo: ShownDemo, notice = FIRST_NOTICE): string[] {
  const { status } = demo;
  if (status === null) return ['The agent is starting ...'];
  const lamps = status.zones.flatMap((zone) => zone.lamps);
  const reasons = new Map(lamps.map((lamp) => [lamp.id, lamp.following ? lamp.reason : `${lamp.reason}, not following`]));
  return [
    styleText(
      'bold',
      `Luciole  ${status.cabinet.name}  ${timeOf(demo, status.timezone)}  ${status.night ? 'night' : 'day'}, sun ${status.sunAltitudeDeg} deg`,
    ),
    '',
    ...[...demo.street.world.lamps.values()].map((lamp) => {
      const pct = demo.street.world.levelPct(lamp);
      const filled = Math.round((pct / 100) * BAR_COLS);
      const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_COLS - filled)}`;
      const row = `${lamp.id.padEnd(5)} ${bar} ${Math.round(pct).toString().padStart(3)} %  ${reasons.get(lamp.id) ?? ''}`.slice(0, 79);
      return pct > 50 ? styleText('yellow', row) : row;
    }),
    '',
    streetRow(demo),
    `w walker, b cyclist, C car; o presence sensor on its pole`,
    ...squareRows({ ...demo, devices: demo.street.devices }),
    ...figures(demo, status),
    '',
    notice.slice(0, 79),
    ...keyRows(demo, isSquare(demo.street.devices)).map((row) => styleText('dim', row)),
  ];
}

function streetRow({ street: { world } }: ShownDemo): string {
  const lengthM = Math.max(...[...world.lamps.values()].map(({ atM }) => atM), 1);
  const columnOf = (atM: number): number => Math.round((atM / lengthM) * (STREET_COLS - 1)) + 3;
  const cells = Array.from({ length: STREET_COLS + 6 }, () => '_');
  for (const { atM } of world.sensors.values()) cells[columnOf(atM)] = 'o';
  for (const { mover, atM } of world.movers()) {
    const column = columnOf(atM);
    if (column >= 0 && column < cells.length) cells[column] = MARK[mover.kind];
  }
  return cells.join('');
}

function figures(demo: ShownDemo, { lines, store, uplink, units }: ShownStatus): string[] {
  const power = Math.round(demo.street.world.powerW());
  // A device that sends by itself has no bus; its line is shown where it is down.
  const shown = lines.filter(({ kind, state }) => kind === 'modbus' || state !== 'up');
  const bus = shown.map(({ id, state, busyPct }) => (state === 'up' ? `${id} ${busyPct} %` : `${id} down`)).join(', ');
  return [
    `street ${power} W   bus ${bus}   units ${units.ok} ok, ${units.flaky + units.silent} not`.slice(0, 79),
    `stored ${store.readingsStored} (+${store.readingsWaiting} waiting)   sent ${uplink.readingsPublished - uplink.readingsHistorical} live, ${uplink.readingsHistorical} historical   uplink ${uplink.state}`.slice(
      0,
      79,
    ),
  ];
}

function plainLine(demo: Demo): string {
  const { status } = demo;
  if (status === null) return 'starting';
  const levels = [...demo.street.world.lamps.values()].map((lamp) => Math.round(demo.street.world.levelPct(lamp))).join(' ');
  const people = demo.street.world
    .movers()
    .map(({ mover }) => MARK[mover.kind])
    .join('');
  const time = timeOf(demo, status.timezone);
  const square = isSquare(demo.street.devices) ? squareText(demo.street.devices) : '';
  return `${time}  lamps ${levels} %  people ${people || '-'}${square}  stored ${status.store.readingsStored}  sent ${status.uplink.readingsPublished}  uplink ${status.uplink.state}`;
}

function squareText(devices: ShownSquare['devices']): string {
  const { panels, sounds, pm25, meters } = squareFigures(devices);
  const texts = Object.values(panels).map((lines) => lines.filter((line) => line !== '').join(' / '));
  const heard = Object.values(sounds).map(({ state, volumePct }) => (state === 'playing' ? `${volumePct} %` : 'silence'));
  const indexes = Object.values(meters).map(({ indexKwh }) => `${indexKwh.toFixed(3)} kWh`);
  return `  panel "${texts.join('" "')}"  sound ${heard}  air ${Object.values(pm25)}  meter ${indexes}`;
}

function timeOf(demo: ShownDemo, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'medium', timeStyle: 'medium' }).format(demo.clock.wallMs());
}

function farewellLines(summary: DemoSummary): string[] {
  const { detectionToFrameMs: latency } = summary;
  return [
    `${summary.detections} detections raised ${summary.lampsRaised} lamps.`,
    `From sight to the first frame: ${latency.p50 ?? '-'} ms (p50), ${latency.p99 ?? '-'} ms (p99).`,
    `${summary.readingsStored} readings stored, ${summary.readingsPublished} sent, ${summary.readingsAcked} proven, ${summary.readingsLost} lost.`,
    `${summary.transactions} transactions, ${summary.timeouts} timeouts, ${summary.crcErrors} CRC errors.`,
    `Agent ${summary.rssMb} MB, first poll after ${summary.startMs ?? '-'} ms.`,
    summary.errors.length === 0 ? 'No errors.' : `Errors: ${summary.errors.join('; ')}`,
  ];
}
