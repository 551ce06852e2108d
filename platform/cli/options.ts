/** The command line of the host. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BrokerAddress } from '../broker/broker-files.ts';
import { PlatformFailure } from '../core/errors.ts';

/** The text of `npm run platform -- --help`, also with a command; only `bench` has one of its own. */
export const PLATFORM_HELP = `The city's platform: a Sparkplug host that writes to PostgreSQL.

Usage: npm run platform -- COMMAND [options]

  demo       PostgreSQL, a broker, the host and three simulated cabinets, all in
             one command and on this machine only (--seconds N: ends by itself)
  bench      values a second into PostgreSQL, lag and memory (--help: options)

  migrate    make or update the tables (--hypertable auto|on|off)
  state      publish STATE while a worker is ready; run one
  worker     write what cabinets send; run one or more
  commands   send commands, requests for births and for rows; run one, or a second
             one that waits
  command CABINET[/DEVICE] METRIC=VALUE…
             send one command and wait for its end, for example
             command c1/rue Override/Level=80 Override/Minutes=90
  rollout NAME=FILE…
             bring files of the configuration to the cabinets in waves, and stop
             where they have trouble; {cabinet} in FILE is the name of each:
             rollout cabinet.yaml=sites/{cabinet}.yaml (--waves, --trouble: %)
  status     one line for each cabinet

Options
  --database URL     postgres://user@machine/city; default: PGHOST, PGPORT,
                     PGDATABASE, PGUSER, PGPASSWORD
  --broker URL       mqtt://127.0.0.1:1883 or mqtts://…
  --other-broker URL a further node of its cluster; may be repeated
  --mqtt VERSION     5 or 3.1.1; default: 5
  --no-share         a worker for a broker without shared subscriptions: give each
                     worker groups of its own (--group)
  --username NAME    --password-file FILE
  --ca-file FILE     --cert-file FILE   --key-file FILE
  --group NAME       a Sparkplug group; may be repeated; default: all
  --host-id NAME     name in STATE and of the shared subscription; default: city
  --no-packed        do not request the backlog packed
  --metrics ADDRESS  figures for Prometheus: a socket's path, or 127.0.0.1:9464
  --expires SECONDS  of a command; default 300
  --cabinet NAME     of a rollout; may be repeated; default: all that are online
  --waves 1,5,10     of a rollout: sizes of the first waves, %; one more is the rest
  --trouble 5        of a rollout: it stops when more of a wave has trouble, %
  --minutes 10       of a rollout: longest trial at a cabinet
  --comment TEXT     of a rollout: why; the cabinets keep it
  --json             output as JSON
  --help             this text

Exit codes: 0 done, 1 failed, 2 wrong usage, 69 a program is not installed,
78 the database has other tables than this program.
`;

/** A command line of the host: the command, its words, and its options with their defaults. */
export interface HostCommandOptions {
  /** `help` if none was given. It may be unknown. */
  readonly command: string;
  /** The words after the command; empty for commands that take none. */
  readonly words: readonly string[];
  /** URL of the database; empty: from `PGHOST` and the like. */
  readonly database: string;
  readonly broker: BrokerAddress;
  /** Sparkplug groups; `+`, the default, stands for all. */
  readonly groups: readonly string[];
  /** Names the host in the topic of STATE, and the shared subscription of its workers. Default: `city`. */
  readonly hostId: string;
  /** A worker requests the backlog packed. Default: true. */
  readonly isPacked: boolean;
  /** Where the figures for Prometheus are served; undefined: nowhere. Not checked here. */
  readonly metrics: string | undefined;
  /** Whether `migrate` makes the table of readings a hypertable of TimescaleDB; `auto`, the default: if the server has loaded it. */
  readonly hypertable: 'auto' | 'on' | 'off';
  /** A command of `command` expires this long after it was stored. Units: s. Default: 300. */
  readonly expiresS: number;
  /** `--json` was given: output as JSON instead of text. */
  readonly isJson: boolean;
  /** `--help` was given, or the command is `help`. */
  readonly isHelp: boolean;
  /** All options as typed. Those that only `bench`, `demo` or `rollout` have are only here, and their values are not checked. */
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
}

const OPTIONS = {
  database: { type: 'string' },
  broker: { type: 'string' },
  'other-broker': { type: 'string', multiple: true },
  mqtt: { type: 'string' },
  'no-share': { type: 'boolean' },
  username: { type: 'string' },
  'password-file': { type: 'string' },
  'ca-file': { type: 'string' },
  'cert-file': { type: 'string' },
  'key-file': { type: 'string' },
  group: { type: 'string', multiple: true },
  'host-id': { type: 'string' },
  'no-packed': { type: 'boolean' },
  metrics: { type: 'string' },
  hypertable: { type: 'string' },
  expires: { type: 'string' },
  cabinet: { type: 'string', multiple: true },
  waves: { type: 'string' },
  trouble: { type: 'string' },
  minutes: { type: 'string' },
  comment: { type: 'string' },
  rate: { type: 'string' },
  seconds: { type: 'string' },
  nodes: { type: 'string' },
  workers: { type: 'string' },
  kill: { type: 'boolean' },
  maximum: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type OptionName = keyof typeof OPTIONS;

const PROCESSES = ['state', 'worker', 'commands'];
/** The commands that have an option; all have those that are not named here. */
const ONLY: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  database: ['migrate', ...PROCESSES, 'command', 'rollout', 'status'],
  broker: PROCESSES,
  'other-broker': PROCESSES,
  mqtt: PROCESSES,
  'no-share': ['worker'],
  username: PROCESSES,
  'password-file': PROCESSES,
  'ca-file': PROCESSES,
  'cert-file': PROCESSES,
  'key-file': PROCESSES,
  group: ['worker', 'rollout'],
  'host-id': ['state', 'worker'],
  'no-packed': ['worker'],
  metrics: PROCESSES,
  hypertable: ['migrate'],
  expires: ['command'],
  cabinet: ['rollout'],
  waves: ['rollout'],
  trouble: ['rollout'],
  minutes: ['rollout'],
  comment: ['rollout'],
  rate: ['bench'],
  seconds: ['bench', 'demo'],
  nodes: ['bench'],
  workers: ['bench'],
  kill: ['bench'],
  maximum: ['bench'],
  json: ['command', 'rollout', 'status', 'demo', 'bench'],
};
/** Commands that take more words. */
const WITH_WORDS = ['command', 'rollout'];
const MORE = 'npm run platform -- --help shows all';

