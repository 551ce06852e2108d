/**
 * The parts that a run passes in: its configuration, and its connections to the outside.
 */
import type { RevisionParts } from '../config/revisions/revisions.ts';
import type { CabinetAndProfiles } from '../config/revisions/touched-parts.ts';
import type { Clock } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import type { Heap } from '../core/heap-collector.ts';
import type { Log, LogFeed } from '../core/ports.ts';
import type { SteadyClockParts } from '../core/steady-clock.ts';
import type { POLL_PERIOD_MS } from '../field/polls/poll-plan.ts';
import type { AgentHealth } from '../service/metrics/health.ts';
import type { RunGuard } from '../service/run/run-guard.ts';
import type { UpdateParts } from '../service/updates/update-run.ts';
import type { StoreParts } from '../store/store.ts';
import type { MqttTransport } from '../sync/mqtt/mqtt-transport.ts';
import type { ReadFile } from '../sync/mqtt/secret-files.ts';

/** The parts that an agent does not build itself. */
export interface AgentParts extends CabinetAndProfiles {
  readonly clock: Clock;
  /** Evidence for a step of that clock, and storage of the held time over a restart. Default: none. */
  readonly steady?: Omit<SteadyClockParts, 'clock'>;
  readonly log: Log;
  /** The same log for live readers; without it no command can read it. */
  readonly logFeed?: LogFeed;
  readonly version: string;
  readonly openPort: OpenBytePort;
  readonly door: MqttTransport;
  /** Reads the files of the uplink. Default: from the disk, without credentials of a service. */
  readonly readFile?: ReadFile;
  /** 0..1. */
  readonly random: () => number;
  /** Path of the console's socket; null opens none. */
  readonly socketPath: string | null;
  readonly openStoreLink?: StoreParts['openLink'];
  /** When the machine started, so that an earlier run's times can be corrected; unknown unless given. */
  readonly machine?: StoreParts['machine'];
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  /** Store and checks of other configurations; without it this run accepts none. */
  readonly revisions?: RevisionParts;
  /** Receives the steps of the start as they complete. */
  readonly onStartStep?: (step: string) => void;
  /** Start mode of this run, and the ledger of earlier ones. Default: normal. */
  readonly guard?: Pick<RunGuard, 'mode' | 'events' | 'ledger' | 'unstored' | 'settleLoss'>;
  /** Health of the process; not reported unless given. */
  readonly health?: AgentHealth;
  /** Heap of this thread; V8 alone decides when to collect unless given. */
  readonly heap?: Heap | null;
  /** Store of other releases of the program; without it this run accepts none. */
  readonly updates?: UpdateParts;
}
