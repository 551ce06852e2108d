/** The command line of the host. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BrokerAddress } from '../broker/mqtt-connection.ts';
import { PlatformFailure } from '../core/errors.ts';

/** The text of `--help`. */
export const PLATFORM_HELP = `The city's platform: a Sparkplug host that writes to PostgreSQL.

Usage: npm run platform -- COMMAND [options]

  demo       PostgreSQL, a broker, the host and three simulated cabinets, all in
             one command and on this machine only
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
  --database URL     default: PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD
  --broker URL       mqtt://127.0.0.1:1883 or mqtts://…; MQTT 5
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
`;

/** The options, checked. */
export interface HostCommandOptions {
  readonly command: string;
  readonly words: readonly string[];
  readonly database: string;
  readonly broker: BrokerAddress;
  readonly groups: readonly string[];
  readonly hostId: string;
  readonly isPacked: boolean;
  readonly metrics: string | undefined;
  readonly hypertable: 'auto' | 'on' | 'off';
  readonly expiresS: number;
  readonly isJson: boolean;
  readonly isHelp: boolean;
  /** Options of `bench`, `demo` and `rollout`. */
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
}

const OPTIONS = {
  database: { type: 'string' },
  broker: { type: 'string' },
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
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Reads the words after the program. Errors: throws PlatformFailure `usage` with a sentence for the person. */
export function readPlatformOptions(words: readonly string[]): HostCommandOptions {
  const { values, positionals } = parsed(words);
  const [command = 'help', ...rest] = positionals;
  const hostId = values['host-id'] ?? 'city';
  const groups = values.group ?? ['+'];
  for (const name of [hostId, ...groups.filter((group) => group !== '+')]) {
    if (name === '' || /[+#/]/.test(name)) throw new PlatformFailure('usage', `"${name}": a group or host has no +, # or / in its name`);
  }
  const hypertable = values.hypertable ?? 'auto';
  if (hypertable !== 'auto' && hypertable !== 'on' && hypertable !== 'off')
    throw new PlatformFailure('usage', '--hypertable: write auto, on or off');
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
    },
    isPacked: values['no-packed'] !== true,
    metrics: values.metrics,
    isJson: values.json === true,
    isHelp: values.help === true || command === 'help',
  };
}

/** A positive number of the command line. Errors: throws PlatformFailure `usage`. */
export function numberOption(name: string, text: string | boolean | string[] | undefined, standard: number): number {
  if (text === undefined) return standard;
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new PlatformFailure('usage', `${name} "${text}": write a positive number`);
  return number;
}

/** The version of the package. */
export function platformVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    if (error instanceof TypeError) throw new PlatformFailure('usage', error.message, error);
    throw error;
  }
}
