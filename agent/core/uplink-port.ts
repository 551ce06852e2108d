/**
 * The interface of the uplink: what the platform is shown, what it may request, and the state of the delivery.
 */

import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { ConfigRequest } from './revisions.ts';
import type { Committed, FrameFate, ReadingFrame } from './store-port.ts';
import type { UpdateOrder } from './updates.ts';
import type { UplinkCertificates, UplinkTools } from './uplink-tools.ts';
import type { Intent, LevelPct, Outcome, PointId, Quality, Target } from './words.ts';

/** What the platform sees of one device, lamp or zone. */
export interface UplinkDevice {
  readonly id: string;
  readonly metrics: readonly UplinkMetric[];
  /** A lamp or zone may be overridden. */
  readonly target: Target | null;
}

export interface UplinkMetric {
  readonly name: string;
  /** The point behind it; null for metrics that the agent itself sets. */
  readonly pointId: PointId | null;
  readonly type: 'Double' | 'Int64' | 'Boolean' | 'String' | 'DateTime' | 'Bytes';
  readonly unit: string;
  /** Plausible values, sent in births. Units: the metric's own. */
  readonly range?: readonly [min: number, max: number] | null;
  /** Its name in TALQ, sent in births. */
  readonly talq?: string | null;
  /** Range that the platform may write; absent where it may not write. Units: the point's own. */
  readonly write?: { readonly min: number; readonly max: number };
}

export interface UplinkValue {
  readonly value: number | string | boolean | null;
  readonly quality: Quality;
  readonly atMs: WallMs;
}

/** An override as the platform asked for it; already checked for shape, not yet for limits. */
export interface OverrideRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly levelPct: LevelPct;
  readonly rank: IntentRequestRank;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
  /** An intent that no lamp has followed by then is withdrawn. */
  readonly expiresMono?: MonoMs;
  /** A further step of an override of the same source, which causes no event of its own. */
  readonly isFurther?: boolean;
}
type IntentRequestRank = Intent['rank'];

export interface ReleaseRequest {
  readonly commandId: string;
  readonly target: Target;
  readonly source: string;
  /** Not now but when the programme has its next step, so that the light changes once. */
  readonly atNextStep?: boolean;
  /** Only intents of this rank; any unless given. */
  readonly rank?: IntentRequestRank;
  /** Also those on the zones and lamps of a cabinet. */
  readonly everywhere?: boolean;
}

/** Another programme for a zone, for a while; null gives it back to its calendar. Checked for shape, not yet for the name. */
export interface ProgrammeRequest {
  readonly commandId: string;
  readonly zone: string;
  readonly programme: string | null;
  readonly minutes: number;
  readonly reason: string;
  readonly source: string;
}

/** A lamp that blinks to identify itself, on a remote request. Units: `seconds` 0 ends it. */
export interface BlinkRequest {
  readonly commandId: string;
  readonly lamp: string;
  readonly seconds: number;
  readonly source: string;
  readonly expiresMono?: MonoMs;
}

/** One value for one point. Units: the point's own. */
export interface PointRequest {
  readonly commandId: string;
  readonly deviceId: string;
  readonly pointId: PointId;
  readonly value: number;
  readonly source: string;
  readonly expiresMono: MonoMs;
}

/** A request of the platform: checked for shape, not yet for limits and names. */
export type PlatformOrder =
  | { readonly kind: 'override'; readonly request: OverrideRequest }
  | { readonly kind: 'release'; readonly request: ReleaseRequest }
  | { readonly kind: 'programme'; readonly request: ProgrammeRequest }
  | { readonly kind: 'blink'; readonly request: BlinkRequest }
  | { readonly kind: 'point'; readonly request: PointRequest }
  | { readonly kind: 'config'; readonly request: ConfigRequest }
  | { readonly kind: 'update'; readonly request: UpdateOrder };

