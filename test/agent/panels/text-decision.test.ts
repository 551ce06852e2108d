import t from 'tap';
import type { PanelConfig } from '../../../agent/core/cabinet.ts';
import { DEFAULT_LIMITS } from '../../../agent/core/panel-config.ts';
import { decideText, type SentText, type TextFacts } from '../../../agent/panels/text-decision.ts';
import { longestText, valueText } from '../../../agent/panels/text-template.ts';
import { entry, holds, NOON_MS, panel, value } from './square.ts';

const PANEL = panel({
  rules: [
    { rule: 'smog', text: 'Air {air}: 30 km/h' },
    { rule: 'rain', text: 'Slippery' },
  ],
  schedule: [entry('Bikes today: {bikes}')],
});
const sent = (over: Partial<SentText> = {}): SentText => ({
  id: 'c1',
  panel: 'square-panel',
  text: 'Market',
  isEmergency: false,
  sender: 'platform',
  source: 'platform',
  sinceMs: NOON_MS,
  untilMs: NOON_MS + 3_600_000,
  untilMono: 3_600_000,
  ...over,
});
const ENTRY = { number: 1, text: 'Bikes today: {bikes}', sinceMs: NOON_MS, untilMs: NOON_MS + 1 };
const facts = (over: Partial<TextFacts> = {}): TextFacts => ({
  sent: [],
  ruleStates: new Map(),
  entry: null,
  isTimeKnown: true,
  valueNamed: (name) => ({ air: 'poor', bikes: '1204' })[name] ?? null,
  ...over,
});
const LEAVE = sent({ id: 'c2', text: 'Leave the square', isEmergency: true, source: 'console:anna', sender: 'console' });

const rows: readonly (readonly [what: string, over: Partial<TextFacts>, text: string, rank: string, changes?: Partial<PanelConfig>])[] = [
  ['nothing', {}, 'Welcome', 'fallback'],
  ['the schedule', { entry: ENTRY }, 'Bikes today: 1204', 'schedule'],
  ['a rule above the schedule', { entry: ENTRY, ruleStates: new Map([['rain', holds()]]) }, 'Slippery', 'rule'],
  ['the first of two rules', { ruleStates: new Map([['rain', holds()], ['smog', holds()]]) }, 'Air poor: 30 km/h', 'rule'],
  ['a rule that does not hold', { ruleStates: new Map([['rain', holds(false)]]) }, 'Welcome', 'fallback'],
  ['a text of the platform above a rule', { sent: [sent()], ruleStates: new Map([['rain', holds()]]) }, 'Market', 'sent'],
  ['an emergency above all', { sent: [sent(), LEAVE], entry: ENTRY }, 'Leave the square', 'emergency'],
  ['a missing value: the next one applies', { entry: ENTRY, valueNamed: () => null }, 'Welcome', 'fallback'],
  ['a rule with a missing value: the schedule applies', { entry: { ...ENTRY, text: 'Plain' }, ruleStates: new Map([['smog', holds()]]), valueNamed: () => null }, 'Plain', 'schedule'],
  ['no schedule without the time', { entry: null, isTimeKnown: false }, 'Welcome', 'fallback'],
  ['braces of a text that was sent are no value', { sent: [sent({ text: '{bikes} {air}' })] }, '{bikes} {air}', 'sent'],
  ['a value that makes the text too long', { entry: ENTRY }, 'Welcome', 'fallback', { limits: { ...DEFAULT_LIMITS, maxLength: 16 } }],
  ['a value with a character that the site does not allow', { entry: ENTRY }, 'Welcome', 'fallback', { limits: { ...DEFAULT_LIMITS, characters: 'Bikestoday: ' } }],
  ['a word in braces is part of the text', { entry: ENTRY, valueNamed: () => '{evil}' }, 'Welcome', 'fallback', { limits: { ...DEFAULT_LIMITS, characters: 'Bikestoday: ' } }],
  ['a text of before that is beyond the limits now', { sent: [sent({ text: 'x'.repeat(65) })] }, 'Welcome', 'fallback'],
]; // biome-ignore format: a table
for (const [what, over, text, rank, changes] of rows)
  t.test(`the text of a panel: ${what}`, async (t) => {
    const decision = decideText({ ...PANEL, ...changes }, facts(over));
    t.match(decision, { text, rank });
    t.equal(decision.trace.filter(({ applied }) => applied).length, 1, 'one line of the trace decides');
    t.match(
      decision.trace.find(({ applied }) => applied),
      { rank, text },
    );
  });

t.test('the trace names what was passed over, and why', async (t) => {
  const decision = decideText(PANEL, facts({ entry: ENTRY, valueNamed: () => null, ruleStates: new Map([['smog', holds()]]) }));
  t.strictSame(
    decision.trace.map(({ rank, why }) => `${rank}: ${why}`),
    [
      'rule: rule smog holds, but air has no value',
      'rule: rule rain does not hold',
      'schedule: entry 1 of the schedule, but bikes has no value',
      'fallback: nothing else applies',
    ],
  );
});

const AIR = value('air', 'AIR1.pm25', {
  words: [
    { below: 15, word: 'good' },
    { below: 35, word: 'fair' },
    { below: null, word: 'poor' },
  ],
});
const values: readonly (readonly [what: string, config: typeof AIR, measured: number | null, shown: string | null])[] = [
  ['a number', value('bikes', 'IO1.count'), 1204.4, '1204'],
  ['with decimals', value('t', 'AIR1.t', { decimals: 1 }), -3.25, '-3.3'],
  ['missing', value('bikes', 'IO1.count'), null, null],
  ['missing, with a sign for it', value('bikes', 'IO1.count', { missing: '--' }), null, '--'],
  ['the lowest word', AIR, 0, 'good'],
  ['on a limit', AIR, 15, 'fair'],
  ['above all', AIR, 1e9, 'poor'],
  ['a word missing', AIR, null, null],
  ['beyond words that all have a limit', { ...AIR, words: [{ below: 15, word: 'good' }] }, 20, null],
]; // biome-ignore format: a table
for (const [what, config, measured, shown] of values)
  t.test(`a value in a text: ${what}`, async (t) => t.equal(valueText(config, measured), shown));

t.test('the longest text counts the longest word and seven digits for a number', async (t) => {
  t.equal(longestText('Air {air}', [AIR]), 8);
  t.equal(longestText('Bikes {bikes}', [value('bikes', 'IO1.count')]), 13);
  t.equal(longestText('é 🚲', []), 3);
  t.equal(longestText('{air}', [{ ...AIR, words: [{ word: '🚲🚲🚲' }] }]), 3);
});
