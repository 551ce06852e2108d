/**
 * Requests of platform and technician for light: checked, put among the intents in force, and followed to their outcome.
 *
 * Refuses with a reason where a request cannot be carried out. The tick decides what a lamp does.
 */
import type { Clock, WallMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { BlinkRequest, OverrideRequest, PointRequest, ProgrammeRequest, ReleaseRequest } from '../../core/ports.ts';
import type { Authorised, Intent, Outcome, Target } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { chosenIn } from '../../lighting/programme.ts';
import { lampsOf, refusalOf, releaseRefusalOf } from './limits.ts';
import type { OverrideRegistry } from './override-registry.ts';
import { intentOf } from './overrides.ts';
import type { Incoming, PendingCommands } from './pending-commands.ts';
import type { PointCommandHandler } from './point-command-handler.ts';
import type { ProgrammeRegistry } from './programme-registry.ts';
import type { RemoteBlinks } from './remote-blinks.ts';

export interface RequestHandlerParts {
  readonly street: LightingStreet;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly overrides: OverrideRegistry;
  readonly programmes: ProgrammeRegistry;
  readonly blinks: RemoteBlinks;
  readonly points: PointCommandHandler;
  readonly pending: PendingCommands;
  readonly plan: Decider['plan'];
  /** The intents in force for a lamp. */
  readonly intentsFor: (lampId: string) => readonly Intent[];
  readonly isRunning: () => boolean;
  /** Decides now, and writes these lamps without waiting for a retry. */
  readonly applyNow: (lampIds: readonly string[]) => void;
}

export interface RequestHandler {
  /** Resolves with the final outcome, at the latest after `COMMAND_MS`; the stages before go to `onOutcome`. */
  override(request: Authorised<OverrideRequest>): Promise<Outcome>;
  release(request: Authorised<ReleaseRequest>): Promise<Outcome>;
  chooseProgramme(request: ProgrammeRequest): Promise<Outcome>;
  /** As `identify`, for a sender that is not at the pole: it has the outcomes of a command. */
  blink(request: Authorised<BlinkRequest>): Promise<Outcome>;
  writePoint(request: PointRequest): Promise<Outcome>;
}

/** The refusal while there is no tick. */
export const NOT_RUNNING = 'the agent is starting or stopping; try again in a moment';

export function createRequestHandler(parts: RequestHandlerParts): RequestHandler {
  const { street, clock, events, overrides, programmes, blinks, pending, intentsFor, isRunning } = parts;

  function refuse(incoming: Incoming, reason: string): Outcome {
    events.notice({ code: 'command-refused', source: incoming.target.id, severity: 'warning', text: `${incoming.source}: ${reason}` });
    return pending.publish(incoming, 'refused', reason);
  }

  /** Follows a command whose intent is already in the list, or removed from it, and applies it at once. */
  function carryOut(incoming: Incoming): Promise<Outcome> {
    const lampIds = lampsOf(street, incoming.target) ?? [];
    const final = pending.open(incoming, lampIds);
    parts.applyNow(lampIds);
    return final;
  }

  /** The intent holds until the next step and ends by itself, so there is nothing to wait for. */
  function releaseAtNextStep(request: Authorised<ReleaseRequest>, incoming: Incoming): Outcome {
    const { kind, id } = request.target;
    const atMs = nextStepMs(request.target, parts);
    if (atMs === null) return refuse(incoming, `no step of the programme is known for ${kind} ${id}; release it now`);
    const shortened = overrides.shorten(request, { nowMs: atMs, nowMono: clock.monoMs() + atMs - clock.wallMs() });
    if (shortened > 0) return pending.publish(incoming, 'verified');
    return refuse(incoming, `no override of ${kind} ${id} lasts longer than the next step`);
  }

  return {
    async override(request) {
      const incoming = { ...request, intentId: request.commandId };
      pending.publish(incoming, 'received');
      const refusal = isRunning() ? refusalOf(street, request) : NOT_RUNNING;
      if (refusal !== '') return refuse(incoming, refusal);
      overrides.add(intentOf(request, { nowMs: clock.wallMs(), nowMono: clock.monoMs() }), request.isFurther);
      return carryOut(incoming);
    },
    async release(request) {
      const incoming = { ...request, levelPct: null, intentId: null };
      pending.publish(incoming, 'received');
      if (!isRunning()) return refuse(incoming, NOT_RUNNING);
      if (request.atNextStep === true) return releaseAtNextStep(request, incoming);
      const refusal = releaseRefusalOf(street, request, overrides.release(request));
      return refusal === '' ? carryOut(incoming) : refuse(incoming, refusal);
    },
    async chooseProgramme(request) {
      const { commandId, zone, source } = request;
      const incoming: Incoming = { commandId, target: { kind: 'zone', id: zone }, levelPct: null, source, intentId: null };
      pending.publish(incoming, 'received');
      const refusal = isRunning() ? programmes.refusalOf(request) : NOT_RUNNING;
      if (refusal !== '') return refuse(incoming, refusal);
      programmes.choose(request);
      return carryOut(incoming);
    },
    async blink(request) {
      const { commandId, lamp, source } = request;
      const incoming: Incoming = { commandId, target: { kind: 'lamp', id: lamp }, levelPct: null, source, intentId: null };
      pending.publish(incoming, 'received');
      const answer = isRunning() ? blinks.request(request, intentsFor(lamp)) : NOT_RUNNING;
      return typeof answer === 'string' ? refuse(incoming, answer) : carryOut({ ...incoming, ...answer });
    },
    writePoint: (request) => parts.points.write(request, isRunning() ? '' : NOT_RUNNING),
  };
}

/** When the light of a target's zone next changes by its programme or its night; null where that is not known. */
function nextStepMs(
  target: Target,
  { street, clock, plan, programmes }: Pick<RequestHandlerParts, 'street' | 'clock' | 'plan' | 'programmes'>,
): WallMs | null {
  const nowMs = clock.wallMs();
  const zone = street.zones.find(({ id, lamps }) => id === target.id || lamps.includes(target.id));
  const zonePlan = zone === undefined ? undefined : plan(zone.id);
  if (zone === undefined || zonePlan === undefined) return null;
  const chosen = chosenIn({ programmes: programmes.choices(), nowMono: clock.monoMs() }, zone.id)?.programme;
  const steps = [zonePlan.programme.at(nowMs, chosen).next?.atMs, zonePlan.nights.changeAfter(nowMs)];
  const ahead = steps.filter((atMs) => typeof atMs === 'number').filter((atMs) => atMs > nowMs);
  return ahead.length === 0 ? null : Math.min(...ahead);
}
