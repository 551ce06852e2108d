import fc from 'fast-check';
import t from 'tap';
import { DEFAULT_LIMITS, type PanelLimits } from '../../../agent/core/panel-config.ts';
import { readStoredTexts } from '../../../agent/panels/sent-texts.ts';
import { createPanelSquare, NOON_MS, type PanelSquare, panel } from './square.ts';

const S = 1_000;
const started = async (square: PanelSquare): Promise<PanelSquare> => {
  void square.panels.start();
  await square.clock.advance(2 * S);
  return square;
};
const limited = (over: Partial<PanelLimits>) => [panel({ limits: { ...DEFAULT_LIMITS, ...over } })];

const refused: readonly (readonly [what: string, limits: Partial<PanelLimits>, request: Record<string, unknown>, reason: RegExp])[] = [
  ['an emergency text', {}, { isEmergency: true }, /limits.emergencyFrom of panel square-panel does not include platform/],
  ['the end of an emergency', {}, { isEmergency: true, text: null }, /limits.emergencyFrom/],
  ['any text where the site forbids it', { textFrom: ['console'] }, {}, /limits.textFrom of panel square-panel does not include platform/],
  ['a long text', { maxLength: 20 }, { text: 'x'.repeat(21) }, /has 21 characters; limits.maxLength of panel square-panel is 20/],
  ['a long text of wide characters', { maxLength: 3 }, { text: '🚲🚲🚲🚲' }, /has 4 characters/],
  ['other characters', { characters: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' }, { text: 'NON 5' }, /limits.characters of panel square-panel does not allow 5/],
  ['control characters', {}, { text: 'A\u001b[2J' }, /does not allow U\+001B/],
  ['a line break', {}, { text: 'A\nB' }, /does not allow U\+000A/],
  ['direction marks', {}, { text: 'A\u202eB' }, /does not allow U\+202E/],
  ['an empty text', {}, { text: ' ' }, /empty/],
  ['a text without end', {}, { minutes: 1e9 }, /lasts 1 to 1440 min/],
  ['no number of minutes', {}, { minutes: Number.NaN }, /lasts 1 to 1440 min/],
  ['a panel of another name', {}, { panel: 'none' }, /no panel none/],
  ['the end of nothing', {}, { text: null }, /no text that was sent/],
]; // biome-ignore format: a table
for (const [what, limits, request, reason] of refused)
  t.test(`the platform is refused by name: ${what}`, async (t) => {
    const square = await started(createPanelSquare({ panels: limited(limits) }));
    const outcome = await square.request(request);
    t.match(outcome, { state: 'refused', reason });
    await square.clock.advance(60 * S);
    t.equal(square.text(), 'Welcome');
    t.ok(square.events.some(({ code }) => code === 'command-refused'));
    await square.panels.stop();
  });

t.test('the platform neither replaces nor ends a text of the console', async (t) => {
  const square = await started(createPanelSquare({ panels: limited({ emergencyFrom: ['console', 'platform'] }) }));
  for (const isEmergency of [false, true]) {
    void square.request({ text: 'By the town', isEmergency, sender: 'console', source: 'console:anna' });
    await square.clock.advance(20 * S);
    t.match(await square.request({ isEmergency }), { state: 'refused', reason: /a text of console:anna has priority for up to/ });
    t.match(await square.request({ text: null, isEmergency }), { state: 'refused' });
    t.equal(square.text(), 'By the town');
  }
  await square.panels.stop();
});

t.test('a text survives a clock that was set back before a restart, and does not last longer because of it', async (t) => {
  const disk = new Map<string, unknown>();
  const before = await started(createPanelSquare({ panels: limited({}), disk }));
  void before.request({ text: 'By the town', minutes: 2, sender: 'console', source: 'console:anna' });
  await before.clock.advance(20 * S);
  await before.panels.stop();
  const after = await started(createPanelSquare({ panels: limited({}), disk, startMs: NOON_MS - 5 * 3_600 * S }));
  t.match(after.panels.views()[0], { rank: 'sent', text: 'By the town' });
  await after.clock.advance(121 * S);
  t.match(after.panels.views()[0], { rank: 'fallback' });
  await after.panels.stop();
});

t.test('after a restart without a trusted clock, a text of the console can be ended, and the platform does not replace it', async (t) => {
  const disk = new Map<string, unknown>();
  const before = await started(createPanelSquare({ panels: limited({}), disk }));
  void before.request({ text: 'By the town', minutes: 30, sender: 'console', source: 'console:anna' });
  await before.clock.advance(20 * S);
  await before.panels.stop();
  const restarted = () => started(createPanelSquare({ panels: limited({}), disk: new Map(disk), quality: 'none' }));

  const ended = await restarted();
  t.match(await ended.request({}), { state: 'refused', reason: /a text of console:anna has priority for up to 30 min more/ });
  t.match(await ended.request({ text: null }), { state: 'refused' });
  const ending = ended.request({ text: null, sender: 'console', source: 'console:anna' });
  await ended.clock.advance(20 * S);
  t.match(await ending, { state: 'verified' });
  ended.clock.setQuality('synced');
  await ended.clock.advance(20 * S);
  t.match(ended.panels.views()[0], { rank: 'fallback' });
  await ended.panels.stop();

  const waiting = await restarted();
  await waiting.clock.advance(31 * 60 * S);
  const market = waiting.request({});
  await waiting.clock.advance(20 * S);
  t.match(await market, { state: 'verified' }, 'a text that has waited for its whole time has no priority');
  await waiting.panels.stop();
});

t.test('a revision that gives the panel another id ends no text of the console, and does not renew the rate of the site', async (t) => {
  const [disk, paces] = [new Map<string, unknown>(), new Map()];
  const limits = { ...DEFAULT_LIMITS, emergencyFrom: ['console', 'platform'] as const };
  const before = await started(createPanelSquare({ panels: [panel({ limits })], disk, paces }));
  void before.request({ text: 'By the town', isEmergency: true, sender: 'console', source: 'console:anna' });
  for (let n = 0; n < 4; n++) void before.request({ text: `Attack ${n}` });
  await before.clock.advance(S);
  await before.panels.stop();
  const renamed = panel({ id: 'other', points: ['line_2', 'line_1'], limits });
  const after = await started(createPanelSquare({ panels: [renamed], disk, paces }));
  t.match(after.panels.views()[0], { rank: 'emergency', text: 'By the town' });
  t.match(await after.request({ panel: 'other', isEmergency: true }), {
    state: 'refused',
    reason: /a text of console:anna has priority for up to/,
  });
  t.match(await after.request({ panel: 'other' }), { state: 'refused', reason: /accepts 4 texts a minute/ });
  await after.panels.stop();
});

t.test('10,000 texts in an hour: the panel changes as often as the site allows, and each is answered', async (t) => {
  const square = await started(
    createPanelSquare({ panels: limited({ changesPerMin: 4, changesPerHour: 30, emergencyFrom: ['platform'] }) }),
  );
  const before = square.writes.length;
  let ended = 0;
  for (let n = 0; n < 10_000; n++) {
    void square
      .request({ commandId: `h${n}`, text: `Attack ${n}`, isEmergency: n % 3 === 0, ...(n % 7 === 0 ? { text: null } : {}) })
      .then(() => ended++);
    await square.clock.advance(360);
  }
  await square.clock.advance(70 * S);
  t.equal(ended, 10_000);
  // Emergencies have a limit of their own, and each end of one brings the other text back.
  const changes = square.writes.length - before;
  t.ok(changes <= 4 * 2 * 35, `${changes} writes of two lines`);
  t.ok(square.outcomes.filter(({ state }) => state === 'refused').length > 9_000);
  await square.panels.stop();
});

t.test('whatever the platform sends, the panel shows only text within the limits of the site', async (t) => {
  const limits = { maxLength: 12, characters: 'abc {}' };
  const square = await started(createPanelSquare({ panels: limited(limits) }));
  const request = fc.record({
    text: fc.option(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.stringMatching(/^[abc {}]{0,14}$/))),
    minutes: fc.oneof(fc.integer(), fc.double()),
    isEmergency: fc.boolean(),
  });
  for (const each of fc.sample(request, 500)) {
    void square.request(each);
    await square.clock.advance(20 * S);
    const text = square.text();
    const isAllowed = text === 'Welcome' || ([...text].length <= 12 && /^[abc {}]*$/.test(text));
    if (!isAllowed) t.fail(`shown: ${JSON.stringify(text)} for ${JSON.stringify(each)}`);
  }
  await square.panels.stop();
});

t.test('a disk with hostile content brings no text back', async (t) => {
  const text = {
    id: 'x',
    panel: 'square-panel',
    text: 'x'.repeat(500),
    isEmergency: true,
    sender: 'platform',
    source: 'platform',
    sinceMs: 0,
    untilMs: 8.64e15,
  };
  for (const stored of [undefined, null, {}, [null], [5], [{}], [text], [{ ...text, untilMs: '9' }], [{ ...text, sender: 'root' }]]) {
    t.strictSame(readStoredTexts(stored), []);
    const square = await started(createPanelSquare({ panels: limited({}), disk: new Map([['panels.sent', stored]]) }));
    t.equal(square.text(), 'Welcome');
    await square.panels.stop();
  }
});
