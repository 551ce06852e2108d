/**
 * Pages of an export, neither too small to get on nor too large for an answer.
 *
 * Owns the size of a page. Pure. Called on both ends.
 */
import type { ExportPage } from '../../../core/ports.ts';

/** Readings of one answer. Source: 80 bytes each as JSON make 1.6 MB, a tenth of what an answer may have; a frame has 2,000 at most. */
const MAX_READINGS = 20_000;
/** Readings that a page should have. Source: assumed; 10 ms of the storage thread, so that commits do not wait. */
const WANTED_READINGS = 10_000;
/** Frames of a page. Source: assumed; frames may be small and many, or the next one large. */
const FRAMES = { first: 200, min: 20, max: 5_000 };

/** The page with whole frames up to the bound, one in any case; the rest comes with the next. */
export function cutPage(page: ExportPage): ExportPage {
  let readings = 0;
  const tooMany = page.frames.findIndex((frame, index) => {
    readings += frame.readings.length;
    return index > 0 && readings > MAX_READINGS;
  });
  if (tooMany < 0) return page;
  return { ...page, frames: page.frames.slice(0, tooMany), nextSeq: page.frames[tooMany - 1]?.seq ?? page.nextSeq };
}

/** How many frames to ask for next, given what the last page had. */
export function framesToAsk(last: { readonly frames: number; readonly readings: number } | null): number {
  if (last === null || last.frames === 0) return FRAMES.first;
  const fitting = Math.round((last.frames * WANTED_READINGS) / Math.max(1, last.readings));
  return Math.min(Math.max(fitting, FRAMES.min), FRAMES.max);
}
