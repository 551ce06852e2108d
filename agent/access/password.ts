/** Hashes, compares and checks passwords. It stores none. */

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { PASSWORD_LENGTH } from '../core/access.ts';
import { type Message, msg } from '../core/message.ts';

/**
 * Cost of one guess. Each hash contains its cost, so that it can be raised later.
 *
 * Source: OWASP Password Storage Cheat Sheet, one of its equal settings for scrypt: N = 2^14, r = 8, p = 5, the one that takes 16 MB.
 */
const COST: Cost = { logN: 14, r: 8, p: 5 };
/** Highest cost of a stored hash that is accepted. Source: assumed; the memory that a gateway can spare. Confirmed by: the free memory of the gateway during logins. */
const MAX_COST = { logN: 16, r: 8, p: 16 };
/** Lowest cost of a hash that was made elsewhere: log2 of N r p. Source: as `COST`; OWASP's settings for scrypt have 19.3 to 20. */
const LEAST_LOG_COST = 19;
/** Units: bytes. Source: NIST SP 800-132 requires at least 16 and 14. */
const BYTES = { salt: 16, key: 32 };
/** A password that only repeats a pattern of at most this length is refused. Units: characters. Source: assumed. Confirmed by: a public list of common passwords. */
const MAX_PATTERN = 4;

/**
 * Words that must not be the whole of a new password, even with digits and signs around them.
 *
 * Source: own list of common first choices in English and French and at a street-lighting cabinet.
 */
const COMMON_WORDS: readonly string[] = [
  'password, passwort, passphrase, motdepasse, monmotdepasse, secret, changeme, changemoi, letmein, welcome, bienvenue, qwerty',
  'qwertyuiop, qwertz, qwertzuiop, azerty, azertyuiop, asdfghjkl, qsdfghjklm, zxcvbnm, wxcvbn, abcdefgh, abcdef, abcdefghij',
  'abcdefghijkl, admin, administrator, administrateur, root, user, utilisateur, technician, technicien, viewer, operator, operateur',
  'maintenance, service, default, defaut, test, guest, invite, cabinet, armoire, gateway, passerelle, luciole, firefly, streetlight',
  'streetlighting, lampadaire, candelabre, eclairage, eclairagepublic, lumiere, angers, iloveyou, jetaime, soleil, doudou',
  'marseille, football, princess, princesse, dragon, monkey, sunshine, bonjour, loulou, chocolat, superman, batman, trustno',
  'whatever, freedom, liberte, mustang, baseball, internet, computer, ordinateur',
].flatMap((words) => words.split(', '));

/** Hashes passwords and compares them with stored hashes. */
export interface Hasher {
  /** Resolves with the hash of a password with a new salt, in the form in which it is stored. */
  hash(password: string): Promise<string>;
  /** Resolves with whether a password matches a stored hash; false also for null, and for a text that is no hash or costs too much. */
  matches(password: string, stored: string | null): Promise<boolean>;
}

/** Creates functions that hash passwords and compare them with hashes, one at a time. `cost`: the cost of new hashes. */
export function createHasher(cost: Cost = COST): Hasher {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(BYTES.salt);
        const key = await derive(password, salt, cost);
        return ['scrypt', cost.logN, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
      }),
    matches: (password, stored) =>
      inTurn(async () => {
        const known = stored === null ? null : parse(stored);
        const { salt, key, ...own } = known ?? { ...cost, salt: randomBytes(BYTES.salt), key: randomBytes(BYTES.key) };
        const isEqual = timingSafeEqual(await derive(password, salt, own), key);
        return known !== null && isEqual;
      }),
  };
}

/** Returns whether a text is a password hash in this program's format. False also if its cost is too low or too high. */
export function isPasswordHash(text: string): boolean {
  const hash = parse(text);
  return hash !== null && hash.logN + Math.log2(hash.r * hash.p) >= LEAST_LOG_COST;
}

/** Returns why a new password is refused, as part of a sentence; null if it is accepted. Shape: the name `user` is not empty. */
export function passwordProblem(password: string, user: string): Message | null {
  const length = [...password].length;
  if (length < PASSWORD_LENGTH.min) return msg`it has ${length} characters; ${PASSWORD_LENGTH.min} at least`;
  if (length > PASSWORD_LENGTH.max) return msg`it has ${length} characters; ${PASSWORD_LENGTH.max} at most`;
  if (/\p{Cc}/u.test(password)) return msg`it contains a control character`;
  const plain = password.toLowerCase();
  if (isPattern(plain)) return msg`it repeats a short pattern`;
  if (plain.includes(user.toLowerCase())) return msg`it contains the name of the user`;
  // Attackers try common words with digits around them first.
  const core = plain.replace(/[^\p{L}]/gu, '');
  if (core.length === 0) return msg`it has digits and signs only`;
  return COMMON_WORDS.some((word) => core === word || core === word + word)
    ? msg`it is a common word with digits or signs around it`
    : null;
}

function isPattern(text: string): boolean {
  for (let length = 1; length <= MAX_PATTERN; length++) {
    const repeated = text.slice(0, length).repeat(Math.ceil(text.length / length));
    if (text === repeated.slice(0, text.length)) return true;
  }
  return false;
}

/** Parameters of scrypt for one hash: `logN` is log2 of N, `r` the block size in units of 128 bytes, `p` the parallelisation. */
export interface Cost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

function derive(password: string, salt: Buffer, { logN, r, p }: Cost): Promise<Buffer> {
  const N = 2 ** logN;
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, BYTES.key, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** Null for a text that is not a hash, or for a hash that is too expensive to check on this machine. */
function parse(stored: string): (Cost & { readonly salt: Buffer; readonly key: Buffer }) | null {
  const [, logN, r, p, salt, key] = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]{43})$/.exec(stored) ?? [];
  if (salt === undefined || key === undefined) return null;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  if (cost.logN > MAX_COST.logN || cost.r > MAX_COST.r || cost.p > MAX_COST.p || Object.values(cost).includes(0)) return null;
  return { ...cost, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}
