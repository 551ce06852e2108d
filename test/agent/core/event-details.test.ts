import fc from 'fast-check';
import t from 'tap';
import { detailsIn, detailsInJson, detailsOf, type EventDetails } from '../../../agent/core/event-details.ts';
import { msg } from '../../../agent/core/message.ts';

const DETAILS: Required<EventDetails> = {
  talq: 'lampFailure',
  urgency: 'urgent',
  evidence: {
    text: msg`${'0.4'} W at ${80} %, ${'41'} W expected`,
    readings: [{ pointId: 'L07.power', value: 0.4, unit: 'W', atMs: 1_795_614_324_357 }],
    decisions: [{ lampId: 'L07', levelPct: 80, reason: 'programme', sinceMs: 1_795_600_000_000 }],
  },
  check: { what: msg`the fuse in the pole`, where: msg`pole ${'P07'}`, tool: msg`a voltage tester` },
};

t.test('the details of an event survive JSON with their templates', (t) => {
  const json = detailsInJson(DETAILS) ?? '';
  const read = detailsIn(json);
  t.strictSame(read, DETAILS);
  t.equal(read.evidence?.text.id, '{0} W at {1} %, {2} W expected');
  t.equal(detailsInJson({}), null, 'no JSON without details');
  t.strictSame(detailsIn('{"talq":"deviceReset"}'), { talq: 'deviceReset' });
  t.end();
});

t.test('damaged details never throw, and never give a part of another shape', (t) => {
  const json = detailsInJson(DETAILS) ?? '';
  fc.assert(
    fc.property(fc.nat(json.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
      const read = detailsIn(json.slice(0, at) + letter + json.slice(at + 1));
      return detailsInJson(read) !== undefined && typeof String(read.evidence?.text) === 'string';
    }),
  );
  fc.assert(fc.property(fc.json(), (any) => Object.keys(detailsIn(any)).length <= 4));
  t.strictSame(detailsOf(detailsIn('[]')), {});
  t.end();
});