export interface UplinkStatus {
  readonly state: 'off' | 'connecting' | 'waiting-for-host' | 'online' | 'down';
  readonly broker: string;
  /** Which of the servers that is, from 0; absent without an uplink. */
  readonly server?: { readonly index: number; readonly count: number; readonly url: string };
  /** What is wrong and what to check; empty while online. */
  readonly reason: Message;
  readonly sinceMs: WallMs;
  readonly bdSeq: number;
  readonly readingsPublished: number;
  readonly readingsHistorical: number;
  /** Proven to have reached the broker. */
  readonly readingsAcked: number;
  readonly messagesSent: number;
  readonly bytesSent: number;
  readonly commandsReceived: number;
  readonly commandsRefused: number;
  /** Absent without an uplink. */
  readonly relays?: RelayCounts;
  readonly delivery?: UplinkDelivery;
  /** Absent without an uplink. */
  readonly certificates?: UplinkCertificates;
  /** Last failure of this run, shown even after it is over; null when none failed. */
  readonly lastFailure?: { readonly atMs: WallMs; readonly text: Message } | null;
}

/** How far the platform has got. Units: rows of the store; bytes of MQTT packets since midnight UTC. */
export interface UplinkDelivery {
  /** What proves delivery: the broker by a barrier, or the platform by its acknowledgement. */
  readonly mode: 'broker' | 'platform';
  readonly headSeq: number;
  /** Up to which everything has left. */
  readonly sentSeq: number;
  /** Up to which everything is proven delivered. */
  readonly cursorSeq: number;
  /** The platform acknowledges nothing though it should. */
  readonly isPlatformSilent: boolean;
  /** The platform has acknowledged, and not been silent for a day since. */
  readonly isAcknowledging: boolean;
  /** The platform takes the backlog packed. */
  readonly acceptsSegments: boolean;
  /** Its last acknowledgement as received; empty before. */
  readonly ack: string;
  /** Of the oldest reading that is not delivered; null where all are. */
  readonly oldestMs: WallMs | null;
  readonly bytesToday: number;
  /** Null for no bound. */
  readonly dailyMegabytes: number | null;
}

/** Someone on the way from the street of one cabinet into that of another. */
export interface RelayedDetection {
  /** Edge node of the other cabinet: the receiver, or the sender. */
  readonly node: string;
  /** Unique within the cabinet that saw it. */
  readonly id: string;
  /** Since it was seen. Units: ms. */
  readonly ageMs: number;
  /** Of no use once it is older. Units: ms. */
  readonly ttlMs: number;
  /** From where the one street goes on as the other. Units: m. */
  readonly distanceM: number;
  /** Null where not known. */
  readonly speedKmh: number | null;
  /** It approaches; false: its direction is unknown. */
  readonly isApproaching: boolean;
}

/** Relays of this run. `dropped`: came malformed, not for this cabinet, or from the broker's memory. */
export interface RelayCounts {
  readonly told: number;
  readonly heard: number;
  readonly dropped: number;
}

/** The platform's side of the cabinet. */
export interface Uplink {
  start(): Promise<void>;
  /** Ends the session in order: DDEATHs, NDEATH, disconnect. */
  stop(): Promise<void>;
  /** Live readings, already handed to the store under `frame.ticket`. */
  publish(frame: ReadingFrame): void;
  /** A metric without a point changed: a lamp's decision, an override. Shape: `deviceId` is empty for the node itself. */
  update(deviceId: string, metric: string, value: UplinkValue): void;
  /** A device went silent or came back: DDEATH or DBIRTH. */
  deviceAlive(deviceId: string, alive: boolean): void;
  committed(committed: Committed): void;
  /** State of this run's frames at the moment, by ticket. */
  fates(): (ticket: number) => FrameFate;
  outcome(outcome: Outcome): void;
  /** Sends to a neighbour cabinet at once or not at all: later it is of no use. */
  relay(relay: RelayedDetection): void;
  status(): UplinkStatus;
  readonly tools: UplinkTools;
}
