/**
 * The keys of the demo, and what each changes in the street.
 */
import { sleep } from '../../agent/core/clock.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { isSquare } from './demo-square.ts';
import type { Demo } from './demo-state.ts';

type Show = (text: string) => void;
/** Returns the sentence to show at once, if there is one; later ones go to `show`. */
type Press = (demo: Demo, show: Show) => string | undefined;

/** Cars of one column, and the time between two. */
const COLUMN = { cars: 5, gapMs: 1_500 };
/** How long the demo waits for the outcome of a command of the platform, and how often it looks. Units: ms. Source: warm-up and verification together. */
const OUTCOME = { waitMs: 15_000, lookMs: 250 };
const EMERGENCY_TEXT = 'Leave the square';
const FINAL = new Set(['verified', 'refused', 'failed', 'expired']);

const STREET_KEYS: Readonly<Record<string, Press>> = {
  w: (demo) => send(demo, 'walker'),
  b: (demo) => send(demo, 'cyclist'),
  c: (demo) => send(demo, 'car'),
  u(demo, show) {
    demo.toggleUplink().then(
      () => show(demo.isCut ? 'The uplink is cut; readings wait in the store.' : 'The uplink is back; live first, then what waited.'),
      (error: Error) => show(`The uplink did not come back: ${error.message}`),
    );
    return undefined;
  },
  s: (demo) => lampNotice(demo.toggleLamp()),
};

const SQUARE_KEYS: Readonly<Record<string, Press>> = {
  t({ clock, street }) {
    for (let i = 0; i < COLUMN.cars; i++) clock.after(i * COLUMN.gapMs, () => street.world.send('car'));
    return `${COLUMN.cars} cars come from the left, over the loop at the counter.`;
  },
  p({ street }) {
    const sensors = [...street.devices.airSensors.values()];
    const isBad = !sensors.some(({ isAirBad }) => isAirBad);
    for (const sensor of sensors) sensor.isAirBad = isBad;
    return isBad ? 'Diesel engines below the air sensor; press p again for clean air.' : 'The air is clean again.';
  },
  m({ street }) {
    const meters = [...street.devices.meters.values()];
    const isPeak = !meters.some(({ state }) => state.peakNotice > 0);
    for (const { state } of meters) state.peakNotice = isPeak ? 1 : 0;
    return isPeak ? 'The utility announces a peak; press m again to end it.' : 'The utility ends its notice of a peak.';
  },
  a(demo, show) {
    const place = demo.cabinet.sound?.places[0];
    const track = place?.announcements[0]?.play;
    if (place === undefined || track === undefined) return 'This cabinet has no announcement.';
    void command(demo, show, place.id, [text('Sound/Announce', track)]);
    return `The platform requests the announcement ${track}.`;
  },
  e(demo, show) {
    const isOn = demo.panels.some(({ rank }) => rank === 'emergency') || demo.sounds.some(({ rank }) => rank === 'emergency');
    const [panel] = demo.cabinet.panels;
    if (panel !== undefined) {
      const request = isOn ? [flag('Panel/Clear', true)] : [text('Panel/Text', EMERGENCY_TEXT), whole('Panel/Minutes', 5)];
      void command(demo, show, panel.id, [...request, flag('Panel/Emergency', true)]);
    }
    const place = demo.cabinet.sound?.places[0];
    const track = demo.cabinet.sound?.tracks.at(-1);
    if (place !== undefined && track !== undefined) {
      const request = isOn ? [flag('Sound/Resume', true)] : [text('Sound/Emergency', track.id), whole('Sound/Minutes', 5)];
      void command(demo, show, place.id, request);
    }
    return isOn ? 'The platform ends the emergency.' : 'The platform sends the emergency text and announcement; e again ends it.';
  },
};

/** Carries out a key. A key without a meaning changes nothing. */
export function pressKey(key: string, demo: Demo, show: Show): void {
  if (key === 'q' || key === '\x03') {
    demo.quit();
    return;
  }
  const press = STREET_KEYS[key] ?? (isSquare(demo.street.devices) ? SQUARE_KEYS[key] : undefined);
  const notice = press?.(demo, show);
  if (notice !== undefined) show(notice);
}

/** The keys that the screen names, a row each. */
export function keyRows({ isCut }: Pick<Demo, 'isCut'>, hasSquare: boolean): readonly string[] {
  return [
    `[w]alker [b]icycle [c]ar  [u] ${isCut ? 'restore' : 'cut'} uplink  [s] silence a lamp  [q]uit`,
    ...(hasSquare ? ['[t]raffic [p]articles [m]eter peak [a]nnouncement [e]mergency by the platform'] : []),
  ];
}

/** The sentence shown after a lamp has lost its power or got it back. */
export function lampNotice({ id, hasPower }: ReturnType<Demo['toggleLamp']>): string {
  return hasPower ? `Lamp ${id} has its power back.` : `Lamp ${id} has no power. Press s again to give it back.`;
}

function send({ street }: Demo, kind: 'walker' | 'cyclist' | 'car'): string {
  const fromStart = street.random() < 0.5;
  street.world.send(kind, fromStart);
  return `A ${kind} sets out from the ${fromStart ? 'left' : 'right'}.`;
}

let commands = 0;

/** Sends a command as the platform, and shows its final outcome. */
async function command({ host, clock }: Demo, show: Show, device: string, metrics: readonly Metric[]): Promise<void> {
  const id = `demo-${++commands}`;
  await host.command(device, [...metrics, text('Command/Id', id)]);
  for (let waitedMs = 0; waitedMs < OUTCOME.waitMs; waitedMs += OUTCOME.lookMs) {
    await sleep(clock, OUTCOME.lookMs);
    const outcomes = [...host.values.values()].filter((each) => each.metric === 'Command/Outcome');
    const final = outcomes
      .map(({ value }) => JSON.parse(String(value)) as SeenOutcome)
      .find((each) => each.id === id && FINAL.has(each.state));
    if (final === undefined) continue;
    return show(
      final.reason === undefined || final.reason === '' ? `${device}: ${final.state}.` : `${device}: ${final.state}: ${final.reason}`,
    );
  }
}

interface SeenOutcome {
  readonly id: string;
  readonly state: string;
  readonly reason?: string;
}

function whole(name: string, value: number): Metric {
  return { name, value: toLong(value) };
}

function text(name: string, value: string): Metric {
  return { name, value: { kind: 'string', value } };
}

function flag(name: string, value: boolean): Metric {
  return { name, value: { kind: 'boolean', value } };
}
