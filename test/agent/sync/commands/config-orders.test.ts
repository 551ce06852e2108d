import t from 'tap';
import { readNodeCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';

const NOW_MS = 1_795_558_200_000;
const table = createMetricTable([]);
const text = (name: string, value: string): Metric => ({ name: `Config/${name}`, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name: `Config/${name}`, value: toLong(value) });
const bytes = (value: Uint8Array): Metric => ({ name: 'Config/Data', value: { kind: 'bytes', value } });
const id: Metric = { name: 'Command/Id', value: { kind: 'string', value: 'a1' } };
const read = (metrics: readonly Metric[], { retained = false, ageMs = 0 } = {}) =>
  readNodeCommand(
    { topic: 'spBv1.0/g/NCMD/c1', payload: encodePayload({ timestampMs: NOW_MS - ageMs, metrics: [...metrics, id] }), retained },
    { node: table.node, cabinet: { kind: 'cabinet', id: 'c1' } },
    { nowMs: NOW_MS, nowMono: 0, clockQuality: 'synced', freshId: 'fresh' },
  );
const HASH = 'a'.repeat(64);
const part = (...more: readonly Metric[]): readonly Metric[] => [
  text('Action', 'put'),
  text('File', 'cabinet.yaml'),
  text('Part', '1/2'),
  text('SHA-256', HASH),
  ...more,
];

t.test('a configuration request is parsed', async (t) => {
  const cases: readonly (readonly [what: string, metrics: readonly Metric[], request: object])[] = [
    [
      'a part',
      part(bytes(Buffer.from('x'))),
      { by: 'platform', ask: { action: 'put', file: 'cabinet.yaml', part: 1, parts: 2, sha256: HASH } },
    ],
    [
      'a profile taken out',
      [text('Action', 'remove'), text('File', 'profiles/a.yaml')],
      { ask: { action: 'remove', file: 'profiles/a.yaml' } },
    ],
    ['a check', [text('Action', 'check'), text('User', 'anne')], { by: 'platform:anne', ask: { action: 'check' } }],
    ['an apply', [text('Action', 'apply')], { ask: { action: 'apply', mode: 'auto', minutes: 10, why: '', base: null } }],
    [
      'an apply with all',
      [text('Action', 'apply'), text('Confirm', 'asked'), whole('Minutes', 5), text('Comment', 'summer'), text('Base', HASH)],
      { ask: { action: 'apply', mode: 'asked', minutes: 5, why: 'summer', base: HASH } },
    ],
    ['a rollback', [text('Action', 'rollback'), whole('Target', 7)], { ask: { action: 'rollback', revision: 7 } }],
  ];
  for (const [what, metrics, request] of cases) t.match(read(metrics), { kind: 'order', order: { kind: 'config', request } }, what);
});

t.test('an invalid request is refused with the allowed values', async (t) => {
  const cases: readonly (readonly [what: string, metrics: readonly Metric[], reason: RegExp])[] = [
    ['no action', [text('File', 'cabinet.yaml')], /Config\/Action is one of put, remove, check/],
    ['an unknown action', [text('Action', 'format')], /is one of put/],
    [
      'a field of another action',
      [text('Action', 'check'), text('File', 'cabinet.yaml')],
      /Config\/File does not belong to Config\/Action "check"/,
    ],
    [
      'an emergency beside it',
      [text('Action', 'check'), { name: 'Emergency/On', value: { kind: 'boolean', value: true } }],
      /Emergency\/On does not belong/,
    ],
    ['no bytes', part(), /Config\/Data takes Bytes/],
    ['a text as bytes', part({ name: 'Config/Data', value: { kind: 'string', value: 'x' } }), /Config\/Data takes Bytes/],
    [
      'a part that is none',
      [text('Action', 'put'), text('Part', 'one'), text('SHA-256', HASH), bytes(Buffer.from('x'))],
      /which part of how many/,
    ],
    ['minutes beyond a week', [text('Action', 'apply'), whole('Minutes', 169)], /allowed are 1 to 168/],
    ['a base that is no hash', [text('Action', 'apply'), text('Base', 'latest')], /the Config\/Hash of the revision/],
    ['a confirmation that is none', [text('Action', 'apply'), text('Confirm', 'later')], /takes "auto" or "asked"/],
    ['a long comment', [text('Action', 'apply'), text('Comment', 'x'.repeat(201))], /at most 200/],
    ['a comment that steers terminals', [text('Action', 'apply'), text('Comment', '\u001b[2J')], /control characters/],
    ['a rollback to nowhere', [text('Action', 'rollback')], /Config\/Target is missing/],
    ['what the node says of itself', [text('Revision', '7')], /cannot be written/],
    ['too much', part(bytes(Buffer.alloc(70_000))), /payload of \d+ bytes, at most 65536/],
  ];
  for (const [what, metrics, reason] of cases) t.match(read(metrics), { kind: 'refused', reason }, what);
  t.match(read([text('Action', 'check')], { retained: true }), { kind: 'refused', reason: /retained/ });
  t.match(read([text('Action', 'check')], { ageMs: 400_000 }), { kind: 'refused', reason: /s old/ });
});

t.test('the same id with other bytes is another command', async (t) => {
  const digests = ['x', 'y'].map((content) => {
    const command = read(part(bytes(Buffer.from(content))));
    return command.kind === 'order' ? command.digest : null;
  });
  t.ok(digests[0] !== null && digests[0] !== digests[1]);
});
