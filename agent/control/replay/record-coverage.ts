/** Finds which part of a night's darkness the record of decisions covers, and why the rest is missing. Pure. */
import type { WallMs } from '../../core/clock.ts';
import type { RecordLabel, RecordPage } from '../../core/decision-record.ts';
import type { MissingReason } from '../../core/recorded-why.ts';
import { createDecider } from '../../lighting/decide.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { reasonBetween } from '../record/gap-reason.ts';
import type { NightWindow } from './settings-tally.ts';

/** A part of a night's darkness that cannot be replayed, and the likely reason. `thinned`: inputs were removed to make room. */
export interface MissingSpell {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly why: MissingReason | 'thinned';
}

/**
 * How much of the darkness of a night, up to now, was replayed. It is dark while the sun is so low that some zone is lit, offsets included.
 * Shape: `darkH` null if the record has no street to compute it from; the whole night then counts as dark. `missing` without spells below a
 * minute. Units: h.
 */
export interface NightCoverage {
  readonly date: string;
  readonly darkH: number | null;
  readonly replayedH: number;
  readonly missing: readonly MissingSpell[];
}

/** Up to this share of the darkness may be missing from a complete night. Units: share. Source: the limit of the energy figures, 1 %. */
const COMPLETE_SHARE = 0.01;
/** A shorter time is not listed. Units: ms. Source: assumed; a restart of the agent takes seconds. Confirmed by: restarts in the logs of cabinets. */
const LISTED_MS = 60_000;

interface Span {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/** Collects segments and damage while the pages of a record are read, and finds what is missing in each night. */
export class RecordCoverage {
  readonly #labels: RecordLabel[] = [];
  #damaged = 0;
  #page: Pick<RecordPage, 'before' | 'facts'> | null = null;

  /** Takes a page; all pages must be of one period. `labels`: those of its segments that could be decoded. */
  take(page: Pick<RecordPage, 'before' | 'facts' | 'damaged'>, labels: readonly RecordLabel[]): void {
    this.#labels.push(...labels);
    this.#damaged += page.damaged;
    this.#page = page;
  }

  /** Returns the coverage of each night up to now. `street`: one of the record, which gives the darkness of all nights; null for none. */
  nights(windows: readonly NightWindow[], street: LightingStreet | null, nowMs: WallMs): readonly NightCoverage[] {
    const whole = joined(this.#labels.filter(({ isThinned }) => !isThinned));
    return windows.map((window) => {
      const dark = darkOf(window, street, nowMs);
      const gaps = dark.flatMap((span) => without(span, whole));
      const darkMs = lengthOf(dark);
      return {
        date: window.date,
        darkH: street === null ? null : darkMs / 3_600_000,
        replayedH: (darkMs - lengthOf(gaps)) / 3_600_000,
        missing: gaps.filter(({ fromMs, toMs }) => toMs - fromMs >= LISTED_MS).map((gap) => ({ ...gap, why: this.#reasonOf(gap) })),
      };
    });
  }

  #reasonOf({ fromMs, toMs }: Span): MissingSpell['why'] {
    if (this.#labels.some((label) => label.isThinned && label.fromMs < toMs && label.toMs > fromMs)) return 'thinned';
    if (this.#damaged > 0) return 'damaged';
    const all = this.#labels.toSorted((a, b) => a.fromMs - b.fromMs);
    const before = all.findLast((label) => label.fromMs <= fromMs) ?? this.#page?.before ?? null;
    const after = all.find((label) => label.fromMs >= toMs);
    if (before === null) return this.#reasonBefore(fromMs);
    if (after !== undefined && after.lost > 0) return 'not-stored';
    if (before.isEnd) return 'stopped';
    if (after === undefined) return 'not-yet';
    return reasonBetween(before, after);
  }

  #reasonBefore(fromMs: WallMs): MissingSpell['why'] {
    const facts = this.#page?.facts;
    if (facts?.agedToMs != null && fromMs <= facts.agedToMs) return 'aged';
    if (facts?.droppedToMs != null && fromMs <= facts.droppedToMs) return 'dropped';
    return facts === undefined || facts.segments === 0 ? 'empty' : 'before';
  }
}

/** Returns whether at most a hundredth of the darkness of a night, up to now, is missing; false if `darkH` is null. */
export function isComplete({ darkH, replayedH }: Pick<NightCoverage, 'darkH' | 'replayedH'>): boolean {
  return darkH !== null && replayedH >= darkH * (1 - COMPLETE_SHARE);
}

/** When some zone is dark enough to be lit, by the sun; without a street the whole night. What has not happened yet is left out. */
function darkOf({ fromMs, toMs }: NightWindow, street: LightingStreet | null, nowMs: WallMs): readonly Span[] {
  const endMs = Math.min(toMs, nowMs);
  const decider = street === null ? null : createDecider(street);
  const spells =
    decider === null
      ? [{ fromMs, toMs: endMs }]
      : (street?.zones ?? []).flatMap(({ id }) => decider.plan(id)?.nights.at(fromMs + 3_600_000).dark ?? []);
  return joined(spells.map((spell) => ({ fromMs: Math.max(fromMs, spell.fromMs), toMs: Math.min(endMs, spell.toMs) })));
}

/** The spans in order, without overlaps. */
function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const { fromMs, toMs } of spans.filter((span) => span.fromMs < span.toMs).toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last === undefined || fromMs > last.toMs) result.push({ fromMs, toMs });
    else result[result.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
  }
  return result;
}

/** The parts of a span outside of these, which are in order. */
function without({ fromMs, toMs }: Span, spans: readonly Span[]): readonly Span[] {
  const gaps: Span[] = [];
  let atMs = fromMs;
  for (const span of spans) {
    if (span.toMs <= atMs || span.fromMs >= toMs) continue;
    if (span.fromMs > atMs) gaps.push({ fromMs: atMs, toMs: span.fromMs });
    atMs = Math.max(atMs, span.toMs);
  }
  if (atMs < toMs) gaps.push({ fromMs: atMs, toMs });
  return gaps;
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}
