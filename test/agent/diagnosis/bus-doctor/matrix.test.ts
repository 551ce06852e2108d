/** One line for each physical cause, examined in service; `npm run -s bench -- doctor` runs many, with other seeds. */
import t from 'tap';
import { examined, judged, RIGHT } from '../../../street/bit-bus/examined-line.ts';
import { CAUSES, planLine } from '../../../street/bit-bus/line-plans.ts';

for (const cause of CAUSES.filter((each) => each !== 'noise-at-dusk'))
  t.test(`the cause "${cause}" gives the verdict ${RIGHT[cause].join(' or ')}`, async (t) => {
    const { exam, diagnosis } = await examined(planLine(cause, 2));
    t.equal(
      judged(cause, diagnosis),
      'right',
      diagnosis.findings.map(({ verdict, evidence }) => `${verdict}: ${evidence.join('; ')}`).join('\n'),
    );
    t.ok(exam.durationMs <= 90_000, 'an examination takes a minute and a half at most');
  });
