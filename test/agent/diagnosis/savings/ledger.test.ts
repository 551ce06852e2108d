import t from 'tap';
import type { ChainEntry } from '../../../../agent/core/hash-chain.ts';
import type { LedgerEffect, LedgerNote, SavingsBaseline } from '../../../../agent/core/savings-view.ts';
import { energyChanges, energyFacts, readEnergyFacts } from '../../../../agent/diagnosis/savings/energy-facts.ts';
import { eventNote } from '../../../../agent/diagnosis/savings/event-notes.ts';
import { frozenBaseline } from '../../../../agent/diagnosis/savings/frozen-baseline.ts';
import {
  baselineEntry,
  brokenAt,
  ledgerEntriesOf,
  ledgerEntry,
  missingFrom,
  validEntries,
} from '../../../../agent/diagnosis/savings/ledger-chain.ts';
import { LedgerStore } from '../../../../agent/diagnosis/savings/ledger-store.ts';
import { NotedEntries } from '../../../../agent/diagnosis/savings/noted-entries.ts';
import { darkHoursOf, referenceEnergy, referenceLampsOn } from '../../../../agent/diagnosis/savings/reference.ts';
import { simulatedCabinet } from '../../../../bench/savings/simulated-site.ts';

const METER = { id: 'M1', profile: 'p', serial: '4711', classPct: 1 };
const SITE = simulatedCabinet([100, 100]);
const BASELINE: SavingsBaseline = frozenBaseline({
  cabinet: SITE,
  from: '2026-12-01',
  meters: [METER],
  fit: null,
  otherW: 10,
  tolerancePct: 10,
});

function note(effect: LedgerEffect, over: Partial<LedgerNote> = {}): LedgerNote {
  return { cause: 'other-load', by: 'console:ada', from: '2026-12-10', to: null, about: [], effect, note: 'n', ...over };
}

function chainOf(notes: readonly LedgerNote[]): ChainEntry[] {
  const chain: ChainEntry[] = [];
  for (const [at, each] of notes.entries()) chain.push(ledgerEntry(chain, each, 1_000 + at));
  return chain;
}

t.test('an entry that was changed, removed, moved or added inside breaks the chain', async (t) => {
  const chain = chainOf([1, 2, 3, 4].map((loadW) => note({ kind: 'load', loadW })));
  t.equal(brokenAt(chain), null);
  t.equal(brokenAt([]), null);
  const changed = chain.map((entry) => (entry.n === 2 ? { ...entry, body: entry.body.replace('"loadW":2', '"loadW":9') } : entry));
  t.equal(brokenAt(changed), 2);
  t.equal(brokenAt(chain.filter(({ n }) => n !== 3)), 3);
  t.equal(brokenAt(chain.slice(1)), 1, 'the first one too');
  t.equal(brokenAt(chain.map((entry) => (entry.n === 4 ? { ...entry, atMs: entry.atMs + 1 } : entry))), 4);
  t.equal(brokenAt([...chain.slice(0, 2), ledgerEntry(chain.slice(0, 1), note({ kind: 'none' }), 5), ...chain.slice(2)]), 3);
});

t.test('a void entry takes another one away, also a baseline', async (t) => {
  const chain = chainOf([
    note({ kind: 'none' }, { cause: 'baseline', baseline: BASELINE }),
    note({ kind: 'load', loadW: 5 }),
    note({ kind: 'none' }, { cause: 'baseline', baseline: { ...BASELINE, otherW: 99 } }),
    note({ kind: 'none' }, { cause: 'void', voids: 3 }),
    note({ kind: 'none' }, { cause: 'void', voids: 2 }),
  ]);
  const entries = ledgerEntriesOf(chain);
  t.same(
    validEntries(entries).map(({ n }) => n),
    [1],
  );
  t.equal(baselineEntry(entries)?.baseline.otherW, 10);
  t.equal(baselineEntry([]), undefined);
});

