/** Renders `luciole uplink`, its test and its reconnect. Pure. */

import { count } from '../../../core/counts.ts';
import { DAY_MS } from '../../../core/durations.ts';
import { lostNumber } from '../../../core/lost-readings.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { UplinkDelivery } from '../../../core/ports.ts';
import type { PeerCertificate, UplinkStep, UplinkStepName, UplinkTest } from '../../../core/uplink-tools.ts';
import type { UplinkView } from '../../../core/views.ts';
import { clockTime, formatBytes, formatNumber, type Page, since, stateWord, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** A certificate that ends sooner is marked. Units: days. Source: as in the test of the uplink. */
const SOON_DAYS = 30;

export function renderUplink(view: UplinkView, page: Page): string {
  if (view.state === 'off') return labelled('Uplink', `off: ${view.reason || 'it is stopped'}`, page).join('\n');
  const { delivery, certificates, lastFailure, server } = view;
  const place = server !== undefined && server.count > 1 ? `, server ${server.index + 1} of ${server.count}` : '';
  const sheet: (readonly [label: string, text: string])[] = [
    [
      'Uplink',
      `${stateWord(view.state, page)} since ${clockTime(view.sinceMs, page)} (${since(view.sinceMs, page)}), ${view.broker}${place}`,
    ],
    ...(view.reason === '' ? [] : [['Trouble', view.reason] as const]),
    ['Node', msg`group ${view.group}, node ${view.node}, ${hostText(view)}, bdSeq ${formatNumber(view.bdSeq)}`],
    ...(delivery === undefined ? [] : deliveryRows(view, delivery, page)),
    ['Readings', readingsText(view)],
    ['Traffic', trafficText(view)],
    ['Commands', msg`${formatNumber(view.commandsReceived)} received, ${formatNumber(view.commandsRefused)} refused`],
    ...(certificates?.broker ? [['Broker', certificateText(certificates.broker, page)] as const] : []),
    ...(certificates?.own ? [['Own', certificateText(certificates.own, page)] as const] : []),
    ...(lastFailure ? [['Last', `failure ${since(lastFailure.atMs, page)} ago: ${lastFailure.text}`] as const] : []),
    ...(view.state === 'online'
      ? []
      : [['Look', '`luciole uplink test` tries each stage, `luciole uplink trace` tells what went before'] as const]),
  ];
  // What keeps it down now stands above already.
  const rows = sheet.filter(([label]) => label !== 'Last' || lastFailure?.text !== view.reason);
  return rows.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

function hostText({ primaryHost }: UplinkView): string {
  return primaryHost === null ? 'no primary host' : `primary host ${primaryHost}`;
}

function deliveryRows({ store }: UplinkView, delivery: UplinkDelivery, page: Page): (readonly [string, string])[] {
  const { headSeq, sentSeq, cursorSeq, oldestMs, acceptsSegments } = delivery;
  const who = proofText(delivery);
  const age = oldestMs === null ? '' : `, the oldest ${since(oldestMs, page)} old`;
  const packed = acceptsSegments ? ', packed' : '';
  return [
    ['Proof', who],
    ['Rows', `delivered up to ${formatNumber(cursorSeq)}, sent up to ${formatNumber(sentSeq)}, of ${formatNumber(headSeq)}`],
    ['Waiting', `${count(store.backlogFrames, 'frame')}${packed}${age}; ${count(store.gaps, 'gap')}, ${lostReadings(store)} lost`],
  ];
}

function lostReadings({ readingsLost, lossesEstimated }: UplinkView['store']): string {
  return lossesEstimated === 0 ? count(readingsLost, 'reading') : `${lostNumber(readingsLost, lossesEstimated)} of readings`;
}

function proofText({ mode, isPlatformSilent, isAcknowledging }: UplinkDelivery): string {
  if (mode === 'broker') return 'the broker answers a ping after each batch';
  if (!isAcknowledging) return 'the platform has acknowledged nothing yet; all readings are kept';
  return `the platform acknowledges${isPlatformSilent ? ', BUT SAYS NOTHING' : ''}`;
}

function readingsText({ readingsPublished, readingsHistorical, readingsAcked }: UplinkView): Message {
  return msg`${formatNumber(readingsPublished)} published, ${formatNumber(readingsHistorical)} of them as history, ${formatNumber(readingsAcked)} confirmed`;
}

/** Units: `dailyMegabytes` 10^6 bytes, as `formatBytes`. */
function trafficText({ messagesSent, bytesSent, delivery }: UplinkView): Message {
  const sum = msg`${count(messagesSent, 'message')}, ${formatBytes(bytesSent)} since the start`;
  if (delivery === undefined) return sum;
  const bound = delivery.dailyMegabytes === null ? '' : ` of ${formatNumber(delivery.dailyMegabytes)} MB for the backlog`;
  return msg`${formatBytes(delivery.bytesToday)} today (UTC)${bound}; ${sum}`;
}

function certificateText({ subject, untilMs }: PeerCertificate, { atMs }: Page): string {
  const days = Math.floor((untilMs - atMs) / DAY_MS);
  const left = days < 0 ? `EXPIRED ${-days} days ago` : `${days} days left${days < SOON_DAYS ? ': RENEW IT' : ''}`;
  return `certificate ${subject}, ${left}`;
}

const STAGE: Readonly<Record<UplinkStepName, string>> = {
  files: 'files',
  name: 'name lookup',
  tcp: 'TCP',
  tls: 'TLS',
  connack: 'broker',
  rights: 'subscribe',
  host: 'primary host',
  'round-trip': 'round trip',
};

/** Words of the table; colours are those of states. */
const RESULT: Readonly<Record<UplinkStep['outcome'], string>> = { ok: 'ok', doubtful: 'warning', failed: 'failed', skipped: '-' };

export function renderTest({ broker, clientId, steps, ok }: UplinkTest, page: Page): string {
  const rows = steps.map(({ name, outcome, tookMs, text }) => [
    STAGE[name],
    stateWord(RESULT[outcome], page),
    outcome === 'skipped' ? '-' : formatNumber(tookMs),
    text,
  ]);
  const columns = [
    { title: msg`Stage`, isTranslated: true },
    { title: msg`Result` },
    { title: msg`ms`, align: 'right' },
    { title: msg`What`, wraps: true, isTranslated: true },
  ] as const;
  return [
    ...paragraph(`${broker}, as ${clientId}: the agent's own session was left alone`, page),
    '',
    ...tableLines(columns, rows, page),
    '',
    ...labelled('Result', ok ? endingOf(steps) : failedText(steps, clientId), page),
  ].join('\n');
}

function endingOf(steps: readonly UplinkStep[]): string {
  return steps.some(({ outcome }) => outcome === 'doubtful') ? 'the way is free; see the warning above' : 'the way is free';
}

/** Some brokers admit one client id only. */
function failedText(steps: readonly UplinkStep[], clientId: string): string {
  const last = steps.at(-1)?.name ?? 'files';
  const own = last === 'connack' ? `. A broker that admits only the agent's own client id refuses ${clientId} as well` : '';
  return `no way beyond ${STAGE[last]}: the last line says what to check${own}`;
}

/** The newest stage, while the next is tried. */
export function renderStepDone({ name, outcome }: UplinkStep, page: Page): string {
  return translated(`${STAGE[name]}: ${RESULT[outcome] === '-' ? 'not asked for' : RESULT[outcome]}`, page);
}

export function renderReconnect(page: Page): string {
  return paragraph('asked for; certificates and password are read anew. `luciole uplink` shows how it went', page).join('\n');
}
