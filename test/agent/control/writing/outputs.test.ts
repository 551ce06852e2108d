import fc from 'fast-check';
import t from 'tap';
import { createRuleTracker } from '../../../../agent/control/sensing/rule-tracker.ts';
import { createTrafficTracker } from '../../../../agent/control/sensing/traffic-tracker.ts';
import { OutputWriter } from '../../../../agent/control/writing/output-writer.ts';
import type { Output, Rule, TrafficConfig } from '../../../../agent/core/cabinet.ts';
import { every } from '../../../../agent/core/clock.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { ValueWrite, WriteResult } from '../../../../agent/core/ports.ts';
import type { AgentEvent, Decision, Intent, PointId, Reading } from '../../../../agent/core/words.ts';
import { resolveOutputs } from '../../../../agent/lighting/output.ts';
import { testPoint, writable } from '../../../support/profiles.ts';
import { texts } from '../../../support/texts.ts';
import { intent, makeStreet } from '../../lighting/street.ts';

const MIN = 60_000;
const RELAY = testPoint('relay', { semantic: 'relay', table: 'coil', type: 'bit', write: writable({ max: 1, settleMs: 50 }) });
const MESSAGE = testPoint('message', { table: 'holding', enum: { '0': 'blank', '3': 'slow down' }, write: writable({ max: 99 }) });
const CIRCUIT: Output = {
  id: 'K1',
  device: 'IO1',
  point: 'relay',
  idle: 0,
  litWith: { zones: ['rue'], value: 1 },
  rules: [],
  minOnS: 60,
  minOffS: 60,
};
const PANEL: Output = {
  id: 'panel',
  device: 'IO1',
  point: 'message',
  idle: 'blank',
  litWith: null,
  rules: [{ rule: 'smog', value: 'slow down' }],
  minOnS: 60,
  minOffS: 0,
};
const SMOG: Rule = { id: 'smog', when: { kind: 'above', point: 'AIR1.pm25', value: 50, clearsAt: 40, forS: 30 }, raise: null };
const SOMEONE: Rule = { id: 'someone', when: { kind: 'presence', zone: 'rue' }, raise: null };
const BUSY: Rule = { id: 'busy', when: { kind: 'traffic', zone: 'rue', flowPct: 50, clearsAt: 40 }, raise: null };
const ROAD: TrafficConfig = {
  counters: [{ device: 'R1', point: 'count' }],
  designFlowPerH: 600,
  steps: [{ belowPct: 50, level: { pct: 60 } }],
};

/** The trackers on a clock, with a device that is plain values behind a field that takes 20 ms a write and is polled each second. */
interface Cabinet {
  readonly clock: ManualClock;
  readonly writer: OutputWriter;
  /** What the device shows. */
  readonly device: Map<PointId, number>;
  readonly writes: ValueWrite[];
  readonly events: AgentEvent[];
  readonly rules: ReturnType<typeof createRuleTracker>;
  readonly traffic: ReturnType<typeof createTrafficTracker>;
  readonly state: State;
  take(pointId: PointId, value: number | null): void;
  read(pointId: PointId, value: number | null): Reading;
}

interface State {
  lit: number;
  intents: Intent[];
  /** The device does not answer. */
  isSilent: boolean;
  /** It answers, and does nothing. */
  isDeaf: boolean;
}

/** A field with one device; its state decides how it answers. */
function createDeviceField(clock: ManualClock, device: Map<PointId, number>, state: State) {
  const latest = new Map<PointId, Reading>();
  const writes: ValueWrite[] = [];
  function read(pointId: PointId, value: number | null): Reading {
    const quality = value === null ? 'missing' : 'good';
    const reading: Reading = { pointId, value, quality, atMono: clock.monoMs(), atMs: clock.wallMs() };
    latest.set(pointId, reading);
    return reading;
  }
  function answer({ pointId, value }: ValueWrite): WriteResult {
    const sentMono = clock.monoMs();
    if (state.isSilent) return { state: 'failed', reason: msg`no reply`, sentMono: null };
    if (state.isDeaf) return { state: 'failed', reason: msg`reads back 0`, sentMono };
    device.set(pointId, value);
    read(pointId, value);
    return { state: 'verified', sentMono };
  }
  const field = {
    latest: (pointId: PointId) => latest.get(pointId),
    writePoint(write: ValueWrite): Promise<WriteResult> {
      writes.push(write);
      return new Promise((resolve) => void clock.after(20, () => resolve(answer(write))));
    },
  };
  return { field, writes, read };
}

