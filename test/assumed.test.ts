import t from 'tap';
import { assumedConstantsIn, assumedPage } from '../docs/assumed/constants.ts';

const SOURCE = `/** About the file. Units: s. Source: assumed. */
import { x } from 'y';

/** How long. Units: ms. Source: assumed; two polls. */
export const WAIT_MS = 2 * 1_000;
/**
 * How many. Source: assumed; a
 * street. Confirmed by: a count in ten
 * streets. Errors: none.
 */
const MOST = 35;
/** Source: data sheet. */
const MEASURED = 1;
const LIMITS = {
  /** Units: m, on the ground. Source: assumed. */
  reach: [1, 2,
    3],
  // Source: assumed
  share: 0.5 || 1,
};
const text = '/** Source: assumed */';
/** Source: assumed. */
function daylight(): number { return 1; }
`;

t.test('each constant with an assumed source is found, with its value, its unit and what would confirm it', async (t) => {
  const found = assumedConstantsIn('agent/a.ts', SOURCE);
  t.strictSame(
    found.map(({ name, value, unit, confirmedBy }) => [name, value, unit, confirmedBy]),
    [
      ['(file)', '', 's', ''],
      ['WAIT_MS', '2 * 1_000', 'ms', ''],
      ['MOST', '35', '', 'a count in ten streets'],
      ['LIMITS.reach', '[1, 2, 3]', 'm, on the ground', ''],
      ['LIMITS.share', '0.5 || 1', '', ''],
      ['daylight', '', '', ''],
    ],
  );
  t.strictSame(assumedConstantsIn('agent/b.ts', 'const a = 1; // Source: measured'), []);
  const page = assumedPage([...found, ...assumedConstantsIn('drivers/c.ts', SOURCE)]);
  t.match(page, '12 constants; 10 of them without a way to confirm them.');
  t.match(page, '| `a.ts` | `MOST` | `35` | - | a count in ten streets |');
  t.match(page, '`0.5 \\|\\| 1`', 'a value cannot break the table');
  t.match(page, '## drivers');
});
