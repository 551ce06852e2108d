/**
 * The interface of the uplink: what the platform sees, what it may request, and the state of the delivery.
 */

import type { AlarmOrder } from './alarm-tools.ts';
import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { TextSender } from './panel-config.ts';
import type { ConfigRequest } from './revisions.ts';
import type { SoundRequest } from './sound-tools.ts';
import type { Committed, FrameFate, ReadingFrame } from './store-port.ts';
import type { UpdateOrder } from './updates.ts';
import type { UplinkCertificates, UplinkTools } from './uplink-tools.ts';
import type { AgentEvent, Intent, LevelPct, Outcome, PointId, Quality, Target } from './words.ts';

/** One device as the platform sees it, such as a lamp, a zone or a panel. */
export interface UplinkDevice {
  readonly id: string;
  readonly metrics: readonly UplinkMetric[];
  /** The lamp or zone that an override of this device applies to; null if it cannot be overridden. */
  readonly target: Target | null;
  /** A panel, which accepts texts, or a place with sound. Absent: neither. */
  readonly part?: 'panel' | 'sound-place';
}

/** One metric of a device, or of the agent itself, as the platform sees it. */
export interface UplinkMetric {
  readonly name: string;
  /** Its point; null for any other metric, such as one of a command or of the agent's own state. */
  readonly pointId: PointId | null;
  readonly type: 'Double' | 'Int64' | 'Boolean' | 'String' | 'DateTime' | 'Bytes';
  /** Empty if it has none. */
  readonly unit: string;
  /** Plausible values, sent in birth messages. Units: the metric's own. */
  readonly range?: readonly [min: number, max: number] | null;
  /** Its name in TALQ, sent in birth messages. */
  readonly talq?: string | null;
  /**
   * Range of values that the platform may write to its point. Units: the point's own. Absent for any other metric, also for one of a
   * command, such as `Override/Level`.
   */
  readonly write?: { readonly min: number; readonly max: number };
}

/** One value of a metric, with quality and time. `value` is null if there is none. Units: a `DateTime` is in ms since 1970. */
export interface UplinkValue {
  readonly value: number | string | boolean | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/**
 * Requests a level for `minutes`. Its format has been checked; the receiver must check its target and limits. The request replaces an
 * earlier one of the same source, target and rank.
 */
export interface OverrideRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly levelPct: LevelPct;
  readonly rank: IntentRequestRank;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
  /** If no lamp has followed the intent by then, it is withdrawn. */
  readonly expiresMono?: MonoMs;
  /** A further step of an override of the same source; it causes no event `override-started`. */
  readonly isFurther?: boolean;
}
type IntentRequestRank = Intent['rank'];

/**
 * Requests the end of the intents that an `OverrideRequest` has set on exactly this target. Its format has been checked, its target has
 * not.
 */
export interface ReleaseRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly source: string;
  /**
   * End the intents at the latest when the programme has its next step, or day and night change, so that the light changes only once.
   * Refused if no such time is found, if none lasts longer, and always for a cabinet.
   */
  readonly atNextStep?: boolean;
  /** Only intents of this rank; default: any. */
  readonly rank?: IntentRequestRank;
  /** Only intents of this `source`; default: of any. No effect with `atNextStep`. */
  readonly isOwnOnly?: boolean;
  /** For a cabinet: also release the intents on its zones and lamps. */
  readonly everywhere?: boolean;
}

/**
 * Requests another programme for a zone, for `minutes`. `programme` null ends that at once: the zone follows its calendar again, and
 * `minutes` has no effect. The format has been checked, names and limits have not.
 */
export interface ProgrammeRequest {
  readonly commandId: string;
  readonly zone: string;
  readonly programme: string | null;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
}

/**
 * Requests that a lamp blinks, to identify it, for `seconds`; 0 stops it. It stops at `expiresMono` if the lamp has not followed by then.
 */
export interface BlinkRequest {
  readonly commandId: string;
  readonly lamp: string;
  readonly seconds: number;
  readonly source: string;
  readonly expiresMono?: MonoMs;
}