function makeCabinet(
  t: { teardown(fn: () => unknown): void },
  device = new Map<PointId, number>([
    ['IO1.relay', 0],
    ['IO1.message', 0],
  ]),
): Cabinet {
  const clock = createManualClock(0);
  const street = { ...makeStreet({ zone: { traffic: ROAD } }), rules: [SMOG, SOMEONE, BUSY], outputs: [CIRCUIT, PANEL] };
  const points = new Map<PointId, typeof RELAY>([
    ['IO1.relay', RELAY],
    ['IO1.message', MESSAGE],
  ]);
  const state: State = { lit: 0, intents: [], isSilent: false, isDeaf: false };
  const { field, writes, read } = createDeviceField(clock, device, state);
  const events: AgentEvent[] = [];
  const tracker = createEventTracker(clock, (event) => events.push(event));
  const traffic = createTrafficTracker({ street, field, clock, events: tracker });
  const rules = createRuleTracker({ street, field, clock });
  const outputs = resolveOutputs(street, (id) => points.get(id));
  const writer = new OutputWriter({ street, outputs, clock, field, events: tracker, log: { event() {} } });
  const timer = every(clock, 1_000, () => {
    for (const [pointId, value] of device) read(pointId, state.isSilent ? null : value);
    traffic.refresh();
    rules.refresh({ sensors: new Map(), traffic: traffic.states() });
    const decisions = street.lamps.map(({ id }) => ({ lampId: id, levelPct: state.lit }) as Decision);
    writer.follow({ decisions, intents: state.intents, ruleStates: rules.states() });
  });
  t.teardown(() => timer.cancel());
  const take = (pointId: PointId, value: number | null): void => {
    const reading = read(pointId, value);
    traffic.take([reading]);
    rules.take([reading]);
  };
  return { clock, writer, device, writes, events, rules, traffic, state, read, take };
}

/** Events of outputs only: vehicles are not counted in most of these tests. */
const outputEvents = ({ events }: Cabinet): AgentEvent[] => events.filter(({ code }) => code === 'output-not-following');
const valuesOf = (cabinet: Cabinet, pointId: PointId): number[] =>
  cabinet.writes.filter((write) => write.pointId === pointId).map(({ value }) => value);

t.test('a circuit closes with its zone and opens after it, each by one write', async (t) => {
  const cabinet = makeCabinet(t);
  await cabinet.clock.advance(120_000);
  t.strictSame(cabinet.writes, [], 'what is as it should be is not written');
  cabinet.state.lit = 30;
  await cabinet.clock.advance(2_000);
  t.equal(cabinet.device.get('IO1.relay'), 1);
  cabinet.state.lit = 0;
  await cabinet.clock.advance(30_000);
  t.equal(cabinet.device.get('IO1.relay'), 1, 'not before its shortest time');
  await cabinet.clock.advance(40_000);
  t.strictSame(valuesOf(cabinet, 'IO1.relay'), [1, 0]);
  t.match(texts(cabinet.writer.views()), [{ id: 'K1', value: 0, following: true, text: 'nothing else is requested' }, { id: 'panel' }]);
  t.strictSame(cabinet.events, []);
});

t.test('a lamp that still gives light keeps its circuit closed', async (t) => {
  const cabinet = makeCabinet(t);
  cabinet.state.lit = 30;
  await cabinet.clock.advance(120_000);
  cabinet.state.lit = 0;
  cabinet.device.set('L1.level', 12);
  await cabinet.clock.advance(120_000);
  t.equal(cabinet.device.get('IO1.relay'), 1);
  cabinet.device.set('L1.level', 0);
  await cabinet.clock.advance(2_000);
  t.equal(cabinet.device.get('IO1.relay'), 0);
});

/** A circuit that was closed and has just opened. */
async function opened(cabinet: Cabinet): Promise<void> {
  cabinet.state.lit = 30;
  await cabinet.clock.advance(2_000);
  cabinet.state.lit = 0;
  while (cabinet.device.get('IO1.relay') !== 0) await cabinet.clock.advance(100);
}

