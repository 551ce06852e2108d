import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { Pulse } from '../../../../agent/core/pulse.ts';
import type { UpdateAnswer } from '../../../../agent/core/updates.ts';
import { PACKAGE, ReleaseStore } from '../../../../agent/service/updates/release-store.ts';
import { startReleaseTrial } from '../../../../agent/service/updates/release-trial.ts';
import { answerUnpackRequest } from '../../../../agent/service/updates/unpack-request.ts';
import { createUpdateManager, type UpdateManagerParts } from '../../../../agent/service/updates/update-manager.ts';
import { tarOf } from '../../../../systemd/package/archive.ts';
import { mountSmallDisk } from '../../../support/small-disk.ts';
import { texts } from '../../../support/texts.ts';
import { createMaker, programOf, thisArch, updateBy } from '../../../support/update-files.ts';

const NOW = { isForced: false };
const SERIAL = 10;
const PART_BYTES = 32_768;

/** A cabinet that trusts one maker, and what became of it. */
function cabinetAt(t: Test, changes: Partial<UpdateManagerParts> = {}, stateDir = mkdtempSync(join(tmpdir(), 'luciole-'))) {
  t.teardown(() => rmSync(stateDir, { recursive: true, force: true }));
  const keysDir = join(stateDir, 'keys');
  const maker = createMaker(keysDir);
  const unpackedDir = join(stateDir, 'unpacked');
  mkdirSync(unpackedDir, { recursive: true });
  const releases = new ReleaseStore(stateDir, unpackedDir);
  const restarts: string[] = [];
  const running = { name: PACKAGE };
  const places = { stateDir, unpackedDir, runtimeDir: stateDir, keysDir, arch: thisArch, installedSerial: SERIAL };
  const manager = createUpdateManager({
    releases,
    log: { event() {} },
    version: '0.1.0',
    get release() {
      return running.name;
    },
    // The service that unpacks, at once and by the same user.
    unpack: async () => {
      writeFileSync(join(stateDir, 'release-request'), 'an id');
      return answerUnpackRequest({ ...places, freeBytes: () => releases.freeBytes() });
    },
    serial: SERIAL,
    arch: thisArch,
    keysDir,
    obstacle: msg``,
    lampsLit: () => 0,
    unitsOk: () => 12,
    restart: (why) => restarts.push(why),
    ...changes,
  });
  const bring = async (file: Buffer): Promise<string> => {
    for (let atByte = 0; atByte < file.length; atByte += PART_BYTES) {
      const { isDone, text } = await manager.put({ atByte, ofBytes: file.length, data: file.subarray(atByte, atByte + PART_BYTES) });
      if (!isDone) return String(text);
    }
    return '';
  };
  /** Uploads the file and requests its installation. Returns the text of the answer. */
  const install = async (file: Buffer, request = NOW): Promise<string> =>
    (await bring(file)) || String((await manager.install(request)).text);
  return { stateDir, unpackedDir, keysDir, maker, releases, running, manager, restarts, bring, install };
}

