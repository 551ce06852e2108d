/**
 * Checks that each revision key can be used, that each person has a key of their own, and that each allowed port is a port. Pure.
 */
import { parseLinePort } from '../../core/line-port.ts';
import { readRevisionKey } from '../revisions/revision-key.ts';
import { repeatedBy } from './check-names.ts';
import { type CabinetDraft, placed } from './draft.ts';
import type { Finding } from './finding.ts';

/** Reports keys that cannot verify a signature, ids or keys that occur twice, and ports that no line could have. */
export function checkTrust(trust: CabinetDraft['trust']): Finding[] {
  const entries = placed(trust?.revisionKeys, ['trust', 'revisionKeys']);
  const ids = entries.map(({ value, path }) => ({ id: value.id?.toLowerCase(), path: [...path, 'id'] }));
  const keys = entries.flatMap(({ value, path }) => (value.key === undefined ? [] : [{ text: value.key, path: [...path, 'key'] }]));
  const usable = keys.map(({ text, path }) => ({ raw: Buffer.from(text, 'base64').toString('hex').slice(-64), path, text }));
  const ports = placed(trust?.ports, ['trust', 'ports']).map(({ value, path }) => ({ port: parseLinePort(value), path }));
  return [
    ...ports.flatMap(({ port, path }) => (port.kind === 'bad' ? [{ path, message: port.why }] : [])),
    ...usable
      .filter(({ text }) => readRevisionKey(text) === undefined)
      .map(({ path }) => ({ path, message: 'no Ed25519 public key; copy the line that `luciole config keygen` printed' })),
    ...repeatedBy(ids, (id) => `there are two revision keys "${id}"`),
    ...repeatedBy(
      usable.map(({ raw, path }) => ({ id: raw, path })),
      () => 'this revision key stands twice; each person needs a key of their own',
    ),
  ];
}
