/**
 * Checks of text points: their format must fit into one write, and their replacement characters must exist.
 *
 * Pure.
 */
import { msg } from '../agent/core/message.ts';
import type { PointProfile } from '../agent/core/profile.ts';
import { hasCharacter, textRegisters } from './modbus/text-codec.ts';
import type { FilePath } from './profile-expand.ts';
import type { Flaw } from './profile-flaw.ts';

/** Source: Modbus Application Protocol V1.1b3 §6.12: 123 registers in one write. */
const MAX_WRITE_REGISTERS = 123;

/**
 * Returns the flaws of the keys of a text, also for a point of another type that has them; only one if type, semantic and `text:` do not
 * fit together. `path`: where the point is in its file.
 */
export function textFlaws({ type, text = null, semantic, poll, write }: PointProfile, path: FilePath): Flaw[] {
  if ((type === 'text') !== (semantic === 'text'))
    return [{ path: [...path, 'semantic'], message: msg`type text and semantic text belong together` }];
  if (type !== 'text')
    return text === null ? [] : [{ path: [...path, 'text'], message: msg`only a point of type text has this; found type ${type}` }];
  if (text === null) return [{ path: [...path, 'type'], message: msg`a text needs \`text:\` with at least its length` }];
  const flaws: Flaw[] = [];
  if (text.encoding === 'utf16' && text.perRegister === 2)
    flaws.push({ path: [...path, 'text', 'perRegister'], message: msg`a register has one character of utf16; write perRegister: 1` });
  if (textRegisters(text) > MAX_WRITE_REGISTERS)
    flaws.push({
      path: [...path, 'text', 'length'],
      message: msg`needs ${textRegisters(text)} registers; one write has ${MAX_WRITE_REGISTERS}`,
    });
  if (!hasCharacter(text, text.replacement))
    flaws.push({ path: [...path, 'text', 'replacement'], message: msg`"${text.replacement}" is not one of the characters of this panel` });
  if (text.pad !== 'nul' && !hasCharacter({ ...text, characters: null }, text.pad))
    flaws.push({ path: [...path, 'text', 'pad'], message: msg`"${text.pad}" is not a character of ${text.encoding}` });
  if (write?.readBack === false && poll !== 'never')
    flaws.push({ path: [...path, 'poll'], message: msg`a point without readBack is not polled: write poll: never` });
  return flaws;
}
