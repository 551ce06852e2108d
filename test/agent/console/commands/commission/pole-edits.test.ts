import t from 'tap';
import { type PoleFacts, poleEdits } from '../../../../../agent/console/commands/commission/pole-edits.ts';
import type { AcceptanceLamp, AcceptedLamp } from '../../../../../agent/core/acceptance.ts';

/** A street of lamps `id device pole`, and where they were found: `pole` or `pole@metres`. */
function street(
  lamps: readonly string[],
  found: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>> = {},
): PoleFacts {
  const facts = lamps.map((text): AcceptanceLamp => {
    const [id = '', device = '', pole = ''] = text.split(' ');
    return { id, device, pole, line: 'north', zone: 'rue', ratedPowerW: 60, settleMs: 0, level: null, power: null, powerFactor: null };
  });
  // In the order in which they were found.
  const times = Object.keys(found);
  const rows = facts.map(({ id, pole, zone, ratedPowerW }): AcceptedLamp => {
    const [where, metres] = found[id]?.split('@') ?? [];
    const atM = metres === undefined ? null : Number(metres);
    const placement = where === undefined ? null : { lamp: id, pole: where, atM, others: [], atMs: times.indexOf(id), by: 'console:marie' };
    return { lamp: id, pole, zone, ratedPowerW, result: 'open', test: null, placement, isElsewhere: false, isUnweighed: false };
  });
  const devices = facts.map(({ device, pole }) => ({ id: device, pole }));
  const known: Readonly<Record<string, string>> = { 'poles[P01].atM': '0', 'poles[P02].atM': '25', 'poles[P03].atM': '50', ...values };
  return { rows, lamps: facts, devices, inForce: (place) => known[place] ?? null, hasOwnPole: (lamp) => `lamps[${lamp}].pole` in known };
}

const THREE = ['L01 L01 P01', 'L02 L02 P02', 'L03 L03 P03'];
const [D1, D2] = ['lines[north].devices[L01].pole', 'lines[north].devices[L02].pole'];

const CASES: [story: string, facts: PoleFacts, edits: readonly (readonly [string, string])[], emptied: readonly string[]][] = [
  ['nothing was found', street(THREE, {}), [], []],
  ['each lamp was found where it should be', street(THREE, { L01: 'P01', L02: 'P02' }), [], []],
  [
    'two lamps are swapped',
    street(THREE, { L01: 'P02', L02: 'P01' }),
    [
      [D1, '"P02"'],
      [D2, '"P01"'],
    ],
    [],
  ],
  [
    'three change places',
    street(THREE, { L01: 'P02', L02: 'P03', L03: 'P01' }),
    [
      [D1, '"P02"'],
      [D2, '"P03"'],
      ['lines[north].devices[L03].pole', '"P01"'],
    ],
    [],
  ],
  [
    'a painted name replaces the proposed one',
    street(THREE, { L01: 'A117@3.5' }),
    [
      ['poles[+]', '{ id: "A117", atM: 3.5 }'],
      [D1, '"A117"'],
    ],
    ['P01'],
  ],
  [
    'two lamps on a new pole, with different places: the newer one counts',
    street(THREE, { L02: 'A117@4', L01: 'A117@3.5' }),
    [
      ['poles[+]', '{ id: "A117", atM: 3.5 }'],
      [D1, '"A117"'],
      [D2, '"A117"'],
    ],
    ['P01', 'P02'],
  ],
  [
    'two lamps on a pole of the file, with different places',
    street(THREE, { L02: 'P02@26', L01: 'P02@27' }),
    [
      ['poles[P02].atM', '27'],
      [D1, '"P02"'],
    ],
    ['P01'],
  ],
  [
    'its branch stays',
    street(THREE, { L01: 'A117@3.5' }, { 'poles[P01].branch': '"yard"' }),
    [
      ['poles[+]', '{ id: "A117", atM: 3.5, branch: "yard" }'],
      [D1, '"A117"'],
    ],
    ['P01'],
  ],
  [
    'a pole with a number for a name',
    street(THREE, { L01: '12@3.5' }),
    [
      ['poles[+]', '{ id: "12", atM: 3.5 }'],
      [D1, '"12"'],
    ],
    ['P01'],
  ],
  ['only the place is another', street(THREE, { L02: 'P02@27.5' }), [['poles[P02].atM', '27.5']], []],
  ['the place is the same', street(THREE, { L02: 'P02@25' }), [], []],
  ['two lamps on one pole afterwards', street(THREE, { L01: 'P02' }), [[D1, '"P02"']], ['P01']],
  [
    'a lamp with a pole of its own in the file',
    street(THREE, { L01: 'P02' }, { 'lamps[L01].pole': 'P01' }),
    [
      [D1, '"P02"'],
      ['lamps[L01].pole', '"P02"'],
    ],
    ['P01'],
  ],
  [
    'a driver with two lamps moves with both',
    street(['L01-1 L01 P01', 'L01-2 L01 P01', 'L02 L02 P02'], { 'L01-1': 'P03', 'L01-2': 'P03' }),
    [[D1, '"P03"']],
    ['P01'],
  ],
  [
    'one of its two lamps is elsewhere: only the lamp moves',
    street(['L01-1 L01 P01', 'L01-2 L01 P01', 'L02 L02 P02'], { 'L01-1': 'P03', 'L01-2': 'P01' }),
    [['lamps[L01-1].pole', '"P03"']],
    [],
  ],
];
for (const [story, facts, edits, emptied] of CASES)
  t.test(story, (t) => {
    const result = poleEdits(facts);
    t.strictSame(result.edits, edits);
    t.strictSame(result.emptied, emptied);
    t.end();
  });
