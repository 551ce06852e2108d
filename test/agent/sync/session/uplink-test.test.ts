import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { UplinkConfig } from '../../../../agent/core/cabinet.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';
import { createFileReader } from '../../../../agent/sync/mqtt/secret-files.ts';
import { afterEvent } from '../../../../agent/sync/session/session.ts';
import { createSession, type Phase } from '../../../../agent/sync/session/session-state.ts';
import { createTrace } from '../../../../agent/sync/session/trace.ts';
import { testUplink } from '../../../../agent/sync/session/uplink-test.ts';
import { texts } from '../../../support/texts.ts';
import { polite, type RawBroker, type RawClient, type RawPacket, startRawBroker } from '../mqtt/raw-broker.ts';
import { NODE_START_MS, uplinkConfig } from '../small-node.ts';

/** A test of the uplink with this broker, as the console requests it. */
function tryIt(url: string, changes: Partial<UplinkConfig> = {}, broker: string | null = null) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const config = uplinkConfig(url, { protocol: 5, ...changes });
  const parts = { config, clientId: 'luciole-c1', transport: createMqttTransport(), clock, readFile: createFileReader(null) };
  return testUplink(parts, { broker, signal: new AbortController().signal }, () => {});
}

async function broker(t: Test, answer: (packet: RawPacket, client: RawClient) => void = polite()): Promise<RawBroker> {
  const opened = await startRawBroker(answer);
  t.teardown(() => opened.close());
  return opened;
}

/** A retained STATE, as the broker delivers it. */
function state(text: string): number[] {
  const topic = Buffer.from('spBv1.0/STATE/scada');
  const body = [0, topic.length, ...topic, 0, ...Buffer.from(text)];
  return [0x31, body.length, ...body];
}

t.test('a test leaves nothing behind: another client id, no will, no message, a proper end', async (t) => {
  const other = await broker(t);
  const report = await tryIt(other.url);
  t.match(report, { ok: true, clientId: 'luciole-c1-test' });
  const packets = other.clients[0]?.packets ?? [];
  t.strictSame(
    packets.map(({ type }) => type),
    [1, 8, 12, 14],
    'CONNECT, SUBSCRIBE, PINGREQ, DISCONNECT',
  );
  const flags = packets[0]?.body[7] as number;
  t.equal(flags & 0x04, 0, 'no will: that of the test must not declare the node dead');
  t.match(packets[0]?.body.toString('latin1'), 'luciole-c1-test');
});

t.test('a password is sent only to brokers of the configuration', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-keys-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'the-secret\n');
  chmodSync(passwordFile, 0o400);
  const [own, second, foreign] = [await broker(t), await broker(t), await broker(t)];
  const secrets = { username: 'c1', passwordFile, otherBrokers: [second.url] };
  const connect = (of: RawBroker): string => of.clients[0]?.packets[0]?.body.toString('latin1') ?? '';
  t.match(texts(await tryIt(own.url, secrets)), { steps: [{ name: 'files', text: 'password read' }] });
  await tryIt(own.url, secrets, second.url);
  t.match([connect(own), connect(second)], [/the-secret/, /the-secret/]);
  t.match(await tryIt(own.url, secrets, foreign.url), {
    ok: true,
    steps: [{ text: /password not sent: this broker is not in the configuration/ }],
  });
  t.notMatch(connect(foreign), /the-secret|c1$/);
});

const refusing =
  (type: number, ...bytes: number[]) =>
  (packet: RawPacket, client: RawClient): void => {
    if (packet.type === type)
      client.send(...bytes.map((byte, at) => (type === 8 && (at === 2 || at === 3) ? (packet.body[at - 2] as number) : byte)));
    else polite()(packet, client);
  };
const hosted =
  (text: string) =>
  (packet: RawPacket, client: RawClient): void => {
    polite()(packet, client);
    if (packet.type === 8) client.send(...state(text));
  };
