/** The page of `why` for a meter of lamps that cannot communicate: what it measures, what is expected, and what is wrong. */
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import type { MeterLoadView } from '../../../core/meter-load-view.ts';
import { clockTime, type Page, since } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/** Renders what a meter of lamps that cannot communicate measures, what is expected and learned, and what is wrong now. */
export function renderMeterLoad(view: MeterLoadView, page: Page): string {
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const { onSinceMs, powerW, expectedW, findings } = view;
  const state = onSinceMs === null ? msg`off` : msg`on since ${clockTime(onSinceMs, page)} (${since(onSinceMs, page)})`;
  const expected = expectedW === null ? [] : row(msg`Expected`, msg`${expectedW} W from other nights, at the usual voltage`);
  return [
    ...row(msg`Meter`, msg`${view.meter}, of lamps that cannot communicate`),
    ...row(msg`Lamps`, state),
    ...row(msg`Measured`, powerW === null ? msg`unknown: no reading for a quarter of an hour` : msg`${powerW} W`),
    ...expected,
    ...row(msg`Learned`, learnedText(view)),
    ...findings.flatMap(({ text, sinceMs }) => row(msg`Fault`, msg`${text}; since ${clockTime(sinceMs, page)}`)),
  ].join('\n');
}

function learnedText({ nights, fullW, smallestLossW, voltageExponents, warmUpMin }: MeterLoadView): Message {
  if (fullW === null || smallestLossW === null || voltageExponents === null)
    return msg`${count(nights, 'night')}; two whole nights are required`;
  const [fast, slow] = [voltageExponents[0].toFixed(1), voltageExponents[1].toFixed(1)];
  const lamps = msg`${count(nights, 'night')}: ${fullW} W after a warm-up of ${warmUpMin ?? 0} min`;
  return msg`${lamps}, with the voltage to the power of ${fast} at once and ${slow} in hours; a lost lamp is found from about ${smallestLossW} W`;
}
