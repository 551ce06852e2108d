/** What a person types comes back as it was typed, in every language, also where it reads like a sentence of the program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import PO from 'pofile';
import t from 'tap';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import { failedReply, parseReply } from '../../../agent/console/protocol/protocol.ts';
import { asTyped } from '../../../agent/console/shell/as-typed.ts';
import { plain, plainMessage, toAscii, withoutSteering } from '../../../agent/console/text/plain-text.ts';
import { labelled, paragraph } from '../../../agent/console/text/text-lines.ts';
import { tableLines } from '../../../agent/console/text/text-table.ts';
import { adaptTemplates, learn, translate } from '../../../agent/console/text/translate.ts';
import { Message, msg } from '../../../agent/core/message.ts';
import { withMessages, withTexts } from '../../../agent/core/message-wire.ts';
import { LANGUAGES } from '../../../agent/core/words.ts';
import { ROOT } from './program.ts';

const CASES = Number(process.env['LUCIOLE_TYPED_CASES'] ?? 300);
/** Wider than each text here. Units: columns. */
const WIDE_COLS = 100_000;
const NARROW_COLS = 40;

const FOLDER = join(ROOT, 'agent/console/languages');
const CATALOGUE = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.po'))
  .flatMap((name) => PO.parse(readFileSync(join(FOLDER, name), 'utf8')).items)
  .flatMap(({ msgid, msgstr }) => [msgid, ...msgstr]);

const typed = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(...CATALOGUE),
  fc.array(fc.constantFrom(...CATALOGUE, '; ', ': ', ', ', '{0}', '{{', '\n', 'off'), { maxLength: 3 }).map((parts) => parts.join('')),
);
/** The ways in which text of a person is part of what is said. */
const said = (text: string): Message[] => [
  msg`${text}`,
  msg`override of ${text} to ${80} %`,
  msg`${msg`refused: ${text}`}; ${[text, msg`off`]}`,
];

const withoutBlanks = (text: string): string => text.replaceAll(/\s/g, '');

t.before(async () => {
  await learn('fr');
  // Strings are shown as they are; the patterns translate them until they go.
  adaptTemplates(asTyped);
});

t.test('in a JSON answer it has the same bytes, and is an argument of its message again', async (t) => {
  t.ok(CATALOGUE.length > 500, 'templates and translations are among the inputs');
  fc.assert(
    fc.property(typed, (text) => {
      for (const message of said(text)) {
        const answer = { name: text, path: { [`at ${text.length}`]: text }, reason: message, listed: [message, text] };
        const sent = JSON.stringify(withTexts(answer));
        const { reasonTemplate, ...raw } = JSON.parse(sent);
        const isRaw = raw.name === text && raw.reason === String(message) && raw.reason.includes(text);
        const read = withMessages(JSON.parse(sent)) as typeof answer;
        if (!isRaw || !JSON.stringify(reasonTemplate.args).includes(JSON.stringify(text))) return false;
        if (String(read.reason) !== String(message) || read.listed[1] !== text || !(read.reason instanceof Message)) return false;
        for (const language of LANGUAGES) if (translate(language, read.reason) !== translate(language, message)) return false;
        const refusal = parseReply(JSON.stringify(withTexts(failedReply(1, new ConsoleError('failed', message)))));
        if (!('error' in refusal) || String(refusal.error.message) !== String(message)) return false;
      }
      return true;
    }),
    { numRuns: CASES },
  );
});

t.test('on the terminal it is unchanged but for what no terminal shows and where lines break, in each language', async (t) => {
  fc.assert(
    fc.property(typed, (text) => {
      const shown = toAscii(text);
      for (const language of LANGUAGES) {
        if (translate(language, text) !== text) return false;
        for (const message of said(text)) {
          if (!translate(language, message).includes(text)) return false;
          const made = plain(message) as Message;
          if (!translate(language, made).includes(shown)) return false;
          if (!translate(language, plainMessage(message)).replaceAll('\n', ' ').includes(text.split('\n').map(toAscii).join(' ')))
            return false;
          const wide = { widthCols: WIDE_COLS, language };
          const pages = [
            paragraph(msg`reason: ${made}.`, wide),
            labelled(msg`Reason`, msg`"${made}"`, wide),
            tableLines([{ title: msg`Reason` }], [[msg`"${made}"`], [`"${shown}"`]], wide),
          ];
          if (!pages.every((lines) => withoutSteering(lines.join('\n')).includes(shown))) return false;
          const narrow = { widthCols: NARROW_COLS, language };
          const wrapped = [paragraph(made, narrow), labelled(msg`Reason`, made, narrow), paragraph(shown, narrow)];
          if (!wrapped.every((lines) => withoutBlanks(lines.join('')).includes(withoutBlanks(shown)))) return false;
        }
      }
      return true;
    }),
    { numRuns: CASES },
  );
  t.pass();
});
