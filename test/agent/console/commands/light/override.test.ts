import t from 'tap';
import type { AgentCommand, Job } from '../../../../../agent/console/command-spec.ts';
import { findLamp, findTarget, findZone } from '../../../../../agent/console/commands/light/light-args.ts';
import { isOverrideInForce, OVERRIDE_SPAN, readOverride } from '../../../../../agent/console/commands/light/override.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { parseDuration } from '../../../../../agent/console/text/duration.ts';
import { plain } from '../../../../../agent/console/text/plain-text.ts';
import { learn } from '../../../../../agent/console/text/translate.ts';
import { COMMAND_MS } from '../../../../../agent/control/requests/commands.ts';
import { OVERRIDE_MINUTES } from '../../../../../agent/control/requests/overrides.ts';
import { type Message, msg } from '../../../../../agent/core/message.ts';
import type { AgentView, WhyLamp } from '../../../../../agent/core/views.ts';
import type { Language, Outcome } from '../../../../../agent/core/words.ts';
import { AT_MS } from '../../fake-clock.ts';
import { createFakeView, outcome, whyLamp } from '../../fake-view.ts';
import { page } from '../../pages.ts';

const L2_WAITS = { lamps: ['L2'], wish: { ...outcome(), rank: 'maintenance', levelPct: 100, untilMs: 0 } } as never;

