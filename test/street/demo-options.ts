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

/** A winter evening, ten seconds before the street dims. */
const START_AT = '2026-12-15T22:59:50+01:00';

export const DEMO_HELP = `The whole product in one command: a simulated street, a broker and the agent.

Usage: npm run demo -- [options]

  --for 30s        stop by itself; without it, q or Ctrl-C ends the demo
  --seed 7         another evening; the same seed repeats the same people
  --config FILE    another street (default config/demo.yaml)
  --no-agent       the street alone, to practise luciole setup on its ports
  --start-at TIME  another moment (default ${START_AT})
  --json           last line: the figures as JSON
  --help           this text

While it runs, in a second terminal:  npx luciole status    npx luciole why L07
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
      config: { type: 'string', default: 'config/demo.yaml' },
      'start-at': { type: 'string', default: START_AT },
      json: { type: 'boolean', default: false },
      'no-agent': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const startAtMs = Date.parse(values['start-at']);
  const seed = Number(values.seed);
  if (Number.isNaN(startAtMs)) throw new TypeError(`bad --start-at "${values['start-at']}": write a time as ${START_AT}`);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`bad --seed "${values.seed}": write a whole number`);
  return {
    configFile: values.config,
    forMs: values.for === undefined ? null : parseDuration(values.for),
    seed,
    json: values.json,
    hasAgent: !values['no-agent'],
    startAtMs,
  };
}
