import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { changed } from '../agent/config/small-street.ts';
import { createTestBroker } from '../platform/broker.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { SMALL_SITE } from '../support/small-site.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const bytes = (name: string, value: Uint8Array): Metric => ({ name, value: { kind: 'bytes', value } });

const values = (rig: Rig, metric: string) => [...rig.host.values.values()].filter((each) => each.device === '' && each.metric === metric);
/** The node's present state, by its births and its later messages. */
function shown(rig: Rig, metric: string): unknown {
  const births = rig.host.messages.filter(({ verb }) => verb === 'NBIRTH').flatMap(({ payload }) => payload.metrics);
  const published = [...births.filter(({ name }) => name === metric), ...values(rig, metric)];
  return published.toSorted((a, b) => Number(a.timestampMs) - Number(b.timestampMs)).at(-1)?.value;
}
/** A message of the same change may still be in transit when its outcome has arrived. */
const isShown = (rig: Rig, metric: string, value: string | number): Promise<void> =>
  rig.until(`${metric} ${value} is shown`, () => String(shown(rig, metric)) === String(value));
const outcomes = (rig: Rig, id: string) =>
  values(rig, 'Command/Outcome')
    .map(({ value }) => JSON.parse(String(value)) as { id: string; state: string; reason: string })
    .filter((each) => each.id === id);
const endOf = (rig: Rig, id: string) => outcomes(rig, id).findLast(({ state }) => ['verified', 'refused', 'failed'].includes(state));
const resultOf = (rig: Rig, id: string) =>
  values(rig, 'Config/Result')
    .flatMap(({ value }) => (value === null ? [] : [JSON.parse(String(value)) as Record<string, unknown>]))
    .findLast((each) => each['id'] === id);
const isOnline = async (rig: Rig): Promise<boolean> => (await rig.status()).uplink.state === 'online';
const areMet = (rig: Rig): boolean => rig.agent.field.devices().every(({ state }) => state === 'ok');

/** Dimmed, met and online; the darkest level of any lamp from then on is watched. */
async function openNight(t: Parameters<typeof createRig>[0], options: Partial<Parameters<typeof createRig>[1]> = {}) {
  const rig = await createRig(t, { startAt: NIGHT, withUplink: true, siteFile: SMALL_SITE, ...options });
  await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  await rig.until('dimmed and met', () => rig.levels().every((level) => level === 30) && areMet(rig), 5 * MINUTE_MS);
  await rig.clock.advance(5_000);
  const seen = { darkestPct: 30 };
  rig.street.onLevel = ({ levelPct }) => {
    seen.darkestPct = Math.min(seen.darkestPct, levelPct);
  };
  return { rig, seen };
}

/** As a platform sends it: in parts, each a command of its own. */
async function send(rig: Rig, file: string, content: string, { id, partBytes = 500 }: { id: string; partBytes?: number }) {
  const whole = Buffer.from(content);
  const sha256 = createHash('sha256').update(whole).digest('hex');
  const parts = Math.ceil(whole.length / partBytes);
  for (let part = 1; part <= parts; part += 1) {
    const data = whole.subarray((part - 1) * partBytes, part * partBytes);
    await rig.host.command('', [
      text('Config/Action', 'put'),
      text('Config/File', file),
      text('Config/Part', `${part}/${parts}`),
      text('Config/SHA-256', sha256),
      bytes('Config/Data', data),
      text('Command/Id', `${id}-${part}`),
    ]);
  }
  await rig.until('all parts are there', () => endOf(rig, `${id}-${parts}`) !== undefined, MINUTE_MS);
  return endOf(rig, `${id}-${parts}`);
}

const ask = (rig: Rig, action: string, id: string, ...more: readonly Metric[]) =>
  rig.host.command('', [text('Config/Action', action), text('Command/Id', id), ...more]);

t.test('a revision from the platform: sent in parts, checked, tried, confirmed by itself, and there after a restart', async (t) => {
  const { rig, seen } = await openNight(t);
  t.equal(Number(shown(rig, 'Config/Revision')), 1);
  t.equal(shown(rig, 'Config/By'), 'file');
  t.equal(shown(rig, 'Config/State'), 'confirmed');
  const next = changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]);
  t.match(await send(rig, 'cabinet.yaml', next, { id: 'p' }), { state: 'verified' });
  await ask(rig, 'check', 'c1');
  await rig.until('checked', () => endOf(rig, 'c1') !== undefined && resultOf(rig, 'c1') !== undefined, MINUTE_MS);
  t.match(resultOf(rig, 'c1'), {
    state: 'done',
    changes: [{ path: 'programmes[residential].steps[1].levelPct', before: '30', after: '45' }],
    touches: ['light'],
  });
  await ask(rig, 'apply', 'a1', text('Config/Comment', 'brighter at night'), text('Config/User', 'anne'));
  await rig.until('confirmed', () => endOf(rig, 'a1') !== undefined, 2 * MINUTE_MS);
  t.match(
    outcomes(rig, 'a1').map(({ state }) => state),
    ['received', 'queued', 'sent', 'verified'],
  );
  t.ok(rig.levels().every((level) => level === 45));
  await isShown(rig, 'Config/Revision', 2);
  t.equal(Number(shown(rig, 'Config/Revision')), 2);
  t.equal(shown(rig, 'Config/By'), 'platform:anne');
  t.equal(shown(rig, 'Config/Why'), 'brighter at night');
  await rig.kill();
  await rig.until('still', () => rig.levels().every((level) => level === 45) && areMet(rig), 2 * MINUTE_MS);
  t.equal(seen.darkestPct, 30);
  t.equal(readFileSync(rig.siteFile, 'utf8'), SMALL_SITE, "the file is the integrator's");
});

