/**
 * The tick of the panels: values, requests and the time become texts, and what a panel does not show is written.
 *
 * Decides every second. Like the light, it depends on nothing but the lines: without disk, network or a trusted clock each panel shows at
 * least its fallback.
 */
import { randomUUID } from 'node:crypto';
import { textFormatOf } from '../../drivers/modbus/text-codec.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import { createEventTracker, type EventTracker } from '../core/event-tracker.ts';
import { msg, NO_TEXT } from '../core/message.ts';
import type { PanelTools, PanelView } from '../core/panel-tools.ts';
import type { Field, Log, PanelRequest, Store } from '../core/ports.ts';
import type { AgentEvent, Outcome, PointId, Reading } from '../core/words.ts';
import type { RuleState } from '../lighting/lighting.ts';
import { createLocalCalendar } from '../lighting/local-time.ts';
import { DayCounts } from './day-counts.ts';
import { PanelCommands } from './panel-commands.ts';
import { PanelDisplay } from './panel-display.ts';
import { type PanelPaces, panelRegisters } from './panel-registers.ts';
import { createPanelSchedule } from './panel-schedule.ts';
import type { PanelLine } from './panel-writer.ts';
import { SentTextRegistry } from './sent-text-registry.ts';
import { valueText } from './text-template.ts';

/** The dependencies with which `Panels` is created, and its callbacks. */
export interface PanelsParts {
  readonly cabinet: Pick<Cabinet, 'panels' | 'lines' | 'latitudeDeg' | 'longitudeDeg' | 'timezone'>;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly clock: Clock;
  readonly field: Pick<Field, 'writeText' | 'latest' | 'devices'>;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** Times of changes and of accepted texts, by register; also those under earlier configurations of this run. */
  readonly paces: PanelPaces;
  /** The states of the rules, by id. */
  readonly ruleStates: () => ReadonlyMap<string, RuleState>;
  readonly onEvent: (event: AgentEvent) => void;
  /** Receives each stage of a request for a text, up to the final one. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Receives the view of a panel when it is new, or its text, rank, source, `untilMs` or `state` has changed. */
  readonly onPanel?: (view: PanelView) => void;
}

/** Time between two ticks. Units: ms. Source: as for the decision about light. */
const TICK_MS = 1_000;
const NOT_RUNNING = msg`the agent is starting or stopping; try again in a moment`;

/** The panels of a cabinet: decides what each one shows, and carries out requests for texts between `start` and `stop`. */
export class Panels {
  readonly #parts: PanelsParts;
  readonly #events: EventTracker;
  readonly #sent: SentTextRegistry;
  readonly #days: DayCounts;
  readonly #commands: PanelCommands;
  readonly #displays: ReadonlyMap<string, PanelDisplay>;
  readonly #shown = new Map<string, string>();
  /** Devices that did not answer at the last tick. */
  readonly #absent = new Set<string>();
  #timer: Timer | null = null;

