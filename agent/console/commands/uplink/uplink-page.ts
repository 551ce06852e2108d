/** Renders `luciole uplink`, its test and its reconnect. Pure. */

import { count } from '../../../core/counts.ts';
import { DAY_MS } from '../../../core/durations.ts';
import { lostNumber } from '../../../core/lost-readings.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { UplinkDelivery } from '../../../core/ports.ts';
import type { PeerCertificate, UplinkStep, UplinkStepName, UplinkTest } from '../../../core/uplink-tools.ts';
import type { UplinkView } from '../../../core/views.ts';
import { clockTime, formatBytes, formatNumber, type Page, since, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** A certificate that expires sooner is marked. Units: days. Source: as in the test of the uplink. */
const SOON_DAYS = 30;

/**
 * Renders `uplink`: its state and traffic, and if known its own certificate, that of the broker, and an earlier failure. If the uplink is
 * off, it renders only that and the reason, if there is one.
 */
export function renderUplink(view: UplinkView, page: Page): string {
  if (view.state === 'off') return labelled(msg`Uplink`, String(view.reason) === '' ? msg`off` : msg`off: ${view.reason}`, page).join('\n');
  const { delivery, certificates, lastFailure, server } = view;
  // The present failure is already shown above.
  const isLastNews = lastFailure != null && String(lastFailure.text) !== String(view.reason);
  const isOneOfMany = server !== undefined && server.count > 1;
  const place = isOneOfMany ? msg`${view.broker}, server ${server.index + 1} of ${server.count}` : view.broker;
  const sheet: (readonly [label: Message, text: Message])[] = [
    [msg`Uplink`, msg`${stateWord(view.state, page)} since ${clockTime(view.sinceMs, page)} (${since(view.sinceMs, page)}), ${place}`],
    ...(String(view.reason) === '' ? [] : [[msg`Trouble`, view.reason] as const]),
    [msg`Node`, msg`group ${view.group}, node ${view.node}, ${hostText(view)}, bdSeq ${formatNumber(view.bdSeq)}`],
    ...(delivery === undefined ? [] : deliveryRows(view, delivery, page)),
    [msg`Readings`, readingsText(view)],
    [msg`Traffic`, trafficText(view)],
    [msg`Commands`, msg`${formatNumber(view.commandsReceived)} received, ${formatNumber(view.commandsRefused)} refused`],
    ...(certificates?.broker ? [[msg`Broker`, certificateText(certificates.broker, page)] as const] : []),
    ...(certificates?.own ? [[msg`Own`, certificateText(certificates.own, page)] as const] : []),
    ...(isLastNews ? [[msg`Last`, msg`failure ${since(lastFailure.atMs, page)} ago: ${lastFailure.text}`] as const] : []),
    ...(view.state === 'online'
      ? []
      : [[msg`Look`, msg`\`luciole uplink test\` tries each stage, \`luciole uplink trace\` shows what happened before`] as const]),
  ];
  return sheet.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

function hostText({ primaryHost }: UplinkView): Message {
  return primaryHost === null ? msg`no primary host` : msg`primary host ${primaryHost}`;
}

function deliveryRows({ store }: UplinkView, delivery: UplinkDelivery, page: Page): (readonly [Message, Message])[] {
  const { headSeq, sentSeq, cursorSeq, oldestMs, acceptsSegments } = delivery;
  const who = proofText(delivery);
  const frames = acceptsSegments ? msg`${count(store.backlogFrames, 'frame')}, packed` : count(store.backlogFrames, 'frame');
  const waiting = oldestMs === null ? frames : msg`${frames}, the oldest ${since(oldestMs, page)} old`;
  return [
    [msg`Proof`, who],
    [msg`Rows`, msg`delivered up to ${formatNumber(cursorSeq)}, sent up to ${formatNumber(sentSeq)}, of ${formatNumber(headSeq)}`],
    [msg`Waiting`, msg`${waiting}; ${count(store.gaps, 'gap')}, ${lostReadings(store)} lost`],
  ];
}

function lostReadings({ readingsLost, lossesEstimated }: UplinkView['store']): Message {
  return lossesEstimated === 0 ? count(readingsLost, 'reading') : msg`${lostNumber(readingsLost, lossesEstimated)} readings`;
}

function proofText({ mode, isPlatformSilent, isAcknowledging }: UplinkDelivery): Message {
  if (mode === 'broker') return msg`the broker answers a ping after each batch`;
  if (!isAcknowledging) return msg`the platform has acknowledged nothing yet; all readings are kept`;
  return isPlatformSilent ? msg`the platform acknowledges, BUT IS SILENT NOW` : msg`the platform acknowledges`;
}

function readingsText({ readingsPublished, readingsHistorical, readingsAcked }: UplinkView): Message {
  return msg`${formatNumber(readingsPublished)} published, ${formatNumber(readingsHistorical)} of them as history, ${formatNumber(readingsAcked)} confirmed`;
}

/** Units: `dailyMegabytes` in 10^6 bytes, as `formatBytes`. */
function trafficText({ messagesSent, bytesSent, delivery }: UplinkView): Message {
  const sum = msg`${count(messagesSent, 'message')}, ${formatBytes(bytesSent)} since the start`;
  if (delivery === undefined) return sum;
  const today = formatBytes(delivery.bytesToday);
  return delivery.dailyMegabytes === null
    ? msg`${today} today (UTC); ${sum}`
    : msg`${today} today (UTC) of ${formatNumber(delivery.dailyMegabytes)} MB for the backlog; ${sum}`;
}

function certificateText({ subject, untilMs }: PeerCertificate, { atMs }: Page): Message {
  const days = Math.floor((untilMs - atMs) / DAY_MS);
  if (days < 0) return msg`certificate ${subject}, EXPIRED ${count(-days, 'day')} ago`;
  return days < SOON_DAYS
    ? msg`certificate ${subject}, ${count(days, 'day')} left: RENEW IT`
    : msg`certificate ${subject}, ${count(days, 'day')} left`;
}

const STAGE: Readonly<Record<UplinkStepName, Message>> = {
  files: msg`files`,
  name: msg`name lookup`,
  tcp: msg`TCP`,
  tls: msg`TLS`,
  connack: msg`broker`,
  rights: msg`subscribe`,
  host: msg`primary host`,
  'round-trip': msg`round trip`,
};

/** Words of the table, which have the colours of states. */
const RESULT: Readonly<Record<UplinkStep['outcome'], string>> = { ok: 'ok', doubtful: 'warning', failed: 'failed', skipped: '-' };

/**
 * Renders `uplink test`: the broker and the client id of the test, the stages with their times and texts, and the result. `steps` end with
 * the first failure.
 */
export function renderTest({ broker, clientId, steps, ok }: UplinkTest, page: Page): string {
  const rows = steps.map(({ name, outcome, tookMs, text }) => [
    STAGE[name],
    stateWord(RESULT[outcome], page),
    outcome === 'skipped' ? '-' : formatNumber(tookMs),
    text,
  ]);
  const columns = [
    { title: msg`Stage` },
    { title: msg`Result` },
    { title: msg`ms`, align: 'right' },
    { title: msg`What`, wraps: true },
  ] as const;
  return [
    ...paragraph(msg`${broker}, as ${clientId}: the agent's own session was not touched`, page),
    '',
    ...tableLines(columns, rows, page),
    '',
    ...labelled(msg`Result`, ok ? endingOf(steps) : failedText(steps, clientId), page),
  ].join('\n');
}

function endingOf(steps: readonly UplinkStep[]): Message {
  return steps.some(({ outcome }) => outcome === 'doubtful') ? msg`all stages passed; see the warning above` : msg`all stages passed`;
}

/** Some brokers accept only one client id. */
function failedText(steps: readonly UplinkStep[], clientId: string): Message {
  const last = steps.at(-1)?.name ?? 'files';
  return last === 'connack'
    ? msg`the connection fails at ${STAGE[last]}: the last line says what to check. A broker that admits only the agent's own client id refuses ${clientId} as well`
    : msg`the connection fails at ${STAGE[last]}: the last line says what to check`;
}

/** Renders the name and the outcome of one stage of `uplink test` in one line, without its text and time. */
export function renderStepDone({ name, outcome }: UplinkStep, page: Page): string {
  return translated(outcome === 'skipped' ? msg`${STAGE[name]}: not requested` : msg`${STAGE[name]}: ${wordOf(RESULT[outcome])}`, page);
}

/** Renders the answer of `uplink reconnect`: that it was requested, and how to see the result. The text is always the same. */
export function renderReconnect(page: Page): string {
  return paragraph(msg`requested; certificates and password are read again. \`luciole uplink\` shows the result`, page).join('\n');
}
