import t from 'tap';
import { UplinkError } from '../../../../agent/core/errors.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Store } from '../../../../agent/core/ports.ts';
import type { ConnectOptions, MqttConnection } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import type { ReadFile } from '../../../../agent/sync/mqtt/secret-files.ts';
import { BrokerLink } from '../../../../agent/sync/session/broker-link.ts';
import { createTrace } from '../../../../agent/sync/session/trace.ts';
import { manualClock, silentLog, uplinkConfig } from '../small-node.ts';

interface Attempt {
  readonly options: ConnectOptions;
  readonly fail: () => void;
}

/** A link on a manual clock whose broker never accepts; the will carries the number as its only byte. */
function setUp(store: Pick<Store, 'save' | 'load'>, chance = 0, readFile: ReadFile | null = null) {
  const clock = manualClock();
  const attempts: Attempt[] = [];
  const link = new BrokerLink({
    config: uplinkConfig('mqtt://broker', readFile === null ? {} : { passwordFile: '/var/lib/luciole/password' }),
    clientId: 'luciole-c1',
    subscriptions: [],
    will: (bdSeq) => ({ topic: 'NDEATH', payload: Buffer.from([bdSeq]) }),
    clock,
    log: silentLog,
    store,
    transport: {
      connect: (options) =>
        new Promise<MqttConnection>((_, reject) => {
          attempts.push({ options, fail: () => reject(new UplinkError('unreachable', msg`no broker`)) });
        }),
    },
    random: () => chance,
    readFile: readFile ?? (async () => Buffer.alloc(0)),
    onBirth: () => {},
    onRebirth: () => {},
    isSparing: () => false,
    onHold: () => {},
    onDeath: async () => {},
    onGone: () => {},
    onMessage: () => {},
    onChange: () => {},
    onTakenOver: () => {},
    trace: createTrace(clock),
  });
  return { clock, link, attempts, numbers: () => attempts.map(({ options }) => options.will?.payload[0]) };
}

const loads: [story: string, answer: unknown, chance: number, first: number][] = [
  ['nothing was ever stored: 0', 'absent', 0.5, 0],
  ['the last one is known: the next', 41, 0.5, 42],
  ['the last one was 255: 0', 255, 0.5, 0],
  ['it could not be read: after a random one', 'unread', 0.5, 129],
  ['also at the ends of chance', 'unread', 0, 1],
  ['also at the ends of chance', 'unread', 0.9999, 0],
  ['a number that never was one', 256, 0.5, 129],
  ['no number at all', { bdSeq: 3 }, 0.5, 129],
];
for (const [story, answer, chance, first] of loads) {
  t.test(`the first bdSeq, if ${story}`, async (t) => {
    const load: Store['load'] = async (_, unread) => (answer === 'unread' ? unread : answer === 'absent' ? undefined : answer);
    const { clock, link, numbers } = setUp({ load, save: async () => true }, chance);
    await link.start();
    await clock.advance(0);
    t.strictSame(numbers(), [first]);
    await link.stop();
  });
}

t.test('a save that never answers delays the uplink by two seconds, and its late answer is not taken for another', async (t) => {
  const saves: { bdSeq: unknown; answer: (ok: boolean) => void }[] = [];
  const save: Store['save'] = (_, bdSeq) => new Promise((answer) => saves.push({ bdSeq, answer }));
  const { clock, link, attempts, numbers } = setUp({ load: async () => 7, save });
  await link.start();
  await clock.advance(1_999);
  t.strictSame(numbers(), [], 'a flush has its time');
  await clock.advance(1);
  t.strictSame(numbers(), [8]);
  t.match(link.session, { phase: 'connecting', bdSeqSaved: false });
  attempts[0]?.options.onConnectWritten();
  attempts[0]?.fail();
  await clock.advance(0);
  t.match([link.session, saves], [{ phase: 'saving', bdSeq: 9 }, [{ bdSeq: 8 }, { bdSeq: 9 }]]);
  saves[0]?.answer(true);
  await clock.advance(1_999);
  t.strictSame(numbers(), [8], '8 is on disk by now, 9 is not');
  await clock.advance(1);
  t.strictSame(numbers(), [8, 9]);
  t.match(link.session, { bdSeqSaved: false });
  await link.stop();
});

t.test('files on a hung disk delay an attempt by ten seconds, are not read twice at once, and are used once they are read', async (t) => {
  const reads: ((bytes: Buffer) => void)[] = [];
  const readFile: ReadFile = () => new Promise((answer) => reads.push(answer));
  const { clock, link, attempts } = setUp({ load: async () => 7, save: async () => true }, 0, readFile);
  await link.start();
  await clock.advance(9_000);
  t.equal(String(link.failures.reason), '', 'a card may stall');
  await clock.advance(2_000);
  t.match(link.failures.reason, /uplink\.passwordFile: the disk does not answer; see dmesg/);
  await clock.advance(3_600_000);
  t.equal(reads.length, 1, 'a read that hangs holds a thread of which there are few');
  t.strictSame(attempts, []);
  reads[0]?.(Buffer.from('word\n'));
  await clock.advance(600_000);
  t.match(attempts[0]?.options.password?.toString(), 'word', 'it goes on by itself');
  await link.stop();
});

t.test('a stop while saving ends it; the late answer for the old number does not start the next session', async (t) => {
  const saves: ((ok: boolean) => void)[] = [];
  const { clock, link, numbers } = setUp({ load: async () => undefined, save: () => new Promise((answer) => saves.push(answer)) });
  await link.start();
  await link.stop();
  t.equal(link.session.phase, 'off');
  await link.start();
  saves[0]?.(true);
  await clock.advance(0);
  t.match([link.session.phase, numbers()], ['saving', []]);
  saves[1]?.(true);
  await clock.advance(0);
  t.match([link.session, numbers()], [{ phase: 'connecting', bdSeqSaved: true }, [0]]);
  await link.stop();
});
