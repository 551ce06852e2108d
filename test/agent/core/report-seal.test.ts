/** Attacks on signed reports, with the real signer and certificates of real authorities made by openssl. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { sealedPage } from '../../../agent/console/commands/report/sealed-page.ts';
import type { SealedFormat } from '../../../agent/core/report-seal.ts';
import { reportDigest, sealedReport, unsealedContent, verifyReport } from '../../../agent/core/report-seal.ts';
import { daysFromNow, openTestAuthorities } from '../../platform/certificates.ts';
import { findProgram } from '../../platform/mosquitto.ts';
import { reportSigner, smallReport } from '../../support/small-report.ts';
import { renderHere } from '../console/fake-view.ts';

const openssl = findProgram('openssl');
const skip = openssl === undefined ? 'openssl is needed' : false;
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const city = authorities?.create('city');
const stranger = authorities?.create('stranger');
const trusted = city === undefined ? '' : readFileSync(city.cert, 'utf8');
const other = stranger === undefined ? '' : readFileSync(stranger.cert, 'utf8');
const own = city?.issue('c1');
const LAYOUT = { language: 'fr', hasSemicolons: false, widthCols: 80 } as const;
const FORMATS = ['html', 'json'] as const;

type Sign = ReturnType<typeof reportSigner>;
const signer = (pair = own, node = 'c1', atMs = Date.now()): Sign => reportSigner(t, pair ?? { cert: '', key: '' }, node, atMs);
const { signal } = new AbortController();
const made = async (format: SealedFormat, sign = signer(), report = smallReport()): Promise<string> =>
  (await sealedPage(report, { ...LAYOUT, format }, { sign, render: renderHere }, signal)).text;
const verdict = (text: string | Buffer, authority: string | null = trusted): string => verifyReport(Buffer.from(text), authority).verdict;
/** The place where the block begins. */
const blockAt = (text: string): number =>
  Math.max(text.lastIndexOf('<!-- luciole-signature-1 '), text.lastIndexOf(',"luciole-signature-1":'));

for (const format of FORMATS)
  t.test(`${format}: a report as it was signed is valid, and what it is about is named`, { skip }, async (t) => {
    const text = await made(format);
    t.match(verifyReport(Buffer.from(text), trusted), {
      ...{ verdict: 'valid', format, node: 'c1', hasOtherLineEnds: false },
      report: { kind: 'month', cabinet: 'angers-0042', name: /Bressigny/, node: 'c1', from: '2026-11-01', to: '2026-11-30' },
      certificate: { node: 'c1', issuer: 'city' },
    });
    t.equal(verdict(text, null), 'no-authority');
    t.equal(verdict(text, other), 'not-certified');
    t.equal(verdict(text, ''), 'not-certified');
    if (format === 'json') t.match(JSON.parse(text), { form: 'luciole-report-1', 'luciole-signature-1': { node: 'c1' } });
    else t.match(text, /est signé[\s\S]*<\/html>\n<!-- luciole-signature-1 [\w+/=]+ -->\n$/);
    t.notMatch(text.slice(0, blockAt(text)), /<\/script><!--|<!-- luciole/, 'a name cannot end the page');
  });