const night = { date: '2026-12-15', hours: 24, darkHours: { street: 15 } };
const effects: [story: string, effect: LedgerEffect, span: Partial<LedgerNote>, kwh: number][] = [
  ['added lamps', { kind: 'add-lamps', zone: 'street', lamps: [{ id: 'L9', powerW: 60, reduction: 0.5 }] }, {}, (60 * 0.5 * 15) / 1_000],
  [
    'a lamp that is added again replaces itself',
    { kind: 'add-lamps', zone: 'street', lamps: [{ id: 'L01', powerW: 60, reduction: 1 }] },
    {},
    (-40 * 15) / 1_000,
  ],
  [
    'lamps of a zone that the baseline does not have',
    { kind: 'add-lamps', zone: 'park', lamps: [{ id: 'L9', powerW: 60, reduction: 1 }] },
    {},
    (60 * 15) / 1_000,
  ],
  ['a removed lamp', { kind: 'remove-lamps', lamps: ['L01'] }, {}, (-100 * 15) / 1_000],
  ['a corrected power', { kind: 'power', lamps: ['L01', 'L02'], powerW: 110 }, {}, (20 * 15) / 1_000],
  ['another load, day and night', { kind: 'load', loadW: 50 }, {}, (50 * 24) / 1_000],
  ['energy, divided among its nights', { kind: 'energy', kwh: 6, zone: null }, { to: '2026-12-15' }, 1],
  ['nothing before its first night', { kind: 'load', loadW: 50 }, { from: '2026-12-16' }, 0],
  ['nothing after its last night', { kind: 'load', loadW: 50 }, { to: '2026-12-14' }, 0],
];

for (const [story, effect, span, kwh] of effects)
  t.test(`the reference with ${story}`, async (t) => {
    const [entry] = ledgerEntriesOf(chainOf([note(effect, span)]));
    const found = referenceEnergy(BASELINE, entry === undefined ? [] : [entry], night);
    t.ok(Math.abs(found.nonRoutineKwh - kwh) < 1e-9, `${found.nonRoutineKwh}`);
    t.ok(Math.abs(found.referenceKwh + found.routineKwh - (200 * 15 + 10 * 24) / 1_000) < 1e-9);
  });

t.test('hours of darkness follow the sun and the offsets of the zone', async (t) => {
  const hours = darkHoursOf(BASELINE);
  const [december, june] = [hours('2026-12-21')['street'] ?? 0, hours('2026-06-21')['street'] ?? 0];
  t.ok(december > 15 && december < 15.8, `${december}`);
  t.ok(june > 7 && june < 8, `${june}`);
  const later = darkHoursOf({ ...BASELINE, zones: BASELINE.zones.map((zone) => ({ ...zone, onOffsetMin: 30 })) });
  t.ok(Math.abs(december - (later('2026-12-21')['street'] ?? 0) - 0.5) < 1e-6);
});

t.test('a change of the configuration is entered by what it changes', async (t) => {
  const before = energyFacts(SITE, new Set(['M1']), null);
  t.same(energyChanges(before, before, '2026-12-01'), []);
  t.same(readEnergyFacts(JSON.parse(JSON.stringify(before))), before, 'as it is read back');
  t.equal(readEnergyFacts('x'), null);
  const more = energyFacts(simulatedCabinet([100, 100, 60]), new Set(['M1']), null);
  t.match(energyChanges(before, more, '2026-12-01'), [
    {
      cause: 'lamps-added',
      about: ['L03'],
      effect: { kind: 'add-lamps', zone: 'street', lamps: [{ id: 'L03', powerW: 60, reduction: 1 }] },
    },
  ]);
  t.match(energyChanges(more, before, '2026-12-01'), [{ cause: 'lamps-removed', effect: { lamps: ['L03'] } }]);
  const other = energyFacts(simulatedCabinet([100, 110]), new Set(['M1']), null);
  t.match(energyChanges(before, other, '2026-12-01'), [
    { cause: 'wattage', about: ['L02'], effect: { kind: 'none' }, note: 'L02=100W>110W' },
  ]);
  const zones = SITE.zones.map((zone) => ({ ...zone, minPct: 20 }));
  const settings = energyFacts({ ...SITE, zones }, new Set(['M1']), null);
  t.match(energyChanges(before, settings, '2026-12-01'), [{ cause: 'settings-changed', about: ['zones.street'] }]);
});

