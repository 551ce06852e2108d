/**
 * The rows of the command table for a gateway's first and last day: its file made, poles and lamps in bulk, all of it erased.
 *
 * Owns their words; `first-start.ts`, `import-table.ts` and `erase.ts` do the work. Called by the command table.
 */
import type { LocalCommand } from '../../command-spec.ts';
import { JSON_OPTION } from '../common-words.ts';

const setup: LocalCommand = {
  kind: 'local',
  name: 'setup',
  role: 'admin',
  hasSocket: true,
  group: 'Agent:',
  summary: 'first start: find ports and units, ask, write a file',
  arguments: [{ name: 'file', summary: 'the cabinet to write (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)', required: false }],
  options: [
    { name: 'answers', value: 'FILE', summary: 'answers as YAML, by the names of the options below; asks nothing' },
    { name: 'yes', value: null, summary: 'take the usual answer to all that is not given; asks nothing' },
    {
      name: 'port',
      value: 'PORT',
      summary: 'a line: device file, tcp://host or rtu+tcp://host:port (default: all serial ports)',
      repeats: true,
    },
    { name: 'serial', value: 'BAUD-FORMAT', summary: 'as 19200-8N2 (default: 9600-8N2 first, then all others)' },
    { name: 'units', value: 'FROM-TO', summary: 'addresses to look at (default: 1-247)' },
    { name: 'device', value: 'UNIT=PROFILE', summary: 'what a unit is that cannot be recognised, as 31=eastron-sdm120', repeats: true },
    { name: 'prefer', value: 'PROFILE', summary: 'take this one where a unit may be one of several', repeats: true },
    { name: 'id', value: 'ID', summary: 'of the cabinet, unique in the fleet' },
    { name: 'name', value: 'TEXT', summary: 'for people: street or place' },
    { name: 'position', value: 'LAT,LON', summary: 'in degrees, as 47.4736,-0.5541' },
    { name: 'timezone', value: 'ZONE', summary: "IANA name (default: the system's)" },
    { name: 'spacing', value: 'METRES', summary: 'from one lamp to the next (default: 30)' },
    { name: 'power', value: 'WATTS', summary: 'of one lamp at 100 % (default: 60)' },
    { name: 'zone', value: 'ID', summary: 'of the zone that the lamps make (default: street)' },
    { name: 'kind', value: 'KIND', summary: 'street, path, road or leisure (default: street)' },
    { name: 'dim', value: 'PERCENT', summary: 'level from 23:00 to 06:00 (default: 50)' },
    { name: 'broker', value: 'URL', summary: 'of the platform (default: none)' },
    { name: 'group', value: 'GROUP', summary: 'Sparkplug group' },
    { name: 'username', value: 'NAME', summary: 'at the broker' },
    { name: 'admin', value: 'NAME', summary: 'first user of the serial console; its one-time password is printed' },
    { name: 'data-dir', value: 'DIR', summary: 'folder of the store (default: /var/lib/luciole)' },
    { name: 'force', value: null, summary: 'replace a cabinet that is there; it stays beside as FILE.bak' },
    { name: 'dry-run', value: null, summary: 'print the file instead of writing it' },
    JSON_OPTION,
  ],
  examples: [
    'luciole setup --port /dev/ttyUSB0 --serial 19200-8N2 --units 1-40',
    'luciole setup --yes --id angers-0042 --position 47.4736,-0.5541 --dry-run',
  ],
};

const importTable: LocalCommand = {
  kind: 'local',
  name: 'config import',
  role: 'admin',
  hasSocket: false,
  group: 'Agent:',
  summary: 'poles, devices and lamps in bulk from a CSV table',
  arguments: [{ name: 'table', summary: 'a CSV file; its first line names the columns', required: true }],
  options: [
    { name: 'into', value: 'FILE', summary: 'the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)' },
    { name: 'write', value: null, summary: 'write it; without this, only show what would change' },
    JSON_OPTION,
  ],
  examples: ['luciole config import poles.csv', 'luciole config import poles.csv --into cabinet.yaml --write'],
};

const eraseAll: LocalCommand = {
  kind: 'local',
  name: 'erase',
  role: 'admin',
  hasSocket: true,
  group: 'Agent:',
  summary: 'erase all data: readings, users, revisions, updates',
  arguments: [{ name: 'file', summary: 'the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)', required: false }],
  options: [
    { name: 'yes', value: null, summary: 'erase it; without this, only show what would go' },
    { name: 'keys', value: null, summary: 'also the files of keys and passwords that the cabinet names' },
    { name: 'data-dir', value: 'DIR', summary: 'folder of the store, where the cabinet cannot be read' },
    JSON_OPTION,
  ],
  examples: ['luciole erase', 'luciole erase --keys --yes'],
};

export const SETUP_COMMANDS: readonly LocalCommand[] = [setup, importTable, eraseAll];
