/** `setup`: the first start. Commissioning does the work. */
import type { LocalCommand } from '../../command-spec.ts';
import { JSON_OPTION } from '../common-words.ts';

export const SETUP: LocalCommand = {
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
