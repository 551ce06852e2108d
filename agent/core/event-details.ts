/**
 * What an event of a fault contains besides its text: its name in TALQ, how soon it needs a person, its evidence, what to check, and what people did
 * about it.
 */
import type { WallMs } from './clock.ts';
import { type EventHandling, handlingIn, handlingOf } from './event-handling.ts';
import { isRecord, parseRecord } from './is-record.ts';
import { Message, msg } from './message.ts';
import { withMessages, withTexts } from './message-wire.ts';

/** How soon a fault needs a person: `urgent` tonight, `deferred` with the next planned work on the street. */
export type Urgency = 'urgent' | 'deferred';

/**
 * One value that supports an event. `value`: in `unit`, null if unknown; a sum over several phases is under the point of the first one.
 */
export interface EvidenceReading {
  readonly pointId: `${string}.${string}`;
  readonly value: number | null;
  readonly unit: string;
  readonly atMs: WallMs;
}

/** The decided level of a lamp when the fault was reported, and since when. `reason`: why it had that level. */
export interface EvidenceDecision {
  readonly lampId: string;
  /** Units: %. */
  readonly levelPct: number;
  readonly reason: string;
  /** At the earliest the last restart, or the last change of configuration, before the report. */
  readonly sinceMs: WallMs;
}

/** Why the agent reports an event: a text, and the values behind it. Each list may be empty. */
export interface EventEvidence {
  readonly text: Message;
  readonly readings: readonly EvidenceReading[];
  readonly decisions: readonly EvidenceDecision[];
}

/** What a person must check: what, at which place, and with which tool. */
export interface EventCheck {
  readonly what: Message;
  readonly where: Message;
  readonly tool: Message;
}

/** The details of an event: those that apply to it are present. */
export interface EventDetails extends EventHandling {
  /** The name of the event in the data model of TALQ, such as `lampFailure`. Source: TALQ 2.7.1. */
  readonly talq?: string;
  /** How soon it needs a person: `urgent` tonight, `deferred` with the next planned work. */
  readonly urgency?: Urgency;
  readonly evidence?: EventEvidence;
  readonly check?: EventCheck;
}

/** Returns the details of an event without its other properties; an empty object if it has none. */
export function detailsOf({ talq, urgency, evidence, check, ...rest }: EventDetails): EventDetails {
  return {
    ...(talq === undefined ? {} : { talq }),
    ...(urgency === undefined ? {} : { urgency }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(check === undefined ? {} : { check }),
    ...handlingOf(rest),
  };
}

/** Returns the details of an event as JSON, with each message as English text and template; null if it has none. */
export function detailsInJson(event: EventDetails): string | null {
  const details = detailsOf(event);
  return Object.keys(details).length === 0 ? null : JSON.stringify(withTexts(details));
}

/**
 * Restores the details of an event from the JSON of `detailsInJson`. A part with another shape, as in damaged bytes, is left out. A text
 * that is no JSON object gives an empty object.
 */
export function detailsIn(json: string): EventDetails {
  const stored = withMessages(parseRecord(json) ?? {}) as Readonly<Record<string, unknown>>;
  const { talq, urgency } = stored;
  const evidence = evidenceIn(stored['evidence']);
  const check = checkIn(stored['check']);
  return {
    ...(typeof talq === 'string' ? { talq } : {}),
    ...(urgency === 'urgent' || urgency === 'deferred' ? { urgency } : {}),
    ...(evidence === undefined ? {} : { evidence }),
    ...(check === undefined ? {} : { check }),
    ...handlingIn(stored),
  };
}

function evidenceIn(value: unknown): EventEvidence | undefined {
  if (!isRecord(value) || !isSaid(value['text']) || !Array.isArray(value['readings']) || !Array.isArray(value['decisions']))
    return undefined;
  const readings = value['readings'].filter(isReading);
  const decisions = value['decisions'].filter(isDecision);
  return { text: messageOf(value['text']), readings, decisions };
}

function checkIn(value: unknown): EventCheck | undefined {
  if (!isRecord(value)) return undefined;
  const { what, where, tool } = value;
  if (!isSaid(what) || !isSaid(where) || !isSaid(tool)) return undefined;
  return { what: messageOf(what), where: messageOf(where), tool: messageOf(tool) };
}

function isReading(value: unknown): value is EvidenceReading {
  if (!isRecord(value)) return false;
  const { pointId, value: read, unit, atMs } = value;
  return typeof pointId === 'string' && (read === null || typeof read === 'number') && typeof unit === 'string' && typeof atMs === 'number';
}

function isDecision(value: unknown): value is EvidenceDecision {
  if (!isRecord(value)) return false;
  const { lampId, levelPct, reason, sinceMs } = value;
  return typeof lampId === 'string' && typeof levelPct === 'number' && typeof reason === 'string' && typeof sinceMs === 'number';
}

function isSaid(value: unknown): value is Message | string {
  return typeof value === 'string' || value instanceof Message;
}

/** A text without a valid template is shown as written. */
function messageOf(text: Message | string): Message {
  return text instanceof Message ? text : msg`${text}`;
}
