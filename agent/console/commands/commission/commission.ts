/** `commission`: the guided commissioning. agent/commissioning implements it. */
import { msg } from '../../../core/message.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { SETUP_FILE, SETUP_OPTIONS } from '../setup-options.ts';

/**
 * Name and options of `commission`, which leads a person through scan, poles, ramps and walk to the acceptance report. If no agent answers
 * and the cabinet file is missing, the set-up comes first; the options are for it.
 */
export const COMMISSION: LocalCommand = {
  kind: 'local',
  name: 'commission',
  role: 'technician',
  group: 'Act:',
  hasSocket: true,
  summary: msg`guided: scan, poles, ramps, walk, acceptance report`,
  arguments: [],
  // For the set-up of a gateway without a cabinet file. A session may name files.
  options: [
    { name: 'file', value: 'FILE', summary: SETUP_FILE, file: 'read' },
    SETUP_OPTIONS.port,
    SETUP_OPTIONS.serial,
    SETUP_OPTIONS.units,
    SETUP_OPTIONS.prefer,
    { ...SETUP_OPTIONS.dataDir, file: 'read' },
  ],
  examples: ['luciole commission', 'luciole commission --port /dev/ttyUSB0 --serial 19200-8N2 --units 1-40'],
};
