/**
 * The texts that were sent for a time: what is accepted, and what ends them. Pure.
 *
 * A panel has at most one text and one emergency text. A text of the console has priority over one of the platform.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../core/durations.ts';
import { isRecord } from '../core/is-record.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { type PanelConfig, TEXT_SENDERS } from '../core/panel-config.ts';
import type { PanelRequest } from '../core/ports.ts';
import { spell } from '../lighting/spell.ts';
import { nextChangeMono } from './change-pace.ts';
import type { SentText } from './text-decision.ts';
import { characterName } from './text-template.ts';

/** A sent text as it is stored, without its monotonic end. `registers`: names of those of its panel; may be absent or empty. */
export type StoredText = Omit<SentText, 'untilMono'> & { readonly registers?: readonly string[] };

/**
 * Shortest and longest time for which a text may be sent. Units: min. Source: assumed; a day, after that it belongs in the configuration.
 * Confirmed by: the texts that operators send.
 */
export const TEXT_MINUTES = { min: 1, max: 1_440 };

/** The state that a request is checked against. */
export interface SentFacts {
  /** In force, or from before a restart and waiting for the time. */
  readonly sent: readonly SentText[];
  /** When texts of this sender and kind (emergency or not) were accepted, as they count for the limits of this panel; oldest first. */
  readonly accepted: readonly MonoMs[];
  readonly nowMono: MonoMs;
}

/** Returns why a request to show or to end a text is refused; empty if it is accepted. */
export function sentTextRefusal({ id, limits }: PanelConfig, request: PanelRequest, facts: SentFacts): Message {
  const { text, isEmergency, sender, minutes } = request;
  const senders = isEmergency ? limits.emergencyFrom : limits.textFrom;
  const name = isEmergency ? 'limits.emergencyFrom' : 'limits.textFrom';
  if (!senders.includes(sender)) return msg`${name} of panel ${id} does not include ${sender}: only the file of the site may change it`;
  const older = facts.sent.find((each) => each.panel === id && each.isEmergency === isEmergency);
  if (older?.sender === 'console' && sender === 'platform')
    return msg`a text of ${older.source} has priority for up to ${spell(older.untilMono - facts.nowMono)} more: it is from the console`;
  if (text === null) return older === undefined ? msg`no text that was sent is in force on panel ${id}` : NO_TEXT;
  if (!(minutes >= TEXT_MINUTES.min && minutes <= TEXT_MINUTES.max))
    return msg`found ${minutes} min; a text lasts ${TEXT_MINUTES.min} to ${TEXT_MINUTES.max} min`;
  if (text.trim() === '') return msg`the text is empty: end it instead`;
  const length = [...text].length;
  if (length > limits.maxLength) return msg`the text has ${length} characters; limits.maxLength of panel ${id} is ${limits.maxLength}`;
  const foreign = [...new Set(text)].filter(
    (each) => /\p{C}/u.test(each) || (limits.characters !== null && each !== ' ' && !limits.characters.includes(each)),
  );
  if (foreign.length > 0) return msg`limits.characters of panel ${id} does not allow ${foreign.map(characterName)}`;
  const freeMono = nextChangeMono(limits, facts.accepted);
  if (facts.nowMono >= freeMono) return NO_TEXT;
  const { changesPerMin, changesPerHour } = limits;
  return msg`panel ${id} accepts ${changesPerMin} texts a minute and ${changesPerHour} an hour from ${sender}; the next one in ${spell(freeMono - facts.nowMono)}`;
}

/**
 * Returns the texts after a request: the text of the same panel and kind (emergency or not) is removed, and the text of the request, if it
 * has one, is added.
 */
export function withRequest(
  sent: readonly SentText[],
  { commandId, panel, text, isEmergency, sender, source, minutes }: PanelRequest,
  { nowMs, nowMono }: { readonly nowMs: WallMs; readonly nowMono: MonoMs },
): readonly SentText[] {
  const others = sent.filter((each) => each.panel !== panel || each.isEmergency !== isEmergency);
  if (text === null) return others;
  const lengthMs = minutes * MINUTE_MS;
  const added = {
    id: commandId,
    panel,
    text,
    isEmergency,
    sender,
    source,
    sinceMs: nowMs,
    untilMs: nowMs + lengthMs,
    untilMono: nowMono + lengthMs,
  };
  return [...others, added];
}

/**
 * Returns the texts as they are stored: without their monotonic end, and with the names of the registers of their panel. `registers`: those
 * names, by the id of the panel; none for a panel that it lacks.
 */
export function toStoredTexts(sent: readonly SentText[], registers: ReadonlyMap<string, readonly string[]>): readonly StoredText[] {
  return sent.map(({ untilMono: _, ...text }) => ({ ...text, registers: registers.get(text.panel) ?? [] }));
}

/** Returns the stored texts, also expired ones, without entries that are not valid; empty if `stored` is not an array. */
export function readStoredTexts(stored: unknown): readonly StoredText[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((value): StoredText[] => {
    if (!isRecord(value)) return [];
    const { id, panel, text, isEmergency, sender, source, sinceMs, untilMs, registers } = value;
    const known = TEXT_SENDERS.find((each) => each === sender);
    const isText = [id, panel, text, source].every((each) => typeof each === 'string');
    if (!isText || known === undefined || typeof isEmergency !== 'boolean') return [];
    if (typeof sinceMs !== 'number' || typeof untilMs !== 'number') return [];
    if (!(untilMs - sinceMs <= TEXT_MINUTES.max * MINUTE_MS + HOUR_MS)) return [];
    const texts = { id: String(id), panel: String(panel), text: String(text), source: String(source) };
    const places = Array.isArray(registers) ? registers.map(String) : [];
    return [{ ...texts, isEmergency, sender: known, sinceMs, untilMs, registers: places }];
  });
}

/**
 * Returns the stored texts that still apply at `nowMs` and are not replaced by one of `sent`, followed by `sent`. None
 * lasts longer from now than it was sent for. Call it only once the time is known.
 */
export function resumedTexts(
  stored: readonly StoredText[],
  sent: readonly SentText[],
  { nowMs, nowMono }: { readonly nowMs: WallMs; readonly nowMono: MonoMs },
): readonly SentText[] {
  const isReplaced = ({ panel, isEmergency }: StoredText): boolean =>
    sent.some((each) => each.panel === panel && each.isEmergency === isEmergency);
  const resumed = stored.flatMap((text): SentText[] => {
    const lengthMs = text.untilMs - text.sinceMs;
    const restMs = Math.min(text.untilMs - nowMs, lengthMs);
    if (restMs <= 0 || isReplaced(text)) return [];
    const untilMs = nowMs + restMs;
    return [{ ...text, sinceMs: untilMs - lengthMs, untilMs, untilMono: nowMono + restMs }];
  });
  return [...resumed, ...sent];
}
