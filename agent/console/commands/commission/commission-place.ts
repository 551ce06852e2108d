/** `commission place`: stores on which pole a person found a lamp. The configuration does not change. */
import type { AcceptanceStamp, Placement } from '../../../core/acceptance.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { findLamp, onStreet } from '../light/light-args.ts';
import { NOT_SAVED } from './commission-words.ts';

type PlaceArgs = Omit<Placement, keyof AcceptanceStamp>;

/**
 * The answer of `commission place`: the placement with full ids. `configuredPole`: the lamp's pole in the configuration in force, which
 * does not change. `isSaved`: the placement is on disk.
 */
export interface CommissionPlaced extends PlaceArgs {
  readonly configuredPole: string;
  readonly isSaved: boolean;
}

/** Source: ids in the schema of the cabinet file. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** Units: m. Source: places of poles in the schema of the cabinet file. */
const PLACE_M = { min: -100_000, max: 100_000 };
const ALSO = { name: 'also', value: 'POLES', summary: msg`other poles whose lamps blinked too, separated by commas` } as const;

/**
 * `commission place`: stores the pole of a lamp, and the poles of other lamps that blinked with it. The configuration does not change.
 */
export const COMMISSION_PLACE = agentCommand<PlaceArgs, CommissionPlaced>({
  name: 'commission place',
  role: 'technician',
  group: 'Act:',
  summary: msg`store the pole on which a lamp was found`,
  arguments: [
    { name: 'lamp', summary: msg`a lamp`, required: true, names: 'lamp' },
    { name: 'pole', summary: msg`the id painted on its pole`, required: true },
  ],
  options: [{ name: 'at', value: 'METRES', summary: msg`place of a new pole, in metres from the start of the street` }, ALSO],
  examples: [
    'luciole commission place L03 P04',
    'luciole commission place L03 A117 --at 81.5',
    'luciole commission place L03 P03 --also P07',
  ],
  read: readPlace,
  answer: (view, args, job) => onStreet(() => placeLamp(view, args, job)),
  render: renderPlaced,
  succeeded: ({ isSaved }) => isSaved,
  audit: ({ lamp, pole }) => ({ lamp, pole }),
});

function readPlace(args: RawArgs): PlaceArgs {
  const others = args['also'] === undefined ? [] : textArg(args, 'also').split(',');
  const atM = args['at'] === undefined ? null : Number(textArg(args, 'at').replace(',', '.'));
  if (atM !== null && !(atM >= PLACE_M.min && atM <= PLACE_M.max))
    throw new ConsoleError('usage', msg`bad --at "${String(args['at'])}": write metres from the start of the street, as 81.5`);
  return { lamp: textArg(args, 'lamp'), pole: poleId(textArg(args, 'pole')), atM, others: others.map(poleId) };
}

function poleId(typed: string): string {
  if (ID.test(typed)) return typed;
  throw new ConsoleError(
    'usage',
    msg`bad pole "${typed}": 1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`,
  );
}

/** Errors: rejects with ConsoleError, for example 'usage' for a new pole without its place. */
async function placeLamp(view: AgentView, { lamp: typed, pole: typedPole, atM, others }: PlaceArgs, job: Job): Promise<CommissionPlaced> {
  const { poles } = view.names();
  const known = (id: string): string => poles.find((pole) => pole.id.toLowerCase() === id.toLowerCase())?.id ?? id;
  const id = view.names().lamps.includes(typed) ? typed : findLamp(view, typed);
  const pole = known(typedPole);
  if (atM === null && !poles.some((each) => each.id === pole))
    throw new ConsoleError('usage', msg`there is no pole ${pole}: check the name, or give the place of a new pole with --at METRES`);
  const placement = { lamp: id, pole, atM, others: others.map(known) };
  const configuredPole = view.acceptance.lamps().find((lamp) => lamp.id === id)?.pole ?? '';
  return { ...placement, configuredPole, isSaved: await view.acceptance.note({ by: job.source, placements: [placement] }) };
}

/** Renders the answer of `commission place`. */
function renderPlaced({ lamp, pole, configuredPole, others, isSaved }: CommissionPlaced, page: Page): string {
  const texts = [
    pole === configuredPole
      ? msg`${lamp} is on pole ${pole}, as in the configuration`
      : msg`${lamp} is on pole ${pole}; the configuration has ${configuredPole}: luciole commission poles`,
    ...(others.length === 0 ? [] : [msg`the lamps on ${[pole, ...others]} blink together as ${lamp}: two drivers with one address`]),
    ...(isSaved ? [] : [NOT_SAVED]),
  ];
  return texts.flatMap((text) => paragraph(text, page)).join('\n');
}