t.test('a valid update is unpacked next to the present release, put on trial and started', async (t) => {
  const { maker, releases, running, manager, restarts, install, unpackedDir } = cabinetAt(t);
  t.match(await install(updateBy(maker)), /0\.2\.0 is unpacked and takes over now/);
  t.strictSame(restarts, ['release 20-0.2.0 takes over']);
  t.match(await releases.facts(), { current: '20-0.2.0', previous: PACKAGE, trial: '20-0.2.0', serial: 0 });
  t.strictSame(await releases.trialFacts(), { serial: 20, unitsOk: 12 });
  const release = join(unpackedDir, '20-0.2.0');
  t.equal(statSync(join(release, 'bin/luciole')).mode & 0o777, 0o755);
  t.equal(readFileSync(join(release, 'share/large')).length, 300_000);
  t.equal(statSync(join(release, 'share/empty')).size, 0);
  t.notOk(existsSync(releases.incoming), 'the file itself is gone');
  t.match(await install(updateBy(maker, { serial: 30 })), /a release is on trial/, 'one at a time');
  await releases.confirm(20);
  running.name = '20-0.2.0';
  t.match(await manager.status(), { release: '20-0.2.0', state: 'confirmed', previous: PACKAGE, serial: 20, keys: [maker.name] });
  t.match(await install(updateBy(maker, { serial: 20 })), /not newer than what ran here already \(serial 20\)/);
  t.match(await install(updateBy(maker, { serial: 30, version: '0.3.0' })), /takes over/);
  await releases.confirm(30);
  const unpacked = (): string[] => readdirSync(unpackedDir).filter((name) => /^\d/.test(name));
  t.strictSame(unpacked().sort(), ['20-0.2.0', '30-0.3.0'], 'the one before stays');
  t.match(await install(updateBy(maker, { serial: 40, version: '0.4.0' })), /takes over/);
  t.strictSame(unpacked().sort(), ['30-0.3.0', '40-0.4.0'], 'older ones go');
});

t.test('a confirmed release that no longer starts may be uploaded again; no other that is as old', async (t) => {
  const { maker, releases, install } = cabinetAt(t);
  await install(updateBy(maker));
  await releases.confirm(20);
  // As the starter does after ten failed starts.
  for (const [name, text] of [
    ['current', PACKAGE],
    ['failed', '20-0.2.0'],
  ] as const)
    writeFileSync(join(releases.dir, name), `${text}\n`);
  t.match(await install(updateBy(maker, { version: '0.1.9' })), /is not newer/);
  t.match(await install(updateBy(maker, { serial: 19 })), /is not newer/);
  t.match(await install(updateBy(maker)), /0\.2\.0 is unpacked and takes over now/);
  t.match(await releases.facts(), { current: '20-0.2.0', previous: PACKAGE, trial: '20-0.2.0', serial: 20 });
});

type Bad = (cabinet: ReturnType<typeof cabinetAt>) => Buffer;
const flipped = (file: Buffer, at: number): Buffer => {
  const changed = Buffer.from(file);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};
const evil =
  (path: string): Bad =>
  ({ maker }) =>
    updateBy(maker, { entries: [...programOf(''), { kind: 'file', path, mode: 0o755, bytes: Buffer.from('x') }] });
