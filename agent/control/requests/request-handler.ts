/**
 * What platform and technician ask of the lamps: refused with a reason, or put among the wishes and followed to its end.
 *
 * Owns the checks before a wish counts, and the words of a refusal. The tick decides what becomes of it.
 */
import type { Clock } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { BlinkRequest, OverrideRequest, PointRequest, ProgrammeRequest, ReleaseRequest } from '../../core/ports.ts';
import type { Intent, Outcome } from '../../core/words.ts';
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
  readonly keeper: OverrideRegistry;
  readonly programmes: ProgrammeRegistry;
  readonly blinks: RemoteBlinks;
  readonly points: PointCommandHandler;
  readonly desk: PendingCommands;
  readonly plan: Decider['plan'];
  /** In force for this lamp. */
  readonly wishesFor: (lampId: string) => readonly Intent[];
  readonly isRunning: () => boolean;
  /** Decides anew, and writes these lamps at once. */
  readonly hasten: (lampIds: readonly string[]) => void;
}

export interface RequestHandler {
  /** Resolves with the final outcome, at the latest after `COMMAND_MS`; the stages before go to `onOutcome`. */
  override(request: OverrideRequest): Promise<Outcome>;
  release(request: ReleaseRequest): Promise<Outcome>;
  chooseProgramme(request: ProgrammeRequest): Promise<Outcome>;
  /** As `identify`, for a sender that is not at the pole: its end is that of a command. */
  blink(request: BlinkRequest): Promise<Outcome>;
  writePoint(request: PointRequest): Promise<Outcome>;
}

/** Said while there is no tick. */
export const NOT_RUNNING = 'the agent is starting or stopping; try again in a moment';

export function createRequestHandler(parts: RequestHandlerParts): RequestHandler {
  const { street, clock, events, keeper, programmes, blinks, desk, wishesFor, isRunning } = parts;

  function refuse(incoming: Incoming, reason: string): Outcome {
    events.notice({ code: 'command-refused', source: incoming.target.id, severity: 'warning', text: `${incoming.source}: ${reason}` });
    return desk.tell(incoming, 'refused', reason);
  }

  /** Takes up a command whose wish is already in the list, or out of it, and has it carried out at once. */
  function carryOut(incoming: Incoming): Promise<Outcome> {
    const lampIds = lampsOf(street, incoming.target) ?? [];
    const final = desk.open(incoming, lampIds);
    parts.hasten(lampIds);
    return final;
  }

  /** The wish stays until then and ends by itself, so there is nothing to wait for. */
  function releaseAtNextStep(request: ReleaseRequest, incoming: Incoming): Outcome {
    const { target } = request;
    const nowMs = clock.wallMs();
    const [zoneId] = street.zones.filter(({ id, lamps }) => id === target.id || lamps.includes(target.id)).map(({ id }) => id);
    const plan = zoneId === undefined ? undefined : parts.plan(zoneId);
    const sightNow = { programmes: programmes.choices(), nowMono: clock.monoMs() };
    const chosen = zoneId === undefined ? null : chosenIn(sightNow, zoneId)?.programme;
    const steps = plan === undefined ? [] : [plan.programme.at(nowMs, chosen).next?.atMs, plan.nights.changeAfter(nowMs)];
    const atMs = Math.min(...steps.filter((at) => typeof at === 'number' && at > nowMs).map(Number));
    if (!Number.isFinite(atMs))
      return refuse(incoming, `no step of the programme is known for ${target.kind} ${target.id}; release it now`);
    const end = { nowMs: atMs, nowMono: clock.monoMs() + atMs - nowMs };
    const shortened = keeper.shorten(request, end);
    if (shortened > 0) return desk.tell(incoming, 'verified');
    return refuse(incoming, `no override of ${target.kind} ${target.id} lasts longer than the next step`);
  }

  return {
    async override(request) {
      const incoming = { ...request, intentId: request.commandId };
      desk.tell(incoming, 'received');
      const refusal = isRunning() ? refusalOf(street, request) : NOT_RUNNING;
      if (refusal !== '') return refuse(incoming, refusal);
      keeper.add(intentOf(request, { nowMs: clock.wallMs(), nowMono: clock.monoMs() }), request.isFurther);
      return carryOut(incoming);
    },
    async release(request) {
      const incoming = { ...request, levelPct: null, intentId: null };
      desk.tell(incoming, 'received');
      if (!isRunning()) return refuse(incoming, NOT_RUNNING);
      if (request.atNextStep === true) return releaseAtNextStep(request, incoming);
      const refusal = releaseRefusalOf(street, request, keeper.release(request.target, request.source, request.rank));
      return refusal === '' ? carryOut(incoming) : refuse(incoming, refusal);
    },
    async chooseProgramme(request) {
      const { commandId, zone, source } = request;
      const incoming: Incoming = { commandId, target: { kind: 'zone', id: zone }, levelPct: null, source, intentId: null };
      desk.tell(incoming, 'received');
      const refusal = isRunning() ? programmes.refusalOf(request) : NOT_RUNNING;
      if (refusal !== '') return refuse(incoming, refusal);
      programmes.choose(request);
      return carryOut(incoming);
    },
    async blink(request) {
      const { commandId, lamp, source } = request;
      const incoming: Incoming = { commandId, target: { kind: 'lamp', id: lamp }, levelPct: null, source, intentId: null };
      desk.tell(incoming, 'received');
      const asked = isRunning() ? blinks.ask(request, wishesFor(lamp)) : NOT_RUNNING;
      return typeof asked === 'string' ? refuse(incoming, asked) : carryOut({ ...incoming, ...asked });
    },
    writePoint: (request) => parts.points.write(request, isRunning() ? '' : NOT_RUNNING),
  };
}
