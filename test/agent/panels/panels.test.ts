import t from 'tap';
import { DEFAULT_LIMITS } from '../../../agent/core/panel-config.ts';
import { createPanelSquare, entry, holds, NOON_MS, type PanelSquare, panel, value } from './square.ts';

const S = 1_000;
const MIN = 60_000;
const PANEL = panel({
  values: [value('bikes', 'IO1.count', { today: true }), value('air', 'AIR1.pm25', { words: [{ below: 35, word: 'good' }, { below: null, word: 'poor' }] })],
  rules: [{ rule: 'smog', text: 'Air {air}: 30 km/h' }],
  schedule: [entry('Bikes today: {bikes}')],
}); // biome-ignore format: short
const started = async (square: PanelSquare): Promise<PanelSquare> => {
  void square.panels.start();
  await square.clock.advance(2 * S);
  return square;
};
const states = (square: PanelSquare, id: string): string[] =>
  square.outcomes.filter(({ commandId }) => commandId === id).map(({ state }) => state);
const codes = (square: PanelSquare): string[] =>
  square.events.map(({ code, endMs, startMs }) => `${code}${endMs === null ? '' : endMs === startMs ? '!' : ' ended'}`);

t.test('an evening: welcome, bicycles, bad air, a text of the platform, an emergency, and back', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  t.equal(square.text(), 'Welcome', 'no bicycles counted yet');
  square.read('IO1.count', 500);
  square.read('IO1.count', 512);
  await square.clock.advance(20 * S);
  t.equal(square.text(), 'Bikes today: 12');
  square.read('AIR1.pm25', 80);
  square.rules.set('smog', holds());
  await square.clock.advance(20 * S);
  t.equal(square.text(), 'Air poor: 30 km/h');
  const market = square.request({ text: 'Market until 13:00', minutes: 30 });
  await square.clock.advance(20 * S);
  t.match(await market, { state: 'verified' });
  t.strictSame(states(square, 'c1'), ['received', 'queued', 'sent', 'verified']);
  t.equal(square.text(), 'Market until 13:00');
  const leave = square.request({ text: 'Leave the square', isEmergency: true, sender: 'console', source: 'console:anna' });
  await square.clock.advance(2 * S);
  t.match(await leave, { state: 'verified' });
  t.match(square.panels.views()[0], {
    rank: 'emergency',
    source: 'console:anna',
    state: 'shown',
    untilMs: NOON_MS + 62 * S + 60 * MIN,
  });
  const end = square.request({ text: null, isEmergency: true, sender: 'console', source: 'console:anna' });
  await square.clock.advance(70 * S);
  t.match(await end, { state: 'verified' });
  t.equal(square.text(), 'Market until 13:00');
  await square.clock.advance(30 * MIN);
  t.equal(square.text(), 'Air poor: 30 km/h', 'the text of the platform is over');
  t.match(codes(square), ['panel-text-sent!', 'panel-text-sent!', 'panel-text-sent!']);
  await square.panels.stop();
});

t.test('a panel that lost its supply shows its text again with the next poll', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  square.shown.clear();
  await square.clock.advance(5 * S);
  square.poll();
  t.equal(square.text(), '');
  await square.clock.advance(5 * S);
  t.equal(square.text(), 'Welcome');
  await square.panels.stop();
});

t.test('a panel that cannot be read back is written again after its absence, and every ten minutes', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL], isReadBack: false }));
  t.match(square.panels.views()[0], { state: 'acknowledged' });
  square.shown.clear();
  square.device = 'silent';
  await square.clock.advance(5 * S);
  square.device = 'ok';
  await square.clock.advance(5 * S);
  t.equal(square.text(), 'Welcome');
  const before = square.writes.length;
  await square.clock.advance(61 * MIN);
  t.ok(
    square.writes.length - before >= 10 && square.writes.length - before <= 14,
    `${square.writes.length - before} writes in an hour, two lines`,
  );
  await square.panels.stop();
});