/** The size of its first file is no octal number. */
const withBadSize = (): Buffer => {
  const archive = tarOf(programOf(''), 0);
  archive.write('zz', archive.indexOf('luciole/bin/luciole') + 124, 'latin1');
  return archive;
};
const refusals: [story: string, file: Bad, words: RegExp][] = [
  ['a changed content', ({ maker }) => flipped(updateBy(maker), updateBy(maker).length - 20), /not what was signed/],
  [
    'a changed head',
    ({ maker }) => Buffer.from(updateBy(maker).toString('latin1').replace('"serial":20', '"serial":99'), 'latin1'),
    /its signature is wrong/,
  ],
  [
    'a changed signature',
    ({ maker }) => {
      const file = updateBy(maker);
      return flipped(file, file.indexOf('\n', 20) + 5);
    },
    /its signature is wrong/,
  ],
  [
    'an older one',
    ({ maker }) => updateBy(maker, { serial: SERIAL - 1 }),
    /serial 9\) is not newer than what ran here already \(serial 10\)/,
  ],
  ['the same again', ({ maker }) => updateBy(maker, { serial: SERIAL }), /is not newer/],
  ['another maker', () => updateBy(createMaker(null)), /signed by key [0-9a-f]{16}, known here: [0-9a-f]{16}/],
  ['one cut short', ({ maker }) => updateBy(maker).subarray(0, -100), /bytes instead of .* it was cut or added to/],
  ['one with something behind it', ({ maker }) => Buffer.concat([updateBy(maker), Buffer.from('x')]), /it was cut or added to/],
  ['one for another machine', ({ maker }) => updateBy(maker, { arch: thisArch === 'x64' ? 'arm64' : 'x64' }), /take the other file/],
  ['a package', () => Buffer.from('!<arch>\ndebian-binary'), /no update file: take the one that ends in \.update/],
  ['noise', () => Buffer.alloc(5_000, 7), /no update file/],
  ['a head without an end', () => Buffer.from(`luciole-update 1\n${'x'.repeat(5_000)}`), /no update file/],
  ['a path out of its folder', evil('luciole/../../evil'), /outside of its folder/],
  ['an absolute path', evil('/etc/evil'), /outside of its folder/],
  ['a folder beside its own', evil('elsewhere/evil'), /outside of its folder/],
  [
    'a link',
    ({ maker }) => updateBy(maker, { entries: [{ kind: 'link', path: 'luciole/bin', target: '/bin' }] }),
    /something other than files and folders/,
  ],
  ['a size that is no number', ({ maker }) => updateBy(maker, { archive: withBadSize() }), /its content is no archive/],
  ['more than it says', ({ maker }) => updateBy(maker, { unpackedBytes: 1_000 }), /unpacks to more than it declares/],
];
for (const [story, file, words] of refusals)
  t.test(`${story} is refused with a reason, and nothing has changed`, async (t) => {
    const cabinet = cabinetAt(t);
    t.match(texts(await cabinet.install(file(cabinet))), words);
    t.strictSame(cabinet.restarts, []);
    t.match(await cabinet.releases.facts(), { current: PACKAGE, trial: null });
    const left = existsSync(cabinet.releases.dir) ? readdirSync(cabinet.releases.dir) : [];
    t.strictSame(
      left.filter((name) => name !== 'incoming'),
      [],
      'nothing is left',
    );
    t.strictSame(
      readdirSync(cabinet.unpackedDir).filter((name) => name !== 'answer.json'),
      [],
      'nor where releases lie',
    );
    t.match(await cabinet.install(updateBy(cabinet.maker)), /takes over/, 'and a sound one is taken afterwards');
  });

