/** `version` and `manual`: about the program itself. */
import type { LocalCommand } from '../../command-spec.ts';

export const VERSION: LocalCommand = {
  kind: 'local',
  name: 'version',
  role: 'anyone',
  hasSocket: false,
  group: 'Agent:',
  summary: 'print the version of the program and its runtime',
  arguments: [],
  options: [{ name: 'json', value: null, summary: 'print it as JSON' }],
  examples: ['luciole version', 'luciole version --json'],
};

export const MANUAL: LocalCommand = {
  kind: 'local',
  name: 'manual',
  role: 'anyone',
  hasSocket: false,
  group: 'Agent:',
  summary: 'print the manual page, for man(1)',
  arguments: [],
  options: [],
  examples: ['luciole manual > luciole.1', 'luciole manual | man -l -'],
};