t.test('a dead panel is tried at growing waits, reported once, and the report ends', async (t) => {
  const square = createPanelSquare({ panels: [PANEL] });
  square.trouble.isSilent = true;
  await started(square);
  const command = square.request({});
  await square.clock.advance(60 * MIN);
  t.match(await command, { state: 'failed', reason: /no reply/ });
  t.ok(square.writes.length < 50, `${square.writes.length} attempts in an hour`);
  t.equal(codes(square).filter((code) => code === 'panel-not-showing').length, 1);
  square.trouble.isSilent = false;
  await square.clock.advance(6 * MIN);
  t.equal(square.text(), 'Welcome');
  t.ok(codes(square).includes('panel-not-showing ended'));
  await square.panels.stop();
});

t.test('a dead panel is reported although its text changes before a third attempt', async (t) => {
  const limits = { ...DEFAULT_LIMITS, changesPerMin: 10 };
  const air = panel({ points: ['line_1'], limits, values: [value('air', 'AIR1.pm25')], schedule: [entry('Air {air}')] });
  const square = await started(createPanelSquare({ panels: [air] }));
  square.trouble.isSilent = true;
  for (let turn = 0; turn < 10; turn++) {
    square.read('AIR1.pm25', turn);
    await square.clock.advance(12 * S);
  }
  t.strictSame(codes(square), ['panel-not-showing']);
  square.trouble.isSilent = false;
  await square.clock.advance(MIN);
  t.strictSame(codes(square), ['panel-not-showing', 'panel-not-showing ended']);
  await square.panels.stop();
});

t.test('a dead panel of three lines is reported after three attempts, not after its first', async (t) => {
  const square = createPanelSquare({ panels: [panel({ points: ['line_1', 'line_2', 'line_3'] })] });
  square.trouble.isSilent = true;
  await started(square);
  t.equal(square.writes.length, 3);
  t.strictSame(codes(square), []);
  await square.clock.advance(7 * S);
  t.equal(square.writes.length, 6);
  t.strictSame(codes(square), []);
  await square.clock.advance(12 * S);
  t.equal(square.writes.length, 9);
  t.strictSame(codes(square), ['panel-not-showing']);
  await square.panels.stop();
});

t.test('a panel that acknowledges and keeps its text: the command fails with the reason', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  square.trouble.isDeaf = true;
  const command = square.request({});
  await square.clock.advance(5 * S);
  t.match(await command, { state: 'failed', reason: /another text/ });
  await square.panels.stop();
});

t.test('a text that is covered says by what', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  void square.request({ text: 'Leave', isEmergency: true, sender: 'console', source: 'console:anna' });
  await square.clock.advance(5 * S);
  const command = square.request({});
  await square.clock.advance(5 * S);
  t.match(await command, { state: 'failed', reason: /waits below an emergency text by console:anna/ });
  await square.panels.stop();
});

for (const [story, expiresMono, shown] of [
  ['that has expired meanwhile is not shown after it', 30 * S, 'Welcome'],
  ['without an expiry is shown after it', undefined, 'Market until 13:00'],
] as const)
  t.test(`a text below an emergency text ${story}`, async (t) => {
    const square = await started(createPanelSquare({ panels: [PANEL] }));
    void square.request({ text: 'Leave', isEmergency: true, sender: 'console', source: 'console:anna', minutes: 10 });
    await square.clock.advance(5 * S);
    const expires = expiresMono === undefined ? {} : { expiresMono: square.clock.monoMs() + expiresMono };
    void square.request({ minutes: 60, ...expires });
    await square.clock.advance(11 * MIN);
    t.equal(square.text(), shown);
    await square.panels.stop();
  });

t.test('a text for a panel that does not answer is not shown after its expiry', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  square.trouble.isSilent = true;
  const command = square.request({ minutes: 60, expiresMono: square.clock.monoMs() + 2 * MIN });
  await square.clock.advance(5 * MIN);
  t.match(await command, { state: 'failed' });
  square.trouble.isSilent = false;
  await square.clock.advance(10 * MIN);
  t.equal(square.text(), 'Welcome');
  await square.panels.stop();
});

