/**
 * The diary of an evening in a square: each change of light, panel, sound and meter, as people in the square see and hear it.
 *
 * Only the simulated devices are read, not the agent. The reasons are answers of the agent's console, which the diary contains too.
 */
import { COMMANDS } from '../../agent/console/commands.ts';
import type { RawArgs } from '../../agent/console/protocol/protocol.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { squareFigures } from '../street/demo-square.ts';
import type { Rig } from './rig.ts';

/** Time between two looks at the square. A level is written down once two looks in a row have seen it. Units: ms. */
const LOOK_MS = 10_000;
const COLS = 80;
/** Below the time. */
const INDENT = ' '.repeat(7);

export interface Evening {
  /** Advances the clock to a local time of this evening, `21:50`, and writes down what changes until then. */
  until(time: string): Promise<void>;
  /** Writes down what happens to the square from outside. */
  note(text: string): void;
  /** Runs a command of the console, and writes down its line and its answer. Resolves with the answer. */
  ask(line: string, args?: RawArgs): Promise<string>;
  readonly lines: readonly string[];
}

/** Starts a diary at the present time of the rig. The levels of a zone are listed where they differ. */
export function startEvening(
  rig: Rig,
  { zones, timezone, sound }: Pick<Cabinet, 'zones' | 'timezone' | 'sound'>,
  utcOffset: string,
): Evening {
  const lines: string[] = [];
  const before = new Map<string, string>();
  const seenOnce = new Map<string, string>();
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone }).format(rig.clock.wallMs());
  const time = (): string => new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeStyle: 'short' }).format(rig.clock.wallMs());
  const write = (what: string, text: string): void => void lines.push(`${time()}  ${what.padEnd(7)}${text}`);
  const changed = (what: string, text: string): void => {
    if (before.get(what) === text) return;
    before.set(what, text);
    write(what, text);
  };

  const look = (): void => {
    const { devices, world } = rig.street;
    const light = zones.map(({ id, lamps }) => {
      const levels = lamps.flatMap((lamp) => world.lamps.get(lamp) ?? []).map((lamp) => Math.round(world.levelPct(lamp)));
      return `${id} ${new Set(levels).size === 1 ? `${levels[0]} %` : `${levels.join(' ')} %`}`;
    });
    for (const [i, text] of light.entries()) {
      const id = zones[i]?.id ?? '';
      const isSteady = seenOnce.get(id) === text;
      seenOnce.set(id, text);
      if (isSteady && before.get(id) !== text) {
        before.set(id, text);
        write('light', text);
      }
    }
    const { panels, sounds, meters } = squareFigures(devices);
    for (const shown of Object.values(panels)) changed('panel', shown.map((line) => `[${line}]`).join(' '));
    for (const [id, { state, volumePct }] of Object.entries(sounds)) {
      const track = devices.players.get(id)?.track;
      const name = sound?.tracks.find(({ place }) => 'track' in place && place.track === track)?.id;
      changed('sound', state === 'playing' ? `${name} at ${volumePct} %` : 'silence');
    }
    for (const { tariff, peakNotice, indexKwh } of Object.values(meters)) {
      const state = `tariff ${tariff}, ${peakNotice > 0 ? 'peak announced' : 'no peak'}`;
      if (before.get('meter') === state) continue;
      before.set('meter', state);
      write('meter', `${state}, index ${indexKwh.toFixed(1)} kWh`);
    }
  };

  return {
    lines,
    async until(at) {
      const endMs = Date.parse(`${day}T${at}:00${utcOffset}`);
      while (rig.clock.wallMs() < endMs) {
        await rig.clock.advance(Math.min(LOOK_MS, endMs - rig.clock.wallMs()));
        look();
      }
    },
    note: (text) => write('', text),
    async ask(line, args = {}) {
      const answer = await answerOf(rig, line, args, timezone);
      if (lines.at(-1) !== '') lines.push('');
      lines.push(`${time()}  $ luciole ${line}`, ...answer.split('\n').map((row) => (row === '' ? '' : `${INDENT}${row}`)), '');
      return answer;
    },
  };
}

/** Runs the command that the line begins with, as an admin. */
async function answerOf(rig: Rig, line: string, args: RawArgs, timezone: string): Promise<string> {
  const command = COMMANDS.filter(({ name }) => line === name || line.startsWith(`${name} `)).toSorted(
    (a, b) => b.name.length - a.name.length,
  )[0];
  if (command?.kind !== 'agent') throw new TypeError(`no command of the agent: ${line}`);
  const { clock } = rig;
  const work = command.answer(rig.agent.view, args, {
    ...{ source: 'console:tech', clock, timezone, report: () => true, signal: new AbortController().signal },
    caller: { user: 'tech', role: 'admin', socketKind: 'agent' },
  });
  const result = await rig.settled(work);
  const page = { widthCols: COLS - INDENT.length, colour: false, atMs: clock.wallMs(), timezone };
  return (await command.render(result, page, args)).trimEnd();
}
