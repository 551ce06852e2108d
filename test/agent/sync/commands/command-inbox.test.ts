import fc from 'fast-check';
import t from 'tap';
import type { AuditNote } from '../../../../agent/core/audit-tools.ts';
import { type Message, NO_TEXT } from '../../../../agent/core/message.ts';
import type { PlatformOrder } from '../../../../agent/core/ports.ts';
import type { AgentEvent, Outcome, OutcomeState } from '../../../../agent/core/words.ts';
import { CommandInbox } from '../../../../agent/sync/commands/command-inbox.ts';
import { REMEMBERED } from '../../../../agent/sync/commands/command-registry.ts';
import type { InboundMessage } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { texts } from '../../../support/texts.ts';
import { manualClock, NODE_DEVICES, NODE_START_MS, silentLog } from '../small-node.ts';

const table = createMetricTable(NODE_DEVICES);
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const level = (value: number): Metric => ({ name: 'Override/Level', value: toLong(value) });
const expires = (ms: number): Metric => ({ name: 'Command/Expires', value: toLong(ms) });

/** A disk whose state a test changes. `hangs`: it never answers. `refuses`: it answers that it stored nothing. */
function createDisk(onNote: (note: AuditNote) => void) {
  const disk = new Map<string, string>();
  const state = { hangs: false, refuses: false, saves: 0 };
  const store = {
    save: (key: string, value: unknown): Promise<boolean> => {
      state.saves += 1;
      if (state.hangs) return new Promise<boolean>(() => {});
      if (state.refuses) return Promise.resolve(false);
      if (value === undefined) disk.delete(key);
      else disk.set(key, JSON.stringify(value));
      return Promise.resolve(true);
    },
    audit: { note: onNote, read: async () => undefined },
    load: async (key: string) => (disk.has(key) ? (JSON.parse(disk.get(key) ?? '') as unknown) : undefined),
    loadAll: async (prefix: string) =>
      [...disk].filter(([key]) => key.startsWith(prefix)).map(([key, json]) => ({ key, value: JSON.parse(json) as unknown })),
  };
  return { disk, state, store };
}

/** Orders and answers of any number of runs on one disk and one clock. */
function openBench() {
  const clock = manualClock();
  const seen = {
    orders: [] as PlatformOrder[],
    answers: [] as Outcome[],
    events: [] as AgentEvent[],
    taken: [] as string[],
    notes: [] as AuditNote[],
    rebirths: 0,
  };
  const { disk, state, store } = createDisk((note) => void seen.notes.push(note));
  const open = () =>
    new CommandInbox({
      table,
      cabinetId: 'c1',
      clock,
      log: silentLog,
      store,
      random: () => 0.5,
      onOrder: (order) => seen.orders.push(order),
      onRebirth: () => {
        seen.rebirths += 1;
      },
      onTaken: (deviceId, commandId) => seen.taken.push(`${deviceId} ${commandId}`),
      onAnswer: (outcome) => seen.answers.push(outcome),
      onEvent: (event) => seen.events.push(event),
    });
  const message = (metrics: readonly Metric[], timestampMs = clock.wallMs()) => ({
    topic: '',
    payload: encodePayload({ timestampMs, metrics }),
    retained: false,
  });
  const outcome = (commandId: string, state: OutcomeState, reason: Message = NO_TEXT): Outcome => ({
    commandId,
    target: { kind: 'lamp', id: 'L01' },
    levelPct: 5,
    state,
    reason,
    lamps: { L01: state },
    source: 'platform',
    atMs: clock.wallMs(),
  });
  const link = { barriers: 0, works: true, barrier: () => Promise.resolve() };
  link.barrier = async () => {
    link.barriers += 1;
  };
  const states = (commandId: string): string[] => seen.answers.filter((a) => a.commandId === commandId).map((a) => a.state);
  return { clock, disk, seen, state, store, open, message, outcome, link, states, settle: () => clock.advance(0) };
}

