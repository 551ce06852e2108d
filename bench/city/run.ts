/** The entry of the city: figures as JSON lines on standard output, progress on standard error. */
import type { BenchResult } from '../result.ts';
import { cityObstacle } from './obstacle.ts';
import { CITY_HELP, readCityCommand } from './options.ts';

/** Source: sysexits.h, EX_USAGE. */
const EXIT_USAGE = 64;
const EXIT_FAILED = 1;

// A phase that was interrupted may still wait for something.
process.exit(await run(process.argv.slice(2)));

async function run(words: readonly string[]): Promise<number> {
  const command = readCityCommand(words);
  if (command.kind === 'help') {
    process.stdout.write(CITY_HELP);
    return 0;
  }
  if (command.kind === 'bad') return fail(`${command.refusal}\nSee npm run city -- --help`, EXIT_USAGE);
  const obstacle = cityObstacle();
  if (obstacle !== undefined) return fail(obstacle, EXIT_FAILED);
  // It imports packages of the host, which may be missing.
  const { runCity } = await import('./city.ts');
  const missed: string[] = [];
  const emit = (result: BenchResult): void => {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    if (result.ok === false) missed.push(`${result.metric}: ${result.value} ${result.unit}, goal ${result.goal}`);
  };
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interruption.abort());
  try {
    await runCity(command.options, { emit, progress: (text) => void process.stderr.write(`${text}\n`) }, interruption.signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return fail(error.message, EXIT_FAILED);
  }
  for (const text of missed) process.stderr.write(`missed: ${text}\n`);
  return missed.length === 0 ? 0 : EXIT_FAILED;
}

function fail(reason: string, code: number): number {
  process.stderr.write(`city: ${reason}\n`);
  return code;
}
