/** Shows the verdict about a report or about a proof of savings, with its reasons. */
import type { SignerCertificate } from '../../../core/evidence-signature.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import type { ReportVerdict, ReportVerification } from '../../../core/report-seal.ts';
import type { SavingsVerdict, SavingsVerification } from '../../../diagnosis/savings/verify-export.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { formatNumber } from '../../text/page.ts';
import { plain } from '../../text/plain-text.ts';
import { labelled } from '../../text/text-lines.ts';

/** The code of a verdict about a report or about an export of savings: `valid`, or the reason why it is not. */
export type FileVerdict = ReportVerdict | SavingsVerdict;

/** Exit code of each verdict; 0 for `valid` only. Source: 1 is an error, and 64 to 78 are those of sysexits.h. */
export const VERDICT_EXIT: Readonly<Record<FileVerdict, number>> = {
  valid: 0,
  'not-signed': 2,
  changed: 3,
  'other-key': 4,
  'not-certified': 5,
  'other-node': 6,
  'not-valid-then': 7,
  'not-a-report': 8,
  'not-an-export': 8,
  'no-authority': 9,
  differs: 10,
};

const VERDICTS: Readonly<Record<FileVerdict, Message>> = {
  valid: msg`VALID: signed by this cabinet, and nothing was changed since`,
  'not-signed': msg`NOT SIGNED: anybody can have written it`,
  changed: msg`CHANGED: it is not what the cabinet signed`,
  'other-key': msg`FORGED: the signature is not of the key of this certificate`,
  'not-certified': msg`NOT CERTIFIED: the authority has not certified this key`,
  'other-node': msg`OTHER NODE: it was signed with the key of another cabinet`,
  'not-valid-then': msg`NOT VALID THEN: the certificate was not valid at the time of the signature`,
  'not-a-report': msg`NOT A REPORT in HTML or JSON; text and CSV have no signature`,
  'not-an-export': msg`NOT AN EXPORT of \`luciole savings export\``,
  'no-authority': msg`NOT DECIDED: it is as it was signed, but the key may be of anybody. Give the certificate of the city's authority: --authority FILE`,
  differs: msg`DIFFERENT: the result does not follow from the nights and the ledger`,
};

/** What the lines of a verdict require of the terminal: width, language and character set. */
export type VerdictScreen = Pick<Terminal, 'widthCols' | 'language' | 'charset'>;

/**
 * Returns the verdict about a report as lines, with facts of the report and its signature. `file`: the name of its file, only for display,
 * as `authority`: the name of the file of trusted certificates; null for none.
 */
export function reportVerdictLines(
  file: string,
  found: ReportVerification,
  authority: string | null,
  screen: VerdictScreen,
): readonly string[] {
  const { report, hasOtherLineEnds } = plain(found, screen.charset) as ReportVerification;
  const line = (label: Message, text: Said): string[] => labelled(label, text, screen);
  return [
    ...line(msg`Verdict`, VERDICTS[found.verdict]),
    ...(hasOtherLineEnds ? line(msg`Lines`, msg`only the line ends differ, as after a transfer as text: send the file as binary`) : []),
    ...line(msg`File`, file),
    ...(report === null ? [] : line(msg`Report`, aboutReport(report))),
    ...signatureLines(plain(found, screen.charset) as ReportVerification, authority, screen),
  ];
}

/**
 * Returns the verdict about an export of savings as lines, with facts of its ledger, result and signature. `file`: its name, for display;
 * null for the running agent. `authority`: as in `reportVerdictLines`.
 */
export function savingsVerdictLines(
  file: string | null,
  found: SavingsVerification,
  authority: string | null,
  screen: VerdictScreen,
): readonly string[] {
  const shown = plain(found, screen.charset) as SavingsVerification;
  const { cabinet, entries, signedN, brokenAt, head, differences, result } = shown;
  const line = (label: Message, text: Said): string[] => labelled(label, text, screen);
  const ofLedger =
    brokenAt === null
      ? msg`whole, ${entries} entries, signed up to entry ${signedN}`
      : msg`entry ${brokenAt} was changed, is missing, or does not follow the one before it`;
  return [
    ...line(msg`Verdict`, VERDICTS[found.verdict]),
    ...line(msg`File`, file ?? msg`the running agent`),
    ...(result === null
      ? []
      : [
          ...line(msg`Cabinet`, cabinet),
          ...line(msg`Ledger`, ofLedger),
          ...line(msg`Head`, `${entries}:${head}`),
          ...(brokenAt === null
            ? line(
                msg`Result`,
                differences.length === 0 ? msg`follows from nights and ledger to 1 Wh: ${savedOf(result)}` : msg`differs at ${differences}`,
              )
            : []),
          ...line(msg`Nights`, msg`are not signed in an export; a report in HTML or JSON is signed as a whole`),
        ]),
    ...signatureLines(shown, authority, screen),
  ];
}

function savedOf({ total, halfKwh, from, to }: NonNullable<SavingsVerification['result']>): Message {
  return msg`${formatNumber(total.savedKwh, 1)} kWh ± ${formatNumber(halfKwh, 1)} kWh (90 %), ${from} to ${to}`;
}

function aboutReport({ kind, cabinet, name, node, from, to }: NonNullable<ReportVerification['report']>): Message {
  const of = node === '' ? '-' : node;
  return from === null || to === null
    ? msg`${kind}, cabinet ${cabinet} ${name}, node ${of}`
    : msg`${kind}, ${from} to ${to}, cabinet ${cabinet} ${name}, node ${of}`;
}

function signatureLines(
  {
    node,
    signedMs,
    certificate,
  }: { readonly node: string | null; readonly signedMs: number | null; readonly certificate: SignerCertificate | null },
  authority: string | null,
  screen: VerdictScreen,
): readonly string[] {
  const line = (label: Message, text: Said): string[] => labelled(label, text, screen);
  if (node === null || signedMs === null) return [];
  return [
    ...line(msg`Signed`, msg`by node ${node}, ${new Date(signedMs).toISOString().slice(0, 19)}Z by its own clock`),
    ...(certificate === null ? [] : line(msg`Key`, keyText(certificate))),
    ...line(msg`Authority`, authority ?? msg`none given`),
  ];
}

function keyText({ node, issuer, serial, from, to }: SignerCertificate): Message {
  return msg`certificate ${serial} of ${node}, by ${issuer}, valid ${from.slice(0, 10)} to ${to.slice(0, 10)}`;
}
