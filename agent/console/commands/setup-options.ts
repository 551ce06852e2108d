/** Options of `setup` that `commission` has too, for a gateway without a cabinet file. */
import { msg } from '../../core/message.ts';
import type { OptionSpec } from '../command-spec.ts';

/** The text of the help about the cabinet file of `setup` and `commission`. */
export const SETUP_FILE = msg`the cabinet to write (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`;

/** Options that `setup` and `commission` both have: lines, serial settings, addresses, preferred profiles, and the folder of the store. */
export const SETUP_OPTIONS = {
  port: {
    name: 'port',
    value: 'PORT',
    summary: msg`a line: device file, tcp://host or rtu+tcp://host:port (default: all serial ports)`,
    repeats: true,
  },
  serial: { name: 'serial', value: 'BAUD-FORMAT', summary: msg`as 19200-8N2 (default: 9600-8N2 first, then all others)` },
  units: { name: 'units', value: 'FROM-TO', summary: msg`addresses to look at (default: 1-247)` },
  prefer: { name: 'prefer', value: 'PROFILE', summary: msg`take this one where a unit may be one of several`, repeats: true },
  dataDir: { name: 'data-dir', value: 'DIR', summary: msg`folder of the store (default: /var/lib/luciole)` },
} as const satisfies Readonly<Record<string, OptionSpec>>;
