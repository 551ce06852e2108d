/**
 * The row of the command table for support bundles; its work is loaded only where one is made.
 *
 * Owns its words. Called by the command table.
 */
import type { LocalCommand } from '../../command-spec.ts';
import { JSON_OPTION } from '../common-words.ts';

export const SUPPORT: LocalCommand = {
  kind: 'local',
  name: 'tech-support',
  role: 'technician',
  hasSocket: true,
  group: 'Agent:',
  summary: 'one packed file with all that a helper needs',
  arguments: [],
  options: [
    { name: 'to', value: 'FILE', summary: 'where to; a folder gets a file named by cabinet and time (default: here)' },
    JSON_OPTION,
  ],
  examples: ['luciole tech-support', 'luciole tech-support --to /media/stick', 'luciole tech-support --to bundle.txt.gz --json'],
};
