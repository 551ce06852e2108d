/**
 * The rows of the command table that the program carries out itself: run, check, version, console, manual.
 *
 * Owns their words; `main.ts` does the work. Called by the command table.
 */
import type { LocalCommand } from '../../command-spec.ts';
import { SUPPORT } from './support-row.ts';

const FILE = { name: 'file', summary: 'the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)', required: false } as const;

const run: LocalCommand = {
  kind: 'local',
  name: 'run',
  role: 'admin',
  hasSocket: true,
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

const check: LocalCommand = {
  kind: 'local',
  name: 'check',
  role: 'viewer',
  hasSocket: false,
  group: 'Agent:',
  summary: 'read a cabinet file and name everything wrong in it',
  arguments: [FILE],
  options: [{ name: 'json', value: null, summary: 'print the problems as a JSON array' }],
  examples: ['luciole check /etc/luciole/cabinet.yaml', 'luciole check cabinet.yaml --json'],
};

const version: LocalCommand = {
  kind: 'local',
  name: 'version',
  role: 'anyone',
  hasSocket: false,
  group: 'Agent:',
  summary: 'print the version of the program and its runtime',
  arguments: [],
  options: [{ name: 'json', value: null, summary: 'print it as JSON' }],
  examples: ['luciole version', 'luciole version --json'],
};

const shell: LocalCommand = {
  kind: 'local',
  name: 'console',
  role: 'anyone',
  hasSocket: true,
  group: 'Agent:',
  summary: 'these commands in a session, also on a bare tty',
  arguments: [],
  options: [
    { name: 'baud', value: 'BAUD', summary: 'never write faster than this (default: the speed of a serial port, else no limit)' },
    { name: 'login', value: null, summary: 'log in as a user of the cabinet, as on its serial port' },
    { name: 'no-probe', value: null, summary: 'do not ask the terminal for its size: 80 columns, 24 rows, letters only' },
  ],
  examples: ['luciole console', 'luciole console --baud 9600', 'luciole console --no-probe'],
};

const manual: LocalCommand = {
  kind: 'local',
  name: 'manual',
  role: 'anyone',
  hasSocket: false,
  group: 'Agent:',
  summary: 'print the manual page, for man(1)',
  arguments: [],
  options: [],
  examples: ['luciole manual > luciole.1', 'luciole manual | man -l -'],
};

export const LOCAL_COMMANDS: readonly LocalCommand[] = [run, check, version, SUPPORT, shell, manual];