/**
 * Requests a text on a panel for `minutes`. `text` null ends the text that was sent, or the emergency text if `isEmergency`; `minutes` then
 * has no effect. The format has been checked, panel and limits have not.
 */
export interface PanelRequest {
  readonly commandId: string;
  readonly panel: string;
  readonly text: string | null;
  readonly isEmergency: boolean;
  readonly minutes: number;
  readonly sender: TextSender;
  /** `platform`, or `console:<user>`. */
  readonly source: string;
  /**
   * A text that has not been sent to the panel by then is withdrawn, also after its request has failed. A restart of the agent and a new
   * configuration forget this time.
   */
  readonly expiresMono?: MonoMs;
}

/** Requests a write of one value to one point. It fails if it has not been sent by `expiresMono`. Units: the point's own. */
export interface PointRequest {
  readonly commandId: string;
  readonly deviceId: string;
  readonly pointId: PointId;
  readonly value: number;
  readonly source: string;
  readonly expiresMono: MonoMs;
}

/** A request from the platform. Its format has been checked; the receiver must check its names and limits. */
export type PlatformOrder =
  | { readonly kind: 'override'; readonly request: OverrideRequest }
  | { readonly kind: 'release'; readonly request: ReleaseRequest }
  | { readonly kind: 'programme'; readonly request: ProgrammeRequest }
  | { readonly kind: 'blink'; readonly request: BlinkRequest }
  | { readonly kind: 'point'; readonly request: PointRequest }
  | { readonly kind: 'panel'; readonly request: PanelRequest }
  | { readonly kind: 'sound'; readonly request: SoundRequest }
  | { readonly kind: 'alarm'; readonly request: AlarmOrder }
  | { readonly kind: 'config'; readonly request: ConfigRequest }
  | { readonly kind: 'update'; readonly request: UpdateOrder };

/** State of the connection to the platform. Readings, messages, bytes and commands are counted since the start of the agent. */
export interface UplinkStatus {
  /**
   * `connecting`: also while it subscribes or sends births. `waiting-for-host`: connected, but the primary host is not online. `down`: it
   * ends the session, or waits before the next attempt.
   */
  readonly state: 'off' | 'connecting' | 'waiting-for-host' | 'online' | 'down';
  /** Address of the server; empty without an uplink. */
  readonly broker: string;
  /** The server in use, or the next one to be tried; index from 0. Absent without an uplink. */
  readonly server?: { readonly index: number; readonly count: number; readonly url: string };
  /** What is wrong and what to check, or that no uplink is configured; empty while online, or if nothing is known. */
  readonly reason: Message;
  /** Start of the present phase of the session; one `state` may have several phases. Without an uplink the time of the call. */
  readonly sinceMs: WallMs;
  /** Number of the Sparkplug session: that of the last attempt to connect, or of the next one. 0 to 255; 0 without an uplink. */
  readonly bdSeq: number;
  /** Readings sent, live and from the store; those sent again count again. */
  readonly readingsPublished: number;
  /** Those of them that were sent from the store, not live. */
  readonly readingsHistorical: number;
  /**
   * How many of `readingsPublished` the broker has read, proven by a ping that it answered; the platform may not have acknowledged them.
   */
  readonly readingsAcked: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  /**
   * Messages with commands or requests for births that arrived, and those of them that were refused on arrival, such as those above a rate
   * limit. A later refusal by the receiver of the command is not counted.
   */
  readonly commandsReceived: number;
  readonly commandsRefused: number;
  /** Absent without an uplink, as are `delivery`, `certificates` and `lastFailure`. */
  readonly relays?: RelayCounts;
  readonly delivery?: UplinkDelivery;
  readonly certificates?: UplinkCertificates;
  /** The last failure, kept after it has ended; null if none is known. */
  readonly lastFailure?: { readonly atMs: WallMs; readonly text: Message } | null;
}

/**
 * How far the stored readings have been delivered. Units: `...Seq` in rows of the store; `bytesToday` in bytes of published MQTT packets
 * since midnight UTC; `dailyMegabytes` in 10^6 bytes.
 */
