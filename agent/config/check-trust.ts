/**
 * Can each key that may sign revisions be used, and does each person have one of their own?
 *
 * Owns that check. Pure.
 */
import { repeatedBy } from './check-names.ts';
import { type CabinetDraft, placed } from './draft.ts';
import type { Finding } from './finding.ts';
import { readRevisionKey } from './revision-key.ts';

/** Keys that no signature can belong to, and ids or keys that stand twice. */
export function checkTrust(trust: CabinetDraft['trust']): Finding[] {
  const entries = placed(trust?.revisionKeys, ['trust', 'revisionKeys']);
  const ids = entries.map(({ value, path }) => ({ id: value.id?.toLowerCase(), path: [...path, 'id'] }));
  const keys = entries.flatMap(({ value, path }) => (value.key === undefined ? [] : [{ text: value.key, path: [...path, 'key'] }]));
  const usable = keys.map(({ text, path }) => ({ raw: Buffer.from(text, 'base64').toString('hex').slice(-64), path, text }));
  return [
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
