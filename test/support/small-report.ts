/** A small report, and certificates and files around it, for tests of signatures. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { SigningAnswer } from '../../agent/core/evidence-signature.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { msg } from '../../agent/core/message.ts';
import type { Report } from '../../agent/core/report.ts';
import { createCabinetSigner } from '../../agent/sync/mqtt/cabinet-signer.ts';
import { createFileReader } from '../../agent/sync/mqtt/secret-files.ts';
import { uplinkConfig } from '../agent/sync/small-node.ts';
import type { Pair } from '../platform/certificates.ts';

/** A report of a month with a hostile name. */
export function smallReport(over: Partial<Report> = {}): Report {
  return {
    form: 'luciole-report-1',
    kind: 'month',
    cabinet: { id: 'angers-0042', name: 'Rue "Bressigny" </script><!-- luciole-signature-1 x --> été' },
    node: 'c1',
    timezone: 'Europe/Paris',
    version: '0.1.0',
    madeMs: Date.parse('2026-12-01T08:00:00Z'),
    isTimeTrusted: true,
    by: 'console:ada',
    title: msg`Street light of ${'Rue "Bressigny" </script><!-- luciole-signature-1 x --> été'}`,
    from: '2026-11-01',
    to: '2026-11-30',
    figures: [{ id: 'saved', label: msg`Saved`, value: 2981.3, half: 142, unit: 'kWh', decimals: 0, note: null }],
    summary: [msg`${'2981'} kWh were saved.`],
    sections: [],
    source: { savings: null, acceptance: null },
    ...over,
  };
}

type Sign = (kind: string, digest: string) => Promise<SigningAnswer>;

/** Returns a function that signs evidence with the key of this pair, as the cabinet with this node does. */
export function evidenceSigner(t: Pick<Test, 'teardown'>, pair: Pair, node: string, atMs = Date.now()): Sign {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-report-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'c.key')];
  copyFileSync(pair.cert, certFile);
  copyFileSync(pair.key, keyFile);
  const config = { ...uplinkConfig('mqtt://127.0.0.1:1', { certFile, keyFile }), node };
  const clock = createManualClock(atMs, 'synced');
  return createCabinetSigner({ clock, log: { event: () => {} }, config: () => config, readFile: createFileReader(null) });
}

/** As `evidenceSigner`, for reports. */
export function reportSigner(...parts: Parameters<typeof evidenceSigner>): (digest: string) => Promise<SigningAnswer> {
  const sign = evidenceSigner(...parts);
  return (digest) => sign('report', digest);
}
