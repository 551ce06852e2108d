import fc from 'fast-check';
import t from 'tap';
import type { TextFormat } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { createModbusDriver } from '../../drivers/modbus/modbus-driver.ts';
import { fitText, hasCharacter, MAX_TEXT_VALUE, textIn, textRegisters, textValue, textWords } from '../../drivers/modbus/text-codec.ts';
import { testPoint, testProfile, writable } from '../support/profiles.ts';

const FORMAT: TextFormat = {
  encoding: 'ascii',
  length: 8,
  perRegister: 2,
  order: 'high-first',
  align: 'left',
  pad: ' ',
  characters: null,
  replacement: '?',
};
const format = (over: Partial<TextFormat>): TextFormat => ({ ...FORMAT, ...over });
const hex = (words: readonly number[]): string => words.map((word) => word.toString(16).padStart(4, '0')).join(' ');

const encodings: readonly (readonly [what: string, over: Partial<TextFormat>, line: string, words: string])[] = [
  ['two characters in each register', {}, 'AIR OK', '4149 5220 4f4b 2020'],
  ['the second character in the high byte', { order: 'low-first' }, 'AIR OK', '4941 2052 4b4f 2020'],
  ['one character, low byte', { perRegister: 1, order: 'low-first', length: 4 }, '30', '0033 0030 0020 0020'],
  ['one character, high byte', { perRegister: 1, length: 4 }, '30', '3300 3000 2000 2000'],
  ['padded with zeros', { pad: 'nul' }, 'AIR', '4149 5200 0000 0000'],
  ['to the right', { align: 'right', length: 4 }, '30', '2020 3330'],
  ['in the middle', { align: 'center', length: 6 }, '30', '2020 3330 2020'],
  ['an odd length fills its register', { length: 3 }, 'ABC', '4142 4320'],
  ['a longer line is cut', { length: 4 }, 'ABCDEF', '4142 4344'],
  ['latin1', { encoding: 'latin1', length: 4 }, 'été', 'e974 e920'],
  ['utf16', { encoding: 'utf16', perRegister: 1, length: 3 }, 'né', '006e 00e9 0020'],
]; // biome-ignore format: a table
for (const [what, over, line, words] of encodings)
  t.test(`a line in registers: ${what}`, async (t) => t.equal(hex(textWords(format(over), line)), words));

const fits: readonly (readonly [what: string, lengths: readonly number[], text: string, lines: readonly string[], cut: readonly string[]])[] = [
  ['a text that fits', [8], 'AIR OK', ['AIR OK'], []],
  ['cut at a word', [8], 'AIR IS GOOD', ['AIR IS'], ['GOOD']],
  ['nothing after a cut word, even if it would fit', [8], 'AIR EXCELLENT NOW', ['AIR'], ['EXCELLENT', 'NOW']],
  ['a word longer than the line is cut within', [8], 'BOULEVARDS', ['BOULEVAR'], ['BOULEVARDS']],
  ['words go to the next line', [8, 8], 'BIKES TODAY 12', ['BIKES', 'TODAY 12'], []],
  ['a long word on the second line', [8, 4], 'BIKES TODAY', ['BIKES', 'TODA'], ['TODAY']],
  ['a line break begins the next line', [8, 8], 'AIR\nOK', ['AIR', 'OK'], []],
  ['more lines than the panel has', [8], 'AIR\nOK', ['AIR'], ['OK']],
  ['blanks count once', [8], '  AIR   OK  ', ['AIR OK'], []],
  ['no-break spaces keep a word together', [8, 8], 'AIR IS 12\u00a0%', ['AIR IS', '12 %'], []],
  ['no-break spaces at the edges and beside spaces', [8], '\u00a0AIR\u202f \u00a0\u00a0OK\u00a0', ['AIR OK'], []],
  ['a word that is cut within at a no-break space', [8], 'AIR\u00a0GOOD\u00a0OK', ['AIR GOOD'], ['AIR\u00a0GOOD\u00a0OK']],
  ['a word that is cut within behind a no-break space', [4], 'AIR\u00a0OK', ['AIR'], ['AIR\u00a0OK']],
  ['an empty text clears the panel', [8, 8], '', ['', ''], []],
]; // biome-ignore format: a table
for (const [what, lengths, text, lines, cut] of fits)
  t.test(`a text on a panel: ${what}`, async (t) => {
    const fitted = fitText(
      lengths.map((length) => format({ length })),
      text,
    );
    t.strictSame(fitted.lines, lines);
    t.strictSame(fitted.cut, cut);
  });

const characters: readonly (readonly [what: string, over: Partial<TextFormat>, text: string, line: string, replaced: string])[] = [
  ['accents in ascii', {}, 'été à Île', 'ete a Ile', 'éàÎ'],
  ['accents in latin1 stay', { encoding: 'latin1' }, 'été à Île', 'été à Île', ''],
  ['signs with a similar one', {}, 'œuvre – l’été…', 'oeuvre - l\'ete...', 'œ–’é…'],
  ['capitals only', { characters: '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ' }, 'été 30', 'ETE 30', 'ét'],
  ['no similar one', {}, '速 🚲', '? ?', '速🚲'],
  ['accents of their own, as some keyboards send them', { encoding: 'latin1' }, 'e\u0301te\u0301', 'été', ''],
  ['accents that no letter has', {}, `a${'\u0300\u0301'.repeat(9)}b \u0301`, 'ab', 'à\u0301\u0300'],
  ['control characters', {}, 'A\u0007B\u001b[2J', 'A?B?[2J', '\u0007\u001b'],
]; // biome-ignore format: a table
for (const [what, over, text, line, replaced] of characters)
  t.test(`characters of a panel: ${what}`, async (t) => {
    const fitted = fitText([format({ length: 24, ...over })], text);
    t.equal(fitted.lines[0], line);
    t.equal(fitted.replaced.join(''), replaced);
  });

