/** Stores the ledger in blocks of entries, one key each; an entry that is stored is never changed. Signs the newest entry. */

import type { Clock } from '../../core/clock.ts';
import { bareCertificates } from '../../core/evidence-signature.ts';
import { CHAIN_START, type ChainEntry, type ChainHead } from '../../core/hash-chain.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type { LedgerEntry, LedgerNote, LedgerSeal, SavingsAnswer } from '../../core/savings-view.ts';
import { brokenAt, ledgerEntriesOf, ledgerEntry, missingFrom } from './ledger-chain.ts';

/**
 * Signs `digest`, a text that identifies the evidence, with the key of the cabinet. `kind`: sort of evidence, which is signed too. Resolves
 * with the signature and the same `digest`, or with null if it cannot be signed now.
 */
export type SignDigest = (
  kind: string,
  digest: string,
) => Promise<(Pick<LedgerSeal, 'node' | 'atMs' | 'certificates' | 'signature'> & { readonly digest: string }) | null>;

/** What `LedgerStore` requires: the time for its entries, the store with its audit log, and the signer of the newest entry. */
export interface LedgerStoreParts {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly store: Pick<Store, 'load' | 'save'> & { readonly audit: Store['audit'] };
  readonly sign: SignDigest;
}

/**
 * What is stored, all of one moment. `seals`: the signatures, the newest of each certificate; empty also if the disk could not be read.
 * `flawN`: the number at which the chain breaks, or else the lowest at which it differs from a signature or the audit log; null if none is
 * known. The first changed entry may be an earlier one. Signatures and audit entries that could not be read count as absent.
 */
export interface StoredLedger {
  readonly chain: readonly ChainEntry[];
  readonly seals: readonly LedgerSeal[];
  readonly flawN: number | null;
}

/** The `kind` in signatures over the ledger. It is signed too, so that no signature over other evidence is valid for the ledger. */
export const LEDGER_KIND = 'savings-ledger';
const BLOCK_KEY = 'savings.ledger.';
const SEALS_KEY = 'savings.seals';
const AUDIT_ACTION = 'savings ledger';
/** Newest entries of the audit log that are compared with the ledger. Source: assumed; some months of a cabinet. Confirmed by: audit logs of cabinets. */
const AUDIT_ENTRIES = 1_000;
/** Source: RFC 7468 §10, §11. */
const PRIVATE = /PRIVATE KEY/;
/** In the place of a stored value that is not an entry: it breaks the chain. */
const DAMAGED: ChainEntry = { n: 0, hash: '', atMs: 0, body: '' };
/** Entries of one block: it is written again for each of them. Source: assumed; 20 kB. Confirmed by: sizes of a ledger after a year. */
const BLOCK = 50;
/** Source: assumed; three entries a day for twelve years are 13,000, and all of them are read for a report. Confirmed by: ledgers of cabinets. */
const MAX_ENTRIES = 20_000;
/** Longest note or name in an entry. Units: characters. Source: as in the audit log. */
const MAX_CHARS = 400;