const ends: [story: string, answer: (packet: RawPacket, client: RawClient) => void, changes: Partial<UplinkConfig>, last: object][] = [
  ['a broker that refuses', refusing(1, 0x20, 3, 0, 0x87, 0), {}, { name: 'connack', outcome: 'failed', text: /not authorised/ }],
  [
    'no right to listen',
    refusing(8, 0x90, 5, 0, 0, 0, 1, 0x87),
    {},
    { name: 'rights', outcome: 'failed', text: /did not subscribe us to spBv1\.0\/angers\/DCMD/ },
  ],
  [
    'a host that is away',
    hosted('{"online":false,"timestamp":1}'),
    { primaryHost: 'scada' },
    { name: 'host', outcome: 'failed', text: /reports that it is offline/ },
  ],
  [
    'a host without a retained state',
    polite(),
    { primaryHost: 'scada' },
    { name: 'host', outcome: 'failed', text: /no STATE of primary host scada on spBv1\.0\/STATE\/scada/ },
  ],
  ['a host that is there', hosted('{"online":true,"timestamp":1}'), { primaryHost: 'scada' }, { name: 'round-trip', outcome: 'ok' }],
];
for (const [story, answer, changes, last] of ends) {
  t.test(`${story} ends the test`, async (t) => {
    const { steps } = await tryIt((await broker(t, answer)).url, changes);
    t.match(steps.at(-1), last);
  });
}

t.test('an unknown name fails at the look-up, a closed port at TCP', async (t) => {
  t.match((await tryIt('mqtt://no-such-broker.invalid:1883')).steps.at(-1), { name: 'name', outcome: 'failed', text: /name/ });
  const gone = await startRawBroker(() => {});
  await gone.close();
  t.match((await tryIt(gone.url)).steps.at(-1), { name: 'tcp', outcome: 'failed', text: /nothing listens on that port/ });
});

t.test('a file that cannot be used is the first stage that fails', async (t) => {
  const { steps } = await tryIt('mqtt://127.0.0.1:1', { username: 'c1', passwordFile: '/nonexistent/password' });
  t.match(steps, [{ name: 'files', outcome: 'failed', text: /uplink\.passwordFile: \/nonexistent\/password is missing/ }]);
  t.equal(steps.length, 1);
});

t.test('a trace keeps the last 400 entries, shortens texts from outside, and shows who watches', async (t) => {
  const trace = createTrace(createManualClock(NODE_START_MS));
  const seen: string[] = [];
  const stop = trace.watch(({ text }) => seen.push(String(text)));
  for (let i = 0; i < 1_000; i += 1) trace.event(`${i}`);
  stop();
  trace.packet({ isSent: false, name: 'publish', topic: 'x'.repeat(60_000), bytes: 5 });
  const entries = trace.entries();
  t.match([entries.length, entries[0]?.text, seen.length], [400, '601', 1_000]);
  t.match(entries.at(-1), { kind: 'received', text: 'publish', topic: /^x{157}\.\.\.$/, bytes: 5, atMs: NODE_START_MS });
});

const reconnects: [phase: Phase, next: Phase, effects: readonly string[]][] = [
  ['live', 'dying', ['die']],
  ['birthing', 'dying', ['die']],
  ['waiting-for-host', 'dying', ['die']],
  ['subscribing', 'dying', ['die']],
  ['resting', 'saving', ['save']],
  ['connecting', 'connecting', []],
  ['saving', 'saving', []],
  ['dying', 'dying', []],
  ['off', 'off', []],
];
for (const [phase, next, effects] of reconnects) {
  t.test(`a new connection requested while ${phase}`, async (t) => {
    const step = afterEvent({ ...createSession(false), phase, failures: 7 }, { kind: 'reconnect' });
    t.equal(step.session.phase, next);
    t.strictSame(
      step.effects.map(({ kind }) => kind),
      effects,
    );
    t.equal(step.session.failures, effects.length > 0 ? 0 : 7, 'and does not wait for old failures');
  });
}