t.test('lamps that move to another zone keep their reference, whatever the baseline of that zone is', async (t) => {
  const [zone] = SITE.zones;
  if (zone === undefined) return;
  const renamed = { ...SITE, zones: [{ ...zone, id: 'quay', baseline: { levelPct: 100, lampPowerW: 400 } }] };
  const reference = referenceLampsOn(
    BASELINE,
    ledgerEntriesOf(chainOf([note({ kind: 'power', lamps: ['L02'], powerW: 90 })])),
    '2026-12-10',
  );
  const changes = energyChanges(energyFacts(SITE, new Set(), null), energyFacts(renamed, new Set(), null), '2026-12-10', reference);
  const entries = ledgerEntriesOf(chainOf([note({ kind: 'power', lamps: ['L02'], powerW: 90 }), ...changes]));
  const on = (all: typeof entries): number =>
    referenceEnergy(BASELINE, all, { ...night, darkHours: { street: 15, quay: 15 } }).nonRoutineKwh;
  t.match(
    entries.map(({ cause }) => cause),
    ['other-load', 'lamps-removed', 'lamps-added', 'settings-changed'],
  );
  t.ok(Math.abs(on(entries) - on(entries.slice(0, 1))) < 1e-9, `${on(entries)}`);
});

t.test('lamps that a person took out of the reference stay out when they move to another zone, also the last ones', async (t) => {
  const [zone] = SITE.zones;
  if (zone === undefined) return;
  const renamed = { ...SITE, zones: [{ ...zone, id: 'quay' }] };
  const added = (...gone: string[]) => {
    const removed = ledgerEntriesOf(chainOf([note({ kind: 'remove-lamps', lamps: gone })]));
    const reference = referenceLampsOn(BASELINE, removed, '2026-12-10');
    return energyChanges(energyFacts(SITE, new Set(), null), energyFacts(renamed, new Set(), null), '2026-12-10', reference)
      .filter(({ cause }) => cause === 'lamps-added')
      .map(({ about }) => about);
  };
  t.strictSame(added('L02'), [['L01']]);
  t.strictSame(added('L01', 'L02'), []);
});

t.test('events that concern savings are entered, others are not', async (t) => {
  const meters = new Set(['M1']);
  const of = (code: Parameters<typeof eventNote>[0]['code'], source: string, endMs: number | null = null) =>
    eventNote({ code, source, startMs: 5, endMs }, '2026-12-01', meters)?.cause;
  t.equal(of('counter-restarted', 'M1', 5), 'meter-exchanged');
  t.equal(of('counter-restarted', 'S1', 5), undefined, 'not a meter');
  t.equal(of('time-not-trusted', 'c'), 'clock-lost');
  t.equal(of('uplink-down', 'c'), 'uplink-lost');
  t.equal(of('uplink-down', 'c', 9), undefined, 'its end');
  t.equal(of('door-open', 'c'), undefined);
});

const AUDITED = { user: '', role: '', door: 'self', action: 'savings ledger', result: 'ok', atMs: 0, hash: '' } as const;

/** A disk that may refuse. */
function fakeStore() {
  const facts = new Map<string, unknown>();
  const audits: string[] = [];
  const state = { isFailing: false };
  const store = {
    load: async (key: string, unread?: unknown) => (state.isFailing ? unread : structuredClone(facts.get(key))),
    save: async (key: string, value: unknown) => {
      if (state.isFailing) return false;
      facts.set(key, structuredClone(value));
      return true;
    },
    audit: {
      note: ({ detail }: { detail: string }) => void audits.push(detail),
      read: async () => ({
        entries: audits.map((detail, at) => ({ ...AUDITED, detail, n: at + 1 })),
        head: null,
        verdict: null,
      }),
    },
  };
  return { facts, audits, state, store };
}

