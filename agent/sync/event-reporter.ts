/**
 * Reports warnings and alarms to the platform as `Sync/Event`: one JSON object when an event begins, and one with the same id when it is
 * acknowledged and when it ends.
 *
 * ``` {"open":["lamp-out:L07:1795614324357"]} after each birth: all other events have ended, unless they are sent again after it
 * {"id":"lamp-out:L07:1795614324357","code":"lamp-out","source":"L07","severity":"alarm","text":"...","startMs":...,"endMs":null,
 * "talq":"lampFailure","urgency":"urgent","evidence":{...},"check":{...},"acknowledged":{"by":"console:ann","atMs":...,"note":""}} ```
 *
 * Each is sent until the broker has it, also over a restart.
 */
import type { Clock, WallMs } from '../core/clock.ts';
import { detailsOf } from '../core/event-details.ts';
import { isSuppressed } from '../core/event-handling.ts';
import { isRecord } from '../core/is-record.ts';
import { withTexts } from '../core/message-wire.ts';
import type { Log, Store } from '../core/ports.ts';
import type { AgentEvent } from '../core/words.ts';
import { createOutbox, type Outbox, type Provable } from './outbox.ts';

/** The dependencies with which `EventReporter` is created. */
export interface EventReporterParts {
  /** For the events of earlier runs, and for the time up to which the broker has them. */
  readonly store: Pick<Store, 'save' | 'load' | 'events'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Log;
  /** Returns the warnings and alarms that have not ended, also suppressed ones. */
  readonly openEvents: () => readonly AgentEvent[];
  /** Sends the texts as `Sync/Event`, without proof that they arrive. */
  readonly onTexts: (texts: readonly string[]) => void;
  /** Longest text that the broker accepts; a longer event or list is shortened. Units: UTF-8 bytes. */
  readonly maxTextBytes: () => number;
}

const KEY = 'sync.eventsTold';
/** Events of earlier runs that are reported after a start. Source: assumed; a megabyte, once. Confirmed by: the events of a cabinet in a week without a link. */
const MAX_EARLIER = 500;

/**
 * Events that wait for the broker. More would fill the memory in a long outage; the oldest are dropped, counted, and stay in the store. Source:
 * assumed; as above. Confirmed by: as above.
 */
const MAX_WAITING = MAX_EARLIER;

/**
 * Sends warnings and alarms to the platform between `open` and `close`: the newest state of each, until the broker has it. Each `open`
 * sends the open events again. Suppressed ones are not sent. The number that waits is limited: the oldest are dropped and counted.
 */
export class EventReporter {
  readonly #parts: EventReporterParts;
  readonly #outbox: Outbox<AgentEvent>;
  /** By id: the newest state that the broker does not have. */
  readonly #waiting = new Map<string, AgentEvent>();
  /** The platform may have an event of this cabinet that it takes for open. */
  #hasReported = false;
  /** Events that were dropped and that no list has named to the broker yet. */
  #dropped = 0;
  /** Those of them that the list of this link names. */
  #listed = 0;

