/**
 * Describes commands in text, for the audit log and for answers. Pure.
 */
import type { WallMs } from '../../core/clock.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import type { ConfigRequest } from '../../core/revisions.ts';
import type { UpdateOrder } from '../../core/updates.ts';
import type { CommandTarget, Outcome, OutcomeState } from '../../core/words.ts';

/** The order as text: `override L01 to 80 % for 120 min: street works`. */
export function describeOrder(order: PlatformOrder): string {
  switch (order.kind) {
    case 'override': {
      const { target, rank, levelPct, minutes, reason } = order.request;
      const length = `for ${Math.round(minutes * 10) / 10} min`;
      return `${rank === 'emergency' ? 'emergency' : `override of ${target.id} to ${levelPct} %`} ${length}${because(reason)}`;
    }
    case 'release': {
      const { target, rank, atNextStep } = order.request;
      return rank === 'emergency' ? 'end of the emergency' : `release of ${target.id}${atNextStep === true ? ' at the next step' : ''}`;
    }
    case 'programme': {
      const { zone, programme, minutes, reason } = order.request;
      const length = programme === null ? '' : ` for ${Math.round(minutes)} min`;
      return `${programme === null ? 'usual programme' : `programme ${programme}`} of ${zone}${length}${because(reason)}`;
    }
    case 'blink':
      return `${order.request.lamp} to show itself${order.request.seconds === 0 ? ' no longer' : ` for ${order.request.seconds} s`}`;
    case 'config':
      return describeConfig(order.request);
    case 'update':
      return describeUpdate(order.request);
    case 'point':
      return `${order.request.pointId} to ${order.request.value}`;
  }
}

function describeConfig({ ask, by }: ConfigRequest): string {
  const who = by === 'platform' ? '' : ` (${by})`;
  if (ask.action === 'put') return `configuration: ${ask.file}, part ${ask.part} of ${ask.parts}${who}`;
  if (ask.action === 'remove') return `configuration: ${ask.file} taken out${who}`;
  if (ask.action === 'apply') return `configuration: apply${who}${because(ask.why)}`;
  return `configuration: ${ask.action}${ask.action === 'rollback' ? ` to revision ${ask.revision}` : ''}${who}`;
}

function describeUpdate({ ask }: UpdateOrder): string {
  if (ask.action === 'put') return `update: ${ask.part.data.length} bytes from byte ${ask.part.atByte} of ${ask.part.ofBytes}`;
  return `update: ${ask.action}${ask.isForced ? ' though lamps are lit' : ''}`;
}

/** The requested level; null when none is requested. */
function levelOf(order: PlatformOrder | null): number | null {
  return order?.kind === 'override' ? order.request.levelPct : null;
}

/** The outcome of a command that no lamp has received yet. */
export function stageOf(
  { commandId, target, order }: { readonly commandId: string; readonly target: CommandTarget; readonly order: PlatformOrder | null },
  { state, reason, atMs }: { readonly state: OutcomeState; readonly reason: string; readonly atMs: WallMs },
): Outcome {
  return { commandId, target, levelPct: levelOf(order), state, reason, lamps: {}, source: 'platform', atMs };
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}