t.test('a repeated command is answered with the state of the first, and not run again', async (t) => {
  const { open, message, seen, outcome, link, states, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  const command = message([level(5), text('Command/Id', 'a-1')]);
  inbox.deviceCommand('L01', command);
  inbox.deviceCommand('L01', command);
  await settle();
  t.equal(seen.orders.length, 1);
  t.strictSame(states('a-1'), ['received'], 'the second is answered');
  inbox.note(outcome('a-1', 'queued'));
  inbox.note(outcome('a-1', 'verified'));
  await settle();
  inbox.deviceCommand('L01', command);
  await settle();
  t.strictSame(states('a-1'), ['received', 'queued', 'verified', 'verified']);
  t.equal(texts(seen.orders.length), 1);
  t.match(texts(seen.events), [
    { code: 'command-ended', source: 'L01', text: 'platform: override of L01 to 5 % for 120 min (a-1): verified' },
  ]);
  t.strictSame(seen.taken, ['L01 a-1']);
});

t.test('a command that is repeated while its end is being saved is answered once the end is on disk', async (t) => {
  const { open, message, outcome, link, states, state, clock, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  const [command, bad] = [message([level(5), text('Command/Id', 'a-1')]), message([level(101), text('Command/Id', 'a-2')])];
  inbox.deviceCommand('L01', command);
  await settle();
  state.hangs = true;
  inbox.note(outcome('a-1', 'verified'));
  for (const repeated of [command, bad, bad]) inbox.deviceCommand('L01', repeated);
  await settle();
  t.strictSame([states('a-1'), states('a-2')], [[], []]);
  await clock.advance(2_000);
  t.strictSame([states('a-1'), states('a-2')], [['verified'], ['refused']], 'a disk that hangs delays an end by 2 s at most');
  inbox.deviceCommand('L01', command);
  await settle();
  t.strictSame(states('a-1'), ['verified', 'verified']);
});

t.test('after a restart a repeated id is answered with its end, and not run again', async (t) => {
  const { open, message, seen, outcome, link, states, settle } = openBench();
  const first = open();
  const command = message([level(5), text('Override/Id', 'a-1')]);
  first.deviceCommand('L01', command);
  await settle();
  first.note(outcome('a-1', 'verified'));
  await settle();
  t.strictSame(states('a-1'), [], 'no link, nothing said');
  const second = open();
  await second.restore();
  second.open(link);
  await settle();
  t.strictSame(states('a-1'), ['verified'], 'an unacknowledged outcome is sent after the next birth');
  second.deviceCommand('L01', command);
  await settle();
  t.strictSame([states('a-1'), seen.orders.length], [['verified', 'verified'], 1]);
  const third = open();
  await third.restore();
  third.open(link);
  await settle();
  t.equal(states('a-1').length, 2, 'an acknowledged outcome is not sent again');
});

t.test('a command that was received but has no result when the agent is killed fails, once', async (t) => {
  const { open, message, outcome, link, seen, states, settle } = openBench();
  open().deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  await settle();
  const second = open();
  await second.restore();
  await settle();
  const third = open();
  await third.restore();
  third.open(link);
  await settle();
  t.match(
    seen.answers.filter(({ commandId }) => commandId === 'a-1'),
    [{ state: 'failed', reason: /the agent restarted before the outcome was known/ }],
  );
  third.note(outcome('a-1', 'verified'));
  await settle();
  t.strictSame(states('a-1'), ['failed'], 'an end never changes');
});

t.test('a result that the disk refused is written once possible, so that a restart reports no other', async (t) => {
  const { open, message, outcome, link, state, states, clock, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  await settle();
  state.refuses = true;
  inbox.note(outcome('a-1', 'verified'));
  await settle();
  t.strictSame(states('a-1'), ['verified'], 'its sender does not wait for a disk');
  state.refuses = false;
  await clock.advance(60_000);
  const saves = state.saves;
  const second = open();
  await second.restore();
  second.open(link);
  await settle();
  t.strictSame(states('a-1'), ['verified']);
  await clock.advance(600_000);
  t.equal(state.saves, saves, 'and no more is written than that');
});

t.test('a record that the disk refused is written at the stop at the latest', async (t) => {
  const { open, message, outcome, state, disk, settle } = openBench();
  const inbox = open();
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  await settle();
  state.refuses = true;
  inbox.note(outcome('a-1', 'verified'));
  await settle();
  state.refuses = false;
  await inbox.stop();
  t.match(JSON.parse(disk.get('sync.command:a-1') ?? '{}'), { outcome: { state: 'verified' } });
});

t.test('a barrier that fails proves nothing: the result is sent again on the next link', async (t) => {
  const { open, message, outcome, link, states, settle } = openBench();
  const inbox = open();
  inbox.open({ barrier: () => new Promise<void>(() => {}) });
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  await settle();
  inbox.note(outcome('a-1', 'verified'));
  await settle();
  t.strictSame(states('a-1'), ['verified']);
  inbox.close();
  inbox.open(link);
  await settle();
  t.strictSame([states('a-1'), link.barriers], [['verified', 'verified'], 1]);
  await inbox.stop();
});

t.test('the id is on disk before anything is done; a hung disk is waited for two seconds', async (t) => {
  const { open, message, seen, state, disk, clock, settle } = openBench();
  const inbox = open();
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  t.equal(seen.orders.length, 0);
  await settle();
  t.match([seen.orders.length, disk.has('sync.command:a-1')], [1, true]);
  state.hangs = true;
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-2')]));
  await clock.advance(1_999);
  t.equal(seen.orders.length, 1);
  await clock.advance(1);
  t.equal(seen.orders.length, 2, 'lighting does not hang on a disk');
});

t.test('nothing is carried out after its expiry, even if the disk was slow or the clock was corrected', async (t) => {
  const { open, message, seen, state, clock } = openBench();
  const inbox = open();
  state.hangs = true;
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'late'), expires(NODE_START_MS + 1_500)]));
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'stepped'), expires(NODE_START_MS + 60_000)]));
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'good'), expires(NODE_START_MS + 3_700_000)]));
  clock.stepWall(3_600_000);
  await clock.advance(2_000);
  t.match(seen.orders, [{ request: { commandId: 'good' } }]);
  t.equal(seen.orders.length, 1);
});

