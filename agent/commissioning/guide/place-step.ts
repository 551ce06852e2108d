/** The step of the guided commissioning that finds each lamp: it blinks, and the person types its pole. */

import { COMMISSION_PLACE } from '../../console/commands/commission/commission-place.ts';
import { COMMISSION_POLES } from '../../console/commands/commission/commission-poles.ts';
import { IDENTIFY } from '../../console/commands/light/identify.ts';
import { ConsoleError } from '../../console/console-error.ts';
import type { AcceptanceReport, AcceptedLamp } from '../../core/acceptance.ts';
import { count } from '../../core/counts.ts';
import { msg } from '../../core/message.ts';
import type { GuideTalk } from './guide-talk.ts';

/** Longest blinking of one lamp. Source: the longest that `identify` allows; the person may have to walk to it. */
const BLINK_FOR = '10m';
const SKIP: readonly string[] = ['s', 'skip'];
const LEAVE: readonly string[] = ['q', 'quit'];

/**
 * Lets lamps without a placement blink, one after the other, and asks for their poles. Then, if a pole or place that was found now or
 * before differs from the configuration, offers to correct the configuration. Errors: rejects with ConsoleError, for example if the person
 * stops.
 */
export async function placeLamps(talk: GuideTalk, report: AcceptanceReport): Promise<void> {
  const open = report.lamps.filter(({ placement }) => placement === null);
  if (open.length > 0) {
    talk.print(
      msg`Poles: one lamp after the other blinks. Type the id on its pole; Enter if it is the one in [brackets]; P04@81.5 to give its place in metres too; two ids if two lamps blink; s if none blinks; q to leave this step.`,
    );
    const poles = new Set(report.lamps.map(({ pole }) => pole));
    for (const lamp of open) if (!(await placeLamp(talk, lamp, poles))) break;
  }
  const { lamps } = await talk.report();
  const moved = lamps.filter(({ isElsewhere }) => isElsewhere);
  if (
    moved.length > 0 &&
    (await talk.agree(msg`${count(moved.length, 'lamp')} on another pole or place than in the configuration. Correct the configuration?`))
  )
    await talk.run(COMMISSION_POLES, {});
}

/** Resolves with false if the person leaves the step. */
async function placeLamp(talk: GuideTalk, lamp: AcceptedLamp, poles: Set<string>): Promise<boolean> {
  const enough = new AbortController();
  const blinking = talk.quietly(IDENTIFY, { lamp: lamp.lamp, for: BLINK_FOR }, enough.signal).then(
    () => null,
    (error: unknown) => error,
  );
  try {
    for (;;) {
      const typed = await talk.ask(msg`${lamp.lamp} blinks on pole [${lamp.pole}]:`);
      if (LEAVE.includes(typed.toLowerCase())) return false;
      if (SKIP.includes(typed.toLowerCase()) || (await isPlaced(talk, lamp, typed, poles))) return true;
    }
  } finally {
    enough.abort();
    const error = await blinking;
    if (error instanceof ConsoleError && error.code !== 'unreachable') talk.print(msg`${lamp.lamp} did not blink: ${error.said}`);
  }
}

/** Resolves with whether the answer was accepted. */
async function isPlaced(talk: GuideTalk, { lamp, pole: usual }: AcceptedLamp, typed: string, poles: Set<string>): Promise<boolean> {
  const [first = usual, ...others] = typed.split(/[\s;]+/).filter((word) => word !== '');
  const [, pole = first, metres = ''] = /^(.+)@(.+)$/.exec(first) ?? [];
  const isKnown = [...poles].some((id) => id.toLowerCase() === pole.toLowerCase());
  const place =
    isKnown || metres !== ''
      ? metres
      : await talk.ask(msg`${pole} is a new pole. Metres from the start of the street (Enter: typed wrongly):`);
  if (!isKnown && place === '') return false;
  const args = { lamp, pole, ...(place === '' ? {} : { at: place }), ...(others.length === 0 ? {} : { also: others.join(',') }) };
  const isStored = await talk.run(COMMISSION_PLACE, args);
  if (isStored && !isKnown) poles.add(pole);
  return isStored;
}