t.test('a walker who arrives a second after the circuit has opened waits two seconds, not its whole rest', async (t) => {
  const cabinet = makeCabinet(t);
  await opened(cabinet);
  await cabinet.clock.advance(1_000);
  cabinet.state.lit = 30;
  let darkMs = 0;
  for (; cabinet.device.get('IO1.relay') !== 1; darkMs += 100) await cabinet.clock.advance(100);
  t.ok(darkMs <= 2_100, `dark for ${darkMs} ms`);
  t.strictSame(valuesOf(cabinet, 'IO1.relay'), [1, 0, 1]);
});

t.test('an emergency closes the circuit at once, by the urgent lane', async (t) => {
  const cabinet = makeCabinet(t);
  await opened(cabinet);
  cabinet.state.lit = 30;
  cabinet.state.intents = [intent({ rank: 'emergency', target: { kind: 'cabinet', id: 'C1' }, levelPct: 100 })];
  await cabinet.clock.advance(1_100);
  t.equal(cabinet.device.get('IO1.relay'), 1);
  t.match(cabinet.writes.at(-1), { lane: 'urgent', value: 1 });
});

t.test('a message follows its rule, and is released when the sensor fails', async (t) => {
  const cabinet = makeCabinet(t);
  cabinet.take('AIR1.pm25', 80);
  await cabinet.clock.advance(29_000);
  t.equal(cabinet.device.get('IO1.message'), 0);
  await cabinet.clock.advance(3_000);
  t.equal(cabinet.device.get('IO1.message'), 3);
  cabinet.take('AIR1.pm25', null);
  await cabinet.clock.advance(89_000);
  t.equal(cabinet.device.get('IO1.message'), 3);
  await cabinet.clock.advance(4_000);
  t.equal(cabinet.device.get('IO1.message'), 0);
  t.strictSame(valuesOf(cabinet, 'IO1.message'), [3, 0]);
});

t.test('an output that does not follow is retried at growing intervals, reported once, and recovers', async (t) => {
  const cabinet = makeCabinet(t);
  cabinet.state.isDeaf = true;
  cabinet.state.lit = 30;
  await cabinet.clock.advance(600_000);
  t.match(texts(outputEvents(cabinet)), [
    { code: 'output-not-following', source: 'K1', text: 'does not follow: reads back 0', endMs: null },
  ]);
  t.ok(cabinet.writes.length >= 8 && cabinet.writes.length <= 20, `${cabinet.writes.length} tries in ten minutes`);
  t.match(texts(cabinet.writer.views()), [{ id: 'K1', value: 1, following: false, measured: { value: 0 } }, {}]);
  cabinet.state.isDeaf = false;
  await cabinet.clock.advance(61_000);
  t.equal(cabinet.device.get('IO1.relay'), 1);
  t.match(texts(outputEvents(cabinet)), [
    {},
    { code: 'output-not-following', source: 'K1', text: 'follows again; it did not because: reads back 0' },
  ]);
});

t.test('a device that was silent is set as soon as it answers', async (t) => {
  const cabinet = makeCabinet(t);
  cabinet.state.lit = 30;
  await cabinet.clock.advance(5_000);
  cabinet.state.isSilent = true;
  cabinet.device.set('IO1.relay', 0);
  await cabinet.clock.advance(300_000);
  cabinet.state.isSilent = false;
  await cabinet.clock.advance(2_100);
  t.equal(cabinet.device.get('IO1.relay'), 1);
});

t.test('an output switched at the device is switched back', async (t) => {
  const cabinet = makeCabinet(t);
  cabinet.state.lit = 30;
  await cabinet.clock.advance(5_000);
  cabinet.device.set('IO1.relay', 0);
  await cabinet.clock.advance(3_100);
  t.equal(cabinet.device.get('IO1.relay'), 1);
  t.strictSame(outputEvents(cabinet), [], 'once is no news');
  for (let i = 0; i < 30; i++) {
    cabinet.device.set('IO1.relay', 0);
    await cabinet.clock.advance(1_000);
  }
  t.match(texts(outputEvents(cabinet)[0]), {
    code: 'output-not-following',
    text: 'does not follow: found at 0 after it had confirmed 1',
  });
});

