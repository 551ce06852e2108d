/**
 * Acknowledging events, and maintenance that suppresses alarms: requests, views, and their limits.
 */
import type { MonoMs, WallMs } from './clock.ts';
import { HOUR_MS, MINUTE_MS } from './durations.ts';
import type { AgentEvent, EventCode, Target } from './words.ts';

/**
 * Longest note of an acknowledgement, or reason of maintenance. Units: UTF-16 units. Source: assumed; two lines of a terminal, and one
 * field of a work order. Confirmed by: the notes in the audit logs of a year.
 */
export const MAX_NOTE_LENGTH = 160;
/**
 * For how long one request may set maintenance, for each owner, both ends allowed. For the platform, the time with any of its maintenance
 * in force is limited too. Units: ms. Source: assumed; the site as for an override of light, the platform one working day. Confirmed by:
 * the maintenance of a year of cabinets.
 */
export const MAINTENANCE_SPAN = {
  site: { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS },
  platform: { minMs: MINUTE_MS, maxMs: 8 * HOUR_MS },
} as const;

/** The side that started maintenance: a person at the cabinet (`site`), or the platform. */
export type MaintenanceOwner = keyof typeof MAINTENANCE_SPAN;

/** Requests that events are acknowledged. */
export interface AcknowledgeRequest {
  /**
   * The id of a warning or alarm, or `all` for the open ones that are raised and not acknowledged. At the console also the name of a
   * source, or `<code>:<source>`, for its open ones.
   */
  readonly event: string;
  readonly note: string;
  /** `console:<user>`, `platform` or `platform:<user>`. */
  readonly source: string;
}

/** The result of an acknowledgement: the events that it acknowledged, and those that had been acknowledged `before`. */
export interface AcknowledgeAnswer {
  readonly acknowledged: readonly AgentEvent[];
  readonly before: readonly AgentEvent[];
  /** False if the store has trouble or does not respond, so that a restart may forget it. */
  readonly isSaved: boolean;
}

/** Requests maintenance for `minutes` from now, or its end with `minutes` null. Maintenance of the same target and owner is changed. */
export interface MaintenanceRequest {
  /** The id of a cabinet does not matter. */
  readonly target: Target;
  /** A duration outside the `MAINTENANCE_SPAN` of the owner is refused. */
  readonly minutes: number | null;
  readonly reason: string;
  /** `site` also ends maintenance that the platform started. */
  readonly owner: MaintenanceOwner;
  /** As `AcknowledgeRequest.source`. */
  readonly source: string;
}

/** An order of the platform about events or maintenance. `target`: the id of a lamp, a zone or the cabinet; empty for the cabinet. */
export type AlarmOrder = { readonly commandId: string } & (
  | ({ readonly action: 'acknowledge' } & AcknowledgeRequest)
  | ({ readonly action: 'maintain'; readonly target: string } & Omit<MaintenanceRequest, 'target' | 'owner'>)
);

/** An event that maintenance suppressed. */
export interface SuppressedEvent extends Pick<AgentEvent, 'id' | 'source' | 'startMs'> {
  readonly code: EventCode;
}

/**
 * Maintenance. While it is in force, new warnings and alarms about the equipment of its target are recorded, but not raised. Some dangers
 * are raised all the same.
 */
export interface Maintenance {
  /** Also the id of the event that reports it. */
  readonly id: string;
  readonly target: Target;
  readonly owner: MaintenanceOwner;
  readonly source: string;
  readonly reason: string;
  readonly sinceMs: WallMs;
  /** The planned end; within a run, maintenance ends at `untilMono` instead. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
  /** Number of events suppressed so far. */
  readonly count: number;
  /** The first suppressed events. */
  readonly suppressed: readonly SuppressedEvent[];
}

/** Maintenance for display: in force, ended, or from before the start and waiting until the time is trusted. */
export type MaintenanceView = Omit<Maintenance, 'untilMono'>;

/**
 * Maintenance that a request started, changed or ended. `raised`: events whose alarm was raised because it ended. `isSaved`: false if the
 * disk failed or did not respond in time.
 */
export interface MaintenanceAnswer {
  readonly maintenance: readonly MaintenanceView[];
  readonly raised: readonly AgentEvent[];
  readonly isSaved: boolean;
}

/** The place on the street that an event is about. `atM`: distance along `street` from its start, in m. Null: unknown, or more than one. */
export interface EventPlace {
  /** The ids of one or more lamps, separated by spaces; null for none, as for an event about a zone. */
  readonly lamp: string | null;
  /** The only pole of its lamps, otherwise that of its device. */
  readonly pole: string | null;
  readonly atM: number | null;
  readonly zone: string | null;
  /** The id of the pole's branch; on the main street, the name of the cabinet. */
  readonly street: string | null;
}

/**
 * What people and the platform can do about alarms. Errors: `acknowledge` and `maintain` reject with Refusal, for example for an unknown
 * name.
 */
export interface AlarmTools {
  acknowledge(request: AcknowledgeRequest): Promise<AcknowledgeAnswer>;
  /** Starts, changes or ends maintenance. */
  maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer>;
  /** Those in force, and those that wait until the time is trusted. */
  maintenance(): readonly MaintenanceView[];
  /** Returns the newest of those that ended in this run, or had ended when it restored them, newest last. */
  ended(): readonly MaintenanceView[];
  /** Returns the place that the source of an event is at; all parts are null for an unknown source. */
  placeOf(source: string): EventPlace;
}
