/** The command line of the city. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MAX_LAMPS } from './city-site.ts';

/** The phases of a run, in their order. The last two run on scaled time. */
export const CITY_PHASES = ['start', 'steady', 'command', 'broker', 'host', 'rollout', 'night', 'partition'] as const;
/** One phase of a run. */
export type PhaseName = (typeof CITY_PHASES)[number];

/** What a run of the city does. */
export interface CityOptions {
  readonly cabinets: number;
  readonly lamps: number;
  readonly phases: readonly PhaseName[];
  /** Processes that share the cabinets. */
  readonly processes: number;
  /** Workers of the host. */
  readonly workers: number;
  /** The clock of the agents in the phases on scaled time runs at most this many times as fast. */
  readonly scale: number;
  /** Cabinets in the phases on scaled time. */
  readonly sample: number;
  /** Simulated length of the night and of the partition. Units: h. */
  readonly hours: number;
  /** The agents wait for the host's STATE. */
  readonly primaryHost: boolean;
  /** How long the steady phase lasts. Units: s. */
  readonly seconds: number;
  readonly birthJitterS: number;
}

/** What the command line requested; `refusal`: why it is wrong. */
export type CityCommand =
  | { readonly kind: 'run'; readonly options: CityOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'bad'; readonly refusal: string };

/** Most cabinets of a run. Source: the free ports of one address for connections of a process to one broker. */
const MAX_CABINETS = 20_000;

/** The text of `--help`. */
export const CITY_HELP = `A city of cabinets on this machine: real agents, a real broker, the host of platform/ with a real database.

Usage: npm run city -- [options]

  --cabinets N     how many agents (default: 100; the city has 1450, which need about 8 GB and two free cores)
  --lamps N        lamps of each cabinet, 1 to ${MAX_LAMPS} (default: 31)
  --phases LIST    which phases, with commas between them (default: all)
  --processes N    processes that share the agents (default: one for each core, 4 at most)
  --workers N      workers of the host (default: 2)
  --scale N        how many times as fast the clock of the agents runs at most, in the last two phases (default: 60).
                   A ping without an answer for 10 s of their time ends a session: too large a number shows as failed sessions
  --sample N       agents in the last two phases (default: 60, or all if there are fewer)
  --hours N        simulated length of the night and of the partition (default: 24)
  --seconds N      length of the steady phase (default: 60)
  --jitter N       birthJitterS of the agents (default: 30, as in cabinet.yaml)
  --primary-host   the agents wait for the STATE of the host
  --json           JSON lines on standard output, the only form there is
  --help           this text

  start      all agents start together, as after a mains cut of the whole city: time until the host has all births
  steady     data at true speed: messages, values, bytes, processor and memory of broker, host and agents
  command    every cabinet lights all lamps at 100 %: time until all have acknowledged
  broker     the broker is killed and starts again after 5 s: time until all are back, and whether a second wave of births follows
  host       workers and commands are killed and start again, without --primary-host also STATE: births must not follow
  rollout    a revision in waves of 1, 5, 10 % and the rest, and one with an error, which must stop in the first wave
  night      --sample agents on scaled time, from 23:40 on or later, with people passing
  partition  --sample agents without a broker for --hours on scaled time; then the drain at true speed, and what is missing

After the last phase of each fleet its stores are compared with the database, reading by reading.

Readings and levels are simulated above the line: ${'1,450'} buses do not fit on two cores. Session, codec, store, lighting and
configuration are those of the agent. Stores are in memory (/dev/shm), the database is in the temporary folder (TMPDIR).
Figures: {bench, metric, value, unit, goal, ok, note}. Exit code: 0 all goals met, 1 one missed or a failure, 64 bad command line.
`;

/** Reads the command line. */
export function readCityCommand(words: readonly string[]): CityCommand {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(words);
  } catch (error) {
    return { kind: 'bad', refusal: (error as Error).message };
  }
  if (given.help) return { kind: 'help' };
  const cabinets = whole(given.cabinets, 1, MAX_CABINETS);
  const lamps = whole(given.lamps, 1, MAX_LAMPS);
  const processes = whole(given.processes, 1, 64);
  const workers = whole(given.workers, 1, 16);
  const scale = whole(given.scale, 1, 10_000);
  const hours = whole(given.hours, 1, 24 * 7);
  const seconds = whole(given.seconds, 1, 3_600);
  const birthJitterS = whole(given.jitter, 0, 600);
  const sample = given.sample === undefined ? Math.min(cabinets, 60) : whole(given.sample, 1, MAX_CABINETS);
  const numbers = { cabinets, lamps, processes, workers, scale, hours, seconds, jitter: birthJitterS, sample };
  const wrong = Object.entries(numbers).find(([, value]) => Number.isNaN(value));
  if (wrong !== undefined) return { kind: 'bad', refusal: `bad --${wrong[0]}` };
  const phases = given.phases === undefined ? CITY_PHASES : CITY_PHASES.filter((phase) => given.phases?.split(',').includes(phase));
  const unknown = given.phases?.split(',').find((word) => !CITY_PHASES.includes(word as PhaseName));
  if (unknown !== undefined) return { kind: 'bad', refusal: `bad phase "${unknown}": one of ${CITY_PHASES.join(', ')}` };
  const shared = { cabinets, lamps, phases, processes, workers, scale, sample, hours, seconds, birthJitterS };
  return { kind: 'run', options: { ...shared, primaryHost: given['primary-host'] } };
}

function parse(words: readonly string[]) {
  return parseArgs({
    args: [...words],
    options: {
      cabinets: { type: 'string', default: '100' },
      lamps: { type: 'string', default: '31' },
      phases: { type: 'string' },
      processes: { type: 'string', default: String(Math.min(4, availableParallelism())) },
      workers: { type: 'string', default: '2' },
      scale: { type: 'string', default: '60' },
      sample: { type: 'string' },
      hours: { type: 'string', default: '24' },
      seconds: { type: 'string', default: '60' },
      jitter: { type: 'string', default: '30' },
      'primary-host': { type: 'boolean', default: false },
      json: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

/** NaN if the word is not a whole number in the range. */
function whole(word: string, min: number, max: number): number {
  const value = /^\d+$/.test(word) ? Number(word) : Number.NaN;
  return value >= min && value <= max ? value : Number.NaN;
}
