/** What a person types comes back as it was typed, in every language, also where it reads like a sentence of the program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import PO from 'pofile';
import t from 'tap';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import { failedReply, parseReply } from '../../../agent/console/protocol/protocol.ts';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import { asTyped } from '../../../agent/console/shell/as-typed.ts';
import { plain, plainMessage, toAscii, withoutControls } from '../../../agent/console/text/plain-text.ts';
import { labelled, paragraph } from '../../../agent/console/text/text-lines.ts';
import { tableLines } from '../../../agent/console/text/text-table.ts';
import { adaptTemplates, learn, translate } from '../../../agent/console/text/translate.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { Message, msg } from '../../../agent/core/message.ts';
import { withMessages, withTexts } from '../../../agent/core/message-wire.ts';
import { type AgentEvent, LANGUAGES, type Language } from '../../../agent/core/words.ts';
import { AT_MS, TIMEZONE } from './fake-clock.ts';
import { createFakeView, fakeEvent } from './fake-view.ts';
import { inProcessWith, programFolder, ROOT } from './program.ts';
import { openSession } from './shell/shell-session.ts';

/** Texts of each test. Source: issue 18; a torture run has 100,000. */
const CASES = Number(process.env['LUCIOLE_TYPED_CASES'] ?? 2_000);
/** Texts in one answer of the agent. */
const PER_ANSWER = 20;
/** Answers after which a session is left: it keeps all that its terminal got. */
const PER_SESSION = 25;
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
  msg`override of ${text} to ${80} % by ${text}`,
  msg`${msg`refused: ${text}`}; ${[text, msg`off`]}`,
];

const withoutBlanks = (text: string): string => text.replaceAll(/\s/g, '');

t.before(async () => {
  await learn('fr');
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

/** What French is written with. */
const FRENCH = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u017f‘’“”€–—]*$/;
const CHARSETS = ['ascii', 'utf-8'] as const;

t.test('on the terminal it is unchanged but for what no terminal shows and where lines break, in each language', async (t) => {
  fc.assert(
    fc.property(typed, (text) => {
      for (const charset of CHARSETS) {
        const shown = plain(text, charset) as string;
        if (charset === 'utf-8' && FRENCH.test(text) && shown !== text) return false;
        for (const language of LANGUAGES) {
          if (translate(language, text) !== text) return false;
          for (const message of said(text)) {
            if (!translate(language, message).includes(text)) return false;
            const made = plain(message, charset) as Message;
            if (!translate(language, made).includes(shown)) return false;
            if (
              !translate(language, plainMessage(message, charset))
                .replaceAll('\n', ' ')
                .includes(
                  text
                    .split('\n')
                    .map((line) => plain(line, charset))
                    .join(' '),
                )
            )
              return false;
            const wide = { widthCols: WIDE_COLS, language };
            const pages = [
              paragraph(msg`reason: ${made}.`, wide),
              labelled(msg`Reason`, msg`"${made}"`, wide),
              tableLines([{ title: msg`Reason` }], [[msg`"${made}"`], [`"${shown}"`]], wide),
            ];
            if (!pages.every((lines) => withoutControls(lines.join('\n')).includes(shown))) return false;
            const narrow = { widthCols: NARROW_COLS, language };
            const wrapped = [paragraph(made, narrow), labelled(msg`Reason`, made, narrow), paragraph(shown, narrow)];
            if (!wrapped.every((lines) => withoutBlanks(lines.join('')).includes(withoutBlanks(shown)))) return false;
          }
        }
      }
      return true;
    }),
    { numRuns: CASES },
  );
  t.pass();
});

// ── whole answers ────────────────────────────────────────────────────────────────────────────────────────────────────

const answerTexts = fc.array(typed, { minLength: PER_ANSWER, maxLength: PER_ANSWER });
const ANSWERS = { numRuns: Math.ceil(CASES / PER_ANSWER) };
/** The source of an event stands in its answer once, right before what is said of it. */
const sourceOf = (index: number): string => `>>${index}<<`;
const eventsOf = (texts: readonly string[]): AgentEvent[] =>
  texts.map((text, index) => fakeEvent(index, { source: sourceOf(index), text: said(text)[index % 3] ?? msg``, endMs: AT_MS }));
/** Without the accents of the templates, which a session leaves out, and without blanks, as lines break anywhere. */
const letters = (text: string): string => withoutBlanks(toAscii(text));
/** A text that no template is made of. */
const TYPED = 'ZQZ';
/** What is shown of a sentence with a text in this language: the sentence translated, the text as it was typed. */
const shownOf = (sentence: Message, text: string, language: Language): string =>
  letters(translate(language, sentence)).replaceAll(TYPED, () => letters(text));
/** Whether an answer has all these texts in their sentences, each next to its source. */
const saysAll = (answer: string, texts: readonly string[], language: Language): boolean =>
  texts.every((text, index) => letters(answer).includes(`${sourceOf(index)}${shownOf(said(TYPED)[index % 3] ?? msg``, text, language)}`));
/** What a person can type between quotes on a line: no key of the editor, no quote, no option. It is the name of nothing. */
const typedLine = fc
  .constantFrom(...CATALOGUE)
  .map((text) => toAscii(text).replaceAll(/["\\?|]/g, ''))
  .map((text) => `x ${text.trim().slice(0, 60)}`);

for (const language of LANGUAGES) {
  t.test(`a command and a whole session in ${language} show it as it was typed, and give it back as it was typed`, async (t) => {
    let events: readonly AgentEvent[] = [];
    const view = { ...createFakeView(), language, events: async () => events };
    const socketPath = join(programFolder(t), 'agent.sock');
    const server = createConsoleServer({ view, socketPath, log: { event() {} }, clock: createManualClock(AT_MS), timezone: TIMEZONE });
    await server.start();
    t.teardown(() => server.stop());
    let [session, answers] = [await openSession(t, { view }), 0];
    const ask = async (line: string): Promise<string> => {
      if (answers++ % PER_SESSION === 0) {
        session.hangUp();
        session = await openSession(t, { view });
        await session.say('terminal length 0');
      }
      return session.say(line);
    };
    await fc.assert(
      fc.asyncProperty(answerTexts, typedLine, async (texts, line) => {
        events = eventsOf(texts);
        const shown = await inProcessWith({ language, socketPath }, 'events');
        const raw = JSON.parse((await inProcessWith({ language, socketPath }, 'events', '--json')).out) as { text: string }[];
        const isRaw = events.every(({ text }, index) => raw[index]?.text === String(text));
        if (!isRaw || !saysAll(shown.out, texts, language) || !saysAll(await ask('events'), texts, language)) return false;
        const { err } = await inProcessWith({ language, socketPath }, 'why', line);
        const refused = shownOf(msg`no lamp or zone ${`"${TYPED}"`}`, line, language);
        return letters(err).includes(refused) && letters(await ask(`why "${line}"`)).includes(refused);
      }),
      ANSWERS,
    );
    t.pass();
  });
}
