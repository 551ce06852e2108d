/** Signatures over evidence, with certificates of a real authority made by openssl. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { type SignedClaim, signerCertificate, verifyEvidence } from '../../../../agent/core/evidence-signature.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { createCabinetSigner } from '../../../../agent/sync/mqtt/cabinet-signer.ts';
import { createFileReader } from '../../../../agent/sync/mqtt/secret-files.ts';
import { daysFromNow, openTestAuthorities, type Pair } from '../../../platform/certificates.ts';
import { findProgram } from '../../../platform/mosquitto.ts';
import { uplinkConfig } from '../small-node.ts';

const openssl = findProgram('openssl');
const skip = openssl === undefined ? 'openssl is needed' : false;
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const city = authorities?.create('city');
const stranger = authorities?.create('stranger');
const trusted = city === undefined ? '' : readFileSync(city.cert, 'utf8');
const NODE = uplinkConfig('mqtt://127.0.0.1:1').node;
const DIGEST = '3:abc';
/** Source: `openssl req -x509 -subj /` with an Ed25519 key. */
const NAMELESS = `-----BEGIN CERTIFICATE-----
MIHkMIGXoAMCAQICFGwRglgcm/bYqB7ENEKEZXs6GndZMAUGAytlcDAAMCAXDTI2
MTEyOTA3MzAxNVoYDzIxMjYxMTA1MDczMDE1WjAAMCowBQYDK2VwAyEAlQVmUSvL
6prnrlWvnMlxePEh12lWOx/CymzAzw35be2jITAfMB0GA1UdDgQWBBRvso6nO427
lRTlZCJBo3l/deNinDAFBgMrZXADQQD0iXeGjuzi2CVAUzUvRO1QiGS1kKQ9h+53
F+4+M4Eaju1V4ZjMLB0a25paqzXivbcba+VwSo52hPyfzQ85nPsG
-----END CERTIFICATE-----`;

/** A cabinet whose key files a test replaces. */
function cabinet(t: Test, quality: 'synced' | 'none' = 'synced') {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-signer-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const put = (pair: Pair | undefined, end = ''): void => {
    for (const [from, name] of [
      [pair?.key, 'c1.key'],
      [pair?.cert, 'c1.pem'],
    ] as const) {
      rmSync(join(folder, name + end), { force: true });
      copyFileSync(from ?? '', join(folder, name + end));
    }
  };
  const clock = createManualClock(Date.now(), quality);
  const config = uplinkConfig('mqtt://127.0.0.1:1', { certFile: join(folder, 'c1.pem'), keyFile: join(folder, 'c1.key') });
  const problems: string[] = [];
  const log = { event: (name: string) => void problems.push(name) };
  const answer = createCabinetSigner({ clock, log, config: () => config, readFile: createFileReader(null) });
  const sign = async (kind: string, digest: string): Promise<SignedClaim | null> => {
    const signed = await answer(kind, digest);
    return signed.ok ? signed.signed : null;
  };
  return { put, clock, sign, answer, problems, config };
}

function verdict(signed: SignedClaim | null, over: Partial<SignedClaim> = {}, authority = trusted): string {
  if (signed === null) return 'none';
  const claim = { ...signed, ...over };
  return verifyEvidence(claim, claim, authority);
}

t.test('a file of the certificate that also has the key: no signature shows it', { skip }, async (t) => {
  const { put, sign, config } = cabinet(t);
  const pair = city?.issue(NODE);
  put(pair);
  writeFileSync(config.certFile ?? '', readFileSync(pair?.key ?? '', 'utf8') + readFileSync(pair?.cert ?? '', 'utf8'));
  const signed = await sign('report', DIGEST);
  t.equal(verdict(signed), 'valid');
  t.notMatch(signed?.certificates, /PRIVATE/);
});

t.test('a name with characters that certificates escape is the name of the cabinet', { skip }, async (t) => {
  const { put, sign, config } = cabinet(t);
  for (const node of ['rue, nord', '#7 "a"', 'c;d <e>']) {
    put(city?.issue(node));
    Object.assign(config, { node });
    t.equal(verdict(await sign('report', DIGEST)), 'valid', node);
    t.equal(signerCertificate((await sign('report', DIGEST))?.certificates ?? '')?.node, node);
  }
});

