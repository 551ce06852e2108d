/** `run`: the agent itself. */
import type { LocalCommand } from '../../command-spec.ts';
import { CABINET_FILE } from '../common-words.ts';

export const RUN: LocalCommand = {
  kind: 'local',
  name: 'run',
  role: 'admin',
  hasSocket: true,
  group: 'Agent:',
  summary: 'run the agent until it is stopped',
  arguments: [CABINET_FILE],
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
