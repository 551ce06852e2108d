/**
 * What may be written at a place of the configuration, as rows of help.
 *
 * Owns their order and their words. Pure. Called by the help on what is typed.
 */
import type { WantedValue } from '../../core/wanted-value.ts';
import type { Choice } from '../command-tree.ts';

/** What it is for, what is allowed, what holds without, one line to type. */
export function wantedRows(word: string, path: string, wanted: WantedValue | { readonly problem: string }): readonly Choice[] {
  if ('problem' in wanted) return [{ word, summary: wanted.problem }];
  const { purpose, choices, unit, usual, mustBeThere, example } = wanted;
  const allowed = choices.length > 0 && wanted.allowed !== 'true or false' ? `one of: ${choices.join(' ')}` : wanted.allowed;
  const rest = usual === null ? (mustBeThere ? 'it must be there' : 'it may be left out') : `left out: ${usual}`;
  const sentences = [purpose, `${allowed}${unit === '' ? '' : `, in ${unit}`}`, rest, `as: config set ${path} ${quoted(example)}`];
  return sentences.filter((each) => each !== '').map((summary, index) => ({ word: index === 0 ? word : '', summary }));
}

/** As the line takes it: one word. */
function quoted(yaml: string): string {
  return /[\s'|]/.test(yaml) ? `"${yaml}"` : yaml;
}