export interface UplinkDelivery {
  /** What proves delivery: a ping answered by the broker, or an acknowledgement from the platform, also while none has arrived yet. */
  readonly mode: 'broker' | 'platform';
  /** The newest row known so far; 0 before one is known. */
  readonly headSeq: number;
  /** No row up to this one remains to be sent. */
  readonly sentSeq: number;
  /** No row up to this one remains to be delivered. */
  readonly cursorSeq: number;
  /** An acknowledgement of the platform is overdue. False also in mode `broker`, and while none is due yet in this connection. */
  readonly isPlatformSilent: boolean;
  /**
   * The platform has acknowledged, perhaps in an earlier run, and is expected to go on; false once it has stopped for too long. Also true
   * if the disk could not be read at the start, unless `uplink.proof` is `broker`.
   */
  readonly isAcknowledging: boolean;
  /** The platform accepts a packed backlog. */
  readonly acceptsSegments: boolean;
  /** Its last acknowledgement that was not refused; empty before the first since the uplink was created. */
  readonly ack: string;
  /** Time of the oldest undelivered row, as last read; null if none is known. */
  readonly oldestMs: WallMs | null;
  readonly bytesToday: number;
  /** Null for no limit. */
  readonly dailyMegabytes: number | null;
}

/** A detection of a person or vehicle that one cabinet sends to the next, because the street continues there. */
export interface RelayedDetection {
  /** Edge node of the other cabinet: the receiver of a sent detection, the sender of a received one. */
  readonly node: string;
  /** Unique within the cabinet that detected it. */
  readonly id: string;
  /** Time since the detection. Units: ms. */
  readonly ageMs: number;
  /** Age from which it is discarded; the receiver may discard it earlier. Units: ms. */
  readonly ttlMs: number;
  /** Distance of the detection from the place where one street continues as the other. Units: m. */
  readonly distanceM: number;
  /** Null if unknown. */
  readonly speedKmh: number | null;
  /** The person or vehicle approaches that place; false: the direction is unknown. */
  readonly isApproaching: boolean;
}

/**
 * Number of detections exchanged with neighbour cabinets, since the start or since a new configuration replaced the uplink. `sent`:
 * published. `heard`: received and given to the light control, which may still refuse them. `dropped`: received, but invalid or not for
 * this cabinet.
 */
export interface RelayCounts {
  readonly sent: number;
  readonly heard: number;
  readonly dropped: number;
}

/** The cabinet's connection to the platform. Methods without a promise return immediately. */
export interface Uplink {
  /** Begins to connect. Resolves when the stored state was read or could not be read, without waiting for a session. */
  start(): Promise<void>;
  /** Ends the session in order: DDEATHs, NDEATH, disconnect. */
  stop(): Promise<void>;
  /**
   * Sends live readings if a session allows it now; otherwise they are sent from the store later. The store must already have them under
   * `frame.ticket`.
   */
  publish(frame: ReadingFrame): void;
  /** Call it when a metric without a point has changed: a lamp's decision, an override. Shape: `deviceId` is empty for the node itself. */
  update(deviceId: string, metric: string, value: UplinkValue): void;
  /** Call it when a device became silent or answers again: a session then sends DDEATH or DBIRTH. */
  deviceAlive(deviceId: string, alive: boolean): void;
  /** Call it when the store reports frames on disk. */
  committed(committed: Committed): void;
  /** Delivery state of this run's frames, by ticket. Use the function at once: it is not updated in full. */
  fates(): (ticket: number) => FrameFate;
  /** Reports the state of a command to the platform. */
  outcome(outcome: Outcome): void;
  /** Reports the beginning, the end or another handling of an event. Some events are not sent, such as those of severity `info`. */
  event(event: AgentEvent): void;
  /** Sends a detection to a neighbour cabinet now; without a session it is discarded. */
  relay(relay: RelayedDetection): void;
  status(): UplinkStatus;
  readonly tools: UplinkTools;
}
