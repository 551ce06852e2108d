import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { ClockQuality } from '../../../../agent/core/clock.ts';
import { DAY_MS, HOUR_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { CertificateWatch, expiryStage } from '../../../../agent/sync/mqtt/certificate-watch.ts';
import { readPeer } from '../../../../agent/sync/mqtt/certificates.ts';
import { openTestAuthorities } from '../../../platform/certificates.ts';
import { findProgram } from '../../../platform/mosquitto.ts';
import { createSmallNode, until, uplinkConfig } from '../small-node.ts';

const openssl = findProgram('openssl');
const skip = openssl === undefined ? 'openssl is not installed (apt-get install openssl)' : false;
const authorities = skip === false ? openTestAuthorities(openssl as string) : null;
t.teardown(() => authorities?.close());
const city = authorities?.create('city');
/** Whole seconds: certificates have no others. */
const START_MS = Math.floor(Date.now() / 1_000) * 1_000;

/** A certificate for the city's cabinets that expires in the given number of days, as PEM. */
function issued(untilDays: number, fromDays = -305): string {
  const [from, until] = [new Date(START_MS + fromDays * DAY_MS), new Date(START_MS + untilDays * DAY_MS)];
  return readFileSync(city?.issue('c1', { from, until }).cert ?? '', 'utf8');
}

/** A file that the disk has but cannot read. */
const UNREADABLE = 'unreadable';

/** A watch over a disk with these files, which a test may replace or remove. */
function watched(t: Pick<Test, 'teardown'>, files: Record<string, string>, quality: { now: ClockQuality } = { now: 'synced' }) {
  const manual = createManualClock(START_MS);
  const clock = { ...manual, quality: () => quality.now };
  const events: AgentEvent[] = [];
  const offers = { count: 0 };
  const watch = new CertificateWatch({
    config: { certFile: '/c1.pem', caFile: '/ca.pem' },
    clock,
    onEvent: (event) => events.push(event),
    onRenewed: () => {
      offers.count += 1;
    },
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      if (text === UNREADABLE) throw Object.assign(new Error(path), { code: 'EIO' });
      return Buffer.from(text);
    },
  });
  t.teardown(() => watch.stop());
  /** Severity and state of each event, oldest first. */
  const reported = (): string[] => events.map(({ severity, endMs }) => `${severity} ${endMs === null ? 'begins' : 'ends'}`);
  return { clock: manual, watch, events, reported, files, quality, offers };
}

t.test('a certificate is reported 60, 30 and 7 days ahead and when it has expired, each time more urgently', { skip }, async (t) => {
  const { clock, watch, events, reported } = watched(t, { '/c1.pem': issued(61) });
  watch.start();
  const daysOf = async (days: number): Promise<string[]> => {
    events.length = 0;
    for (let hour = 0; hour < days * 24; hour += 1) {
      await clock.advance(HOUR_MS);
      await new Promise(setImmediate);
    }
    return reported();
  };
  t.same(await daysOf(0.5), []);
  t.same(await daysOf(1), ['info begins'], '60 days');
  t.match(events, [{ code: 'certificate-expires', source: 'uplink.certFile', text: /expires in at most 60 days, on 20\d\d.*\(CN=c1\)/ }]);
  t.same(await daysOf(29), []);
  t.same(await daysOf(1), ['info ends', 'warning begins'], '30 days');
  t.same(await daysOf(22), []);
  t.same(await daysOf(1), ['warning ends', 'alarm begins'], '7 days');
  t.same(await daysOf(5), []);
  t.same(await daysOf(2), ['alarm ends', 'alarm begins'], 'over');
  t.match(events.at(-1)?.text, /has expired/);
  t.same(await daysOf(30), []);
});

t.test('a renewed file ends the event within the hour, without a new connection; a removed file does not', { skip }, async (t) => {
  const { clock, watch, reported, files } = watched(t, { '/c1.pem': issued(20) });
  watch.start();
  await clock.advance(0);
  await new Promise(setImmediate);
  t.same(reported(), ['warning begins']);
  delete files['/c1.pem'];
  await clock.advance(HOUR_MS);
  await new Promise(setImmediate);
  t.same(reported(), ['warning begins'], 'no renewed file exists');
  files['/c1.pem'] = issued(300);
  await clock.advance(HOUR_MS);
  await new Promise(setImmediate);
  t.same(reported(), ['warning begins', 'warning ends']);
  t.equal(watch.found.own?.untilMs, START_MS + 300 * DAY_MS);
});

t.test('with an untrusted clock no event starts and none ends', { skip }, async (t) => {
  for (const now of ['none', 'restored'] as const) {
    const { watch, reported, files, quality } = watched(t, { '/c1.pem': issued(3) }, { now });
    await watch.look();
    t.same(reported(), []);
    quality.now = 'rtc';
    await watch.look();
    quality.now = now;
    files['/c1.pem'] = issued(300);
    await watch.look();
    t.same(reported(), ['alarm begins']);
    quality.now = 'synced';
    await watch.look();
    t.same(reported(), ['alarm begins', 'alarm ends']);
  }
});

t.test('the authority of a file that expires last counts, and the own certificate', { skip }, async (t) => {
  const scene = watched(t, { '/c1.pem': issued(200), '/ca.pem': `${issued(5)}${issued(40)}\n# no certificate\n${issued(-3)}` });
  await scene.watch.look();
  t.match(scene.events, [{ source: 'uplink.caFile', severity: 'info', text: /at most 60 days/ }]);
  t.equal(scene.watch.found.authority?.untilMs, START_MS + 40 * DAY_MS);
  scene.files['/ca.pem'] = 'no certificate at all';
  await scene.watch.look();
  t.equal(scene.events.length, 1);
});

