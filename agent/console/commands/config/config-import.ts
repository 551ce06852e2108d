/** `config import`: poles, devices and lamps in bulk. Commissioning does the work. */
import type { LocalCommand } from '../../command-spec.ts';
import { JSON_OPTION } from '../common-words.ts';

export const CONFIG_IMPORT: LocalCommand = {
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