t.test('an event is entered once in a night, also if a night that was passed over is entered meanwhile', async (t) => {
  const noted = new NotedEntries();
  const take = (from: string, cause: 'outage' | 'agent-away' | 'clock-lost', about = 'Q1'): boolean =>
    noted.take({ from, cause, about: [about] });
  t.equal(take('2026-12-05', 'outage'), true);
  t.equal(take('2026-12-05', 'outage'), false);
  t.equal(take('2026-12-05', 'outage', 'Q2'), true, 'another object');
  for (const missed of ['2026-12-02', '2026-12-03', '2026-12-04']) t.equal(take(missed, 'agent-away'), true);
  t.equal(take('2026-12-05', 'outage'), false);
  t.equal(take('2026-12-06', 'outage'), true, 'the next night');
  for (let at = 0; at < 60; at++) take('2026-12-06', 'clock-lost', `${at}`);
  t.equal(take('2026-12-06', 'clock-lost', 'x'), false, 'a condition that repeats does not fill the ledger');
  t.equal(take('2026-12-06', 'agent-away'), true, 'nor does it keep another cause out');
});

t.test('entries are stored in blocks, noted in the audit log, and refused by a disk that fails or a chain that was changed', async (t) => {
  const { facts, audits, state, store } = fakeStore();
  const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store, sign: async () => null });
  const added = await Promise.all(Array.from({ length: 60 }, (_, at) => ledger.append(note({ kind: 'load', loadW: at }))));
  t.ok(added.every(({ ok }) => ok));
  const chain = await ledger.chain();
  t.equal(chain?.length, 60);
  t.equal(brokenAt(chain ?? []), null);
  t.same([...facts.keys()], ['savings.ledger.0000', 'savings.ledger.0001']);
  t.ok(audits[59]?.startsWith(`60:${chain?.at(-1)?.hash}`));
  state.isFailing = true;
  t.match(await ledger.append(note({ kind: 'none' })), { ok: false, why: 'disk' });
  state.isFailing = false;
  const first = facts.get('savings.ledger.0000') as ChainEntry[];
  facts.set('savings.ledger.0000', [{ ...first[0], body: '{}' }, ...first.slice(1)]);
  t.match(await ledger.append(note({ kind: 'none' })), { ok: false, why: 'ledger-broken' });
});

t.test('the newest entry is signed, and the signature of each certificate is kept', async (t) => {
  const { store } = fakeStore();
  const key = { certificates: 'first' };
  const sign = async (_kind: string, digest: string) => ({ digest, node: 'c1', atMs: 9, signature: 's', certificates: key.certificates });
  const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store, sign });
  t.equal(await ledger.seal(), 0, 'nothing to sign');
  await ledger.append(note({ kind: 'none' }));
  await ledger.append(note({ kind: 'none' }));
  key.certificates = 'renewed';
  await ledger.append(note({ kind: 'none' }));
  t.equal(await ledger.seal(), 3);
  t.match((await ledger.read())?.seals, [
    { n: 2, certificates: 'first' },
    { n: 3, certificates: 'renewed' },
  ]);
});

t.test('a stored signature whose certificates are a file that also has the key is read without the key', async (t) => {
  const { facts, store } = fakeStore();
  const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store, sign: async () => null });
  await ledger.append(note({ kind: 'none' }));
  const { chain = [] } = (await ledger.read()) ?? {};
  const certificates = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  facts.set('savings.seals', [{ n: 1, hash: chain[0]?.hash, node: 'c1', atMs: 9, signature: 's', certificates }]);
  t.match((await ledger.read())?.seals, [{ n: 1, certificates: '' }]);
});

t.test('a signature that the disk does not take is not counted as one', async (t) => {
  const { store } = fakeStore();
  const disk = { isFull: true };
  const save = async (key: string, value: unknown): Promise<boolean> => !(disk.isFull && key === 'savings.seals') && store.save(key, value);
  const sign = async (_kind: string, digest: string) => ({ digest, node: 'c1', atMs: 9, signature: 's', certificates: 'first' });
  const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store: { ...store, save } as typeof store, sign });
  await ledger.append(note({ kind: 'none' }));
  t.equal(await ledger.seal(), 0);
  disk.isFull = false;
  t.equal(await ledger.seal(), 1);
});

