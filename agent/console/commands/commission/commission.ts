/** `commission`: the guided commissioning. agent/commissioning implements it. */
import { msg } from '../../../core/message.ts';
import type { LocalCommand } from '../../command-spec.ts';

/** Name and options of `commission`, which leads a person through scan, poles, ramps and walk to the acceptance report. */
export const COMMISSION: LocalCommand = {
  kind: 'local',
  name: 'commission',
  role: 'technician',
  group: 'Act:',
  hasSocket: true,
  summary: msg`guided: scan, poles, ramps, walk, acceptance report`,
  arguments: [],
  // For the set-up of a gateway without a cabinet file; as those of `setup`.
  options: [
    {
      name: 'file',
      value: 'FILE',
      summary: msg`the cabinet to write (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`,
      file: 'read',
    },
    {
      name: 'port',
      value: 'PORT',
      summary: msg`a line: device file, tcp://host or rtu+tcp://host:port (default: all serial ports)`,
      repeats: true,
    },
    { name: 'serial', value: 'BAUD-FORMAT', summary: msg`as 19200-8N2 (default: 9600-8N2 first, then all others)` },
    { name: 'units', value: 'FROM-TO', summary: msg`addresses to look at (default: 1-247)` },
    { name: 'prefer', value: 'PROFILE', summary: msg`take this one where a unit may be one of several`, repeats: true },
    { name: 'data-dir', value: 'DIR', summary: msg`folder of the store (default: /var/lib/luciole)`, file: 'read' },
  ],
  examples: ['luciole commission', 'luciole commission --port /dev/ttyUSB0 --serial 19200-8N2 --units 1-40'],
};