t.test('a hung disk of revisions delays neither the light nor the platform, and is reported when it answers', async (t) => {
  const { promise: healed, resolve: heal } = Promise.withResolvers<void>();
  const { rig } = await openNight(t, {
    revisionDisk: (disk) => ({
      ...disk,
      readFiles: (of) => healed.then(() => disk.readFiles(of)),
      candidates: () => healed.then(() => disk.candidates()),
    }),
  });
  t.match(
    rig.log.find(({ name }) => name === 'start-without-disk'),
    { fields: { waitedMs: 5_000, check: /store\.dir/ } },
  );
  t.match([Number(shown(rig, 'Config/Revision')), shown(rig, 'Config/State')], [1, 'confirmed'], 'what runs is known without it');
  heal();
  t.match(await send(rig, 'cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]), { id: 'p' }), { state: 'verified' });
});

t.test('the running configuration again is no change: no line, no session and no revision notices', async (t) => {
  const { rig } = await openNight(t);
  const [opened, before] = [rig.opened.length, await rig.status()];
  await send(rig, 'cabinet.yaml', SMALL_SITE, { id: 'p', partBytes: 4_000 });
  await ask(rig, 'apply', 'a1');
  await rig.until('answered', () => endOf(rig, 'a1') !== undefined && resultOf(rig, 'a1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'a1'), { state: 'verified' });
  t.match(resultOf(rig, 'a1'), { reason: /equal to revision 1/, changes: [] });
  const after = await rig.status();
  t.equal(rig.opened.length, opened);
  t.equal(after.uplink.bdSeq, before.uplink.bdSeq);
  t.equal(after.uplink.sinceMs, before.uplink.sinceMs, 'no new connection');
  t.equal(after.store.epoch, before.store.epoch);
  await isShown(rig, 'Config/Revision', 1);
  t.equal(Number(shown(rig, 'Config/Revision')), 1);
});

const OTHER_SPEED = changed(SMALL_SITE, [['baud: 19200', 'baud: 9600']]);

t.test('the platform changes the speed of no line with lamps without a signature: no line notices', async (t) => {
  const { rig, seen } = await openNight(t);
  const opened = rig.opened.length;
  await send(rig, 'cabinet.yaml', OTHER_SPEED, { id: 'p' });
  await ask(rig, 'apply', 'a1', text('Config/Confirm', 'asked'), whole('Config/Minutes', 168));
  await rig.until('refused', () => endOf(rig, 'a1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'a1'), {
    state: 'refused',
    reason: /lines\[north\]\.serial: other serial settings could leave .* a technician at the cabinet/,
  });
  await rig.clock.advance(2 * MINUTE_MS);
  t.equal(rig.opened.length, opened);
  t.equal(seen.darkestPct, 30);
  t.strictSame(rig.levels(), [30, 30, 30, 30]);
});

t.test('a revision that breaks the line is reverted by itself before a driver falls back; the street keeps its light', async (t) => {
  const { rig, seen } = await openNight(t);
  const by = 'console:tina';
  await rig.settled(rig.agent.view.config?.put('cabinet.yaml', OTHER_SPEED, by) ?? Promise.reject(new TypeError('no revisions')));
  const fromMs = rig.clock.wallMs();
  const request = { by, author: 'console', why: '', mode: 'auto', minutes: 10, base: null, commandId: null, lowersFloor: false } as const;
  t.match(await rig.settled(rig.agent.view.config?.commit(request) ?? Promise.resolve(null)), { state: 'done', isOnTrial: true });
  await isShown(rig, 'Config/State', 'trial');
  t.equal(shown(rig, 'Config/State'), 'trial');
  const returned = async () => {
    const events = await rig.settled(rig.agent.view.events({ sinceMs: fromMs, activeOnly: false, limit: 100 }));
    return events.find(({ code }) => code === 'config-returned');
  };
  await rig.until('taken back', async () => (await returned()) !== undefined, 5 * MINUTE_MS);
  await rig.until('all answer again', () => areMet(rig), MINUTE_MS);
  const tookS = (rig.clock.wallMs() - fromMs) / 1_000;
  t.match(await returned(), { text: /5 of 5 units no longer answer: L01, L02/ }, 'and it is an event');
  t.ok(tookS < 50, `the line is back ${tookS} s after the command`);
  await rig.clock.advance(2 * MINUTE_MS);
  t.equal(seen.darkestPct, 30, 'never darker than it was');
  t.strictSame(rig.levels(), [30, 30, 30, 30]);
  await isShown(rig, 'Config/Revision', 1);
  t.equal(Number(shown(rig, 'Config/Revision')), 1);
});

t.test('a revision whose new lamps are at wrong addresses is not confirmed by itself', async (t) => {
  const { rig, seen } = await openNight(t);
  const wrong = changed(SMALL_SITE, [
    ['      - { id: S01', '      - { id: L05, unit: 55, profile: wirenboard-wb-led, pole: P04 }\n      - { id: S01'],
    ['zones:', '  - { id: L05, ratedPowerW: 60 }\nzones:'],
    ['L04]', 'L04, L05]'],
  ]);
  await send(rig, 'cabinet.yaml', wrong, { id: 'p' });
  await ask(rig, 'apply', 'a1', whole('Config/Minutes', 2));
  await rig.until('taken back', () => endOf(rig, 'a1') !== undefined, 5 * MINUTE_MS);
  t.match(endOf(rig, 'a1'), { state: 'failed', reason: /^new units have not answered: L05 \(.*confirm it by hand\) \(time limit 2 min\)/ });
  t.equal(seen.darkestPct, 30);
});

const mosquitto = findProgram('mosquitto');
t.test(
  'a revision that breaks the uplink is reverted by itself; the street keeps its light',
  { skip: mosquitto === undefined ? 'no mosquitto: apt-get install mosquitto' : false },
  async (t) => {
    // A broker that rejects MQTT 3.1.1 clients with a longer keepalive. On a busy machine Mosquitto 2.0.21 also drops a client whose keepalive is
    // the maximum itself, such as the 60 s of the host.
    const broker = await startMosquitto(mosquitto ?? '', ['max_keepalive 120']);
    t.teardown(() => broker.stop());
    const { rig, seen } = await openNight(t, { brokerUrl: broker.url });
    const opened = rig.opened.length;
    const broken = changed(SMALL_SITE, [['birthJitterS: 0', 'birthJitterS: 0\n  keepaliveS: 1200']]);
    await send(rig, 'cabinet.yaml', broken, { id: 'p' });
    await ask(rig, 'apply', 'a1', whole('Config/Minutes', 2));
    await rig.until('gone', async () => (await rig.status()).uplink.state === 'down', 2 * MINUTE_MS);
    await rig.until('back', () => endOf(rig, 'a1') !== undefined, 10 * MINUTE_MS);
    t.match(endOf(rig, 'a1'), { state: 'failed', reason: /the uplink is not back \(time limit 2 min\)/ });
    t.equal(rig.opened.length, opened, 'no line noticed');
    t.equal(seen.darkestPct, 30);
    t.strictSame(rig.levels(), [30, 30, 30, 30]);
    await isShown(rig, 'Config/Revision', 1);
    t.equal(Number(shown(rig, 'Config/Revision')), 1);
  },
);

t.test('an agent that is killed during a trial continues it, and reverts it when it is not confirmed', async (t) => {
  const { rig, seen } = await openNight(t);
  await send(rig, 'cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]), { id: 'p' });
  await ask(rig, 'apply', 'a1', whole('Config/Minutes', 4), text('Config/Confirm', 'asked'));
  await rig.until('on trial', () => rig.levels().every((level) => level === 45), MINUTE_MS);
  const fromMono = rig.clock.monoMs();
  await rig.until('half of it is over', () => rig.clock.monoMs() - fromMono >= 2 * MINUTE_MS, 3 * MINUTE_MS);
  await rig.kill();
  await rig.until('still on trial', () => rig.levels().every((level) => level === 45) && areMet(rig), MINUTE_MS);
  await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  t.equal(endOf(rig, 'a1'), undefined, 'its end is still open');
  await isShown(rig, 'Config/State', 'trial');
  t.equal(shown(rig, 'Config/State'), 'trial');
  await rig.until('taken back', () => endOf(rig, 'a1') !== undefined, 150_000);
  t.match(endOf(rig, 'a1'), { state: 'failed', reason: /it was not confirmed within 4 min/ });
  await rig.until('as before', () => rig.levels().every((level) => level === 30), MINUTE_MS);
  t.equal(seen.darkestPct, 30);
});

t.test('a person confirms in time, and returns to an earlier revision later', async (t) => {
  const { rig } = await openNight(t);
  await send(rig, 'cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]), { id: 'p' });
  await ask(rig, 'apply', 'a1', text('Config/Confirm', 'asked'));
  await rig.until('on trial', () => rig.levels().every((level) => level === 45), MINUTE_MS);
  await ask(rig, 'apply', 'a2');
  await rig.until('one at a time', () => endOf(rig, 'a2') !== undefined, MINUTE_MS);
  t.equal(endOf(rig, 'a2')?.state, 'refused');
  await ask(rig, 'confirm', 'k1');
  await rig.until('confirmed', () => endOf(rig, 'a1') !== undefined && endOf(rig, 'k1') !== undefined, MINUTE_MS);
  t.match([endOf(rig, 'a1')?.state, endOf(rig, 'k1')?.state], ['verified', 'verified']);
  await ask(rig, 'rollback', 'r1', whole('Config/Target', 1));
  await rig.until('back', () => endOf(rig, 'r1')?.state === 'verified' && rig.levels().every((level) => level === 30), 2 * MINUTE_MS);
  await isShown(rig, 'Config/Revision', 3);
  t.equal(Number(shown(rig, 'Config/Revision')), 3, 'a revision of its own');
});

t.test('a file changed by hand wins at the next start; one that cannot be used does not darken the street', async (t) => {
  const { rig } = await openNight(t);
  await send(rig, 'cabinet.yaml', changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 45 }']]), { id: 'p' });
  await ask(rig, 'apply', 'a1');
  await rig.until('confirmed', () => endOf(rig, 'a1')?.state === 'verified', 2 * MINUTE_MS);
  writeFileSync(rig.siteFile, changed(SMALL_SITE, [['programme: residential', 'programme: residentiel']]));
  await rig.restart();
  await rig.until('the revision runs', () => rig.levels().every((level) => level === 45), MINUTE_MS);
  const { activeEvents: _, ...status } = await rig.status();
  t.ok(status);
  t.ok(rig.log.some(({ name, fields }) => name === 'config-refused' && String(fields['text']).includes('residentiel')));
  writeFileSync(rig.siteFile, changed(SMALL_SITE, [['levelPct: 30 }', 'levelPct: 60 }']]));
  await rig.restart();
  await rig.until('the file runs', () => rig.levels().every((level) => level === 60), MINUTE_MS);
  t.match(rig.agent.view.config?.view('').running, { number: 3, by: 'file', state: 'confirmed' });
});

t.test(
  'a hostile platform gets no file and no cabinet: nothing reaches its own broker, the uplink stays at that of the site',
  async (t) => {
    const marked = '{"users":["canary-of-the-user-book"]}';
    const received: string[] = [];
    const rogue = createServer((socket) => {
      socket.on('data', (bytes) => {
        received.push(bytes.toString('latin1'));
        // CONNACK: accepted, so that the trial would find its uplink.
        socket.write(Buffer.from([0x20, 0x02, 0x00, 0x00]));
      });
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => rogue.listen(0, '127.0.0.1', resolve));
    t.teardown(() => rogue.close());
    const rogueUrl = `mqtt://127.0.0.1:${(rogue.address() as AddressInfo).port}`;
    const broker = createTestBroker();
    await broker.start();
    t.teardown(() => broker.stop());
    const site = changed(SMALL_SITE, [['mqtt://127.0.0.1:1883', `${broker.url}\n  primaryHost: city`]]);
    const { rig, seen } = await openNight(t, { siteFile: site, brokerUrl: broker.url, isUplinkAsWritten: true });
    const dataDir = join(dirname(rig.siteFile), 'data');
    const passwordFile = join(dataDir, 'stolen.json');
    writeFileSync(passwordFile, marked, { mode: 0o400 });
    const hostile = changed(site, [[broker.url, `${rogueUrl}\n  username: c1\n  passwordFile: ${passwordFile}`]]);
    await send(rig, 'cabinet.yaml', hostile, { id: 'p' });
    await ask(rig, 'apply', 'a1', whole('Config/Minutes', 2));
    await rig.until('answered', () => endOf(rig, 'a1') !== undefined || received.length > 0, 3 * MINUTE_MS);
    await rig.clock.advance(3 * MINUTE_MS);
    t.strictSame(received, [], 'its broker received nothing');
    t.match(endOf(rig, 'a1'), {
      state: 'refused',
      reason: /uplink\.broker, uplink\.username, uplink\.passwordFile belong to the file of the site/,
    });
    t.ok(await isOnline(rig));
    await isShown(rig, 'Config/Revision', 1);
    t.equal(Number(shown(rig, 'Config/Revision')), 1);
    t.equal(seen.darkestPct, 30);
  },
);