/**
 * Reads the words after the program; without words the command is `help`. Whether the command exists is not checked. Errors: throws
 * PlatformFailure `usage` with a sentence for the person.
 */
export function readPlatformOptions(words: readonly string[]): HostCommandOptions {
  const { command, rest, values } = parsed(words);
  const hostId = values['host-id'] ?? 'city';
  const groups = values.group ?? ['+'];
  for (const name of [hostId, ...groups.filter((group) => group !== '+')]) {
    if (name === '' || /[+#/]/.test(name)) throw usage(`"${name}": a group or host has no +, # or / in its name`);
  }
  const hypertable = values.hypertable ?? 'auto';
  if (hypertable !== 'auto' && hypertable !== 'on' && hypertable !== 'off') throw usage('--hypertable: write auto, on or off');
  checkAddress('--database', values.database, /^(?:postgres|postgresql):$/, 'postgres://user@machine:5432/city');
  checkAddress('--broker', values.broker, /^mqtts?:$/, 'mqtt://machine:1883 or mqtts://machine:8883');
  const others = values['other-broker'] ?? [];
  for (const other of others) checkAddress('--other-broker', other, /^mqtts?:$/, 'mqtt://machine:1883 or mqtts://machine:8883');
  const version = values.mqtt ?? '5';
  if (version !== '5' && version !== '3.1.1') throw usage('--mqtt: write 5 or 3.1.1');
  const expiresS = numberOption('--expires', values.expires, 300);
  return {
    ...{ command, words: rest, groups, hostId, hypertable, expiresS, values },
    database: values.database ?? '',
    broker: {
      url: values.broker ?? 'mqtt://127.0.0.1:1883',
      username: values.username,
      passwordFile: values['password-file'],
      caFile: values['ca-file'],
      certFile: values['cert-file'],
      keyFile: values['key-file'],
      otherUrls: others,
      protocol: version === '5' ? 5 : 4,
      isWithoutShares: values['no-share'] === true,
    },
    isPacked: values['no-packed'] !== true,
    metrics: values.metrics,
    isJson: values.json === true,
    isHelp: values.help === true || command === 'help',
  };
}

/**
 * Returns a positive number of the command line, whole or not; `standard` if `text` is undefined. `name`: with its `--`, for the message.
 * Errors: throws PlatformFailure `usage` for any other text.
 */
export function numberOption(name: string, text: string | boolean | string[] | undefined, standard: number): number {
  if (text === undefined) return standard;
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw usage(`${name} "${text}": write a positive number`);
  return number;
}

/** Returns the version in `platform/package.json`, for example `0.1.0`. */
export function platformVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function parsed(words: readonly string[]) {
  const { tokens, positionals } = parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, strict: false, tokens: true });
  const [command = 'help', ...rest] = positionals;
  const [first = '--help'] = words;
  if (positionals.length === 0 && first !== '--help') throw usage(`write a command before "${first}". ${MORE}`);
  for (const token of tokens) {
    if (token.kind === 'option') checkOption(command, token);
  }
  if (!WITH_WORDS.includes(command) && rest.length > 0) throw usage(`${command} takes no "${rest[0]}". ${MORE}`);
  // Checked above: what is unknown or has no value is refused with a sentence of ours.
  return { command, rest, values: parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true }).values };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkOption(command: string, { name, rawName, value, inlineValue }: OptionToken): void {
  const own = (Object.keys(OPTIONS) as OptionName[]).filter((one) => ONLY[one]?.includes(command) !== false);
  if (!(own as readonly string[]).includes(name))
    throw usage(`${command} has no option ${rawName}; its options are ${own.map((one) => `--${one}`).join(', ')}. ${MORE}`);
  const { type } = OPTIONS[name as OptionName];
  if (type === 'boolean' && value !== undefined) throw usage(`${rawName} has no value`);
  const isLost = value === undefined || (value.startsWith('-') && inlineValue !== true);
  if (type === 'string' && isLost) throw usage(`${rawName} needs a value: ${rawName} VALUE`);
}

function checkAddress(name: string, text: string | undefined, protocols: RegExp, example: string): void {
  if (text === undefined) return;
  if (!URL.canParse(text) || !protocols.test(new URL(text).protocol)) throw usage(`${name} "${text}": write ${example}`);
}

function usage(sentence: string): PlatformFailure {
  return new PlatformFailure('usage', sentence);
}
