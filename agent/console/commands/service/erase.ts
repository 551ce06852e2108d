/** `erase`: all data of the gateway. Commissioning does the work. */
import type { LocalCommand } from '../../command-spec.ts';
import { JSON_OPTION } from '../common-words.ts';

export const ERASE: LocalCommand = {
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
