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
import type { ReadFile } from '../sync/mqtt/secrets.ts';

/** All that an agent is made of which it does not make itself. */
export interface AgentParts extends CabinetAndProfiles {
  readonly clock: Clock;
  /** What may prove a step of that clock, and what keeps the held time over a restart. Default: nothing. */
  readonly steady?: Omit<SteadyClockParts, 'clock'>;
  readonly log: Log;
  /** The same log for those who read along; no command can unless given. */
  readonly logFeed?: LogFeed;
  readonly version: string;
  readonly openPort: OpenBytePort;
  readonly door: MqttTransport;
  /** Reads the files of the uplink. Default: from the disk, without credentials of a service. */
  readonly readFile?: ReadFile;
  /** 0..1. */
  readonly random: () => number;
  /** Where the console answers; null opens no console. */
  readonly socketPath: string | null;
  readonly openStoreLink?: StoreParts['openLink'];
  /** When the machine began, so that an earlier run's times can be put right; not known unless given. */
  readonly machine?: StoreParts['machine'];
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  /** Where other configurations are kept and judged; without it this run takes none. */
  readonly revisions?: RevisionParts;
  /** Receives the steps of the start as they complete. */
  readonly onStartStep?: (step: string) => void;
  /** How this run may go on after those before it. Default: as usual. */
  readonly guard?: Pick<RunGuard, 'mode' | 'events' | 'ledger' | 'unstored' | 'settleLoss'>;
  /** What the process takes; not reported unless given. */
  readonly health?: AgentHealth;
  /** This thread's; V8 alone decides when to collect unless given. */
  readonly heap?: Heap | null;
  /** Where other releases of the program are kept; without it this run takes none. */
  readonly updates?: UpdateParts;
}
