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

type EveningSite = Pick<Cabinet, 'zones' | 'timezone' | 'sound'>;

/** Starts a diary at the present time of the rig. The levels of a zone are listed where they differ. */
export function startEvening(rig: Rig, site: EveningSite, utcOffset: string): Evening {
  return new Diary(rig, site, utcOffset);
}

class Diary implements Evening {
  readonly lines: string[] = [];
  readonly #rig: Rig;
  readonly #site: EveningSite;
  readonly #utcOffset: string;
  /** What was written last, by subject. */
  readonly #written = new Map<string, string>();
  /** Levels at the look before, by zone. */
  readonly #levels = new Map<string, string>();

  constructor(rig: Rig, site: EveningSite, utcOffset: string) {
    this.#rig = rig;
    this.#site = site;
    this.#utcOffset = utcOffset;
  }

  async until(at: string): Promise<void> {
    const { clock } = this.#rig;
    const day = new Intl.DateTimeFormat('sv-SE', { timeZone: this.#site.timezone }).format(clock.wallMs());
    const endMs = Date.parse(`${day}T${at}:00${this.#utcOffset}`);
    while (clock.wallMs() < endMs) {
      await clock.advance(Math.min(LOOK_MS, endMs - clock.wallMs()));
      this.#look();
    }
  }

  note(text: string): void {
    this.#write('', text);
  }

  async ask(line: string, args: RawArgs = {}): Promise<string> {
    const answer = await answerOf(this.#rig, line, args, this.#site.timezone);
    if (this.lines.at(-1) !== '') this.lines.push('');
    this.lines.push(`${this.#time()}  $ luciole ${line}`, ...answer.split('\n').map((row) => (row === '' ? '' : `${INDENT}${row}`)), '');
    return answer;
  }

  #look(): void {
    this.#lookAtLight();
    const { devices } = this.#rig.street;
    const { panels, sounds, meters } = squareFigures(devices);
    for (const shown of Object.values(panels)) this.#changed('panel', shown.map((line) => `[${line}]`).join(' '));
    for (const [id, { state, volumePct }] of Object.entries(sounds)) {
      const track = devices.players.get(id)?.track;
      const name = this.#site.sound?.tracks.find(({ place }) => 'track' in place && place.track === track)?.id;
      this.#changed('sound', state === 'playing' ? `${name} at ${volumePct} %` : 'silence');
    }
    for (const { tariff, peakNotice, indexKwh } of Object.values(meters)) {
      const state = `tariff ${tariff}, ${peakNotice > 0 ? 'peak announced' : 'no peak'}`;
      this.#changed('meter', state, `${state}, index ${indexKwh.toFixed(1)} kWh`);
    }
  }

  #lookAtLight(): void {
    const { world } = this.#rig.street;
    for (const { id, lamps } of this.#site.zones) {
      const levels = lamps.flatMap((lamp) => world.lamps.get(lamp) ?? []).map((lamp) => Math.round(world.levelPct(lamp)));
      const text = `${id} ${new Set(levels).size === 1 ? levels[0] : levels.join(' ')} %`;
      if (this.#levels.get(id) === text) this.#changed('light', text, text, `light ${id}`);
      this.#levels.set(id, text);
    }
  }

  /** Writes `text` if the state of the subject is another than at the last time. */
  #changed(what: string, state: string, text = state, subject = what): void {
    if (this.#written.get(subject) === state) return;
    this.#written.set(subject, state);
    this.#write(what, text);
  }

  #write(what: string, text: string): void {
    this.lines.push(`${this.#time()}  ${what.padEnd(7)}${text}`);
  }

  #time(): string {
    return new Intl.DateTimeFormat('en-GB', { timeZone: this.#site.timezone, timeStyle: 'short' }).format(this.#rig.clock.wallMs());
  }
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