t.test('a signature is valid for its content, its cabinet and its authority, and for nothing else', { skip }, async (t) => {
  const { put, sign } = cabinet(t);
  put(city?.issue(NODE));
  const signed = await sign('report', DIGEST);
  t.equal(verdict(signed), 'valid');
  t.match(signerCertificate(signed?.certificates ?? ''), {
    node: NODE,
    issuer: 'city',
    serial: /^[0-9A-F]+$/,
    from: /^20..-/,
    to: /^20..-/,
  });
  t.equal(signerCertificate('-'), null);
  t.equal(verdict(signed, { digest: '3:abd' }), 'bad-signature', 'a changed report');
  t.equal(verdict(signed, { kind: 'savings-ledger' }), 'bad-signature', 'another kind of evidence');
  t.equal(verdict(signed, { node: 'other' }), 'bad-signature');
  t.equal(verdict(signed, { atMs: 5 }), 'bad-signature');
  t.equal(verdict(signed, { signature: 'AAAA' }), 'bad-signature');
  t.equal(verdict(signed, { certificates: '' }), 'not-certified');
  t.equal(verdict(signed, {}, ''), 'not-certified');
});

t.test('a certificate whose subject and issuer are empty is described without names', async (t) => {
  t.match(signerCertificate(NAMELESS), { node: '', issuer: '', serial: /^6C11/ });
  const claim = { kind: 'report', node: '', digest: DIGEST, atMs: Date.now() };
  t.equal(verifyEvidence(claim, { certificates: NAMELESS, signature: '' }, NAMELESS), 'bad-signature');
});

t.test('a report that is signed again with another key fails', { skip }, async (t) => {
  const forger = cabinet(t);
  forger.put(stranger?.issue(NODE));
  t.equal(verdict(await forger.sign('report', DIGEST)), 'not-certified', 'a key that another authority certified');
  forger.put(city?.issue('c2'));
  t.equal(verdict(await forger.sign('report', DIGEST)), 'other-node', 'the key of another cabinet');
  const own = cabinet(t);
  own.put(city?.issue(NODE));
  const [mine, theirs] = [await own.sign('report', DIGEST), await forger.sign('report', DIGEST)];
  t.equal(
    verdict(theirs, { certificates: mine?.certificates ?? '' }),
    'bad-signature',
    'the certificate of the cabinet beside a signature of another',
  );
  const leaf = readFileSync(city?.issue(NODE).cert ?? '', 'utf8');
  t.equal(
    verdict(await forger.sign('report', DIGEST), { certificates: `${theirs?.certificates}${leaf}` }),
    'other-node',
    'a chain does not help',
  );
});

t.test('a signature from before a renewal of the key stays valid, and the renewed key is used once it is in place', { skip }, async (t) => {
  const { put, sign } = cabinet(t);
  put(city?.issue(NODE, { until: daysFromNow(2) }));
  const before = await sign('report', DIGEST);
  put(city?.issue(NODE), '.new');
  t.equal((await sign('report', DIGEST))?.certificates, before?.certificates, 'a renewed pair may be refused by the broker');
  put(city?.issue(NODE));
  const after = await sign('report', DIGEST);
  t.not(after?.certificates, before?.certificates);
  t.equal(verdict(before), 'valid');
  t.equal(verdict(after), 'valid');
});

t.test('a signature outside of the dates of its certificate is named', { skip }, async (t) => {
  const { put, clock, sign } = cabinet(t);
  put(city?.issue(NODE, { until: daysFromNow(2) }));
  await clock.advance(3 * DAY_MS);
  t.equal(verdict(await sign('report', DIGEST)), 'not-valid-then');
});

t.test('without a key, without a trusted time or with a foreign key there is no signature', { skip }, async (t) => {
  const none = cabinet(t);
  t.match(await none.answer('report', DIGEST), { ok: false, why: 'unusable-key' });
  t.same(none.problems, ['evidence-not-signed']);
  const early = cabinet(t, 'none');
  early.put(city?.issue(NODE));
  t.match(await early.answer('report', DIGEST), { ok: false, why: 'no-time' });
  const mixed = cabinet(t);
  mixed.put({ cert: city?.issue(NODE).cert ?? '', key: city?.issue(NODE).key ?? '' });
  t.match(await mixed.answer('report', DIGEST), { ok: false, why: 'unusable-key' });
  const readFile = createFileReader(null);
  for (const config of [null, { ...none.config, keyFile: null }, { ...none.config, certFile: null }]) {
    const sign = createCabinetSigner({ clock: none.clock, log: { event: () => {} }, config: () => config, readFile });
    t.match(await sign('report', DIGEST), { ok: false, why: 'no-key' });
  }
});
