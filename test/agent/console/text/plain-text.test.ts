import fc from 'fast-check';
import t from 'tap';
import { plain, toAscii } from '../../../../agent/console/text/plain-text.ts';

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