t.test('an id that is repeated after its expiry is answered with its former result, never with another', async (t) => {
  const { open, message, outcome, link, states, clock, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  const metrics = [level(5), text('Command/Id', 'a-1'), expires(NODE_START_MS + 10_000)];
  inbox.deviceCommand('L01', message(metrics));
  await settle();
  inbox.note(outcome('a-1', 'verified'));
  await clock.advance(20_000);
  inbox.deviceCommand('L01', message(metrics));
  await settle();
  t.strictSame(states('a-1'), ['verified', 'verified']);
});

t.test('each use of an id for another command counts once towards the limit of answers', async (t) => {
  const { open, message, link, states, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  const use = (percent: number): void => inbox.deviceCommand('L01', message([level(percent), text('Command/Id', 'a-1')]));
  use(5);
  await settle();
  const before = states('a-1').length;
  for (let percent = 10; percent < 100; percent += 1) use(percent);
  await settle();
  t.equal(states('a-1').length - before, 60);
});

t.test('an id that is used again for another command gets the result of the first only', async (t) => {
  const { open, message, seen, outcome, link, states, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  inbox.deviceCommand('L01', message([level(5), text('Command/Id', 'a-1')]));
  await settle();
  inbox.note(outcome('a-1', 'verified'));
  await settle();
  inbox.deviceCommand('L01', message([level(100), text('Command/Id', 'a-1')]));
  await settle();
  t.equal(seen.orders.length, 1);
  t.strictSame(states('a-1'), ['verified', 'verified']);
  t.match(seen.events.at(-1), { code: 'command-refused', text: /a-1 was used before for another command/ });
});

t.test('a refusal is counted, reported as an event, answered, and kept across a restart', async (t) => {
  const { open, message, seen, link, states, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  inbox.deviceCommand('Z1', message([level(200), text('Command/Id', 'z-1')]));
  await settle();
  t.match(seen.answers, [{ commandId: 'z-1', target: { kind: 'zone', id: 'Z1' }, state: 'refused', reason: /Level is 200/ }]);
  t.match(seen.events, [{ code: 'command-refused', source: 'Z1', severity: 'warning', text: /Level is 200/ }]);
  t.match(seen.notes, [{ door: 'platform', detail: 'Z1: z-1', result: /refused: .*Level is 200/ }]);
  inbox.deviceCommand('nobody\u001b', message([level(20)]));
  inbox.deviceCommand('M1', message([level(20)]));
  t.match(seen.answers.slice(1), [{ target: { kind: 'device', id: 'nobody?' }, reason: /^unknown device/ }, { target: { id: 'M1' } }]);
  t.match(inbox, { received: 3, refused: 3 });
  const second = open();
  await second.restore();
  second.open(link);
  second.deviceCommand('Z1', message([level(20), text('Command/Id', 'z-1')]));
  await settle();
  t.strictSame([states('z-1'), seen.orders.length], [['refused', 'refused'], 0]);
});

t.test('a valid command without an id that is refused is answered once, and not remembered', async (t) => {
  const { open, message, seen, disk, link, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  await inbox.stop();
  for (const more of [[], [text('Command/Id', 'a-1')]]) {
    inbox.deviceCommand('L01', message([level(5), ...more]));
    await settle();
  }
  t.match(texts(seen.answers), [
    { state: 'refused', reason: /the agent is stopping/ },
    { commandId: 'a-1', state: 'refused' },
  ]);
  t.strictSame(
    [...disk.values()].filter((json) => /refused/.test(json)).map((json) => /a-1/.test(json)),
    [true],
    'only that with an id',
  );
});

t.test('a command refused as too old is answered under its own id, and that result stays', async (t) => {
  const { open, message, seen, link, states, clock, settle } = openBench();
  const inbox = open();
  inbox.open(link);
  const metrics = [level(5), text('Command/Id', 'a-1')];
  inbox.deviceCommand('L01', message(metrics, clock.wallMs() - 301_000));
  await settle();
  inbox.deviceCommand('L01', message(metrics, clock.wallMs()));
  await settle();
  t.strictSame([states('a-1'), seen.orders.length], [['refused', 'refused'], 0]);
});

/** As the uplink hands a message on. `deviceId`: null for the node. */
function receive(inbox: CommandInbox, deviceId: string | null, message: InboundMessage): void {
  if (!inbox.admits(message, deviceId)) return;
  if (deviceId === null) inbox.nodeCommand(message);
  else inbox.deviceCommand(deviceId, message);
}

const EMERGENCY: Metric = { name: 'Emergency/On', value: { kind: 'boolean', value: true } };
const isEmergency = (order: PlatformOrder): boolean => order.kind === 'override' && order.request.rank === 'emergency';

t.test('a flood of other commands blocks no emergency; a flood of emergencies is limited too', async (t) => {
  for (const perS of [3, 10, 90, 900]) {
    const { open, message, seen, clock, settle } = openBench();
    const inbox = open();
    const emergency = (id: string): void => receive(inbox, null, message([EMERGENCY, text('Command/Id', id)]));
    for (let i = 0; i < 500; i += 1) receive(inbox, 'L01', message([level(5), text('Command/Id', `a-${i}`)]));
    for (let second = 0; second < 60; second += 1) {
      const flood = message([level(5), text('Command/Id', `b-${second}`)]);
      for (let i = 0; i < perS; i += 1) receive(inbox, 'L01', flood);
      if (second % 3 === 0) emergency(`fire-${second}`);
      await clock.advance(1_000);
    }
    t.equal(seen.orders.filter(isEmergency).length, 20, `each one, among ${perS} a second`);
    for (let i = 0; i < 400; i += 1) emergency(`many-${i}`);
    await settle();
    t.ok(seen.orders.filter(isEmergency).length <= 20 + 30 + 120);
  }
});

t.test('floods: bad commands are answered sixty times, good ones accepted a hundred and twenty, the rest counted', async (t) => {
  const { open, message, seen, state, clock, settle } = openBench();
  const inbox = open();
  for (let i = 0; i < 500; i += 1) receive(inbox, 'L01', message([]));
  t.match([inbox.refused, seen.events.length, seen.answers.length, state.saves], [500, 60, 60, 0]);
  t.equal(seen.notes.length, 30, 'and a flood does not push what was done out of the audit log');
  for (let i = 0; i < 500; i += 1) receive(inbox, 'L01', message([level(5), text('Command/Id', `b-${i}`)]));
  await settle();
  t.match([seen.orders.length, inbox.refused], [120, 880]);
  for (let i = 0; i < 5_000; i += 1)
    receive(inbox, null, message([{ name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } }]));
  t.equal(seen.rebirths, 0, 'beyond a thousand at once nothing is carried out');
  t.match([inbox.received, inbox.refused], [6_000, 5_880]);
  await clock.advance(10_000);
  for (let i = 0; i < 100; i += 1) receive(inbox, 'L01', message([level(5), text('Command/Id', `c-${i}`)]));
  await settle();
  t.equal(seen.orders.length, 140);
});

t.test('ids are kept for longer than a repeated payload counts as new, and not much longer', async (t) => {
  const { open, message, seen, disk, clock } = openBench();
  const inbox = open();
  const first = message([level(5), text('Command/Id', 'first')]);
  inbox.deviceCommand('L01', first);
  for (let i = 0; i < 2 * REMEMBERED.sound; i += 1) {
    await clock.advance(500);
    inbox.deviceCommand('L01', message([level(5), text('Command/Id', `b-${i}`)]));
    if (i % 100 === 0) inbox.deviceCommand('L01', first);
  }
  await clock.advance(0);
  t.equal(seen.orders.filter(({ request }) => request.commandId === 'first').length, 1);
  t.ok(disk.size <= REMEMBERED.sound + REMEMBERED.refused, `${disk.size} on disk`);
});

t.test('an id is known until its Command/Expires, whatever else arrives, across restarts and with any clock', async (t) => {
  const HOUR_MS = 3_600_000;
  for (const hours of [0.2, 2, 20, 24]) {
    for (const quality of ['synced', 'none'] as const) {
      const { open, message, seen, disk, clock } = openBench();
      clock.setQuality(quality);
      const endMs = NODE_START_MS + hours * HOUR_MS;
      let inbox = open();
      const send = (id: string, ms = endMs): void =>
        inbox.deviceCommand('L01', message([level(5), text('Command/Id', id), ...(ms > 0 ? [expires(ms)] : [])]));
      send('kept');
      const others = hours < 1 ? REMEMBERED.sound : 3 * REMEMBERED.sound;
      for (let i = 0; i < others; i += 1) {
        await clock.advance(500);
        send(`b-${i}`, 0);
      }
      send('kept');
      inbox = open();
      await inbox.restore();
      send('kept');
      await clock.advance(endMs - clock.wallMs() - 1);
      send('kept');
      await clock.advance(0);
      t.equal(seen.orders.filter(({ request }) => request.commandId === 'kept').length, 1, `${hours} h, clock ${quality}`);
      t.ok(disk.size <= REMEMBERED.sound + 1, `${disk.size} on disk`);
      if (quality === 'none') continue;
      await clock.advance(HOUR_MS);
      for (let i = 0; i < REMEMBERED.sound; i += 1) {
        await clock.advance(500);
        send(`c-${i}`, 0);
      }
      t.notOk(disk.has('sync.command:kept'), 'and not for longer');
    }
  }
});

t.test('a repetition with a later Command/Expires is remembered until then', async (t) => {
  const { open, message, seen, clock } = openBench();
  const inbox = open();
  const send = (id: string, minutes: number): void =>
    inbox.deviceCommand(
      'L01',
      message([level(5), text('Command/Id', id), ...(minutes > 0 ? [expires(clock.wallMs() + minutes * 60_000)] : [])]),
    );
  send('kept', 1);
  await clock.advance(1_000);
  send('kept', 600);
  for (let i = 0; i < 2 * REMEMBERED.sound; i += 1) {
    await clock.advance(500);
    send(`b-${i}`, 0);
  }
  send('kept', 1);
  await clock.advance(0);
  t.equal(seen.orders.filter(({ request }) => request.commandId === 'kept').length, 1);
});

t.test(
  'when too many ids wait for their Command/Expires, one more is refused; none of them is forgotten, and commands without one go on',
  async (t) => {
    const { open, message, seen, clock, settle } = openBench();
    const limit = REMEMBERED.sound + REMEMBERED.unexpired;
    const endMs = NODE_START_MS + 20 * 3_600_000;
    let inbox = open();
    const send = (id: string, ms = endMs): void =>
      inbox.deviceCommand('L01', message([level(5), text('Command/Id', id), ...(ms > 0 ? [expires(ms)] : [])]));
    for (let i = 0; i < limit + 20; i += 1) {
      await clock.advance(500);
      send(`b-${i}`);
    }
    await settle();
    t.equal(seen.orders.length, limit);
    t.match(seen.events.at(-1)?.text, /5120 commands are remembered until their Command\/Expires: give earlier ones/);
    send('urgent', 0);
    await settle();
    const emergency = { name: 'Emergency/On', value: { kind: 'boolean', value: true } } as const;
    inbox.nodeCommand(message([emergency, text('Command/Id', 'fire'), expires(clock.wallMs() + 3_600_000)]));
    await settle();
    t.equal(seen.orders.length, limit + 2, 'a command without Command/Expires and an emergency are not refused for it');
    inbox = open();
    await inbox.restore();
    for (const id of ['b-0', 'b-17', `b-${limit - 1}`]) send(id);
    await settle();
    t.equal(seen.orders.length, limit + 2);
    await clock.advance(20 * 3_600_000);
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(500);
      send(`c-${i}`, clock.wallMs() + 3_600_000);
    }
    await settle();
    t.ok(seen.orders.length > limit + 2, 'after their end there is room again');
  },
);

t.test(
  'after the state was replaced by a copy an id that may have run is refused, and the same with a new id is carried out',
  async (t) => {
    const { open, message, seen, disk, link, states, settle, clock, outcome } = openBench();
    const before = open();
    before.deviceCommand('L01', message([level(5), text('Command/Id', 'known')]));
    await settle();
    before.note(outcome('known', 'verified'));
    await settle();
    const copy = new Map(disk);
    before.deviceCommand('L01', message([level(30), text('Command/Id', 'of-today')]));
    await settle();
    t.equal(seen.orders.length, 2, 'carried out by the gateway that is gone');

    disk.clear();
    for (const [key, json] of copy) disk.set(key, json);
    disk.set('store.copied-state', JSON.stringify({ copiedMs: NODE_START_MS - 3_600_000, adoptedMs: NODE_START_MS }));
    const restored = open();
    await restored.restore();
    restored.open(link);
    restored.deviceCommand('L01', message([level(5), text('Command/Id', 'known')]));
    for (let again = 0; again < 3; again++) {
      restored.deviceCommand('L01', message([level(30), text('Command/Id', 'of-today')]));
      await settle();
    }
    t.equal(seen.orders.length, 2, 'neither runs twice');
    t.ok(
      states('known').every((state) => state === 'received' || state === 'verified'),
      'what the copy has is answered',
    );
    t.match(seen.answers.at(-1), { commandId: 'of-today', state: 'refused', reason: /is a copy of .*send it with a new id/ });

    restored.deviceCommand('L01', message([level(30), text('Command/Id', 'meant-now')]));
    await settle();
    t.equal(seen.orders.length, 3);
    restored.deviceCommand('L01', message([level(60), text('Command/Id', 'other')]));
    await settle();
    t.equal(seen.orders.length, 3, 'each order asks for itself');
    restored.deviceCommand('L01', message([level(60)]));
    restored.nodeCommand(message([{ name: 'Emergency/On', value: { kind: 'boolean', value: true } }, text('Command/Id', 'fire')]));
    await settle();
    t.equal(seen.orders.length, 5, 'an order without an id promises nothing, and light does not wait');

    const restarted = open();
    await restarted.restore();
    restarted.deviceCommand('L01', message([level(30), text('Command/Id', 'of-today')]));
    await settle();
    t.equal(seen.orders.length, 5, 'a restart changes nothing');

    await clock.advance(24 * 3_600_000);
    restarted.deviceCommand('L01', message([level(70), text('Command/Id', 'next-day')]));
    await settle();
    t.equal(seen.orders.length, 6, 'a day later no command of then is alive');
    const later = open();
    await later.restore();
    later.deviceCommand('L01', message([level(71), text('Command/Id', 'later')]));
    await settle();
    t.equal(seen.orders.length, 7, 'the doubt does not begin again');
    clock.setQuality('none');
    const untrusted = open();
    await untrusted.restore();
    untrusted.deviceCommand('L01', message([level(72), text('Command/Id', 'no-time')]));
    await settle();
    t.equal(seen.orders.length, 8, 'not after a start without the time either');
  },
);

t.test('without a trusted time, new ids are refused without an end', async (t) => {
  const { open, message, seen, disk, settle, clock } = openBench();
  disk.set('store.copied-state', JSON.stringify({ copiedMs: 0, adoptedMs: 1 }));
  clock.setQuality('none');
  const inbox = open();
  await inbox.restore();
  for (const [n, hours] of [0, 23, 25, 1_000].entries()) {
    await clock.advance(hours * 3_600_000);
    inbox.deviceCommand('L01', message([level(10 + n), text('Command/Id', `id-${hours}`)]));
    await settle();
  }
  t.equal(seen.orders.length, 0);
});

t.test('a damaged or foreign record on disk counts as absent', async (t) => {
  const { open, disk, seen, link, settle } = openBench();
  for (const [i, value] of [null, 5, [], {}, { commandId: 'x' }, { commandId: 'x', outcome: { target: null } }].entries())
    disk.set(`sync.command:${i}`, JSON.stringify(value));
  const inbox = open();
  await inbox.restore();
  inbox.open(link);
  await settle();
  t.equal(seen.answers.length, 0);
});

t.test('in any order of events: one result for each id, none run twice, none after its expiry', async (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('command' as const), id: fc.nat(5), lifeMs: fc.constantFrom(500, 5_000, 400_000), old: fc.boolean() }),
    fc.record({ kind: fc.constant('end' as const), id: fc.nat(5), state: fc.constantFrom<OutcomeState>('sent', 'verified', 'failed') }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 1_000, 3_000) }),
    fc.record({ kind: fc.constantFrom('kill' as const, 'link' as const, 'cut' as const, 'hang' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = openBench();
      const { clock, message, seen, outcome, link } = bench;
      let inbox = bench.open();
      const deadline = new Map<string, number>();
      const late: string[] = [];
      for (const each of steps) {
        const before = seen.orders.length;
        if (each.kind === 'command') {
          const id = `i-${each.id}`;
          if (!deadline.has(id)) deadline.set(id, clock.wallMs() + each.lifeMs);
          const metrics = [level(each.id), text('Command/Id', id), expires(deadline.get(id) ?? 0)];
          inbox.deviceCommand('L01', message(metrics, clock.wallMs() - (each.old ? 301_000 : 0)));
        }
        if (each.kind === 'end') {
          const id = `i-${each.id}`;
          if (seen.orders.some(({ request }) => request.commandId === id)) inbox.note(outcome(id, each.state));
        }
        if (each.kind === 'link') inbox.open(link);
        if (each.kind === 'cut') inbox.close();
        if (each.kind === 'hang') bench.state.hangs = !bench.state.hangs;
        await clock.advance(each.kind === 'wait' ? each.ms : 0);
        if (each.kind === 'kill' && !bench.state.hangs) {
          inbox = bench.open();
          await inbox.restore();
        }
        for (const { request } of seen.orders.slice(before))
          if (clock.wallMs() - (each.kind === 'wait' ? each.ms : 0) > (deadline.get(request.commandId) ?? 0)) late.push(request.commandId);
      }
      const ends = Map.groupBy(
        seen.answers.filter(({ state }) => ['verified', 'failed', 'refused'].includes(state)),
        ({ commandId }) => commandId,
      );
      const ids = seen.orders.map(({ request }) => request.commandId);
      const isOnce = new Set(ids).size === ids.length;
      const isOneEnd = [...ends.values()].every((all) => new Set(all.map(({ state, reason }) => `${state} ${reason}`)).size === 1);
      return late.length === 0 && isOneEnd && (isOnce || steps.some(({ kind }) => kind === 'hang'));
    }),
    { numRuns: 300 },
  );
  t.pass();
});