  constructor(parts: EventReporterParts) {
    this.#parts = parts;
    this.#outbox = createOutbox<AgentEvent>({
      log: parts.log,
      idOf: ({ id }) => id,
      send: (event) => parts.onTexts([eventText(event, parts.maxTextBytes())]),
      onProven: (events) => this.#settle(events),
    });
  }

  /**
   * Queues the newest events of earlier runs that the broker may not have received, and counts the others as dropped. Does nothing if no
   * earlier run has sent the broker all events that waited.
   */
  async restore(): Promise<void> {
    const { store } = this.#parts;
    const saved = await store.load(KEY);
    if (!isRecord(saved) || typeof saved['atMs'] !== 'number') return;
    const sinceMs = saved['atMs'];
    this.#hasReported = true;
    const newest = await store.events({ sinceMs, limit: MAX_EARLIER });
    for (const event of newest) if (!this.#waiting.has(event.id)) this.report(event);
    for (let [skip, found] = [MAX_EARLIER, newest.length]; found === MAX_EARLIER; skip += MAX_EARLIER) {
      const earlier = await store.events({ sinceMs, limit: MAX_EARLIER, skip });
      this.#dropped += earlier.filter((event) => isReported(event) && (event.endMs ?? event.startMs) >= sinceMs).length;
      found = earlier.length;
    }
  }

  /** Queues a change of an event. Ignores severity `info`; a suppressed event is not queued, and its earlier state leaves the queue. */
  report(event: AgentEvent): void {
    if (event.severity === 'info') return;
    if (isSuppressed(event)) {
      this.#waiting.delete(event.id);
      this.#outbox.remove(event.id);
      return;
    }
    this.#hasReported = true;
    this.#waiting.set(event.id, event);
    this.#outbox.add(event);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size <= MAX_WAITING || oldest === undefined) return;
    this.#waiting.delete(oldest);
    this.#outbox.remove(oldest);
    this.#dropped++;
  }

  /**
   * Starts reporting on a link after its births: first a list of the open events, as far as the broker accepts it, then each of them, even
   * if the broker has it already. Suppressed ones are left out. There is no list if it would be empty and no earlier report is known.
   */
  open(link: Provable): void {
    const open = this.#parts.openEvents().filter((event) => !isSuppressed(event));
    this.#listed = this.#dropped;
    const ids = open.map(({ id }) => id);
    if (this.#hasReported || open.length > 0) this.#parts.onTexts([listText(ids, this.#dropped, this.#parts.maxTextBytes())]);
    for (const event of open) if (!this.#waiting.has(event.id)) this.report(event);
    this.#outbox.open(link);
  }

  close(): void {
    this.#outbox.close();
  }

  /**
   * Resolves when the broker has all waiting events, also those added meanwhile, or when sending stops; at once if nothing is being sent.
   */
  settled(): Promise<void> {
    return this.#outbox.settled();
  }

  /** The list went before these events on the same link. */
  #settle(events: readonly AgentEvent[]): void {
    this.#dropped -= this.#listed;
    this.#listed = 0;
    for (const event of events) if (this.#waiting.get(event.id) === event) this.#waiting.delete(event.id);
    if (this.#waiting.size === 0) void this.#parts.store.save(KEY, { atMs: Math.round(this.#newestMs(events)) });
  }

  /** One millisecond after the newest change, so that it is not reported again after a start. */
  #newestMs(events: readonly AgentEvent[]): WallMs {
    return Math.min(this.#parts.clock.wallMs(), Math.max(...events.map(({ startMs, endMs }) => endMs ?? startMs))) + 1;
  }
}

function isReported(event: AgentEvent): boolean {
  return event.severity !== 'info' && !isSuppressed(event);
}

/** Returns the JSON of the list of open events, with as many of the ids as fit in the limit. */
function listText(ids: readonly string[], dropped: number, maxBytes: number): string {
  const more = dropped === 0 ? {} : { dropped };
  let bytes = Buffer.byteLength(JSON.stringify({ open: [], ...more }));
  const tooMany = ids.findIndex((id, i) => {
    bytes += Buffer.byteLength(JSON.stringify(id)) + (i === 0 ? 0 : 1);
    return bytes > maxBytes;
  });
  return JSON.stringify({ open: tooMany === -1 ? ids : ids.slice(0, tooMany), ...more });
}

/**
 * Returns the JSON of an event. Shortened to the limit: first without templates, then without readings and check, last without its text.
 */
function eventText(event: AgentEvent, maxBytes: number): string {
  const { id, code, source, severity, text, startMs, endMs, talq, urgency, evidence, check, acknowledged } = event;
  const facts = { id, code, source, severity, startMs, endMs };
  const plain = { ...facts, text: String(text), talq, urgency, acknowledged };
  const because = evidence && String(evidence.text);
  const forms = [
    withTexts({ ...facts, text, ...detailsOf(event) }),
    {
      ...plain,
      evidence: evidence && { ...evidence, text: because },
      check: check && { what: String(check.what), where: String(check.where), tool: String(check.tool) },
    },
    { ...plain, evidence: { text: because } },
  ];
  return forms.map((form) => JSON.stringify(form)).find((json) => Buffer.byteLength(json) <= maxBytes) ?? JSON.stringify(facts);
}