/** The ledger of savings in `state.db`. Its calls run one after another. */
export class LedgerStore {
  readonly #parts: LedgerStoreParts;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: LedgerStoreParts) {
    this.#parts = parts;
  }

  /**
   * Resolves with the stored entries in their order, up to the first block that is missing or damaged on the disk. A value that is not an
   * entry is replaced by one that breaks the chain. Undefined if the disk could not be read.
   */
  chain(): Promise<readonly ChainEntry[] | undefined> {
    return this.#inTurn(() => this.#chain());
  }

  /** Resolves with the entries as `chain` does, with their signatures and their first flaw. Undefined if the disk could not be read. */
  read(): Promise<StoredLedger | undefined> {
    return this.#inTurn(async () => {
      const chain = await this.#chain();
      const seals = (await this.#readSeals()) ?? [];
      return chain === undefined ? undefined : { chain, seals, flawN: await this.#flawAt(chain, seals) };
    });
  }

  async #flawAt(chain: readonly ChainEntry[], seals: readonly LedgerSeal[]): Promise<number | null> {
    return brokenAt(chain) ?? missingFrom(chain, [...seals, ...(await this.#notedHeads())]);
  }

  /** The entries that the audit log names by number and hash, among its newest ones; empty also if it could not be read. */
  async #notedHeads(): Promise<readonly ChainHead[]> {
    const page = await this.#parts.store.audit.read({ sinceMs: 0, limit: AUDIT_ENTRIES, isVerified: false, knownHead: null });
    return (page?.entries ?? []).flatMap(({ action, door, detail }) => {
      const [, n, hash = ''] = /^(\d+):([0-9a-f]{64}) /.exec(detail) ?? [];
      return action !== AUDIT_ACTION || door !== 'self' || n === undefined ? [] : [{ n: Number(n), hash }];
    });
  }

  /** Undefined if the disk could not be read. */
  async #readSeals(): Promise<readonly LedgerSeal[] | undefined> {
    const found = await this.#parts.store.load(SEALS_KEY, UNREAD);
    if (found === UNREAD) return undefined;
    const seals = Array.isArray(found) ? (found as readonly LedgerSeal[]) : [];
    // A file that has certificates and key could have been stored whole.
    return seals.map((seal) => (PRIVATE.test(seal.certificates) ? { ...seal, certificates: bareCertificates(seal.certificates) } : seal));
  }

  /**
   * Appends an entry, notes its hash in the audit log, and signs it if possible. Texts that are too long are cut, and control characters
   * become `?`. Refused if the disk fails, if the stored chain is full, or if it has a flaw as in `StoredLedger.flawN`.
   */
  append(note: LedgerNote): Promise<SavingsAnswer<LedgerEntry>> {
    return this.#inTurn(() => this.#append(note));
  }

  /**
   * Signs the newest entry if possible. Resolves with the number of the newest entry whose signature is stored; 0 if there is none, or if
   * the disk could not be read.
   */
  seal(): Promise<number> {
    return this.#inTurn(async () => {
      const chain = await this.#chain();
      const seals = await this.#readSeals();
      if (chain === undefined || seals === undefined) return 0;
      return (await this.#flawAt(chain, seals)) === null
        ? this.#seal(chain.at(-1) ?? CHAIN_START)
        : Math.max(0, ...seals.map(({ n }) => n));
    });
  }

  async #append(note: LedgerNote): Promise<SavingsAnswer<LedgerEntry>> {
    const { clock, store } = this.#parts;
    const chain = await this.#chain();
    if (chain === undefined) return { ok: false, why: 'disk' };
    // A new signature would take the place of the one that proves the change.
    if ((await this.#flawAt(chain, (await this.#readSeals()) ?? [])) !== null) return { ok: false, why: 'ledger-broken' };
    if (chain.length >= MAX_ENTRIES) return { ok: false, why: 'ledger-full' };
    const entry = ledgerEntry(chain, bounded(note), clock.wallMs());
    const block = Math.floor((entry.n - 1) / BLOCK);
    if (!(await store.save(blockKey(block), [...chain.slice(block * BLOCK), entry]))) return { ok: false, why: 'disk' };
    const detail = `${entry.n}:${entry.hash} ${note.cause} ${note.by}`;
    store.audit.note({ user: '', role: '', door: 'self', action: AUDIT_ACTION, detail, result: 'ok' });
    await this.#seal(entry);
    const [stored] = ledgerEntriesOf([entry]);
    return stored === undefined ? { ok: false, why: 'disk' } : { ok: true, value: stored };
  }

  async #chain(): Promise<readonly ChainEntry[] | undefined> {
    const all: ChainEntry[] = [];
    for (let block = 0; ; block++) {
      const found = await this.#parts.store.load(blockKey(block), UNREAD);
      if (found === UNREAD) return undefined;
      if (found === undefined || found === null) return all;
      const entries: readonly unknown[] = Array.isArray(found) ? found : [null];
      all.push(...entries.map((entry) => (isEntry(entry) ? entry : DAMAGED)));
    }
  }

  async #seal({ n, hash }: ChainHead): Promise<number> {
    const seals = await this.#readSeals();
    // What cannot be read must not be written over: it has the signatures of earlier certificates.
    if (seals === undefined) return 0;
    const newest = Math.max(0, ...seals.map((seal) => seal.n));
    if (n === 0) return 0;
    const signed = await this.#parts.sign(LEDGER_KIND, `${n}:${hash}`);
    if (signed === null) return newest;
    const { node, atMs, certificates, signature } = signed;
    if (seals.some((seal) => seal.n === n && seal.hash === hash && seal.certificates === certificates)) return n;
    const others = seals.filter((seal) => seal.certificates !== certificates);
    return (await this.#parts.store.save(SEALS_KEY, [...others, { n, hash, node, atMs, certificates, signature }])) ? n : newest;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}

function blockKey(block: number): string {
  return `${BLOCK_KEY}${String(block).padStart(4, '0')}`;
}

function isEntry(stored: unknown): stored is ChainEntry {
  if (!isRecord(stored)) return false;
  const { n, atMs, body, hash } = stored;
  return typeof n === 'number' && typeof atMs === 'number' && typeof body === 'string' && typeof hash === 'string';
}

function bounded(note: LedgerNote): LedgerNote {
  const short = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, MAX_CHARS);
  return { ...note, by: short(note.by), note: short(note.note), about: note.about.map(short) };
}
