/**
 * The commands that the program runs itself; each is loaded on demand. agent/commissioning implements `setup`, `config import` and `erase`.
 */
import { msg } from '../../../core/message.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { SETUP_FILE, SETUP_OPTIONS } from '../setup-options.ts';

const CABINET_FILE = {
  name: 'file',
  summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`,
  required: false,
  file: 'read',
} as const;

const COMMANDS: readonly Omit<LocalCommand, 'kind' | 'group'>[] = [
  {
    name: 'run',
    role: 'admin',
    hasSocket: true,
    summary: msg`run the agent until it is stopped`,
    arguments: [CABINET_FILE],
    options: [
      { name: 'port', value: 'LINE=PATH', summary: msg`another device file for a line`, repeats: true },
      { name: 'broker', value: 'URL', summary: msg`another broker, as mqtt://host:1883` },
      { name: 'data-dir', value: 'DIR', summary: msg`another folder for the store` },
      { name: 'start-at', value: 'TIME', summary: msg`rehearsal: shift the clock so that the run starts at this ISO time` },
      { name: 'no-uplink', value: null, summary: msg`keep everything in the store, talk to no broker` },
      { name: 'verbose', value: null, summary: msg`log every detail` },
    ],
    examples: [
      'luciole run /etc/luciole/cabinet.yaml',
      'luciole run cabinet.yaml --port street=/dev/ttyUSB0 --data-dir ./data',
      'luciole run cabinet.yaml --start-at 2026-12-01T21:58:00Z --no-uplink',
    ],
  },
  {
    name: 'check',
    role: 'viewer',
    hasSocket: false,
    summary: msg`read a cabinet file and name everything wrong in it`,
    arguments: [CABINET_FILE],
    options: [
      { name: 'no-ports', value: null, summary: msg`do not check that ports exist (for another machine than the gateway)` },
      { name: 'law', value: null, summary: msg`also name what the French arrêté on light pollution requires and lamps lack` },
      { name: 'json', value: null, summary: msg`print the problems as a JSON array` },
    ],
    examples: [
      'luciole check /etc/luciole/cabinet.yaml',
      'luciole check cabinet.yaml --no-ports',
      'luciole check cabinet.yaml --law --json',
    ],
  },
  {
    name: 'version',
    role: 'anyone',
    hasSocket: false,
    summary: msg`print the version of the program and its runtime`,
    arguments: [],
    options: [{ name: 'json', value: null, summary: msg`print it as JSON` }],
    examples: ['luciole version', 'luciole version --json'],
  },
  {
    name: 'tech-support',
    role: 'technician',
    hasSocket: true,
    summary: msg`one packed file with all that a helper needs`,
    arguments: [],
    options: [
      { name: 'to', value: 'FILE', summary: msg`where to; a folder gets a file named by cabinet and time (default: here)`, file: 'write' },
      JSON_OPTION,
    ],
    examples: ['luciole tech-support', 'luciole tech-support --to /media/stick', 'luciole tech-support --to bundle.txt.gz --json'],
  },
  {
    name: 'console',
    role: 'anyone',
    hasSocket: true,
    summary: msg`these commands in a session, also on a bare tty`,
    arguments: [],
    options: [
      { name: 'baud', value: 'BAUD', summary: msg`never write faster than this (default: the speed of a serial port, else no limit)` },
      { name: 'login', value: null, summary: msg`log in as a user of the cabinet, as on its serial port` },
      { name: 'no-probe', value: null, summary: msg`do not ask the terminal for its size: 80 columns, 24 rows, letters only` },
    ],
    examples: ['luciole console', 'luciole console --baud 9600', 'luciole console --no-probe'],
  },
  {
    name: 'manual',
    role: 'anyone',
    hasSocket: false,
    summary: msg`print the manual page, for man(1)`,
    arguments: [],
    options: [],
    examples: ['luciole manual > luciole.1', 'luciole manual | man -l -'],
  },
  {
    name: 'setup',
    role: 'admin',
    hasSocket: true,
    summary: msg`first start: find ports and units, ask, write a file`,
    arguments: [{ name: 'file', summary: SETUP_FILE, required: false }],
    options: [
      { name: 'answers', value: 'FILE', summary: msg`answers as YAML, by the names of the options below; asks nothing` },
      { name: 'yes', value: null, summary: msg`take the usual answer to all that is not given; asks nothing` },
      SETUP_OPTIONS.port,
      SETUP_OPTIONS.serial,
      SETUP_OPTIONS.units,
      {
        name: 'device',
        value: 'UNIT=PROFILE',
        summary: msg`what a unit is that cannot be recognised, as 31=eastron-sdm120`,
        repeats: true,
      },
      SETUP_OPTIONS.prefer,
      { name: 'id', value: 'ID', summary: msg`of the cabinet, unique in the fleet` },
      { name: 'name', value: 'TEXT', summary: msg`for people: street or place` },
      { name: 'position', value: 'LAT,LON', summary: msg`in degrees, as 47.4736,-0.5541` },
      { name: 'timezone', value: 'ZONE', summary: msg`IANA name (default: the system's)` },
      { name: 'spacing', value: 'METRES', summary: msg`from one lamp to the next (default: 30)` },
      { name: 'power', value: 'WATTS', summary: msg`of one lamp at 100 % (default: 60)` },
      { name: 'zone', value: 'ID', summary: msg`of the zone that the lamps make (default: street)` },
      { name: 'kind', value: 'KIND', summary: msg`street, path, road or leisure (default: street)` },
      { name: 'dim', value: 'PERCENT', summary: msg`level from 23:00 to 06:00 (default: 50)` },
      { name: 'broker', value: 'URL', summary: msg`of the platform (default: none)` },
      { name: 'group', value: 'GROUP', summary: msg`Sparkplug group` },
      { name: 'username', value: 'NAME', summary: msg`at the broker` },
      { name: 'admin', value: 'NAME', summary: msg`first user of the serial console; its one-time password is printed` },
      SETUP_OPTIONS.dataDir,
      { name: 'force', value: null, summary: msg`replace an existing cabinet file; the old one is kept as FILE.bak` },
      { name: 'dry-run', value: null, summary: msg`print the file instead of writing it` },
      JSON_OPTION,
    ],
    examples: [
      'luciole setup --port /dev/ttyUSB0 --serial 19200-8N2 --units 1-40',
      'luciole setup --yes --id angers-0042 --position 47.4736,-0.5541 --dry-run',
    ],
  },
  {
    name: 'config import',
    role: 'admin',
    hasSocket: false,
    summary: msg`poles, devices and lamps in bulk from a CSV table`,
    arguments: [{ name: 'table', summary: msg`a CSV file; its first line names the columns`, required: true, file: 'read' }],
    options: [
      { name: 'into', value: 'FILE', summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`, file: 'read' },
      { name: 'write', value: null, summary: msg`write it; without this, only show what would change` },
      JSON_OPTION,
    ],
    examples: ['luciole config import poles.csv', 'luciole config import poles.csv --into cabinet.yaml --write'],
  },
  {
    name: 'inventory import',
    role: 'admin',
    hasSocket: false,
    summary: msg`data of luminaires from a CSV table (EclExt)`,
    arguments: [
      { name: 'table', summary: msg`a CSV file, also of a whole city; its first line names the columns`, required: true, file: 'read' },
    ],
    options: [
      { name: 'into', value: 'FILE', summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`, file: 'read' },
      { name: 'write', value: null, summary: msg`write it; without this, only show what would change` },
      JSON_OPTION,
    ],
    examples: ['luciole inventory import city.csv', 'luciole inventory import city.csv --into cabinet.yaml --write'],
  },
  {
    name: 'inventory export',
    role: 'viewer',
    hasSocket: false,
    summary: msg`data of luminaires as a CSV table (EclExt)`,
    arguments: [CABINET_FILE],
    options: [
      { name: 'to', value: 'FILE', summary: msg`output file (default: standard output)`, file: 'write' },
      { name: 'point', value: null, summary: msg`commas and decimal points instead of semicolons and decimal commas` },
      { name: 'json', value: null, summary: msg`print it as JSON` },
    ],
    examples: ['luciole inventory export --to inventory.csv', 'luciole inventory export cabinet.yaml --point'],
  },
  {
    name: 'erase',
    role: 'admin',
    hasSocket: true,
    summary: msg`erase all data: readings, users, revisions, updates`,
    arguments: [CABINET_FILE],
    options: [
      { name: 'yes', value: null, summary: msg`erase it; without this, only show what would go` },
      { name: 'keys', value: null, summary: msg`also the files of keys and passwords that the cabinet names` },
      { name: 'data-dir', value: 'DIR', summary: msg`folder of the store, where the cabinet cannot be read` },
      JSON_OPTION,
    ],
    examples: ['luciole erase', 'luciole erase --keys --yes'],
  },
];

/** Name, arguments and options of some of the commands that the program itself runs, such as `run`, `check` and `setup`. */
export const PROGRAM_COMMANDS: readonly LocalCommand[] = COMMANDS.map((command) => ({ kind: 'local', group: 'Agent:', ...command }));
