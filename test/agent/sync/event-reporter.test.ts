import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { EventReporter } from '../../../agent/sync/event-reporter.ts';
import { createMemoryStore } from './memory-store.ts';
import { NODE_START_MS, silentLog } from './small-node.ts';

const LAMP_OUT: AgentEvent = {
  id: `lamp-out:L07:${NODE_START_MS}`,
  ...{ code: 'lamp-out', source: 'L07', severity: 'alarm', startMs: NODE_START_MS, endMs: null },
  text: msg`${'L07'}: no light`,
  ...{ talq: 'lampFailure', urgency: 'urgent' },
  evidence: {
    text: msg`${0.4} W at ${80} %`,
    readings: [{ pointId: 'L07.power', value: 0.4, unit: 'W', atMs: NODE_START_MS }],
    decisions: [],
  },
  check: { what: msg`the fuse`, where: msg`pole ${'P07'}`, tool: msg`a tester` },
};
const ENDED = { ...LAMP_OUT, endMs: NODE_START_MS + 1_000 };

function scene({ open = [], maxTextBytes = 10_000 }: { readonly open?: readonly AgentEvent[]; readonly maxTextBytes?: number } = {}) {
  const clock = createManualClock(NODE_START_MS + 60_000);
  const store = createMemoryStore();
  const sent: Record<string, unknown>[] = [];
  const openEvents = (): readonly AgentEvent[] => open;
  const onTexts = (texts: readonly string[]): void => void sent.push(...texts.map((text) => JSON.parse(text)));
  const create = (): EventReporter =>
    new EventReporter({ store: store.port, clock, log: silentLog, openEvents, onTexts, maxTextBytes: () => maxTextBytes });
  return { store, sent, create };
}

const PROVEN = { barrier: async () => {} };
const BROKEN = { barrier: () => new Promise<void>(() => {}) };

t.test('an event is sent with its details, and again until the broker has it', async (t) => {
  const { sent, create } = scene();
  const reporter = create();
  reporter.report(LAMP_OUT);
  t.strictSame(sent, [], 'nothing without a link');
  reporter.open(BROKEN);
  reporter.close();
  reporter.open(PROVEN);
  await reporter.settled();
  reporter.close();
  reporter.open(PROVEN);
  await reporter.settled();
  t.equal(sent.filter(({ id }) => id === LAMP_OUT.id).length, 2);
  const [, event] = sent;
  t.match(event, { code: 'lamp-out', text: 'L07: no light', endMs: null, talq: 'lampFailure', urgency: 'urgent' });
  t.match(event, { evidence: { text: '0.4 W at 80 %', readings: [{ pointId: 'L07.power', value: 0.4 }] }, check: { where: 'pole P07' } });
  t.match(event, { textTemplate: { id: '{0}: no light' }, check: { whereTemplate: { args: ['P07'] } } });
});

t.test('each birth is followed by the list of open events and by these events', async (t) => {
  const { sent, create } = scene({ open: [LAMP_OUT] });
  const reporter = create();
  for (const _ of [1, 2]) {
    reporter.open(PROVEN);
    await reporter.settled();
    reporter.close();
  }
  t.match(sent, [{ open: [LAMP_OUT.id] }, { id: LAMP_OUT.id }, { open: [LAMP_OUT.id] }, { id: LAMP_OUT.id }]);
});

t.test('an end that waits replaces its beginning, and information is not reported', async (t) => {
  const { sent, create } = scene();
  const reporter = create();
  reporter.report(LAMP_OUT);
  reporter.report(ENDED);
  reporter.report({ ...LAMP_OUT, id: 'other', severity: 'info' });
  reporter.open(PROVEN);
  await reporter.settled();
  t.match(sent, [{ open: [] }, { id: LAMP_OUT.id, endMs: ENDED.endMs }]);
  t.equal(sent.length, 2);
});