for (const format of FORMATS)
  t.test(`${format}: any change of the file is found`, { skip }, async (t) => {
    const text = await made(format);
    const at = blockAt(text);
    const [body, block] = [text.slice(0, at), text.slice(at)];
    const attacks: Readonly<Record<string, string>> = {
      'one digit of the page': text.replace('2981', '3981'),
      'one digit of the data':
        body.slice(0, body.lastIndexOf('2981.3')) + body.slice(body.lastIndexOf('2981.3')).replace('2981.3', '2991.3') + block,
      'text before': ` ${text}`,
      'text after': `${text} `,
      'a line after': `${text}\n`,
      'a page after': `${text}<p>and more</p>\n`,
      'the block twice': `${text}${block}`,
      'text between two blocks': `${body}${block}<p>x</p>${block}`,
      'the block in the middle': `${body.slice(0, 60)}${block}${body.slice(60)}`,
      'the block first': `${block}${body}`,
      'a blank in the block': `${body}${block.replace('signature-1', 'signature-1 ')}`,
      'another time': `${body}${laterBlock(format, block)}`,
      'an empty block': `${body}${format === 'json' ? ',"luciole-signature-1":}\n' : '<!-- luciole-signature-1  -->\n'}`,
      'a byte order mark': `\ufeff${text}`,
      'no last line end': text.slice(0, -1),
      'cut off': text.slice(0, -40),
      'other letters': text.normalize('NFD'),
    };
    for (const [name, changed] of Object.entries(attacks)) {
      if (name === 'other letters' && changed === text) continue;
      t.not(changed, text, name);
      t.match(verdict(changed), /^(changed|other-key|not-a-report|not-signed)$/, name);
    }
    for (const name of ['one digit of the page', 'one digit of the data', 'text after', 'the block twice', 'text between two blocks'])
      t.equal(verdict(attacks[name] ?? ''), 'changed', name);
    t.equal(verdict(Buffer.from(text, 'utf16le')), 'not-a-report');
    fc.assert(
      fc.property(fc.nat(Buffer.byteLength(text) - 1), fc.integer({ min: 1, max: 255 }), (place, mask) => {
        const bytes = Buffer.from(text);
        bytes[place] = (bytes[place] ?? 0) ^ mask;
        return verdict(bytes) !== 'valid';
      }),
      { numRuns: 300 },
    );
  });

for (const format of FORMATS)
  t.test(`${format}: line ends that a transfer converted are named, and still a change`, { skip }, async (t) => {
    const text = await made(format);
    t.match(verifyReport(Buffer.from(text.replaceAll('\n', '\r\n')), trusted), { verdict: 'changed', hasOtherLineEnds: true });
    t.match(verifyReport(Buffer.from(text.replaceAll('\n', '\r\n').replace('2981', '3981')), trusted), {
      verdict: 'changed',
      hasOtherLineEnds: false,
    });
    t.match(verifyReport(Buffer.from(`${text}${'\r'.repeat(10_000)}\n`), trusted), { verdict: 'changed', hasOtherLineEnds: false });
  });

for (const format of FORMATS)
  t.test(`${format}: a changed report that is signed again with another key fails`, { skip }, async (t) => {
    const forged = smallReport({ summary: [] });
    t.equal(verdict(await made(format, signer(stranger?.issue('c1')), forged)), 'not-certified', 'certified by another authority');
    t.equal(verdict(await made(format, signer(city?.issue('c2')), forged)), 'other-node', 'the key of another cabinet of the city');
    // The key of another cabinet, with its own node in the signature, on a report that still names the first.
    const content = unsealedContent(format, await unsignedOf(format));
    const theirs = await signer(city?.issue('c2'), 'c2')(reportDigest(format, content));
    const mine = await signer()(reportDigest(format, content));
    if (!theirs.ok || !mine.ok) throw new TypeError('both can sign');
    t.equal(verdict(sealedReport(format, content, theirs.signed)), 'other-node');
    const mixed = { ...theirs.signed, node: 'c1', certificates: mine.signed.certificates };
    t.equal(verdict(sealedReport(format, content, mixed)), 'other-key', 'the certificate of the cabinet beside another signature');
    const changed = content.replace('2981', '3981');
    const redone = sealedReport(format, changed, { ...mine.signed, digest: reportDigest(format, changed) });
    t.equal(verdict(redone), 'other-key', 'a new digest');
    const converted = Buffer.from(redone.replaceAll('\n', '\r\n'));
    t.match(verifyReport(converted, trusted), { verdict: 'changed', hasOtherLineEnds: false }, 'not explained by its line ends');
    const late = { ...mine.signed, atMs: mine.signed.atMs + 1 };
    t.equal(verdict(sealedReport(format, content, late)), 'other-key', 'another time');
  });

/** The block with a time of a millisecond later. */
function laterBlock(format: SealedFormat, block: string): string {
  const later = (json: string): string => json.replace(/"atMs":(\d+)/, (_, atMs) => `"atMs":${Number(atMs) + 1}`);
  if (format === 'json') return later(block);
  return block.replace(/[\w+/=]{50,}/, (text) => Buffer.from(later(Buffer.from(text, 'base64').toString())).toString('base64'));
}

