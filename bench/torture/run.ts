/**
 * The entry of the torture runs: selects one, repeats it, and reports whether every guarantee was met.
 *
 * Owns the command line and the exit code. Summaries go to standard output, one JSON object a line; progress to standard error.
 */
import { parseArgs } from 'node:util';
import { clockTorture } from './clock.ts';
import { commandTorture } from './commands.ts';
import { corruptTorture } from './corrupt.ts';
import { diskfullTorture } from './diskfull.ts';
import { hostileTorture } from './hostile.ts';
import { killTorture } from './kill.ts';
import { lateTorture } from './late.ts';
import { monthTorture } from './month.ts';
import { offlineTorture } from './offline.ts';
import { powercutTorture } from './powercut.ts';
import { rogueTorture } from './rogue.ts';
import { type TortureOptions, Unavailable } from './torture.ts';

const HELP = `What the store and the agent must survive, done to them.

Usage: npm run -s torture -- NAME [options]

  kill       a writer killed with SIGKILL at random moments, while it compacts, delivers, thins and drops
  powercut   the power cut at random moments: the disk has what had reached it (needs root: it mounts a disk image)
  corrupt    a whole agent on a damaged data folder: each kind of damage to each of its files
  diskfull   a whole agent on a full disk, before and after its start (needs root)
  commands   a whole agent on the simulated clock: commands through cut links, broker restarts, copies, restarts and kills
  late       a line whose replies are late by up to a minute, doubled, lost or shifted, on the simulated clock
  hostile    a million hostile messages for the command desk
  rogue      a platform in wrong hands: hostile revisions of the configuration, then honest ones
  offline    30 simulated days without the platform into a file that cannot hold them
  clock      steps, drifts and losses of the clock at twelve places: never dark at night, no saving that is not true
  month      30 simulated days of the packaged agent with 35 lamps: flat memory (needs mosquitto)

  --rounds N   of kill, powercut, commands, hostile, late (reads), rogue and clock; 200, 100, 10000, 1000000, 100000, 500 and 1000 unless given
  --seed N     the same choices again; the moments are the machine's own
  --quick      corrupt: one damage of each file; offline, month: two days; clock: 120 rounds
  --help       this text

Exit code: 0 every promise kept, 1 one broken or a failure, 64 bad command line, 69 not possible on this machine.
`;

const EXIT_FAILED = 1;
/** Source: sysexits.h, EX_USAGE and EX_UNAVAILABLE. */
const EXIT = { usage: 64, unavailable: 69 };

interface Torture {
  readonly run: (options: TortureOptions) => Promise<boolean>;
  readonly rounds: number;
}

const TORTURES: Readonly<Record<string, Torture>> = {
  kill: { run: killTorture, rounds: 200 },
  powercut: { run: powercutTorture, rounds: 100 },
  corrupt: { run: corruptTorture, rounds: 1 },
  diskfull: { run: diskfullTorture, rounds: 1 },
  offline: { run: offlineTorture, rounds: 1 },
  month: { run: monthTorture, rounds: 1 },
  hostile: { run: hostileTorture, rounds: 1_000_000 },
  rogue: { run: rogueTorture, rounds: 500 },
  clock: { run: clockTorture, rounds: 1_000 },
  late: { run: lateTorture, rounds: 100_000 },
  commands: { run: commandTorture, rounds: 10_000 },
};

// Ends whatever still runs after a failure, too.
process.exit(await run(process.argv.slice(2)));

async function run(words: string[]): Promise<number> {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(words);
  } catch (error) {
    return refuse((error as Error).message);
  }
  if (given.values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [name = '', ...rest] = given.positionals;
  const torture = Object.hasOwn(TORTURES, name) ? TORTURES[name] : undefined;
  if (torture === undefined || rest.length > 0)
    return refuse(`bad run "${given.positionals.join(' ')}": one of ${Object.keys(TORTURES).join(', ')}`);
  const rounds = Number(given.values.rounds ?? torture.rounds);
  const seed = Number(given.values.seed ?? Date.now() % 1_000_000);
  if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) return refuse('--rounds and --seed are whole numbers');
  return suffer(torture, { rounds, seed, quick: given.values.quick });
}

async function suffer({ run: torture }: Torture, wanted: Pick<TortureOptions, 'rounds' | 'seed' | 'quick'>): Promise<number> {
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const isKept = await torture({ ...wanted, progress, emit: (summary) => void process.stdout.write(`${JSON.stringify(summary)}\n`) });
    return isKept ? 0 : EXIT_FAILED;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    progress(`torture: ${error instanceof Unavailable ? error.message : error.stack}`);
    return error instanceof Unavailable ? EXIT.unavailable : EXIT_FAILED;
  }
}

function parse(words: string[]) {
  return parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

function refuse(reason: string): number {
  process.stderr.write(`torture: ${reason}\nSee npm run -s torture -- --help\n`);
  return EXIT.usage;
}
