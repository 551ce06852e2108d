import t from 'tap';
import { decodeWithProtoc, withoutProtoc } from '../../agent/sync/sparkplug/protoc.ts';
import { findProgram } from '../mosquitto.ts';
import { check } from './checker.ts';
import { metricsOf, type Recording, readEvidence } from './evidence.ts';
import { PROCEDURES, play } from './procedures.ts';
import { ROWS, STANDARD_ROWS } from './table.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
/** Starting protoc costs 10 ms each time: every birth and death, and so many data of each recording. */
const WITNESSED_DATA = 25;

t.test('the table has one row for each of the 226 assertions that concern an edge node, and rows of our own', async (t) => {
  t.equal(STANDARD_ROWS.length, 226);
  t.equal(new Set(ROWS.map(({ id }) => id)).size, ROWS.length);
  t.ok(ROWS.every(({ id, level }) => id.startsWith('own-') === (level === 'own')));
});

const recordings: Recording[] = [];
for (const procedure of PROCEDURES) {
  t.test(`procedure ${procedure.name}`, { skip }, async (t) => {
    const played = await play(procedure, program as string);
    recordings.push(...played.recordings);
    for (const { text, isMet } of played.steps) t.ok(isMet, text);
    const failed = check(played.recordings, { isPartial: true }).filter(({ verdict }) => verdict === 'fail');
    t.strictSame(
      failed.map(({ row, reasons }) => `${row.id}: ${reasons[0]}`),
      [],
    );
  });
}

t.test('all procedures together leave no row without evidence, and none that fails', { skip }, async (t) => {
  const verdicts = check(recordings);
  t.strictSame(
    verdicts.filter(({ verdict }) => verdict === 'fail').map(({ row, reasons }) => `${row.id}: ${reasons[0]}`),
    [],
  );
  const idle = verdicts.filter(({ verdict }) => verdict === 'not-applicable');
  t.strictSame([...new Set(idle.flatMap(({ reasons }) => reasons))].sort(), [
    'the node has no metric of type DataSet',
    'the node has no metric of type Template',
  ]);
  t.equal(idle.length, 34);
});

t.test('protoc reads what the checker reads', { skip: skip || withoutProtoc }, async (t) => {
  let count = 0;
  for (const recording of recordings) {
    const { messages } = readEvidence(recording);
    const data = messages.filter(({ verb }) => verb.endsWith('DATA')).slice(0, WITNESSED_DATA);
    for (const message of [...messages.filter(({ verb }) => !verb.endsWith('DATA')), ...data]) {
      const text = decodeWithProtoc(message.bytes);
      const all = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found]) => found as string);
      const metrics = metricsOf(message);
      const said = (values: readonly (number | undefined)[]): string[] => values.filter((value) => value !== undefined).map(String);
      const seq = message.payload?.seq;
      const agrees =
        /^timestamp: (\d+)/.exec(text)?.[1] === String(message.payload?.timestampMs) &&
        all(/ seq: (\d+)$/g).join() === said([seq]).join() &&
        all(/ alias: (\d+)/g).join() === said(metrics.map(({ alias }) => alias)).join() &&
        all(/ datatype: (\d+)/g).join() === said(metrics.map(({ datatype }) => datatype)).join() &&
        all(/metrics \{ name: "([^"]*)"/g).join() === metrics.flatMap(({ name }) => name ?? []).join() &&
        all(/(is_historical): true/g).length === metrics.filter(({ isHistorical }) => isHistorical).length &&
        all(/metrics \{[^{]*(is_null): true/g).length === metrics.filter(({ isNull }) => isNull).length;
      if (!agrees) t.fail(`${message.topic}: ${text}`);
      count += 1;
    }
  }
  t.ok(count > 200, `${count} payloads`);
});