t.test('no update without a key: an unsigned release is not accepted', async (t) => {
  const { maker, keysDir, install } = cabinetAt(t);
  rmSync(keysDir, { recursive: true });
  t.match(await install(updateBy(maker)), /no key is known here; put the maker's public key into/);
  mkdirSync(keysDir);
  writeFileSync(join(keysDir, 'noise.pem'), 'no key');
  t.match(await install(updateBy(maker)), /no key is known here/);
});

t.test('never while lamps are lit, unless forced', async (t) => {
  const { maker, install, restarts, manager, releases } = cabinetAt(t, { lampsLit: () => 7 });
  t.match(texts(await install(updateBy(maker))), /nothing was changed: 7 lamps are lit: update by day, or add --force/);
  t.match(await manager.revert(NOW), { isDone: false, text: /no release to go back to/ });
  t.match(await install(updateBy(maker), { isForced: true }), /takes over/);
  await releases.confirm(20);
  t.match(await manager.revert(NOW), { isDone: false, text: /7 lamps are lit: go back by day/ });
  t.equal(restarts.length, 1);
  t.match(texts(await manager.revert({ isForced: true })), { isDone: true, text: 'the installed package takes over now' });
  t.match(await releases.facts(), { current: PACKAGE, previous: '20-0.2.0', trial: null });
  t.match(texts(await manager.revert({ isForced: true })), { text: '20-0.2.0 takes over now' }, 'and forth again');
});

t.test('once the release is confirmed, no release below the least serial signed by the maker can be installed', async (t) => {
  for (const [leastSerial, to] of [
    [SERIAL, /takes over now/],
    [SERIAL + 1, /nothing was changed: the installed package has serial 10; releases below 11 are blocked/],
  ] as const) {
    const { maker, install, releases, manager, restarts } = cabinetAt(t);
    await install(updateBy(maker, { leastSerial }));
    await releases.confirm(20);
    t.match((await manager.revert({ isForced: true })).text, to, `a bound of ${leastSerial}`);
    t.equal(restarts.length, leastSerial > SERIAL ? 1 : 2);
  }
  const { maker, install, releases, manager } = cabinetAt(t);
  await install(updateBy(maker));
  await releases.confirm(20);
  await install(updateBy(maker, { serial: 30, version: '0.3.0', leastSerial: 30 }));
  t.match(
    texts(await manager.revert(NOW)),
    { isDone: true, text: '20-0.2.0 takes over now' },
    'one on trial is taken back, as its bound is not proven yet',
  );
  await install(updateBy(maker, { serial: 40, version: '0.4.0', leastSerial: 30 }));
  await releases.confirm(40);
  t.match(await manager.revert({ isForced: true }), {
    isDone: false,
    text: /release 20-0\.2\.0 has serial 20; releases below 30 are blocked/,
  });
  t.match(
    await releases.facts(),
    { current: '40-0.4.0', previous: '20-0.2.0' },
    'one that does not come up any more still gives way to it',
  );
});

t.test('too little disk space is reported before anything is written', async (t) => {
  const { maker, releases, install } = cabinetAt(t);
  const free = releases.freeBytes;
  releases.freeBytes = async () => 20 * 2 ** 20;
  t.match(await install(updateBy(maker)), /33 MB are needed on .*, 20 MB are free/);
  t.notOk(existsSync(releases.incoming));
  releases.freeBytes = free;
});

const smallDisk = mountSmallDisk(256);
t.teardown(() => smallDisk.remove());

t.test('a disk that fills up in the middle leaves the release as it was', { skip: smallDisk.skip }, async (t) => {
  const stateDir = join(smallDisk.dir, 'state');
  mkdirSync(stateDir);
  const { maker, releases, install, restarts, unpackedDir } = cabinetAt(t, {}, stateDir);
  releases.freeBytes = async () => 2 ** 40;
  t.match(await install(updateBy(maker)), /nothing was changed: the disk is full; make room/);
  t.match(await releases.facts(), { current: PACKAGE, trial: null });
  t.strictSame(readdirSync(releases.dir), ['incoming']);
  t.strictSame(readdirSync(unpackedDir), ['answer.json'], 'what was unpacked is gone again');
  t.strictSame(restarts, []);
});

t.test('parts out of order and oversized files are refused; a file may be uploaded again at any time', async (t) => {
  const { maker, manager, install } = cabinetAt(t);
  const file = updateBy(maker);
  await manager.put({ atByte: 0, ofBytes: file.length, data: file.subarray(0, 100) });
  t.match(await manager.put({ atByte: 200, ofBytes: file.length, data: file.subarray(200, 300) }), {
    isDone: false,
    text: /expected byte 100/,
  });
  t.match(
    await cabinetAt(t).manager.put({ atByte: 200, ofBytes: file.length, data: file.subarray(200) }),
    { text: /expected byte 0/ },
    'nothing was brought',
  );
  t.match(await manager.put({ atByte: 0, ofBytes: 2 ** 40, data: file }), { isDone: false, text: /too large for an update/ });
  t.match(await manager.install(NOW), { isDone: false, text: /no update file|cut or added/ });
  t.match(await install(file), /takes over/);
});

t.test('every disk error is reported to the user who uploads, and none ends the agent', async (t) => {
  const { maker, install, releases } = cabinetAt(t);
  mkdirSync(releases.incoming, { recursive: true });
  t.match(texts(await install(updateBy(maker))), /nothing was changed: the disk does not accept it \(EISDIR\)/);
});

t.test('a return that the disk breaks off after the choice of the next release says which one runs next', async (t) => {
  const { maker, manager, releases, install, restarts } = cabinetAt(t);
  await install(updateBy(maker));
  await releases.confirm(20);
  mkdirSync(join(releases.dir, 'trial', 'in-the-way'), { recursive: true });
  t.match(texts(await manager.revert(NOW)), {
    isDone: false,
    text: /^the installed package takes over at the next start, but the change was not completed: the disk does not accept it/,
  });
  t.match(await releases.facts(), { current: PACKAGE, previous: PACKAGE });
  t.equal(restarts.length, 1, 'only that of the update');
});

t.test('a sender that does not stop fills no disk: no part ends beyond its file, and each finds the room of the store kept', async (t) => {
  const { manager, releases } = cabinetAt(t);
  const begin = Buffer.alloc(100, 'x');
  await manager.put({ atByte: 0, ofBytes: 150, data: begin.subarray(0, 100) });
  t.match(await manager.put({ atByte: 100, ofBytes: 150, data: begin }), { isDone: false, text: /ends beyond the 150 bytes/ });
  releases.freeBytes = async () => 2 ** 20;
  t.match(await manager.put({ atByte: 100, ofBytes: 150, data: begin.subarray(0, 50) }), { isDone: false, text: /MB are needed/ });
  t.equal(statSync(releases.incoming).size, 100);
});

t.test('an update that would be refused in the end is refused with its first part, and the former upload stays', async (t) => {
  const { maker, manager, releases, restarts } = cabinetAt(t);
  const [file, older] = [updateBy(maker), updateBy(maker, { serial: SERIAL })];
  await manager.put({ atByte: 0, ofBytes: file.length, data: file });
  const first = older.subarray(0, 2_048);
  t.match(await manager.put({ atByte: 0, ofBytes: older.length, data: first }), { isDone: false, text: /is not newer than/ });
  t.match(await manager.put({ atByte: 0, ofBytes: file.length + 1, data: file }), { isDone: false, text: /cut or added to/ });
  t.equal(statSync(releases.incoming).size, file.length);
  t.match(await manager.install(NOW), { isDone: true });
  t.equal(restarts.length, 1);
});

t.test('bytes of an unknown maker are never more on disk than the head of a file, however small the parts are', async (t) => {
  const { maker, keysDir, manager, releases } = cabinetAt(t);
  const [own, foreign] = [updateBy(maker), updateBy(createMaker(null))];
  const heads: [name: string, file: Buffer, text: RegExp][] = [
    ['noise', Buffer.alloc(300_000, 'x'), /no update file/],
    ['a head that does not end', Buffer.concat([Buffer.from('luciole-update 1\n{'), Buffer.alloc(300_000, 'x')]), /no update file/],
    ['another maker', foreign, /signed by key/],
    ['a file that goes on behind its end', Buffer.concat([own, Buffer.alloc(300_000)]), /cut or added to/],
  ];
  for (const [name, file, text] of heads)
    for (const size of [1, 7, 100, 2_047, 2_048]) {
      let [atByte, answer]: [number, UpdateAnswer] = [0, { isDone: true, text: NO_TEXT }];
      for (; answer.isDone && atByte < file.length; atByte += size)
        answer = await manager.put({ atByte, ofBytes: file.length, data: file.subarray(atByte, atByte + size) });
      t.match(answer, { isDone: false, text }, `${name}, parts of ${size}`);
      t.ok(!existsSync(releases.incoming) || statSync(releases.incoming).size < 2_048, `${name}, parts of ${size}`);
    }
  for (let atByte = 0; atByte < own.length; atByte += 100)
    t.match(await manager.put({ atByte, ofBytes: own.length, data: own.subarray(atByte, atByte + 100) }), { isDone: true });
  rmSync(releases.incoming);
  rmSync(keysDir, { recursive: true });
  t.match(await manager.put({ atByte: 0, ofBytes: own.length, data: own.subarray(0, 1) }), { isDone: false, text: /no key is known here/ });
  t.notOk(existsSync(releases.incoming), 'without a key nothing is written');
});

t.test('a transfer continues where it was when the agent restarts', async (t) => {
  const { maker, manager, stateDir, keysDir } = cabinetAt(t);
  const file = updateBy(maker);
  await manager.put({ atByte: 0, ofBytes: file.length, data: file.subarray(0, 400) });
  const next = cabinetAt(t, { keysDir }, stateDir);
  const rest = (atByte: number) => next.manager.put({ atByte, ofBytes: file.length, data: file.subarray(atByte) });
  t.match(await rest(300), { isDone: false, text: /expected byte 400: continue at byte 400/ });
  t.match(await rest(400), { isDone: true });
  t.match(await next.manager.install(NOW), { isDone: true });
});

t.test('an agent that no service of the package started takes none', async (t) => {
  const { maker, install, manager } = cabinetAt(t, { obstacle: msg`only the service` });
  t.equal(texts(await install(updateBy(maker))), 'only the service');
  t.match(texts(await manager.status()), { obstacle: 'only the service', release: PACKAGE });
});

const WELL: Pulse = { lines: [], tickedMono: 0, store: { unansweredMono: null, isStuck: false } };
const trials: [story: string, at: (second: number) => { readonly unitsOk?: number; readonly pulse?: Partial<Pulse> }, seen: RegExp][] = [
  ['well from the first', () => ({}), /^65 s: well$/],
  ['slow to meet its units', (second) => ({ unitsOk: second < 100 ? 3 : 12 }), /^160 s: well$/],
  ['one unit of twelve lost is none of its faults', () => ({ unitsOk: 11 }), /^65 s: well$/],
  ['half of the street lost', () => ({ unitsOk: 6 }), /^300 s: 6 units answer, at least 10 are required$/],
  ['lighting that does not begin', () => ({ pulse: { tickedMono: null } }), /^300 s: the lighting has not begun$/],
  [
    'a store that does not answer',
    () => ({ pulse: { store: { unansweredMono: 0, isStuck: false } } }),
    /^300 s: the store does not answer$/,
  ],
  [
    'a line that hangs',
    (second) => ({ pulse: { lines: [{ id: 'north', turnedMono: second < 20 ? second * 1_000 : 20_000, openingMono: null }] } }),
    /^300 s: line north hangs/,
  ],
  ['never well for a whole minute', (second) => ({ unitsOk: second % 50 === 0 ? 0 : 12 }), /^300 s: /],
];
for (const [story, at, seen] of trials)
  t.test(`a trial: ${story}`, async (t) => {
    const clock = createManualClock(Date.parse('2026-12-01T12:00:00Z'));
    const fromMono = clock.monoMs();
    const second = (): number => Math.round((clock.monoMs() - fromMono) / 1_000);
    const ends: string[] = [];
    const absolute = (pulse: Partial<Pulse> = {}): Pulse => ({
      ...WELL,
      tickedMono: clock.monoMs(),
      ...pulse,
      ...(pulse.lines === undefined
        ? {}
        : { lines: pulse.lines.map((line) => ({ ...line, turnedMono: fromMono + (line.turnedMono ?? 0) })) }),
      ...(pulse.store?.unansweredMono == null ? {} : { store: { ...pulse.store, unansweredMono: fromMono } }),
    });
    startReleaseTrial({
      clock,
      pulse: () => absolute(at(second()).pulse),
      unitsOk: () => at(second()).unitsOk ?? 12,
      unitsOkBefore: 12,
      onEnd: ({ isWell, reason }) => ends.push(`${second()} s: ${isWell ? 'well' : reason}`),
    });
    await clock.advance(400_000);
    t.equal(ends.length, 1);
    t.match(texts(ends[0]), seen);
  });

t.test('a release that cannot be put on trial leaves the one before reachable', async (t) => {
  for (const blocked of [{ trial: {} }, { 'current.new': {} }]) {
    const stateDir = t.testdir({ releases: { current: '15-b\n', previous: '10-a\n', ...blocked } });
    const store = new ReleaseStore(stateDir, stateDir);
    await t.rejects(store.adopt('20-c', { fromVersion: '1' } as never));
    t.match(await store.facts(), { current: '15-b', previous: '10-a' });
  }
});
