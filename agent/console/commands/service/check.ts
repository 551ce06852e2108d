/** `check`: everything that is wrong in a cabinet file. */
import type { LocalCommand } from '../../command-spec.ts';
import { CABINET_FILE } from '../common-words.ts';

export const CHECK: LocalCommand = {
  kind: 'local',
  name: 'check',
  role: 'viewer',
  hasSocket: false,
  group: 'Agent:',
  summary: 'read a cabinet file and name everything wrong in it',
  arguments: [CABINET_FILE],
  options: [{ name: 'json', value: null, summary: 'print the problems as a JSON array' }],
  examples: ['luciole check /etc/luciole/cabinet.yaml', 'luciole check cabinet.yaml --json'],
};