t.test('a list of signatures that cannot be read is not written over', async (t) => {
  const { store } = fakeStore();
  const key = { certificates: 'first' };
  const disk = { isBroken: false };
  const load = async (name: string, unread?: unknown): Promise<unknown> =>
    disk.isBroken && name === 'savings.seals' ? unread : store.load(name, unread);
  const sign = async () => ({ digest: '', node: 'c1', atMs: 9, signature: 's', certificates: key.certificates });
  const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store: { ...store, load } as typeof store, sign });
  await ledger.append(note({ kind: 'none' }));
  [key.certificates, disk.isBroken] = ['renewed', true];
  t.match(await ledger.append(note({ kind: 'none' })), { ok: true });
  disk.isBroken = false;
  t.match((await ledger.read())?.seals, [{ n: 1, certificates: 'first' }]);
});

const inBlocks = (chain: readonly ChainEntry[]): ChainEntry[][] => [0, 1, 2].map((block) => chain.slice(50 * block, 50 * (block + 1)));

/** What a person with access to the database may do, and the number that must be named: to the chain, and to the chain with signatures and audit log. */
const attacks: [story: string, attack: (blocks: ChainEntry[][]) => ChainEntry[][], brokenN: number | null, missingN: number | null][] = [
  ['an entry is changed, and all hashes are computed again', (blocks) => inBlocks(chainedAgain(blocks.flat(), 3)), null, 3],
  ['the last entries are removed', ([first = []]) => [first], null, 51],
  ['a block in the middle is removed', ([first = [], , third = []]) => [first, [], third], 51, 51],
  ['all entries are removed', () => [], null, 1],
  ['the last entry is damaged', (blocks) => [...blocks.slice(0, -1), [...(blocks.at(-1) ?? []).slice(0, -1), null as never]], 110, 110],
  [
    'two entries change places',
    ([first = [], ...blocks]) => [[...first.slice(1, 2), ...first.slice(0, 1), ...first.slice(2)], ...blocks],
    1,
    1,
  ],
];

function chainedAgain(chain: readonly ChainEntry[], changedN: number): ChainEntry[] {
  const again: ChainEntry[] = [];
  for (const { n, body, atMs } of chain)
    again.push(ledgerEntry(again, JSON.parse(n === changedN ? body.replace(/"loadW":\d+/, '"loadW":999') : body), atMs));
  return again;
}

for (const [story, attack, brokenN, missingN] of attacks)
  t.test(`${story}: it is found, and nothing is signed over it`, async (t) => {
    const { facts, store } = fakeStore();
    const sign = async (_kind: string, digest: string) => ({ digest, node: 'c1', atMs: 9, signature: 's', certificates: 'c' });
    const ledger = new LedgerStore({ clock: { wallMs: () => 7 }, store, sign });
    for (let at = 0; at < 110; at++) await ledger.append(note({ kind: 'load', loadW: at }));
    const blocks = [0, 1, 2].map((block) => facts.get(`savings.ledger.000${block}`) as ChainEntry[]);
    for (const block of [0, 1, 2]) facts.delete(`savings.ledger.000${block}`);
    for (const [block, entries] of attack(blocks).entries()) facts.set(`savings.ledger.000${block}`, entries);
    const seals = (await ledger.read())?.seals ?? [];
    const chain = (await ledger.chain()) ?? [];
    t.equal(brokenAt(chain), brokenN);
    t.equal((await ledger.read())?.flawN, missingN, 'by the audit log');
    t.not(brokenAt(chain) ?? missingFrom(chain, seals), null, 'by the signature');
    t.match(await ledger.append(note({ kind: 'none' })), { ok: false, why: 'ledger-broken' });
    await ledger.seal();
    t.same((await ledger.read())?.seals, seals, 'the signature remains');
    facts.delete('savings.seals');
    t.match(await ledger.append(note({ kind: 'none' })), { ok: false, why: 'ledger-broken' }, 'also on a cabinet that signs nothing');
    t.equal(await ledger.seal(), 0);
    t.same((await ledger.read())?.seals, [], 'nothing is signed over it');
  });
