import { parseArgs } from 'node:util';
import { parseDuration } from '../../agent/console/text/duration.ts';

export interface DemoOptions {
  readonly configFile: string;
  /** Null: run until stopped. */
  readonly forMs: number | null;
  readonly seed: number;
  readonly json: boolean;
  /** False: only the street runs, to practise `luciole setup`. */
  readonly hasAgent: boolean;
  readonly startAtMs: number;
}

interface Scene {
  readonly configFile: string;
  readonly startAt: string;
}

/** Winter evenings: ten seconds before the street dims, and three minutes before the quiet hours of the square. */
const SCENES: Readonly<Record<string, Scene>> = {
  street: { configFile: 'config/demo.yaml', startAt: '2026-12-15T22:59:50+01:00' },
  square: { configFile: 'config/square.yaml', startAt: '2026-12-15T21:57:00+01:00' },
};

export const DEMO_HELP = `The whole product in one command: a simulated street, a broker and the agent.

Usage: npm run demo -- [options]

  --scene NAME     street (default), or square: with traffic, panel, air, sound
                   and the utility's meter (docs/square.md)
  --for 30s        stop by itself; without it, q or Ctrl-C ends the demo
  --seed 7         another evening; the same seed repeats the same people
  --config FILE    another street, in place of that of the scene
  --no-agent       the street alone, to practise luciole setup on its ports
  --start-at TIME  another moment, as ${SCENES['street']?.startAt}
  --json           last line: the figures as JSON
  --help           this text

While it runs, in a second terminal:  npx luciole status    npx luciole why L07
In the square also:  npx luciole why square-panel    npx luciole why square-sound
For a platform of your own: npx luciole uplink shows the broker's address;
continue with docs/platform.md.
A second demo at the same time needs its own socket: set
LUCIOLE_SOCKET=/tmp/second/agent.sock in both terminals.`;

/**
 * Reads the words of the command line. Returns null for `--help`.
 *
 * Errors: throws TypeError with a sentence for the user; for `--for` as `parseDuration`.
 */
export function readDemoOptions(words: string[]): DemoOptions | null {
  const { values } = parseArgs({
    args: words,
    options: {
      for: { type: 'string' },
      seed: { type: 'string', default: '1' },
      scene: { type: 'string', default: 'street' },
      config: { type: 'string' },
      'start-at': { type: 'string' },
      json: { type: 'boolean', default: false },
      'no-agent': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const scene = Object.hasOwn(SCENES, values.scene) ? SCENES[values.scene] : undefined;
  if (scene === undefined) throw new TypeError(`bad --scene "${values.scene}": there are ${Object.keys(SCENES).join(' and ')}`);
  const startAt = values['start-at'] ?? scene.startAt;
  const startAtMs = Date.parse(startAt);
  const seed = Number(values.seed);
  if (Number.isNaN(startAtMs)) throw new TypeError(`bad --start-at "${startAt}": write a time as ${scene.startAt}`);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`bad --seed "${values.seed}": write a whole number`);
  return {
    configFile: values.config ?? scene.configFile,
    forMs: values.for === undefined ? null : parseDuration(values.for),
    seed,
    json: values.json,
    hasAgent: !values['no-agent'],
    startAtMs,
  };
}
