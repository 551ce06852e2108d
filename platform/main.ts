/** The entry of the host: one command of the command line. */
import { adviceAbout } from './cli/advice.ts';
import { printStatus, sendCommand } from './cli/command.ts';
import { type HostCommandOptions, PLATFORM_HELP, platformVersion, readPlatformOptions } from './cli/options.ts';
import { runCommands, runState, runWorker } from './cli/processes.ts';
import { runRollout } from './cli/rollout.ts';
import { PlatformFailure } from './core/errors.ts';
import { migrateDatabase } from './database/migrate.ts';
import { openDatabase } from './database/postgres.ts';

const COMMANDS: Readonly<Record<string, (options: HostCommandOptions) => Promise<number>>> = {
  migrate: runMigrate,
  worker: async (options) => {
    await runWorker(options);
    return 0;
  },
  state: async (options) => {
    await runState(options);
    return 0;
  },
  commands: async (options) => {
    await runCommands(options);
    return 0;
  },
  command: sendCommand,
  rollout: runRollout,
  status: printStatus,
  demo: async (options) => (await import('./demo/demo.ts')).runDemo(options),
  bench: async (options) => (await import('./bench/bench.ts')).runBench(options),
};

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  try {
    if (words.includes('--version')) {
      console.log(platformVersion());
      return 0;
    }
    const options = readPlatformOptions(words);
    const command = Object.hasOwn(COMMANDS, options.command) ? COMMANDS[options.command] : undefined;
    if (options.isHelp && options.command !== 'bench') {
      console.log(PLATFORM_HELP);
      return 0;
    }
    if (command === undefined) {
      const all = Object.keys(COMMANDS).join(', ');
      throw new PlatformFailure(
        'usage',
        `there is no command "${options.command}"; the commands are ${all}. npm run platform -- --help explains them`,
      );
    }
    return await command(options);
  } catch (error) {
    const advice = adviceAbout(error);
    if (advice === undefined) throw error;
    console.error(`platform: ${advice.sentence}`);
    return advice.exitCode;
  }
}

async function runMigrate({ database: url, hypertable }: HostCommandOptions): Promise<number> {
  const database = openDatabase({ url, connections: 1 });
  try {
    const applied = await migrateDatabase(database, hypertable);
    console.log(applied.length === 0 ? 'the tables are up to date' : `applied ${applied.join(', ')}`);
    return 0;
  } finally {
    await database.end();
  }
}
