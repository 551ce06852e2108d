import type { Clock } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { CommitRequest, SiteOwnedDifference } from '../../core/revisions.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { CheckedRevision } from './check-in-child.ts';
import { createRevisionEvents } from './revision-events.ts';
import { withTrialConfirmed, withTrialReturned } from './revision-history.ts';
import type { Trial } from './revision-history-file.ts';
import type { RevisionHistoryStore } from './revision-history-store.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';
import type { TrialHealth } from './trial.ts';
import { createTrialWatch, type TrialEnd } from './trial-watch.ts';

/** What `ActiveRevision` needs from the agent, with callbacks. Its history, check and `onVerdict` are passed separately. */
export interface ActiveRevisionParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The running configuration; from the beginning of a change the new one. */
  readonly site: () => CabinetAndProfiles;
  /** Path of the file of the site, for messages. */
  readonly siteFile: string;
  /** Site-owned keys of the running configuration that differ from the file of the site, at the start; empty if that is unusable. */
  readonly unlikeSite: readonly SiteOwnedDifference[];
  /** The devices that respond now, and whether the uplink is connected. */
  readonly health: () => TrialHealth;
  /** Applies a configuration; resolves when it runs. While the agent stops, it changes nothing and resolves too. */
  readonly apply: (site: CabinetAndProfiles) => Promise<unknown>;
  readonly onEvent: (event: AgentEvent) => void;
  /** Called when the history or the running revision may have changed, and after requests that put, copy, commit or discard a candidate. */
  readonly onChange: () => void;
  /**
   * Called when a trial ends in this run. `reason` is empty if it was confirmed; `commandId`: of the platform command that began it, null for
   * none.
   */
  readonly onTrialEnd: (trial: { readonly commandId: string | null; readonly number: number; readonly reason: Message }) => void;
}

/** A configuration, and its site-owned keys that differ from the file of the site; null if not known. */
type Running = Pick<CheckedRevision, 'site' | 'unlikeSite'>;

const STOPPED = msg`the agent stops: the trial goes on at its next start`;
const unusable = (trial: number, current: number): Message =>
  msg`revision ${current} cannot be used, so revision ${trial} runs on; check the files of revision ${current}`;

/** The configuration that runs, and its trial. Calls of `activate`, `confirm` and `return` must not overlap. `stop` may come during one. */
export class ActiveRevision {
  readonly #parts: ActiveRevisionParts;
  readonly #histories: RevisionHistoryStore;
  readonly #check: (of: number) => Promise<CheckedRevision>;
  /** Watches the trial. */
  readonly watch: ReturnType<typeof createTrialWatch>;
  readonly #events: ReturnType<typeof createRevisionEvents>;
  /** The configuration that ran before the trial; null if the trial began in an earlier run. */
  #former: Running | null = null;
  #unlikeSite: readonly SiteOwnedDifference[];
  #isStopped = false;

  constructor(
    parts: ActiveRevisionParts,
    histories: RevisionHistoryStore,
    { check, onVerdict }: { check: (of: number) => Promise<CheckedRevision>; onVerdict: (end: TrialEnd) => void },
  ) {
    this.#parts = parts;
    this.#histories = histories;
    this.#check = check;
    this.#unlikeSite = parts.unlikeSite;
    this.#events = createRevisionEvents(parts.clock, parts.onEvent, parts.siteFile);
    this.watch = createTrialWatch({
      clock: parts.clock,
      health: parts.health,
      isStorable: () => String(histories.trouble) === '',
      onSpent: (spentMs) => void this.#saveSpent(spentMs),
      onVerdict,
    });
  }

  /** Site-owned keys of the running configuration that differ from the file of the site, as last compared. */
  get unlikeSite(): readonly SiteOwnedDifference[] {
    return this.#unlikeSite;
  }

  /** True once `stop` was called. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Continues the trial of an earlier run, if there is one, and reports the keys that differ from the file of the site. */
  start(): void {
    const { trial } = this.#histories.history;
    if (trial !== null) this.#begin(trial);
    this.#showUnlikeSite(this.#unlikeSite);
  }

  /** Stops the watch of the trial. A trial can then be neither confirmed nor returned. */
  stop(): void {
    this.#isStopped = true;
    this.watch.stop();
  }

