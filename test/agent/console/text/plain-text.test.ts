import fc from 'fast-check';
import t from 'tap';
import { plain, toAscii, withoutControls } from '../../../../agent/console/text/plain-text.ts';

const letters: [text: string, ascii: string][] = [
  ['Préfecture, œuvre, Straße', 'Prefecture, oeuvre, Strasse'],
  ['8 µg/m³ à 11 °C – 40°', '8 ug/m3 a 11 degC - 40 deg'],
  ['\u001b[2J\u0007evil\r\nline\u200b 日本', '?[2J?evil  line? ??'],
];

for (const [text, ascii] of letters) t.test(`${ascii} is what a dumb terminal gets`, async (t) => t.equal(toAscii(text), ascii));

t.test('no text whatever can steer a terminal', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(toAscii(text))));
  t.strictSame(plain({ é: ['à', 1, null, { ok: true }] }), { e: ['a', 1, null, { ok: true }] });
});

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');

t.test('of all control characters, a terminal receives line ends, tabs and colours only', async (t) => {
  const colours = 'a\tb\n\u001b[31mred\u001b[0m \u001b[1;32mgreen\u001b[m é °';
  t.equal(withoutControls(colours), colours);
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\u001b', '[', ']', '0;', 'm', '\u0007', '\r', '\u009b', '31', 'J', '\n', 'x'), { maxLength: 30 }),
      (parts) => {
        const shown = withoutControls(parts.join(''))
          .replaceAll(COLOUR, '')
          .replaceAll(/[\n\t]/g, '');
        return !/\p{Cc}/u.test(shown);
      },
    ),
  );
  t.equal(withoutControls('\u001b]0;title\u0007\u001b[2J\u009b2J\rover'), '?]0;title??[2J?2J?over');
});

t.test('a terminal with UTF-8 shows letters of one column; what moves or turns the line stays out', async (t) => {
  const shown = (text: string): unknown => plain(text, 'utf-8');
  t.equal(shown('Mât 3, œuvre d’été à 21 °C, Ωμέγα, Ночь'), 'Mât 3, œuvre d’été à 21 °C, Ωμέγα, Ночь');
  t.equal(shown('e\u0301te\u0301'), 'été', 'composed');
  t.equal(shown('a\u202eb\u05d0c漢\u001b[2J🎄\u0085'), 'a?b?c??[2J??');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{C}\p{M}\u0590-\u08ff\u1100-\u11ff\u2e80-\uffff]/u.test(String(shown(text)))),
  );
});
