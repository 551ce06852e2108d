import t from 'tap';
import { type Message, msg, NO_TEXT } from '../../../../agent/core/message.ts';
import { messageIn } from '../../../../agent/core/message-wire.ts';
import type { Outcome } from '../../../../agent/core/words.ts';
import { type CommandRecord, fromStoredRecord, toStoredRecord } from '../../../../agent/sync/commands/command-record.ts';
import { outcomeMetrics } from '../../../../agent/sync/commands/outcome-metrics.ts';

const outcomeOf = (reason: Message): Outcome => ({
  commandId: 'a-18',
  target: { kind: 'zone', id: 'rue' },
  levelPct: null,
  state: 'refused',
  reason,
  lamps: { L01: 'failed', L01Template: 'verified' },
  source: 'platform',
  atMs: 1,
});

function sent(reason: Message, maxTextBytes = 65_536): Record<string, unknown> {
  const entry = { name: 'Command/Outcome', alias: null, type: 'String', unit: '', pointId: null } as never;
  const table = { node: [entry], devices: new Map() };
  const values = { put: (_: unknown, value: unknown) => value } as never;
  const [found] = outcomeMetrics({ table, values, isSilent: () => false, maxTextBytes }, outcomeOf(reason), 'override');
  return JSON.parse(String(found?.[1].value)) as Record<string, unknown>;
}

const REFUSED = msg`${'Override/Level'} is ${'101'}, allowed are ${0} to ${100}`;

t.test('the platform gets the reason as a text, together with its template and values', (t) => {
  t.strictSame(sent(REFUSED), {
    id: 'a-18',
    target: 'rue',
    state: 'refused',
    reason: 'Override/Level is 101, allowed are 0 to 100',
    reasonTemplate: { id: '{0} is {1}, allowed are {2} to {3}', args: ['Override/Level', '101', 0, 100] },
    level: null,
    lamps: { L01: 'failed', L01Template: 'verified' },
  });
  t.equal(String(messageIn(sent(REFUSED)['reasonTemplate'])), sent(REFUSED)['reason']);
  t.end();
});

t.test('no template if it contains no more than the text', (t) => {
  for (const reason of [NO_TEXT, msg`${'off'}`]) t.notOk('reasonTemplate' in sent(reason));
  t.equal(sent(msg`${'off'}`)['reason'], 'off');
  t.end();
});

t.test('a small packet limit costs the template first, then the lamps, then the end of the reason', (t) => {
  const whole = JSON.stringify(sent(REFUSED)).length;
  const { reasonTemplate: _, ...plain } = sent(REFUSED);
  t.strictSame(sent(REFUSED, whole - 1), plain);
  t.strictSame(sent(REFUSED, JSON.stringify(plain).length - 1), { ...plain, lamps: {} });
  t.match(sent(REFUSED, JSON.stringify({ ...plain, lamps: {} }).length - 9), { reason: 'Override/Level is 101, allowed are', lamps: {} });
  t.end();
});

t.test('a record of a command keeps its template over a restart; one of the previous release is shown as written', (t) => {
  const record: CommandRecord = {
    commandId: 'a-18',
    n: 1,
    kind: 'override',
    digest: '',
    what: '',
    receivedMs: 1,
    outcome: outcomeOf(REFUSED),
    isTold: false,
  };
  const stored = JSON.parse(JSON.stringify(toStoredRecord(record))) as { outcome: Record<string, unknown> };
  t.equal(stored.outcome['reason'], String(REFUSED), 'as the release before reads it');
  t.strictSame(fromStoredRecord(stored), record);
  const { reasonTemplate: _, ...older } = stored.outcome;
  t.strictSame(fromStoredRecord({ ...stored, outcome: older })?.outcome.reason, msg`${String(REFUSED)}`);
  t.strictSame(
    fromStoredRecord({ ...stored, outcome: { ...older, reason: 'other', reasonTemplate: stored.outcome['reasonTemplate'] } })?.outcome
      .reason,
    msg`${'other'}`,
  );
  t.equal(fromStoredRecord({ ...stored, outcome: { ...older, reason: 7 } }), undefined);
  t.end();
});
