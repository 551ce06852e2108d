/**
 * All that people and the platform have requested: intents in force, chosen programmes, blinking lamps and open commands.
 */
import type { Clock } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { IdentifyRequest, IdentifyRun } from '../../core/light-tools.ts';
import type { Field, Log, Store } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Authorised, Intent, Outcome } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import { intentsFor } from '../../lighting/intents.ts';
import type { ChosenProgramme, LightingStreet } from '../../lighting/lighting.ts';
import type { ContactTracker } from '../sensing/contact-tracker.ts';
import type { StreetIndex } from '../street-index.ts';
import { isFollowed, type LampWork } from './commands.ts';
import { IdentifyHandler } from './identify.ts';
import { OverrideRegistry } from './override-registry.ts';
import { createPendingCommands, type PendingCommands } from './pending-commands.ts';
import { createPointCommandHandler } from './point-command-handler.ts';
import { ProgrammeRegistry } from './programme-registry.ts';
import { createRemoteBlinks, type RemoteBlinks } from './remote-blinks.ts';
import { createRequestHandler, NOT_RUNNING, type RequestHandler } from './request-handler.ts';

export interface LightRequestsParts {
  readonly street: LightingStreet;
  readonly index: StreetIndex;
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint'>;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly events: EventTracker;
  readonly plan: Decider['plan'];
  /** Contacts of the cabinet are sources of intents as well. */
  readonly contacts: Pick<ContactTracker, 'intents'>;
  readonly isRunning: () => boolean;
  /** Decides now. */
  readonly decide: () => void;
  /** Lets the lamps that have not confirmed their level be tried at once. */
  readonly nudge: (lampIds: readonly string[]) => void;
  /** The state of a lamp; undefined before the first decision. */
  readonly workOf: (lampId: string, intents: readonly Intent[]) => LampWork | undefined;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onIntents: (intents: readonly Intent[]) => void;
  readonly onProgrammes: (choices: readonly ChosenProgramme[]) => void;
  readonly onBlinks: (running: ReadonlyMap<string, number>) => void;
}

export class LightRequests {
  readonly handler: RequestHandler;
  readonly #parts: LightRequestsParts;
  readonly #overrides: OverrideRegistry;
  readonly #programmes: ProgrammeRegistry;
  readonly #identify: IdentifyHandler;
  readonly #blinks: RemoteBlinks;
  readonly #pending: PendingCommands;

  constructor(parts: LightRequestsParts) {
    const { street, index, clock, field, onOutcome } = parts;
    this.#parts = parts;
    this.#overrides = new OverrideRegistry({ ...parts, onChange: parts.onIntents });
    this.#programmes = new ProgrammeRegistry({ ...parts, onChange: parts.onProgrammes });
    this.#identify = new IdentifyHandler(street, clock, parts.decide);
    this.#blinks = createRemoteBlinks(this.#identify, clock, parts.onBlinks);
    this.#pending = createPendingCommands({ clock, workOf: (lampId) => this.#workOf(lampId), onOutcome });
    this.handler = createRequestHandler({
      ...parts,
      overrides: this.#overrides,
      programmes: this.#programmes,
      blinks: this.#blinks,
      points: createPointCommandHandler({ owners: index.owners, clock, field, onOutcome }),
      pending: this.#pending,
      intentsFor: (lampId) => this.#intentsFor(lampId),
      applyNow(lampIds) {
        parts.nudge(lampIds);
        parts.decide();
      },
    });
  }

  /** Restores what an earlier run has stored. */
  async restore(): Promise<void> {
    await Promise.all([this.#overrides.restore(), this.#programmes.restore()]);
  }

  /** Ends what is over and resumes what waited for a trusted time. To be called before each decision. */
  tend(): void {
    this.#overrides.tend();
    this.#programmes.tend();
    this.#blinks.tend();
  }

  /** All intents in force on this street. */
  intents(): readonly Intent[] {
    return [...this.#overrides.intents(), ...this.#parts.contacts.intents(), ...this.#identify.intents()];
  }

  /** By zone. */
  programmes(): ReadonlyMap<string, ChosenProgramme> {
    return this.#programmes.choices();
  }

  /** Lets a lamp blink. Errors: throws Refusal, as the identify handler and while the agent starts or stops. */
  identify(request: Authorised<IdentifyRequest>): IdentifyRun {
    if (!this.#parts.isRunning()) throw new Refusal(NOT_RUNNING);
    return this.#identify.start(request, this.#intentsFor(request.lamp));
  }

  /** Moves open commands on after decisions or writes. */
  advance(): void {
    this.#pending.advance();
    this.#noteBegun();
  }

  /** Ends all open commands as failed. */
  abandonAll(reason: string): void {
    this.#pending.abandonAll(reason);
  }

  /** An intent that a lamp follows has begun, so it no longer expires with its command. */
  #noteBegun(): void {
    const open = this.intents().filter(({ id, startBy }) => startBy !== undefined || this.#blinks.isPending(id));
    if (open.length === 0) return;
    const works = this.#parts.street.lamps.flatMap(({ id }) => this.#workOf(id) ?? []);
    const begun = new Set(open.map(({ id }) => id).filter((id) => works.some((work) => isFollowed(id, work))));
    this.#blinks.begun(begun);
    this.#overrides.begun(begun);
  }

  #workOf(lampId: string): LampWork | undefined {
    return this.#parts.workOf(lampId, this.#intentsFor(lampId));
  }

  #intentsFor(lampId: string): readonly Intent[] {
    const { index, clock } = this.#parts;
    return intentsFor(this.intents(), { lampId, zoneId: index.zoneOf.get(lampId) ?? null }, clock.monoMs());
  }
}
