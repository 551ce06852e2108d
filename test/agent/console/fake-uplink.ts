/**
 * An uplink as the console sees it: fixed facts, and what it was asked to do.
 */

import { DAY_MS } from '../../../agent/core/durations.ts';
import { type Message, msg } from '../../../agent/core/message.ts';
import type { TraceEntry, UplinkStep, UplinkTest, UplinkTools } from '../../../agent/core/uplink-tools.ts';
import type { UplinkView } from '../../../agent/core/views.ts';

/** 1 December 2026, 22:41:07 in Angers. */
const AT_MS = Date.parse('2026-12-01T21:41:07Z');
const BROKER = 'mqtts://broker.angers.example:8883';
const certificate = (subject: string, days: number) => ({
  subject,
  issuer: 'CN=city',
  fromMs: AT_MS - DAY_MS,
  untilMs: AT_MS + days * DAY_MS,
});

export function uplinkView(changes: Partial<UplinkView> = {}): UplinkView {
  return {
    state: 'online',
    broker: BROKER,
    server: { index: 0, count: 2, url: BROKER },
    reason: msg``,
    sinceMs: AT_MS - 3_600_000,
    bdSeq: 4,
    readingsPublished: 82_340,
    readingsHistorical: 120,
    readingsAcked: 82_320,
    messagesSent: 4_030,
    bytesSent: 900_000,
    commandsReceived: 1,
    commandsRefused: 0,
    group: 'angers',
    node: 'ANG-0421',
    primaryHost: 'scada',
    certificates: { own: certificate('CN=ANG-0421', 12), broker: certificate('CN=broker.angers.example, O=City of Angers', 200) },
    lastFailure: { atMs: AT_MS - 3_700_000, text: msg`${BROKER}: the link broke: check the network and that the broker runs` },
    delivery: {
      mode: 'platform',
      headSeq: 4_021,
      sentSeq: 4_021,
      cursorSeq: 4_019,
      isPlatformSilent: false,
      isAcknowledging: true,
      acceptsSegments: true,
      ack: '8f1c0a6b:4019',
      oldestMs: AT_MS - 12_000,
      bytesToday: 1_200_000,
      dailyMegabytes: 20,
    },
    store: { epoch: '8f1c0a6b', backlogFrames: 2, gaps: 0, readingsLost: 0, lossesEstimated: 0 },
    ...changes,
  };
}

const STEPS: readonly UplinkStep[] = [
  { name: 'files', outcome: 'doubtful', tookMs: 0.8, text: msg`own certificate CN=ANG-0421, signed by CN=city, 12 days left` },
  { name: 'name', outcome: 'ok', tookMs: 31.2, text: msg`192.0.2.7` },
  { name: 'tcp', outcome: 'ok', tookMs: 120.4, text: msg`192.0.2.7 port 8883` },
  { name: 'tls', outcome: 'ok', tookMs: 260.1, text: msg`TLSv1.3, certificate CN=broker.angers.example, signed by CN=city, 200 days left` },
  { name: 'connack', outcome: 'ok', tookMs: 118.9, text: msg`accepted as luciole-ANG-0421-test, MQTT 5` },
  { name: 'rights', outcome: 'ok', tookMs: 119.3, text: msg`may listen to spBv1.0/angers/NCMD/ANG-0421` },
  { name: 'host', outcome: 'ok', tookMs: 0.2, text: msg`primary host scada is online` },
  { name: 'round-trip', outcome: 'ok', tookMs: 121.7, text: msg`the broker answers` },
];

export function uplinkTest(changes: Partial<UplinkTest> = {}): UplinkTest {
  return { broker: BROKER, clientId: 'luciole-ANG-0421-test', steps: STEPS, ok: true, ...changes };
}

/** The result of an uplink test whose step `name` failed with this text; later steps are missing. */
export function failedTest(name: UplinkStep['name'], text: Message): UplinkTest {
  const before = STEPS.slice(
    0,
    STEPS.findIndex((step) => step.name === name),
  );
  return uplinkTest({ ok: false, steps: [...before, { name, outcome: 'failed', tookMs: 30_000, text }] });
}

export const TRACE: readonly TraceEntry[] = [
  { atMs: AT_MS - 3_000, kind: 'event', text: 'connecting', topic: null, bytes: 0 },
  { atMs: AT_MS - 2_900, kind: 'sent', text: 'connect', topic: null, bytes: 0 },
  {
    atMs: AT_MS - 2_000,
    kind: 'event',
    text: `failed: ${BROKER} refused the connection (0x87): not authorised: check uplink.username`,
    topic: null,
    bytes: 0,
  },
  { atMs: AT_MS - 955, kind: 'sent', text: 'publish', topic: `spBv1.0/angers/DDATA/ANG-0421/${'L'.repeat(64)}`, bytes: 512 },
  { atMs: AT_MS - 900, kind: 'received', text: 'publish', topic: 'spBv1.0/STATE/scada\u001b[2J', bytes: 40 },
];

/** `trace` and `watch` give `TRACE`; `asked` gets reconnects and the end of `watch`. Errors: `test` always rejects. */
export function fakeUplinkTools(asked: unknown[]): UplinkTools {
  return {
    trace: () => TRACE,
    watch: (report) => {
      for (const entry of TRACE) report(entry);
      return () => void asked.push('stopped watching');
    },
    reconnect: (by) => {
      asked.push({ reconnect: by });
      return true;
    },
    test: () => Promise.reject(new Error('asked through the view')),
  };
}