t.test('an event that ended without a link is reported after a restart, one that was received is not', async (t) => {
  const { store, sent, create } = scene();
  const first = create();
  await first.restore();
  first.report(LAMP_OUT);
  first.open(PROVEN);
  await first.settled();
  const late = { ...LAMP_OUT, id: 'late', startMs: NODE_START_MS + 5_000, endMs: NODE_START_MS + 6_000 };
  store.events.push({ ...LAMP_OUT, endMs: NODE_START_MS }, late);
  const second = create();
  await second.restore();
  second.open(PROVEN);
  await second.settled();
  t.match(sent.slice(2), [{ open: [] }, { id: 'late' }]);
  t.equal(sent.length, 4);
});

t.test('after a restart in a long outage, the newest events are sent and the others counted', async (t) => {
  const { store, sent, create } = scene();
  const first = create();
  first.report(LAMP_OUT);
  first.open(PROVEN);
  await first.settled();
  const late = { ...LAMP_OUT, startMs: NODE_START_MS + 5_000, endMs: NODE_START_MS + 6_000 };
  for (let n = 0; n < 1_700; n++) store.events.push({ ...late, id: `late${n}`, severity: n % 2 === 0 ? 'info' : 'alarm' });
  for (let n = 0; n < 500; n++) store.events.push({ ...late, id: `newest${n}` });
  sent.length = 0;
  const second = create();
  await second.restore();
  second.open(PROVEN);
  await second.settled();
  t.match(sent[0], { open: [], dropped: 850 });
  t.strictSame([sent.length, sent[1]?.['id']], [501, 'newest0']);
});

t.test('an event is shortened to what the broker accepts', async (t) => {
  for (const [maxTextBytes, kept] of [
    [500, { check: { where: 'pole P07', whereTemplate: undefined } }],
    [300, { evidence: { text: '0.4 W at 80 %', readings: undefined }, check: undefined }],
    [40, { id: LAMP_OUT.id, text: undefined }],
  ] as const) {
    const { sent, create } = scene({ maxTextBytes });
    const reporter = create();
    reporter.report(LAMP_OUT);
    reporter.open(PROVEN);
    await reporter.settled();
    const { evidence, ...rest } = sent[1] as Record<string, unknown>;
    t.has({ evidence, ...rest }, JSON.parse(JSON.stringify(kept)), `${maxTextBytes} bytes`);
  }
});

t.test('a list of open events is shortened to what the broker accepts, and each of them follows', async (t) => {
  const open = Array.from({ length: 300 }, (_, n) => ({ ...LAMP_OUT, id: `lamp-out:L\u00e9${n}:${NODE_START_MS}` }));
  const whole = Buffer.byteLength(JSON.stringify({ open: open.map(({ id }) => id), dropped: 1 }));
  for (const [maxTextBytes, listed] of [
    [whole, 300],
    [whole - 1, 299],
    [100, 2],
    [10, 0],
  ] as const) {
    const { sent, create } = scene({ open, maxTextBytes });
    const reporter = create();
    for (let n = 0; n <= 500; n++) reporter.report({ ...ENDED, id: `e${n}` });
    reporter.open(PROVEN);
    await reporter.settled();
    t.strictSame(sent[0], { open: open.slice(0, listed).map(({ id }) => id), dropped: 1 }, `${maxTextBytes} bytes`);
    const found = new Set(sent.map(({ id }) => id));
    t.ok(open.every(({ id }) => found.has(id)));
  }
});

t.test('in a long outage the newest events wait, and the next list counts the others until the broker has it', async (t) => {
  const { sent, create } = scene();
  const reporter = create();
  for (let n = 0; n < 5_000; n++) reporter.report({ ...ENDED, id: `e${n}` });
  reporter.open(BROKEN);
  reporter.close();
  t.match(sent[0], { open: [], dropped: 4_500 });
  sent.length = 0;
  reporter.open(PROVEN);
  await reporter.settled();
  reporter.close();
  t.match(sent[0], { dropped: 4_500 }, 'the broken link proved nothing');
  t.strictSame([sent.length, sent[1]?.['id'], sent.at(-1)?.['id']], [501, 'e4500', 'e4999']);
  reporter.open(PROVEN);
  t.notOk('dropped' in (sent.at(-1) ?? {}));
});
