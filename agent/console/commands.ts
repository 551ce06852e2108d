/**
 * Every command of `luciole`, one row each.
 *
 * Owns the table that command line, help and socket server share. Renderers are loaded only where one is shown.
 */
import type { DeviceView } from '../core/ports.ts';
import type { OverrideAnswer, PointView, StatusView, WhyView } from '../core/views.ts';
import type { Outcome } from '../core/words.ts';
import { agentCommand, type Command, type OptionSpec, textArg } from './command-spec.ts';
import { ConsoleError } from './console-error.ts';
import { findTarget, overrideRequest, readOverride } from './override-args.ts';

/** Longest wait for an answer from memory. Units: ms. Source: assumed; a serial operator gives up after 10 s. */
const LOOK_TIMEOUT_MS = 10_000;
/** Longest wait for a verified command. Units: ms. Source: the agent ends a command after 60 s with a reason for each lamp; 15 s more for that to arrive. */
const ACT_TIMEOUT_MS = 75_000;

const JSON_OPTION: OptionSpec = { name: 'json', value: null, summary: 'print the raw answer on one line, for scripts' };
const SOCKET_OPTION: OptionSpec = {
  name: 'socket',
  value: 'PATH',
  summary: 'where the agent answers (default: LUCIOLE_SOCKET, else the usual places)',
};
const TARGET = { name: 'target', summary: 'a lamp or a zone', required: true } as const;
const FILE = { name: 'file', summary: 'the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)', required: false } as const;

const status = agentCommand({
  name: 'status',
  group: 'Look:',
  summary: 'the cabinet on one screen',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole status', 'luciole status --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): Promise<StatusView> => view.status(),
  render: async (result, page) => (await import('./render-status.ts')).renderStatus(result, page),
});

const devices = agentCommand({
  name: 'devices',
  group: 'Look:',
  summary: 'every device, its line, and when it last answered',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole devices', 'luciole devices --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): readonly DeviceView[] => view.devices(),
  render: async (result, page) => (await import('./render-devices.ts')).renderDevices(result, page),
});

const points = agentCommand({
  name: 'points',
  group: 'Look:',
  summary: 'the newest value of each point',
  arguments: [{ name: 'filter', summary: 'a device, or any part of a point id', required: false }],
  options: [JSON_OPTION],
  examples: ['luciole points', 'luciole points L07', 'luciole points power --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly PointView[] => view.points(filter),
  render: async (result, page) => (await import('./render-devices.ts')).renderPoints(result, page),
});

const why = agentCommand({
  name: 'why',
  group: 'Look:',
  summary: 'why a lamp or zone has its level',
  arguments: [TARGET],
  options: [JSON_OPTION],
  examples: ['luciole why L07', 'luciole why rue-bressigny'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ target: textArg(args, 'target') }),
  answer: (view, { target }): WhyView => {
    const { id } = findTarget(view, target);
    const found = view.why(id);
    if (found === undefined || found.lamps.length === 0)
      throw new ConsoleError('failed', `nothing has been decided for ${id} yet; ask again in a second`);
    return found;
  },
  render: async (result, page) => (await import('./render-why.ts')).renderWhy(result, page),
});

const override = agentCommand({
  name: 'override',
  group: 'Act:',
  summary: 'set a lamp or zone to a level for a time',
  arguments: [TARGET, { name: 'level', summary: 'in percent, 0 to 100', required: true }],
  options: [
    { name: 'for', value: 'DURATION', summary: 'how long, 1m to 24h, as 10m, 2h or 1h30m (default: 2h)' },
    { name: 'reason', value: 'TEXT', summary: 'why, for the record' },
    { name: 'maintenance', value: null, summary: 'lock it: outranks the platform and all automatics' },
    JSON_OPTION,
  ],
  examples: [
    'luciole override L07 80',
    'luciole override rue-bressigny 100 --for 30m --reason "accident"',
    'luciole override L07 0 --for 1h30m --maintenance',
  ],
  timeoutMs: ACT_TIMEOUT_MS,
  read: readOverride,
  answer: (view, args, source): Promise<OverrideAnswer> => view.override(overrideRequest(args, findTarget(view, args.target), source)),
  render: async (result, page) => (await import('./render-outcome.ts')).renderOutcome(result, page, result.untilMs),
  succeeded: ({ state }) => state === 'verified',
});

const release = agentCommand({
  name: 'release',
  group: 'Act:',
  summary: 'end the overrides of a lamp or zone',
  arguments: [TARGET],
  options: [JSON_OPTION],
  examples: ['luciole release L07', 'luciole release rue-bressigny'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ target: textArg(args, 'target') }),
  answer: (view, { target }, source): Promise<Outcome> => view.release({ target: findTarget(view, target), source }),
  render: async (result, page) => (await import('./render-outcome.ts')).renderOutcome(result, page, null),
  succeeded: ({ state }) => state === 'verified',
});

const run: Command = {
  kind: 'local',
  name: 'run',
  group: 'Agent:',
  summary: 'run the agent until it is stopped',
  arguments: [FILE],
  options: [
    { name: 'port', value: 'LINE=PATH', summary: 'another device file for a line', repeats: true },
    { name: 'broker', value: 'URL', summary: 'another broker, as mqtt://host:1883' },
    { name: 'data-dir', value: 'DIR', summary: 'another folder for the store' },
    { name: 'start-at', value: 'TIME', summary: 'rehearsal: shift the clock so that the run starts at this ISO time' },
    { name: 'no-uplink', value: null, summary: 'keep everything in the store, talk to no broker' },
    { name: 'verbose', value: null, summary: 'log every detail' },
  ],
  examples: [
    'luciole run /etc/luciole/cabinet.yaml',
    'luciole run cabinet.yaml --port street=/dev/ttyUSB0 --data-dir ./data',
    'luciole run cabinet.yaml --start-at 2026-12-01T21:58:00Z --no-uplink',
  ],
};

const check: Command = {
  kind: 'local',
  name: 'check',
  group: 'Agent:',
  summary: 'read a cabinet file and name everything wrong in it',
  arguments: [FILE],
  options: [{ name: 'json', value: null, summary: 'print the problems as a JSON array' }],
  examples: ['luciole check /etc/luciole/cabinet.yaml', 'luciole check cabinet.yaml --json'],
};

const version: Command = {
  kind: 'local',
  name: 'version',
  group: 'Agent:',
  summary: 'print the version of the program and its runtime',
  arguments: [],
  options: [{ name: 'json', value: null, summary: 'print it as JSON' }],
  examples: ['luciole version', 'luciole version --json'],
};

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [status, devices, points, why, override, release, run, check, version];

/** The option that every command has which speaks to an agent, or is one. */
export { SOCKET_OPTION };
