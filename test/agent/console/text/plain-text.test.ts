import fc from 'fast-check';
import t from 'tap';
import { plain, toAscii, withoutSteering } from '../../../../agent/console/text/plain-text.ts';

const letters: [text: string, ascii: string][] = [
  ['Préfecture, œuvre, Straße', 'Prefecture, oeuvre, Strasse'],
  ['8 µg/m³ à 11 °C – 40°', '8 ug/m3 a 11 degC - 40 deg'],
  ['\u001b[2J\u0007evil\r\nline\u200b 日本', '?[2J?evil  line? ??'],
];

for (const [text, ascii] of letters) t.test(`${ascii} is what a dumb terminal gets`, async (t) => t.equal(toAscii(text), ascii));

t.test('no text can control a terminal', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(toAscii(text))));
  t.strictSame(plain({ é: ['à', 1, null, { ok: true }] }), { e: ['a', 1, null, { ok: true }] });
});

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');

t.test('for any text, a terminal gets line ends, tabs and colours, and no other control', async (t) => {
  const colours = 'a\tb\n\u001b[31mred\u001b[0m \u001b[1;32mgreen\u001b[m é °';
  t.equal(withoutSteering(colours), colours);
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\u001b', '[', ']', '0;', 'm', '\u0007', '\r', '\u009b', '31', 'J', '\n', 'x'), { maxLength: 30 }),
      (parts) => {
        const shown = withoutSteering(parts.join(''))
          .replaceAll(COLOUR, '')
          .replaceAll(/[\n\t]/g, '');
        return !/\p{Cc}/u.test(shown);
      },
    ),
  );
  t.equal(withoutSteering('\u001b]0;title\u0007\u001b[2J\u009b2J\rover'), '?]0;title??[2J?2J?over');
});