const ends: [story: string, changes: object, isTakenUp: boolean][] = [
  ['verified on all lamps', { state: 'verified', lamps: { L1: 'verified' } }, true],
  ['one lamp waits, the rest follows', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' }, waiting: [L2_WAITS] }, true],
  ['all lamps wait', { state: 'failed', lamps: { L2: 'failed' }, waiting: [L2_WAITS] }, false],
  ['one waits, another fails', { state: 'failed', lamps: { L1: 'verified', L2: 'failed', L3: 'failed' }, waiting: [L2_WAITS] }, false],
  ['a lamp failed', { state: 'failed', lamps: { L1: 'verified', L2: 'failed' } }, false],
  ['refused', { state: 'refused', lamps: {} }, false],
];

for (const [story, changes, expected] of ends) {
  t.test(`result of an override, for a script: ${story}`, async (t) => t.equal(isOverrideInForce(outcome(changes)), expected));
}

/** The message that the agent makes for this text. */
function limitText(text: string): Message {
  const [, of = '', pct = 0] = /^kept up to the minimum of (.+): (\d+) %$/.exec(text) ?? [];
  if (of === '') return msg`${text}`;
  return of === 'the lamp' ? msg`kept up to the minimum of the lamp: ${pct} %` : msg`kept up to the minimum of ${of}: ${pct} %`;
}

const unsavedAnswers: readonly [typed: string, args: Record<string, string>, text: RegExp][] = [
  ['override', { target: 'L07', level: '50' }, /But +in force until the agent stops, but not saved: check the disk of\s+store\.dir/],
  ['lights on', { duration: '30m' }, /But +in force until the agent stops, but not saved: check the disk of\s+store\.dir/],
  ['release', { target: 'L07' }, /But +not saved: a restart of the agent brings back what was released/],
  ['lights auto', {}, /But +not saved: a restart of the agent brings back what was released/],
];

for (const [typed, args, text] of unsavedAnswers) {
  t.test(`${typed}: an answer that was not stored on disk reports that, and fails in a script`, async (t) => {
    const row = COMMANDS.find(({ name }) => name === typed) as AgentCommand;
    const unsaved = { ...outcome({ isSaved: false }), untilMs: AT_MS + 60_000 };
    const view: AgentView = { ...createFakeView(), override: async () => unsaved, release: async () => unsaved };
    const job = { source: 'console:tech', caller: { user: 'tech', role: 'technician', socketKind: 'machine' } } as unknown as Job;
    const result = plain(await row.answer(view, args, job));
    t.match(await row.render(result, page, args), text);
    t.equal(row.succeeded(result), false);
    const { isSaved: _, ...saved } = result as Outcome;
    t.equal(row.succeeded(saved), true);
    t.notMatch(await row.render(saved, page, args), /saved/);
  });
}

/** A lamp under an override that its limits changed. */
function limited(id: string, requestedPct: number, wantedPct: number, ...texts: readonly string[]): WhyLamp {
  const line = {
    rank: 'override',
    source: 'console:tech',
    levelPct: requestedPct,
    applied: true,
    text: msg`${requestedPct} %`,
    untilMs: null,
  } as const;
  const limits = texts.map((text) => ({
    ...line,
    source: text.includes(' of the lamp:') ? id : 'rue',
    levelPct: wantedPct,
    text: limitText(text),
  }));
  return { ...whyLamp(7), id, wantedPct, rank: 'override', reason: 'override', trace: [line, ...limits, ...whyLamp(7).trace] };
}

async function overridden(
  levelPct: number,
  outcomePct: number,
  lamps: readonly WhyLamp[],
  states: Outcome['lamps'] = {},
  language: Language = 'en',
): Promise<string> {
  const fake = createFakeView();
  const all = { ...Object.fromEntries(lamps.map(({ id }) => [id, 'verified'] as const)), ...states };
  const view: AgentView = {
    ...fake,
    override: async () => ({ ...outcome({ target: { kind: 'zone', id: 'bressigny' }, levelPct: outcomePct, lamps: all }), untilMs: AT_MS }),
    why: (id) => ({ id, kind: 'zone', lamps }),
  };
  const row = COMMANDS.find(({ name }) => name === 'override') as AgentCommand;
  const args = { target: 'bressigny', level: String(levelPct) };
  const result = await row.answer(view, args, { source: 'console:tech' } as Job);
  return row.render(plain(result), { ...page, language }, args);
}

t.test('limits of an override are French where the session is', async (t) => {
  await learn('fr');
  const lamps = [
    limited('L1', 5, 10, 'kept up to the minimum of rue: 10 %'),
    limited('L2', 5, 9, 'kept up to the minimum of the lamp: 9 %'),
  ];
  const text = await overridden(5, 10, lamps, {}, 'fr');
  t.match(
    text,
    /forçage à 10 % vérifié ; niveau demandé : 5 %\nLimite +L1 : relevé au minimum de rue : 10 %\nLimite +L2 : relevé au minimum du luminaire : 9 %\n/,
  );
});

t.test('an override that a limit changes reports the requested level and the limit', async (t) => {
  const MIN = 'kept up to the minimum of rue: 10 %';
  const all = await overridden(5, 10, [limited('L1', 5, 10, MIN), limited('L2', 5, 10, MIN)]);
  t.match(all, /^Outcome +zone bressigny: override to 10 % verified; 5 % was requested\nLimit +kept up to the minimum of rue: 10 %\n/);
  const some = await overridden(5, 5, [
    limited('L1', 5, 10, MIN),
    limited('L2', 5, 12, 'kept up to the minimum of the lamp: 12 %'),
    limited('L3', 5, 5),
  ]);
  t.match(
    some,
    /override to 5 % verified\nLimit +L1: kept up to the minimum of rue: 10 %\nLimit +L2: kept up to the minimum of the lamp: 12 %\n/,
  );
  t.notMatch(await overridden(80, 80, [limited('L1', 80, 80)]), /Limit|requested/, 'nothing to say where nothing changed it');
  t.notMatch(await overridden(5, 5, [limited('L1', 5, 10, MIN)], { L1: 'failed' }), /Limit/, 'a lamp that failed is not held by a limit');
  const many = Array.from({ length: 9 }, (_, i) => limited(`L${i}`, 5, 10, MIN));
  t.match(await overridden(5, 5, [...many, limited('L9', 5, 5)]), /Limit +L0, L1, L2, L3 and 5 more: kept up/);
  const own = Array.from({ length: 12 }, (_, i) => limited(`L${i}`, 5, 10, 'kept up to the minimum of the lamp: 10 %'));
  t.match(
    await overridden(5, 10, own),
    /requested\nLimit +kept up to the minimum of the lamp: 10 %\n {2}verified/,
    'lamps with the same minimum share a line',
  );
  const both = await overridden(5, 8, [limited('L1', 5, 8, MIN, 'constant light: 8 % is enough at 100 h')]);
  t.match(both, /Limit +kept up to the minimum of rue: 10 %, constant light: 8 % is enough at\n +100 h\n/);
  for (const text of [all, some, both]) t.ok(text.split('\n').every((line) => line.length <= 80));
});

const overrides: [args: Record<string, string | boolean>, expected: object][] = [
  [
    { target: 'L07', level: '80' },
    { levelPct: 80, durationMs: 7_200_000, rank: 'override', reason: '' },
  ],
  [
    { target: 'L07', level: '0%', for: '10m', maintenance: true, reason: 'repair' },
    { levelPct: 0, durationMs: 600_000, rank: 'maintenance', reason: 'repair' },
  ],
];

for (const [args, expected] of overrides)
  t.test(`${JSON.stringify(args)} is understood`, async (t) => t.match(readOverride(args), expected));

const noOverrides: [args: Record<string, string | boolean>, message: RegExp][] = [
  [{ level: '80' }, /target is missing/],
  [{ target: 'L07' }, /level is missing/],
  [{ target: 'L07', level: '101' }, /0 to 100/],
  [{ target: 'L07', level: '8.5' }, /whole number/],
  [{ target: 'L07', level: 'on' }, /whole number/],
  [{ target: 'L07', level: '1e1' }, /whole number/],
  [{ target: 'L07', level: '80', for: true }, /for is missing/],
  [{ target: 'L07', level: '80', for: '59s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '24h1s' }, /between 1m and 24h/],
  [{ target: 'L07', level: '80', for: '30' }, /its unit: 30m or 30h$/],
  [{ target: 'L07', level: '80', for: 'long' }, /write it as 10m, 2h or 1h30m$/],
  [{ target: 'L07', level: '80', reason: 'two\nlines' }, /one line/],
  [{ target: 'L07', level: '80', reason: 'x'.repeat(121) }, /120 characters/],
  [{ target: 'L07', level: '80', reason: 'market \u202e' }, /bad reason/],
];

for (const [args, message] of noOverrides) {
  t.test(`${JSON.stringify(args).slice(0, 60)} is refused as usage`, async (t) =>
    t.throws(() => readOverride(args), { code: 'usage', message }),
  );
}

t.test('an override may last as long as the agent allows, and every span that help and message name is accepted', async (t) => {
  t.strictSame(OVERRIDE_SPAN, { minMs: OVERRIDE_MINUTES.min * 60_000, maxMs: OVERRIDE_MINUTES.max * 60_000 });
  const override = COMMANDS.find(({ name }) => name === 'override');
  const help = String(override?.options.find(({ name }) => name === 'for')?.summary);
  const spans = help.match(/\b(?:\d+[hms])+\b/g) ?? [];
  t.strictSame(spans, ['1m', '24h', '10m', '2h', '1h30m', '2h']);
  for (const span of spans) t.equal(readOverride({ target: 'L07', level: '80', for: span }).durationMs, parseDuration(span));
});

t.test('the console waits until the agent has reported how a command ended', async (t) => {
  for (const command of COMMANDS) {
    if (command.kind === 'agent' && ['override', 'release'].includes(command.name))
      t.ok(command.timeoutMs >= COMMAND_MS + 10_000, `${command.name} waits ${command.timeoutMs} ms`);
  }
});

t.test('target names ignore case, and a near match is answered with the closest name', async (t) => {
  const view = createFakeView();
  t.strictSame(findTarget(view, 'L07'), { kind: 'lamp', id: 'L07' });
  t.strictSame(findTarget(view, 'BRESSIGNY'), { kind: 'zone', id: 'bressigny' });
  t.throws(() => findTarget(view, 'L99'), { code: 'unknown-name', message: 'no lamp or zone "L99"; did you mean L09?' });
  t.throws(() => findTarget(view, 'S03'), { code: 'unknown-name' }, 'a sensor is no target');
  t.throws(() => findTarget(view, 'somewhere-else'), { message: /`luciole status --json` lists all/ });
});

t.test('a pole name selects the lamp on it, not a lamp with a similar name', async (t) => {
  const view = createFakeView();
  t.strictSame(findTarget(view, 'P07'), { kind: 'lamp', id: 'L08' }, 'lamp and pole have different numbers');
  t.equal(findLamp(view, 'p07'), 'L08');
  t.throws(() => findTarget(view, 'P08'), { code: 'unknown-name', message: 'pole P08 has 2 lamps; type one of them: L07, L09' });
  t.throws(() => findLamp(view, 'P09'), { message: 'pole P09 has no lamp; `luciole devices P09` shows what is on it' });
  t.throws(() => findTarget(view, 'P99'), { message: 'no lamp or zone "P99"; did you mean P09?' }, 'a mistyped pole leads to a pole');
  t.throws(() => findZone(view, 'P07'), { message: /no zone "P07"/ });
  const named = { ...view.names(), lamps: ['P07', 'L08'], poles: [{ id: 'P07', lamps: ['L08'] }] };
  t.strictSame(findTarget({ ...view, names: () => named }, 'p07'), { kind: 'lamp', id: 'P07' }, 'a lamp of that name goes before');
  const twice = { ...view.names(), poles: ['p1', 'P1'].map((id, index) => ({ id, lamps: [`L0${index + 7}`] })) };
  t.equal(findLamp({ ...view, names: () => twice }, 'P1'), 'L08', 'as it is written, where two differ in case only');
});

t.test('devices and points are found by their pole', async (t) => {
  const view = createFakeView();
  const rowOf = (name: string): AgentCommand => COMMANDS.find((each) => each.name === name) as AgentCommand;
  const answerOf = (name: string, filter: string): Promise<unknown> => rowOf(name).answer(view, { filter }, {} as Job);
  t.match(await answerOf('devices', 'p01'), [{ id: 'L01' }]);
  t.match(await answerOf('points', 'P01'), [{ pointId: 'L01.level' }, { pointId: 'L01.temperature' }]);
  t.match(await answerOf('points', 'P01.'), [{ pointId: 'L01.level' }, { pointId: 'L01.temperature' }], 'as `watch lamp` asks');
  await t.rejects(answerOf('devices', 'P03'), { message: /no device matches "P03"; did you mean P0[12]\?/ });
});