t.test('from 90 days of lifetime on the days are 60, 30 and 7; a shorter one is not reported from its first day', async (t) => {
  for (const lifeDays of [90, 365, 3_650]) {
    const stageAt = (leftDays: number) => expiryStage({ fromMs: -lifeDays * DAY_MS, untilMs: 0 }, -leftDays * DAY_MS)?.days ?? null;
    t.same([60.01, 60, 30.01, 30, 7.01, 7, 0.01, 0, -1].map(stageAt), [null, 60, 60, 30, 30, 7, 7, 0, 0], `${lifeDays} days`);
  }
  for (const lifeDays of [1 / 24, 1, 7, 30, 89]) {
    t.equal(expiryStage({ fromMs: 0, untilMs: lifeDays * DAY_MS }, 0), null, `${lifeDays} days`);
    t.equal(expiryStage({ fromMs: 0, untilMs: lifeDays * DAY_MS }, 0.95 * lifeDays * DAY_MS)?.days, 7);
    t.equal(expiryStage({ fromMs: 0, untilMs: lifeDays * DAY_MS }, lifeDays * DAY_MS)?.days, 0);
  }
  t.equal(expiryStage({ fromMs: Number.NaN, untilMs: Number.NaN }, 0), null, 'dates that cannot be read');
});

t.test('a renewed certificate is offered to the broker within the hour, once; a refused one once a day', { skip }, async (t) => {
  const { clock, watch, files, reported, offers } = watched(t, { '/c1.pem': issued(20) });
  watch.start();
  const hours = async (count: number): Promise<number> => {
    const before = offers.count;
    for (let hour = 0; hour < count; hour += 1) {
      await clock.advance(HOUR_MS);
      await new Promise(setImmediate);
    }
    return offers.count - before;
  };
  t.equal(await hours(30), 0);
  files['/c1.pem.new'] = issued(400);
  t.equal(await hours(30), 1);
  t.same(reported(), ['warning begins', 'warning ends'], 'the end of the renewed certificate counts');
  watch.noteUse({ renewed: 'a', isRenewed: false, refusal: msg`unknown authority` });
  t.equal(await hours(24 * 3), 3);
  t.same(reported().slice(2), ['warning begins', 'warning begins'], 'refused, and the old certificate stays in use until its end');
  watch.noteUse({ renewed: 'a', isRenewed: true, refusal: msg`` });
  t.equal(await hours(24 * 3), 0);
});

t.test(
  'a renewed certificate that cannot be read for an hour is the same one afterwards, and its dates still count',
  { skip },
  async (t) => {
    const renewed = issued(400);
    const { watch, files, reported, offers } = watched(t, { '/c1.pem': issued(20), '/c1.pem.new': renewed });
    await watch.look();
    files['/c1.pem.new'] = UNREADABLE;
    await watch.look();
    files['/c1.pem.new'] = renewed;
    await watch.look();
    t.equal(offers.count, 0);
    t.same(reported(), []);
    delete files['/c1.pem.new'];
    await watch.look();
    files['/c1.pem.new'] = UNREADABLE;
    await watch.look();
    files['/c1.pem.new'] = renewed;
    await watch.look();
    t.equal(offers.count, 1, 'a new file that its user may read only later');
  },
);

t.test('the end of a refusal repeats its reason', { skip }, async (t) => {
  const { watch, events } = watched(t, {});
  watch.noteUse({ renewed: 'a', isRenewed: false, refusal: msg`unknown authority` });
  watch.noteUse({ renewed: '', isRenewed: false, refusal: msg`` });
  t.match(events, [{ endMs: null }, { code: 'certificate-refused', endMs: Number, text: /is not in use, .*: unknown authority$/ }]);
});

t.test('a renewed certificate is reported once when the broker accepts it, also after a refusal', { skip }, async (t) => {
  const { watch, events } = watched(t, {});
  const accepted = (): number => events.filter(({ code }) => code === 'certificate-renewed').length;
  watch.noteUse({ renewed: 'a', isRenewed: false, refusal: msg`unknown authority` });
  t.equal(accepted(), 0);
  watch.noteUse({ renewed: 'a', isRenewed: true, refusal: msg`` });
  t.equal(accepted(), 1);
  watch.noteUse({ renewed: 'a', isRenewed: false, refusal: msg`unknown authority` });
  watch.noteUse({ renewed: 'a', isRenewed: true, refusal: msg`` });
  t.equal(accepted(), 1, 'the same certificate');
  watch.noteUse({ renewed: 'b', isRenewed: true, refusal: msg`` });
  t.equal(accepted(), 2);
});

t.test('a cabinet that has never reached its broker warns as well, and the status has the dates', { skip }, async (t) => {
  const pair = city?.issue('c1', { from: new Date(START_MS - 300 * DAY_MS), until: new Date(START_MS + 20 * DAY_MS) });
  const config = uplinkConfig('mqtts://127.0.0.1:9', {
    certFile: pair?.cert ?? '',
    keyFile: pair?.key ?? '',
    caFile: city?.cert ?? '',
  });
  const node = createSmallNode({ config, clock: createSystemClock({ quality: () => 'synced' }) });
  t.teardown(() => node.uplink.stop());
  await node.uplink.start();
  t.ok(await until(() => node.events.some(({ code }) => code === 'certificate-expires')));
  const { certificates } = node.uplink.status();
  t.equal(certificates?.own?.untilMs, START_MS + 20 * DAY_MS);
  t.match(certificates?.authority?.subject, /city/);
});

t.test('a socket that was destroyed has no certificate', async (t) => {
  t.equal(readPeer({ getPeerCertificate: () => null as never }), null);
});