/** A report without a signature. */
async function unsignedOf(format: SealedFormat): Promise<string> {
  return (
    await sealedPage(
      smallReport(),
      { ...LAYOUT, format },
      { sign: async () => ({ ok: false, why: 'no-time' }), render: renderHere },
      signal,
    )
  ).text;
}

t.test('a report from before a renewal stays valid, and one outside of the dates of its certificate is named', { skip }, async (t) => {
  const before = await made('html', signer(city?.issue('c1', { until: daysFromNow(2) })));
  t.equal(verdict(before), 'valid', 'its certificate lies in it');
  t.equal(verdict(await made('html', signer(city?.issue('c1')))), 'valid', 'after the renewal');
  const expired = city?.issue('c1', { from: daysFromNow(-20), until: daysFromNow(-10) });
  t.equal(verdict(await made('html', signer(expired, 'c1', daysFromNow(-15).getTime()))), 'valid', 'valid when it was signed');
  t.equal(verdict(await made('html', signer(expired))), 'not-valid-then');
  t.equal(
    verdict(await made('json', signer(expired, 'c1', daysFromNow(-25).getTime())), null),
    'not-valid-then',
    'also without an authority',
  );
});

t.test('a report without a signature, and a file that is none', { skip }, async (t) => {
  for (const format of FORMATS) {
    const page = await sealedPage(
      smallReport(),
      { ...LAYOUT, format },
      { sign: async () => ({ ok: false, why: 'no-time' }), render: renderHere },
      signal,
    );
    t.match(page, { isSigned: false, whyNot: /time of the cabinet was not trusted/, text: /pas sign|not signed/ });
    t.equal(verdict(page.text), 'not-signed');
    const text = await made(format);
    const stripped = `${text.slice(0, blockAt(text))}${format === 'json' ? '}\n' : ''}`;
    t.equal(verdict(stripped), 'not-signed', 'a signature that was taken away');
    t.match(
      await sealedPage(smallReport({ node: 'c9' }), { ...LAYOUT, format }, { sign: signer(), render: renderHere }, signal),
      { isSigned: false },
      'the node changed meanwhile',
    );
  }
  for (const format of ['text', 'csv'] as const) {
    const page = await sealedPage(
      smallReport(),
      { ...LAYOUT, format },
      { sign: () => Promise.reject(new Error('not asked')), render: renderHere },
      signal,
    );
    t.match(page, { isSigned: false, whyNot: /only HTML and JSON/ });
    t.equal(verdict(page.text), 'not-a-report');
  }
  for (const text of ['', '{', '{}', '[]', '<!doctype html><p>x</p>', '{"form":"luciole-report-1"}', 'PDF', '\0'.repeat(500)])
    t.equal(verdict(text), 'not-a-report', text);
});

t.test('a signature over one format is not valid at the end of the other', { skip }, async (t) => {
  const content = unsealedContent('json', await unsignedOf('json'));
  const answer = await signer()(reportDigest('json', content));
  if (!answer.ok) throw new TypeError('it can sign');
  t.equal(verdict(sealedReport('json', content, answer.signed)), 'valid');
  t.not(verdict(sealedReport('html', content, answer.signed)), 'valid');
  const page = unsealedContent('html', await unsignedOf('html'));
  t.equal(verdict(sealedReport('html', page, { ...answer.signed, digest: `html:${answer.signed.digest.slice(5)}` })), 'changed');
});

t.test('only a whole page or object is signed', async (t) => {
  for (const text of ['', '<p>x</p>', '<!doctype html><p>', 'x</html>', '<!doctype html><!-- luciole-signature-1 --></html>'])
    t.throws(() => unsealedContent('html', text), TypeError, text);
  for (const text of ['', '[]', '{"a":1', 'x}', '{"a":1,"luciole-signature-1":2}'])
    t.throws(() => unsealedContent('json', text), TypeError, text);
});

t.test('a hostile page of megabytes without a report is searched to its end', { timeout: 60_000 }, async (t) => {
  for (const part of ['<script ', 'type="application/json"', '<script type="application/json" ', '<script type="application/json">']) {
    const file = Buffer.from(`<!doctype html>${part.repeat(3_000_000 / part.length)}`);
    t.equal(verifyReport(file, null).verdict, 'not-a-report', part);
  }
});