t.test('after a start a device is read before it is set to idle, but not for ever', async (t) => {
  const unread = makeCabinet(t, new Map());
  await unread.clock.advance(9_000);
  t.strictSame(unread.writes, []);
  await unread.clock.advance(3_000);
  t.strictSame([valuesOf(unread, 'IO1.relay'), valuesOf(unread, 'IO1.message')], [[0], [0]]);
  const lit = makeCabinet(t, new Map());
  lit.state.lit = 10;
  await lit.clock.advance(1_100);
  t.strictSame(valuesOf(lit, 'IO1.relay'), [1], 'light does not wait');
  const found = makeCabinet(
    t,
    new Map([
      ['IO1.relay', 0],
      ['IO1.message', 3],
    ]),
  );
  found.take('AIR1.pm25', 80);
  await found.clock.advance(120_000);
  t.strictSame(found.writes, [], 'a message found in place stays until its rule is known again');
});

t.test('rules see presence, and the traffic of the road', async (t) => {
  const cabinet = makeCabinet(t);
  const seen = { present: true, sinceMono: 0, lastPresentMono: 0, quality: 'good' } as const;
  const sensors = new Map([['S01.motion', seen]] as const);
  cabinet.rules.refresh({ sensors, traffic: new Map([['rue', { flowPerH: 301, step: null, sinceMono: 0 }]]) });
  t.match(cabinet.rules.states().get('someone'), { holds: true });
  t.match(cabinet.rules.states().get('busy'), { holds: true });
  t.equal(cabinet.rules.take([cabinet.read('AIR1.pm25', 80)]), false);
  cabinet.rules.take([cabinet.read('AIR2.pm25', 7)]);
  t.match(cabinet.rules.states().get('smog'), { value: 80 }, 'the value of another sensor is ignored');
  await cabinet.clock.advance(31_000);
  t.equal(cabinet.rules.take([cabinet.read('AIR1.pm25', 80)]), false, 'it held already at the last look');
  t.match(cabinet.rules.states().get('smog'), { holds: true });
});

t.test('traffic that rises is applied immediately, and a failed counter is reported', async (t) => {
  const cabinet = makeCabinet(t);
  const count = (value: number): boolean => cabinet.traffic.take([cabinet.read('R1.count', value)]);
  t.equal(count(0), false);
  for (let minute = 1; minute <= 21; minute++) {
    await cabinet.clock.advance(MIN);
    count(minute);
  }
  t.match(cabinet.traffic.states().get('rue'), { step: 0, flowPerH: 60 });
  t.equal(count(69), false, 'still below');
  await cabinet.clock.advance(1_000);
  t.equal(count(80), true);
  t.match(cabinet.traffic.states().get('rue'), { step: null });
  await cabinet.clock.advance(11 * MIN);
  t.match(texts(cabinet.events), [{ code: 'traffic-not-counted', source: 'rue', text: /^R1.count gives no count/ }]);
  await cabinet.clock.advance(1_000);
  count(81);
  await cabinet.clock.advance(2_000);
  t.match(texts(cabinet.events), [{}, { code: 'traffic-not-counted', text: 'all counters count again' }]);
});

t.test('whatever is requested and whatever fails, a relay is not worn out and no lit zone is cut off', async (t) => {
  const turnArb = fc.record({
    forS: fc.integer({ min: 1, max: 40 }),
    lit: fc.constantFrom(0, 0, 40),
    silent: fc.boolean(),
    pm25: fc.constantFrom(10, 80, null),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(turnArb, { maxLength: 25 }), async (turns) => {
      const cabinet = makeCabinet(t);
      let [relay, changes] = [0, 0];
      for (const { forS, lit, silent, pm25 } of turns) {
        cabinet.state.lit = lit;
        cabinet.state.isSilent = silent;
        cabinet.take('AIR1.pm25', pm25);
        for (let s = 0; s < forS; s++) {
          await cabinet.clock.advance(1_000);
          const now = cabinet.device.get('IO1.relay') ?? 0;
          if (now === relay) continue;
          if (now === 0 && cabinet.state.lit > 0 && s > 1) return false;
          relay = now;
          changes++;
        }
      }
      // On for its shortest time and off for the 2 s that a circuit rests before light is two changes.
      if (changes > 1 + cabinet.clock.monoMs() / ((CIRCUIT.minOnS + 2) * 500)) return false;
      cabinet.state.isSilent = false;
      await cabinet.clock.advance(180_000);
      return cabinet.device.get('IO1.relay') === (cabinet.state.lit > 0 ? 1 : 0);
    }),
    { numRuns: 30 },
  );
});
