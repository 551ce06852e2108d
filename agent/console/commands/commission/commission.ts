/** `commission`: the guided commissioning. agent/commissioning implements it. */
import { msg } from '../../../core/message.ts';
import type { LocalCommand } from '../../command-spec.ts';

/** `commission`: leads a person through scan, poles, ramps and walk to the acceptance report. */
export const COMMISSION: LocalCommand = {
  kind: 'local',
  name: 'commission',
  role: 'technician',
  group: 'Act:',
  hasSocket: true,
  summary: msg`guided: scan, poles, ramps, walk, acceptance report`,
  arguments: [],
  options: [],
  examples: ['luciole commission', 'luciole commission report --json'],
};
