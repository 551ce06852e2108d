/**
 * Alarm handling: people acknowledge events, and maintenance suppresses the alarms of a lamp, a zone or the cabinet.
 *
 *     event ──► acknowledged before? in maintenance? ──► stored, with both ──► raised (log, metrics, platform) unless suppressed
 *
 *     raised ──► acknowledged ──► ended          a new occurrence needs a new acknowledgement
 *     suppressed ──► raised at the end of the maintenance, if it lasts on
 */
import {
  type AcknowledgeAnswer,
  type AcknowledgeRequest,
  type AlarmTools,
  type EventPlace,
  MAX_NOTE_LENGTH,
  type MaintenanceAnswer,
  type MaintenanceRequest,
  type MaintenanceView,
} from '../../core/alarm-tools.ts';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { SECOND_MS } from '../../core/durations.ts';
import { conditionOf, isSuppressed } from '../../core/event-handling.ts';
import { msg } from '../../core/message.ts';
import type { Log, Store } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { DISK_WAIT_MS, within } from '../../core/within.ts';
import type { AgentEvent, Target } from '../../core/words.ts';
import { CarriedAcknowledgements } from './carried-acknowledgements.ts';
import { type AlarmSite, isEventOf, maySuppress } from './covered-events.ts';
import { type PlacedSite, placeOfSource } from './event-place.ts';
import { findEndedEvent, findOpenEvents } from './find-events.ts';
import { maintenanceEndEvent, maintenanceEvent } from './maintenance-events.ts';
import { MaintenanceRegistry } from './maintenance-registry.ts';

/** The dependencies with which `Alarms` is created. */
export interface AlarmsParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load' | 'events' | 'status'>;
  readonly log: Log;
  /** The configuration in force. */
  readonly site: () => AlarmSite & PlacedSite;
  /** The events of this run. `onEvent` receives the events that report maintenance. `openEvents`: those that have not ended. */
  readonly ongoing: {
    onEvent(event: AgentEvent): void;
    /** Reports that the handling of an event has changed. */
    amend(event: AgentEvent): void;
    openEvents(): readonly AgentEvent[];
    /** Whether the event with this id is among `openEvents`. */
    isGoingOn(eventId: string): boolean;
  };
  /** Receives what `maintenance` returns when that may have changed; not after a suppression alone. */
  readonly onMaintenance: (list: readonly MaintenanceView[]) => void;
}

/** Query for all open events; no event begins or ends at this time. */
const OPEN = { sinceMs: Number.MAX_SAFE_INTEGER, limit: 10_000 };

/** The alarm handling of one run: acknowledgements and maintenance. */
export class Alarms implements AlarmTools {
  readonly #parts: AlarmsParts;
  readonly #carried: CarriedAcknowledgements;
  readonly #maintenance: MaintenanceRegistry;
  /** Conditions that earlier runs had raised: maintenance does not take an alarm back because of a restart. */
  readonly #raisedBefore = new Set<string>();
  #ticks: Timer | null = null;
  #isBeginning = false;