  constructor(parts: PanelsParts) {
    const { cabinet, clock } = parts;
    this.#parts = parts;
    this.#events = createEventTracker(clock, parts.onEvent);
    const registers = new Map(cabinet.panels.map((panel) => [panel.id, panelRegisters(panel, cabinet, parts.points)]));
    this.#sent = new SentTextRegistry({ ...parts, registers });
    const calendar = createLocalCalendar(cabinet.timezone);
    const counted = cabinet.panels.flatMap(({ values }) => values.filter(({ today }) => today).map(({ point }) => point as PointId));
    this.#days = new DayCounts({ ...parts, points: counted, calendar });
    this.#commands = new PanelCommands(clock, parts.onOutcome);
    const displays = cabinet.panels.map((panel) => {
      const lines = linesOf(panel, parts.points);
      const schedule = createPanelSchedule(cabinet, calendar, panel.schedule);
      return new PanelDisplay({ ...parts, panel, lines, schedule, registers: registers.get(panel.id) ?? [], events: this.#events });
    });
    this.#displays = new Map(displays.map((display) => [display.panel.id, display]));
  }

  /** Begins to decide regularly, and restores the stored state of an earlier run. Without a panel nothing runs. */
  async start(): Promise<void> {
    if (this.#displays.size === 0 || this.#timer !== null) return;
    this.#timer = every(this.#parts.clock, TICK_MS, () => this.#tick());
    await Promise.all([this.#sent.restore(), this.#days.restore()]);
    this.#tick();
  }

  /** Leaves the panels as they are; open commands end as failed. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#days.tend(true);
    await this.#commands.abandonAll(msg`the agent stopped before it was confirmed`);
  }

  /** Takes new readings for the values that are counted by day. The other values are read from the field. */
  onReadings(readings: readonly Reading[]): void {
    this.#days.take(readings);
  }

  /**
   * Carries out or refuses a request; refuses it before `start` and after `stop`. Resolves with its final outcome; `onOutcome` receives its
   * stages. A text that has failed may stay in force, and may be shown later.
   */
  async request(request: PanelRequest): Promise<Outcome> {
    this.#commands.publish(request, 'received');
    const panel = this.#displays.get(request.panel)?.panel;
    const refusal =
      this.#timer === null && this.#displays.size > 0
        ? NOT_RUNNING
        : panel === undefined
          ? msg`there is no panel ${request.panel}`
          : this.#sent.refusalOf(panel, request);
    if (refusal !== NO_TEXT) {
      const text = msg`${request.source}: ${refusal}`;
      this.#events.notice({ code: 'command-refused', source: request.panel, severity: 'warning', text });
      return this.#commands.publish(request, 'refused', refusal);
    }
    this.#sent.take(request);
    const final = this.#commands.follow(request, this.#sent.saved);
    this.#report(request);
    this.#tick();
    return final;
  }

  /** The views of the panels, in the order of the configuration, without those for which no text was decided yet. */
  views(): readonly PanelView[] {
    return [...this.#displays.values()].flatMap((display) => display.view() ?? []);
  }

  #tick(): void {
    if (this.#timer === null) return;
    const { clock, ruleStates } = this.#parts;
    this.#sent.tend();
    this.#days.tend();
    const rules = ruleStates();
    const isTimeKnown = isTrusted(clock.quality());
    const returned = this.#returned();
    for (const display of this.#displays.values()) {
      if (returned.has(display.panel.device)) display.returned();
      display.decide({
        sent: this.#sent.of(display.panel),
        ruleStates: rules,
        isTimeKnown,
        valueNamed: (name) => this.#value(display, name),
      });
    }
    for (const id of this.#commands.advance((panel) => this.#displays.get(panel)?.progress())) this.#sent.withdraw(id);
    this.#publish();
  }

  /** Devices that answer again after an absence. */
  #returned(): ReadonlySet<string> {
    const returned = new Set<string>();
    const used = new Set([...this.#displays.values()].map(({ panel }) => panel.device));
    for (const { id, state } of this.#parts.field.devices()) {
      if (!used.has(id)) continue;
      if (state === 'silent') this.#absent.add(id);
      else if (this.#absent.delete(id)) returned.add(id);
    }
    return returned;
  }

  #value({ panel }: PanelDisplay, name: string): string | null {
    const value = panel.values.find(({ id }) => id === name);
    if (value === undefined) return null;
    const pointId = value.point as PointId;
    const reading = this.#parts.field.latest(pointId);
    const measured = value.today ? this.#days.today(pointId) : reading?.quality === 'good' ? reading.value : null;
    return valueText(value, measured);
  }

  #publish(): void {
    for (const view of this.views()) {
      const key = JSON.stringify([view.text, view.rank, view.source, view.untilMs, view.state]);
      if (this.#shown.get(view.id) === key) continue;
      this.#shown.set(view.id, key);
      this.#parts.onPanel?.(view);
    }
  }

  #report({ panel, text, isEmergency, source }: PanelRequest): void {
    const what =
      text === null
        ? msg`${source} ended the text of panel ${panel}`
        : isEmergency
          ? msg`emergency text on panel ${panel} by ${source}: ${text}`
          : msg`text on panel ${panel} by ${source}: ${text}`;
    this.#events.notice({
      code: 'panel-text-sent',
      source: panel,
      severity: isEmergency && text !== null ? 'warning' : 'info',
      text: what,
    });
  }
}

/** The lines of a panel; a point that is no text point is left out, which the check of the configuration reports. */
function linesOf({ device, points: names }: Cabinet['panels'][number], points: PanelsParts['points']): readonly PanelLine[] {
  return names.flatMap((name) => {
    const pointId: PointId = `${device}.${name}`;
    const profile = points.get(pointId)?.profile;
    const format = profile === undefined ? null : textFormatOf(profile);
    if (profile?.write == null || format === null) return [];
    return [{ pointId, format, isReadBack: profile.write.readBack !== false }];
  });
}

/** Returns the console's tools for the panels: their views, and a function that requests texts with the sender `console`. */
export function createPanelTools(panels: Pick<Panels, 'views' | 'request'>): PanelTools {
  return {
    views: () => panels.views(),
    send: (order) => panels.request({ ...order, commandId: randomUUID(), sender: 'console' }),
  };
}