t.test('a text is cut at a word, reported as an event while it lasts, and shown in the view', async (t) => {
  const square = await started(createPanelSquare({ panels: [panel({ fallback: 'Welcome to the square of the town of Angers' })] }));
  t.equal(square.text(), 'Welcome to the square of the');
  t.match(square.panels.views()[0], { fitted: /"town of Angers" is cut off/, lines: ['Welcome to the', 'square of the'] });
  t.ok(codes(square).includes('panel-text-cut'));
  await square.panels.stop();
});

t.test('a text survives a restart until its end; one whose time is over does not', async (t) => {
  const disk = new Map<string, unknown>();
  const first = await started(createPanelSquare({ panels: [PANEL], disk }));
  void first.request({ minutes: 30 });
  await first.clock.advance(5 * S);
  await first.panels.stop();
  const second = await started(createPanelSquare({ panels: [PANEL], disk, startMs: NOON_MS + 10 * MIN }));
  await second.clock.advance(20 * S);
  t.equal(second.text(), 'Market until 13:00');
  await second.clock.advance(21 * MIN);
  t.equal(second.text(), 'Welcome');
  const unknown = await started(createPanelSquare({ panels: [PANEL], disk, startMs: NOON_MS + 10 * MIN, quality: 'none' }));
  t.equal(unknown.text(), 'Welcome', 'without the time its end is not known');
  unknown.clock.setQuality('synced');
  await unknown.clock.advance(30 * S);
  t.equal(unknown.text(), 'Welcome', 'the earlier run ended it on disk');
  await Promise.all([second.panels.stop(), unknown.panels.stop()]);
});

t.test('a full or hanging disk: the text is shown, and the outcome says that it is not saved', async (t) => {
  const square = await started(createPanelSquare({ panels: [PANEL] }));
  square.trouble.isDiskFull = true;
  const command = square.request({});
  await square.clock.advance(10 * S);
  t.match(await command, { state: 'verified', isSaved: false });
  square.trouble.isDiskHanging = true;
  const other = square.request({ text: 'Concert' });
  await square.clock.advance(40 * S);
  t.match(await other, { state: 'verified', isSaved: false });
  t.equal(square.text(), 'Concert');
  await square.panels.stop();
});

t.test('a command that expires before its text is shown is withdrawn', async (t) => {
  const square = createPanelSquare({ panels: [PANEL] });
  await started(square);
  for (const text of ['A', 'B', 'C', 'D']) {
    void square.request({ text, sender: 'console', source: 'console:anna' });
    await square.clock.advance(2 * S);
  }
  const command = square.request({ text: 'E', sender: 'console', source: 'console:anna', expiresMono: square.clock.monoMs() + 3 * S });
  await square.clock.advance(10 * S);
  const outcome = await command;
  t.match(outcome, { state: /refused|failed/ });
  await square.clock.advance(2 * MIN);
  t.not(square.text(), 'E');
  await square.panels.stop();
});

t.test('the end of the agent ends open commands; before the start requests are refused', async (t) => {
  const square = createPanelSquare({ panels: [PANEL] });
  t.match(await square.request({}), { state: 'refused', reason: /starting or stopping/ });
  square.trouble.isDeaf = false;
  await started(square);
  const command = square.request({});
  const stopped = square.panels.stop();
  await square.clock.advance(10 * S);
  await stopped;
  t.match(await command, { state: 'failed', reason: /stopped before/ });
  t.match(await square.request({ panel: 'none' }), { state: 'refused' });
});

t.test('the last value of a text counts from a changing value: at most as many changes as the site allows', async (t) => {
  const square = await started(
    createPanelSquare({ panels: [panel({ ...PANEL, limits: { ...DEFAULT_LIMITS, changesPerMin: 2, changesPerHour: 20 } })] }),
  );
  for (let s = 0; s < 3_600; s++) {
    square.read('IO1.count', s);
    await square.clock.advance(S);
  }
  const firstLines = square.writes.filter(({ pointId }) => pointId === 'PN1.line_1' || pointId === 'PN1.line_2');
  t.ok(firstLines.length <= 42, `${firstLines.length} writes of two lines in an hour`);
  t.match(square.panels.views()[0], { trouble: /at most 2 changes a minute and 20 an hour/ });
  await square.panels.stop();
});