  /** Saves how much time of the trial has passed, if there is one. Resolves also if that fails. */
  async saveProgress(): Promise<void> {
    const { trial } = this.#histories.history;
    if (trial !== null) await this.#saveSpent(this.watch.spentMs(trial));
  }

  /**
   * Reports and applies a revision that is already in the history. Once it runs, begins its trial if the history has one for it. Errors:
   * rejects as `apply`.
   */
  async activate(
    next: Running & { readonly site: CabinetAndProfiles },
    number: number,
    { by, why, touches }: Pick<CommitRequest, 'by' | 'why'> & { readonly touches: readonly Message[] },
  ): Promise<void> {
    this.#events.changed(number, { by, why, touches });
    this.#former = { site: this.#parts.site(), unlikeSite: this.#unlikeSite };
    await this.#parts.apply(next.site);
    this.#showUnlikeSite(next.unlikeSite);
    const { trial } = this.#histories.history;
    if (trial?.number === number) this.#begin(trial);
    else this.#former = null;
    void this.#histories.removeForgotten();
    this.#parts.onChange();
  }

  /**
   * Confirms the revision on trial, which ends the trial. Resolves with why it was not confirmed; empty if it was, or if there is no trial.
   * `by`: who confirms it; null if it is confirmed automatically.
   */
  async confirm(by: string | null): Promise<Message> {
    const { trial } = this.#histories.history;
    if (trial === null) return NO_TEXT;
    if (this.#isStopped) return STOPPED;
    const trouble = await this.#histories.saveOrWithdraw(withTrialConfirmed(this.#histories.history));
    if (trouble !== NO_TEXT) {
      if (!this.#isStopped) this.watch.resume();
      return trouble;
    }
    this.#endWatch();
    this.#former = null;
    this.#events.confirmed(trial.number, by);
    this.#parts.onTrialEnd({ commandId: trial.commandId, number: trial.number, reason: NO_TEXT });
    return NO_TEXT;
  }

  /**
   * Ends the trial and returns to the revision before it; if that cannot be used, the revision of the trial still runs. `obstacle`: why the one
   * before does not run now, because the agent stops (then the trial goes on) or its files cannot be used; empty if it runs. `trouble`: why the
   * end could not be saved; empty if it was. Both are empty if there is no trial. Errors: rejects as `apply`.
   */
  async return(reason: Message): Promise<{ readonly obstacle: Message; readonly trouble: Message }> {
    const { trial, current } = this.#histories.history;
    if (trial === null) return { obstacle: NO_TEXT, trouble: NO_TEXT };
    if (this.#isStopped) return { obstacle: STOPPED, trouble: NO_TEXT };
    this.#endWatch();
    const [isNoted, isStored] = await Promise.all([
      this.#histories.noteReturned(trial.number),
      this.#histories.save(withTrialReturned(this.#histories.history, reason)),
    ]);
    const trouble = isStored || (isNoted && trial.isMarked) ? NO_TEXT : this.#histories.trouble;
    const { site, unlikeSite } = this.#former ?? (await this.#check(current));
    if (site === null)
      this.#parts.log.event('configuration-not-returned', { revision: current, check: 'luciole check of its folder' }, 'alarm');
    else {
      await this.#parts.apply(site);
      this.#showUnlikeSite(unlikeSite);
    }
    this.#former = null;
    this.#events.returned(trial.number, current, { reason, isApplied: site !== null });
    this.#parts.onTrialEnd({ commandId: trial.commandId, number: trial.number, reason });
    this.#parts.onChange();
    return { obstacle: site === null ? unusable(trial.number, current) : NO_TEXT, trouble };
  }

  #begin(trial: Trial): void {
    this.watch.start(trial);
    this.#events.trial(trial);
  }

  #endWatch(): void {
    this.watch.stop();
    this.#events.trial(null);
  }

  /** Null, if they are not known, changes nothing: a revision with other site-owned keys than the running one is refused. */
  #showUnlikeSite(differences: Running['unlikeSite']): void {
    if (differences === null) return;
    this.#unlikeSite = differences;
    this.#events.unlikeSite(differences);
  }

  async #saveSpent(spentMs: number): Promise<void> {
    const { history } = this.#histories;
    if (history.trial !== null) await this.#histories.save({ ...history, trial: { ...history.trial, spentMs } });
  }
}
