/**
 * All that the demo holds while it runs.
 */
import type { Cabinet } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import type { PanelView } from '../../agent/core/panel-tools.ts';
import type { SoundView } from '../../agent/core/sound-tools.ts';
import type { StatusView } from '../../agent/core/views.ts';
import type { TestBroker } from '../platform/broker.ts';
import type { ReferenceHost } from '../platform/host.ts';
import type { AgentProcess } from './agent-process.ts';
import type { DemoOptions } from './demo-options.ts';
import type { Passages } from './passages.ts';
import type { Street } from './street.ts';

export interface Demo {
  readonly options: DemoOptions;
  readonly cabinet: Cabinet;
  readonly clock: Clock;
  readonly street: Street;
  readonly passages: Passages;
  readonly broker: TestBroker;
  readonly host: ReferenceHost;
  readonly agent: AgentProcess;
  /** The agent's newest status; null before the first. */
  status: StatusView | null;
  /** The agent's newest answers about panels and sound; empty before the first, and in a street without them. */
  panels: readonly PanelView[];
  sounds: readonly SoundView[];
  /** Whether the broker is stopped. */
  isCut: boolean;
  toggleUplink(): Promise<void>;
  /** Cuts the power of a lamp, or gives it back. Returns the lamp and whether it has power now. */
  toggleLamp(): { readonly id: string; readonly hasPower: boolean };
  quit(): void;
}
