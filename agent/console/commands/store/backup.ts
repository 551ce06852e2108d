/** `backup` and `restore`: their command words. agent/commissioning implements both. */
import { msg } from '../../../core/message.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';

/** Name, arguments and options of `backup`, which writes one file to move the cabinet to another gateway. */
export const BACKUP: LocalCommand = {
  kind: 'local',
  name: 'backup',
  role: 'admin',
  hasSocket: true,
  isTypedWhole: true,
  group: 'Store:',
  summary: msg`one file to move the cabinet to another gateway`,
  arguments: [],
  options: [
    { name: 'to', value: 'FILE', summary: msg`where to; a folder gets a file named by cabinet and time (default: here)` },
    { name: 'keys', value: null, summary: msg`also keys, passwords and users, sealed with a passphrase` },
    { name: 'file', value: 'FILE', summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)` },
    { name: 'data-dir', value: 'DIR', summary: msg`folder of the store, where the cabinet cannot be read` },
    JSON_OPTION,
  ],
  examples: ['luciole backup', 'luciole backup --to /media/stick --keys', 'luciole backup --to cabinet.tar.gz --json'],
};

/** Name, arguments and options of `restore`, which checks a backup and with `--yes` restores it. */
export const RESTORE: LocalCommand = {
  kind: 'local',
  name: 'restore',
  role: 'admin',
  hasSocket: true,
  isTypedWhole: true,
  group: 'Store:',
  summary: msg`check a backup, and make this gateway go on from it`,
  arguments: [{ name: 'backup', summary: msg`a file that \`luciole backup\` made`, required: true }],
  options: [
    { name: 'yes', value: null, summary: msg`restore it; without this, only show what would be replaced` },
    { name: 'other-cabinet', value: null, summary: msg`with --yes: replace the cabinet here, which has another id than the backup` },
    { name: 'no-keys', value: null, summary: msg`leave the keys and users of this gateway` },
    { name: 'keep-readings', value: null, summary: msg`keep the readings that are here: only on the gateway that recorded them` },
    { name: 'file', value: 'FILE', summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)` },
    { name: 'data-dir', value: 'DIR', summary: msg`folder of the store, where the cabinet cannot be read` },
    JSON_OPTION,
  ],
  examples: ['luciole restore cabinet.tar.gz', 'luciole restore cabinet.tar.gz --yes'],
};
