/** Renders the nameplate of a device. Pure. */

import { type Message, msg } from '../../core/message.ts';
import type { NameplateId } from '../../core/profile.ts';
import { NOTHING, type Page } from './page.ts';
import { labelled } from './text-lines.ts';

const LABELS: Readonly<Record<NameplateId, Message>> = {
  maker: msg`Maker`,
  model: msg`Model`,
  serial: msg`Serial no.`,
  firmware: msg`Firmware`,
  hardware: msg`Hardware`,
};

/** Returns labelled lines for the nameplate texts that are given, in a fixed order, maker first; `-` for a text that is null. */
export function nameplateLines(
  texts: Readonly<Partial<Record<NameplateId, string | null>>>,
  page: Pick<Page, 'widthCols' | 'language'>,
): string[] {
  return (Object.keys(LABELS) as NameplateId[]).flatMap((id) => {
    const text = texts[id];
    return text === undefined ? [] : labelled(LABELS[id], text ?? NOTHING, page);
  });
}