const anyFormat = fc.record({
  encoding: fc.constantFrom('ascii' as const, 'latin1' as const, 'utf16' as const),
  length: fc.integer({ min: 1, max: 64 }),
  perRegister: fc.constantFrom(1 as const, 2 as const),
  order: fc.constantFrom('high-first' as const, 'low-first' as const),
  align: fc.constantFrom('left' as const, 'center' as const, 'right' as const),
  pad: fc.constantFrom('nul', ' '),
  characters: fc.constantFrom(null, '0123456789', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ?'),
  replacement: fc.constant(' '),
});
const sound = (each: TextFormat): TextFormat => (each.encoding === 'utf16' ? { ...each, perRegister: 1 } : each);

t.test('whatever the text, a panel gets registers of its length with characters that it has, and its text is read back', async () => {
  fc.assert(
    fc.property(fc.array(anyFormat, { minLength: 1, maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 300 }), (formats, text) => {
      const lines = formats.map((each) =>
        sound({ ...each, encoding: formats[0]?.encoding ?? 'ascii', characters: formats[0]?.characters ?? null }),
      );
      const fitted = fitText(lines, text);
      if (fitted.lines.length !== lines.length) return false;
      return fitted.lines.every((line, i) => {
        const own = lines[i] as TextFormat;
        const words = textWords(own, line);
        const isWhole = words.length === textRegisters(own) && words.every((word) => Number.isInteger(word) && word >= 0 && word <= 0xffff);
        return (
          isWhole &&
          line.length <= own.length &&
          [...line].every((each) => hasCharacter(own, each)) &&
          textIn(own, words).trim() === line.trim()
        );
      });
    }),
    { numRuns: 2_000 },
  );
});

t.test('a fitted line that is fitted again stays the same, so a panel that is read back has it', async () => {
  const text = fc
    .array(fc.constantFrom(' ', '\u00a0', '\u202f', 'A', 'é', '…', '速', '12', '\n'), { maxLength: 40 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(fc.array(anyFormat, { minLength: 1, maxLength: 3 }), text, ([first = FORMAT, ...more], typed) => {
      const { encoding, characters } = first;
      const formats = [first, ...more].map((each) => sound({ ...each, encoding, characters }));
      return fitText(formats, typed).lines.every((line, at) => fitText(formats.slice(at, at + 1), line).lines[0] === line);
    }),
    { numRuns: 2_000 },
  );
});

t.test('a word is shown whole or reported, and no word is shown twice or out of order', async () => {
  const words = fc.array(fc.stringMatching(/^[A-Z]{1,12}$/), { maxLength: 12 });
  fc.assert(
    fc.property(words, fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 3 }), (all, lengths) => {
      const fitted = fitText(
        lengths.map((length) => format({ length })),
        all.join(' '),
      );
      const shown = fitted.lines.flatMap((line) => line.split(' ')).filter((word) => word !== '');
      const whole = all.slice(0, all.length - fitted.cut.length);
      const rest = shown.slice(whole.length);
      return (
        `${shown.slice(0, whole.length)}` === `${whole}` &&
        rest.length <= 1 &&
        (rest[0] === undefined || all[whole.length]?.startsWith(rest[0]) === true)
      );
    }),
    { numRuns: 2_000 },
  );
});

t.test('the value of a text changes with every changed register', async () => {
  const registers = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 123 });
  fc.assert(
    fc.property(registers, fc.nat(), fc.integer({ min: 1, max: 0xffff }), (words, at, change) => {
      const other = words.with(at % words.length, (words[at % words.length] as number) ^ change);
      const value = textValue(words);
      return value !== textValue(other) && value >= 0 && value <= MAX_TEXT_VALUE;
    }),
  );
});

t.test('a driver writes a text by one request and decodes it to the value that the write announced', async (t) => {
  const text = testPoint('line', {
    semantic: 'text',
    table: 'holding',
    address: 1_000,
    type: 'text',
    text: FORMAT,
    write: writable({ max: MAX_TEXT_VALUE }),
  });
  const driver = createModbusDriver(testProfile('panel', [text, testPoint('other')]));
  const encoded = driver.encodeText('line', 'AIR IS GOOD');
  if (encoded instanceof Refusal) throw new Error('refused');
  t.match(encoded.request, { table: 'holding', address: 1_000 });
  t.equal(hex(encoded.request.values), '4149 5220 4953 2020');
  t.strictSame(driver.decode('holding', 1_000, encoded.request.values), [{ quantity: 'line', value: encoded.value, plausible: true }]);
  t.ok(driver.encodeText('other', 'AIR') instanceof Refusal);
  t.ok(driver.encodeText('none', 'AIR') instanceof Refusal);
  t.ok(driver.encode('line', 5) instanceof Refusal, 'a number is no text');
});
