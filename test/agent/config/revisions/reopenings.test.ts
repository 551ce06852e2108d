/** How often the platform may open the lines of a street again without a signature. Real files and a real history; the floor is not compared. */

import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadRevision } from '../../../../agent/config/load/load-site.ts';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { NOTHING_COMPARED } from '../../../../agent/config/revisions/check-in-child.ts';
import { revisionKeyText } from '../../../../agent/config/revisions/revision-key.ts';
import { RevisionManager } from '../../../../agent/config/revisions/revision-manager.ts';
import { signRevision } from '../../../../agent/config/revisions/revision-signature.ts';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { SIGNATURE_FILE } from '../../../../agent/core/revisions.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { changed } from '../small-street.ts';
import { wellStreet } from './fixtures/well-street.ts';

const NOW_MS = Date.parse('2026-11-27T11:00:00Z');
const signer = generateKeyPairSync('ed25519');
const SITE = `${SMALL_SITE}trust: { revisionKeys: [{ id: chief, key: "${revisionKeyText(signer.publicKey)}" }] }\n`;
/** Opens the line again. */
const named = (n: number): string =>
  changed(SITE, [
    ['id: S01, unit: 21', `id: T${n}, unit: 21`],
    ['device: S01', `device: T${n}`],
  ]);
/** Opens no line. */
const dimmed = (levelPct: number): string => changed(SITE, [['levelPct: 30 }', `levelPct: ${levelPct} }`]]);

async function openManager(t: Test) {
  const folder = t.testdir();
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, SITE);
  const clock = createManualClock(NOW_MS, 'synced');
  const { site, revisions } = await beginConfiguration({ configFile, dataDir: join(folder, 'data'), nowMs: NOW_MS });
  const manager = new RevisionManager({
    ...revisions,
    ...wellStreet(site),
    clock,
    check: async ({ dir }) => ({ site: loadRevision(dir, folder, 'new'), problems: [], warnings: [], ...NOTHING_COMPARED }),
    touches: () => [msg`line north`],
  });
  await manager.start();
  t.teardown(() => manager.stop());
  const tried = async (text: string, { by = 'platform', isSigned = false, end = 'returnTrial' as 'returnTrial' | 'confirm' } = {}) => {
    const files = { cabinet: text, profiles: {} };
    const signature = signRevision({ files, privateKey: signer.privateKey, cabinets: ['demo'], signedMs: clock.wallMs(), validMs: DAY_MS });
    await manager.put('cabinet.yaml', text, by);
    if (isSigned) await manager.put(SIGNATURE_FILE, signature, by);
    const author = by === 'platform' ? 'platform' : 'console';
    const answer = await manager.commit({
      by,
      author,
      why: '',
      mode: 'asked',
      minutes: 168,
      base: null,
      commandId: null,
      lowersFloor: false,
    });
    if (answer.state === 'refused') await manager.discard(by);
    else if (end === 'confirm') await manager.confirm(by);
    else await manager.returnTrial(by, '');
    return answer;
  };
  return { clock, tried };
}

t.test('unsigned revisions of the platform that reopen lines are rate-limited, whatever happened to earlier ones', async (t) => {
  for (const end of ['confirm', 'returnTrial'] as const) {
    const { clock, tried } = await openManager(t);
    const opened = [];
    for (let n = 0; n < 30; n += 1) opened.push((await tried(named(n), { end })).state === 'done');
    t.strictSame(opened.indexOf(false), 6, `six at once, where each is ended by ${end}`);
    t.notOk(opened.slice(6).includes(true));
    t.match(await tried(named(30)), {
      reason: /^it would open line north again, too soon after others: 6 at once and one every 10 min; send it later, or sign it$/,
    });
    await clock.advance(600_000);
    t.strictSame([(await tried(named(31))).state, (await tried(named(32))).state], ['done', 'refused'], 'one more after ten minutes');
  }
});

t.test('revisions that open no line, are signed, or are committed at the cabinet do not wait', async (t) => {
  const { tried } = await openManager(t);
  for (let n = 0; n < 10; n += 1) await tried(named(n));
  t.equal((await tried(named(10))).state, 'refused');
  for (let n = 11; n < 20; n += 1) t.equal((await tried(named(n), { by: 'console:tina' })).state, 'done');
  for (let n = 0; n < 10; n += 1) t.equal((await tried(dimmed(31 + n))).state, 'done');
  t.equal((await tried(named(20), { isSigned: true })).state, 'done');
});