  constructor(parts: AlarmsParts) {
    const { clock, store, log } = parts;
    this.#parts = parts;
    this.#carried = new CarriedAcknowledgements({ clock, store, log });
    this.#maintenance = new MaintenanceRegistry({
      ...{ clock, store, log },
      onBegun: (begun) => {
        for (const each of begun) parts.ongoing.onEvent(maintenanceEvent(each));
        if (this.#isBeginning) this.#suppressBegun();
      },
      onEnded: (ended) => this.#finish(ended),
      onChange: parts.onMaintenance,
    });
  }

  /**
   * Restores acknowledgements of earlier runs, and their maintenance once the time is trusted. From now on ends what has expired. Errors:
   * none; a failure is logged.
   */
  async begin(): Promise<void> {
    const { store, clock, log, ongoing } = this.#parts;
    this.#ticks ??= every(clock, SECOND_MS, () => this.#tend());
    try {
      const left = (await store.events(OPEN)).filter(({ endMs }) => endMs === null);
      for (const event of left) if (!isSuppressed(event) && !ongoing.isGoingOn(event.id)) this.#raisedBefore.add(conditionOf(event));
      await this.#carried.restore(left);
      for (const event of ongoing.openEvents()) {
        const acknowledged = event.acknowledged === undefined ? this.#carried.take(event) : undefined;
        if (acknowledged !== undefined) ongoing.amend({ ...event, acknowledged });
      }
      this.#isBeginning = true;
      await this.#maintenance.restore();
    } catch (cause) {
      log.event('alarm-handling-not-restored', { cause: String(cause) }, 'warning');
    } finally {
      this.#isBeginning = false;
    }
  }

  /** Stops the timer that ends what has expired. Maintenance is not ended: the next run may restore it. */
  stop(): void {
    this.#ticks?.cancel();
    this.#ticks = null;
  }

  /**
   * Returns the event with its acknowledgement and its suppression by maintenance, if any, and counts a new suppression. Call it once for
   * each report. `before`: the event as last reported.
   */
  admit(event: AgentEvent, before: AgentEvent | undefined): AgentEvent {
    const acknowledged = event.acknowledged ?? before?.acknowledged ?? (event.endMs === null ? this.#carried.take(event) : undefined);
    const suppressed = before === undefined ? this.#suppressionOf(event) : before.suppressed;
    if (acknowledged !== undefined && event.isInterrupted === true) this.#carried.put(event, acknowledged);
    if (acknowledged === undefined && suppressed === undefined) return event;
    return { ...event, ...(acknowledged === undefined ? {} : { acknowledged }), ...(suppressed === undefined ? {} : { suppressed }) };
  }

  /**
   * Acknowledges the open warnings and alarms that are meant, otherwise one that has ended. Errors: rejects with Refusal, for example if
   * there is none.
   */
  async acknowledge({ event: wanted, note, source }: AcknowledgeRequest): Promise<AcknowledgeAnswer> {
    expectText(note);
    const { ongoing, clock, store } = this.#parts;
    const open = findOpenEvents(wanted, ongoing.openEvents(), source.startsWith('console:'));
    const found = open.length > 0 ? open : [await findEndedEvent(wanted, store)];
    const given = { by: source, atMs: clock.wallMs(), note };
    const acknowledged = found.filter((event) => event.acknowledged === undefined).map((event) => ({ ...event, acknowledged: given }));
    for (const event of acknowledged) ongoing.amend(event);
    const before = found.filter((event) => event.acknowledged !== undefined);
    return { acknowledged, before, isSaved: await this.#isStoring() };
  }

  /** Starts or changes maintenance; ends it if `minutes` is null. Errors: rejects with Refusal, for example for an unknown lamp. */
  async maintain({ target: wanted, ...request }: MaintenanceRequest): Promise<MaintenanceAnswer> {
    const { minutes } = request;
    expectText(request.reason);
    const target = this.#knownTarget(wanted);
    if (minutes === null) {
      const ended = this.#maintenance.end({ target, owner: request.owner });
      const raised = this.#finish(ended);
      return { maintenance: ended, raised, isSaved: await this.#isMaintenanceSaved() };
    }
    const begun = this.#maintenance.start({ ...request, target, minutes });
    this.#parts.ongoing.onEvent(maintenanceEvent(begun));
    return { maintenance: [begun], raised: [], isSaved: await this.#isMaintenanceSaved() };
  }

  /** The maintenance in force, and that of an earlier run that waits for a trusted time. */
  maintenance(): readonly MaintenanceView[] {
    return this.#maintenance.views;
  }

  /** The newest maintenance that ended in this run, or had ended when it was restored; newest last. */
  ended(): readonly MaintenanceView[] {
    return this.#maintenance.ended;
  }

  /** The place that the source of an event is at; all parts are null for an unknown source. */
  placeOf(source: string): EventPlace {
    return placeOfSource(this.#parts.site(), source);
  }

  /** Whether maintenance in force covers a lamp or device. A device with lamps is covered only if all of them are. */
  isInMaintenance(kind: 'lamp' | 'device', source: string): boolean {
    const { list } = this.#maintenance;
    const code = kind === 'lamp' ? 'lamp-out' : 'unit-silent';
    return list.length > 0 && list.some(({ target }) => isEventOf(this.#parts.site(), target, { code, source }));
  }

  #tend(): void {
    this.#maintenance.tend();
    this.#carried.tend();
  }

  /** Undefined if no maintenance covers the event. Counts it there. */
  #suppressionOf(event: AgentEvent): AgentEvent['suppressed'] {
    const { list } = this.#maintenance;
    const wasRaised = this.#raisedBefore.size > 0 && this.#raisedBefore.delete(conditionOf(event));
    if (list.length === 0 || wasRaised) return undefined;
    const site = this.#parts.site();
    const covering = list.find(({ owner, target }) => maySuppress(owner, event) && isEventOf(site, target, event));
    if (covering === undefined) return undefined;
    this.#maintenance.suppress(covering.id, event);
    return { maintenance: covering.id, untilMs: null };
  }

  /** After a restart: what began again before the maintenance was read is suppressed too. */
  #suppressBegun(): void {
    const { ongoing } = this.#parts;
    for (const event of ongoing.openEvents()) {
      if (event.suppressed !== undefined) continue;
      const suppressed = this.#suppressionOf(event);
      if (suppressed !== undefined) ongoing.amend({ ...event, suppressed });
    }
  }

  /** Reports the end of maintenance. Returns the events that last on: their alarm is raised now, unless other maintenance covers them. */
  #finish(ended: readonly MaintenanceView[]): readonly AgentEvent[] {
    const { ongoing, clock } = this.#parts;
    const nowMs = clock.wallMs();
    return ended.flatMap((maintenance) => {
      const lasting = ongoing.openEvents().filter((event) => isSuppressed(event) && event.suppressed?.maintenance === maintenance.id);
      const raised = lasting.flatMap((event) => {
        const other = this.#suppressionOf(event);
        const next = { ...event, suppressed: other ?? { maintenance: maintenance.id, untilMs: nowMs } };
        ongoing.amend(next);
        return other === undefined ? [next] : [];
      });
      ongoing.onEvent(maintenanceEndEvent(maintenance, raised.length, nowMs));
      return raised;
    });
  }

  #knownTarget({ kind, id }: Target): Target {
    const { id: cabinetId, lamps, zones } = this.#parts.site();
    if (kind === 'cabinet') return { kind, id: cabinetId };
    const known: readonly { readonly id: string }[] = kind === 'zone' ? zones : lamps;
    if (known.some((each) => each.id === id)) return { kind, id };
    throw new Refusal(kind === 'zone' ? msg`there is no zone ${id}` : msg`there is no lamp ${id}`);
  }

  async #isStoring(): Promise<boolean> {
    const { clock, store } = this.#parts;
    return (await within(clock, DISK_WAIT_MS, store.status()))?.state === 'ok';
  }

  async #isMaintenanceSaved(): Promise<boolean> {
    return (await within(this.#parts.clock, DISK_WAIT_MS, this.#maintenance.saved)) === true;
  }
}

function expectText(text: string): void {
  if (text.length > MAX_NOTE_LENGTH) throw new Refusal(msg`the text has ${text.length} characters, at most ${MAX_NOTE_LENGTH}`);
  if (/\p{C}/u.test(text)) throw new Refusal(msg`the text has control characters: write one line`);
}
