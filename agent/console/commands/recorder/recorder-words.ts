/** `recorder export`: its command words. */
import { msg } from '../../../core/message.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';

/** The formats of an exported recording; none is the default. `text` and `csv`: all rows. `pcapng`: only the frames, for Wireshark. */
export const RECORDING_FORMATS = ['text', 'csv', 'pcapng'] as const;
/** A format of an exported recording: `text`, `csv`, or `pcapng` for Wireshark. */
export type RecordingFormat = (typeof RECORDING_FORMATS)[number];

/** Name, arguments and options of `recorder export`, which writes a stored recording to a file of the client. */
export const RECORDER_EXPORT: LocalCommand = {
  kind: 'local',
  name: 'recorder export',
  role: 'technician',
  hasSocket: true,
  group: 'Lines:',
  summary: msg`a recording as text, CSV or Wireshark capture`,
  arguments: [{ name: 'id', summary: msg`number of the recording, as in \`recorder list\``, required: true }],
  options: [
    { name: 'format', value: 'FORMAT', summary: msg`text, csv or pcapng (default: by the end of the name)`, choices: RECORDING_FORMATS },
    { name: 'output', value: 'FILE', summary: msg`output file (default: recording-ID in this folder)`, file: 'write' },
    { name: 'data-dir', value: 'DIR', summary: msg`folder of the store, read without an agent`, file: 'read' },
    JSON_OPTION,
  ],
  examples: ['luciole recorder export 12 --format pcapng', 'luciole recorder export 12 --output night.csv'],
};
