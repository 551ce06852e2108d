/** `console`: these commands in a session. */
import type { LocalCommand } from '../../command-spec.ts';

export const CONSOLE: LocalCommand = {
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
