/** Renders a report and signs it. The page states whether it is signed, so what it states is signed too. */
import type { SigningRefusal } from '../../../core/evidence-signature.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { Report, ReportFormat, ReportLayout, ReportSection, ReportTools } from '../../../core/report.ts';
import {
  reportDigest,
  SEALED_FORMATS,
  type SealedFormat,
  sealedReport,
  unsealedContent,
  unsignedReport,
} from '../../../core/report-seal.ts';
import type { SealedPage } from './report-file.ts';

/** What a person does about a refusal of the signer. */
const REFUSALS: Readonly<Record<SigningRefusal, Message>> = {
  'no-key': msg`the uplink of this cabinet has no certificate with a key`,
  'no-time': msg`the time of the cabinet was not trusted`,
  'unusable-key': msg`the key of the cabinet cannot be read, or is not that of its certificate`,
};
const NOT_THIS_FORMAT = msg`only HTML and JSON are`;

/**
 * Renders a report, with a section that states whether it is signed, and signs it. Resolves also if it cannot be signed: without a
 * signature, and with the reason. `tools`: render a report, and sign a digest as evidence of a report. Errors: rejects as `tools.render`.
 */
export async function sealedPage(
  report: Report,
  layout: ReportLayout,
  tools: Pick<ReportTools, 'render' | 'sign'>,
  signal: AbortSignal,
): Promise<SealedPage> {
  const { format } = layout;
  const rendered = (note: Message): Promise<string> => tools.render(withNote(report, note), layout, signal);
  if (!isSealed(format)) return unsigned(await rendered(unsignedNote(NOT_THIS_FORMAT)), NOT_THIS_FORMAT);
  const content = unsealedContent(format, await rendered(signedNote(report)));
  const answer = await tools.sign(reportDigest(format, content));
  // The page names the node of the report; after a change of the uplink between the two, the signature would be of another one.
  if (answer.ok && answer.signed.node === report.node)
    return { text: sealedReport(format, content, answer.signed), isSigned: true, whyNot: null, node: answer.signed.node };
  const why = answer.ok ? msg`the configuration changed while it was made` : REFUSALS[answer.why];
  return unsigned(unsignedReport(format, unsealedContent(format, await rendered(unsignedNote(why)))), why);
}

function unsigned(text: string, whyNot: Message): SealedPage {
  return { text, isSigned: false, whyNot, node: '' };
}

function isSealed(format: ReportFormat): format is SealedFormat {
  return SEALED_FORMATS.some((each) => each === format);
}

function withNote(report: Report, note: Message): Report {
  const section: ReportSection = { id: 'signature', title: msg`Signature`, notes: [note], parts: [] };
  return { ...report, sections: [...report.sections, section] };
}

function signedNote({ node }: Report): Message {
  return msg`This report is signed with the key of node ${node}. \`luciole report verify FILE\` shows whether anything in it was changed.`;
}

function unsignedNote(why: Message): Message {
  return msg`This report is not signed: ${why}.`;
}
