import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SessionType } from './session.ts';

/** Bytes that nobody can guess, from a cryptographic source. */
export type Random = (length: number) => Uint8Array;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** By the code of a character. A pattern would take as long as all the rest of a look at a token. */
const DIGITS = Int8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.indexOf(String.fromCharCode(code)),
);
const SECRET_BYTES = 32;
const SECRET_LENGTH = 43; // 62^43 > 2^256
const CHECKSUM_LENGTH = 6; // 62^6 > 2^32
const HINT_LENGTH = 4;

const KIND: Record<SessionType, string> = { login: 'login', app_login: 'app', api: 'api' };
const KINDS = Object.values(KIND).map((kind) => `${kind}_`);

/** Which first parts a token may have: `TOKEN_PREFIX`. */
export const TOKEN_PREFIX = /^[0-9A-Za-z]{1,16}$/;

/** Finds anything shaped like a token of any deployment, for redaction. Global: use with `replace`. */
export const TOKEN_SHAPED = /[0-9A-Za-z]{1,16}_(?:login|app|api)_[0-9A-Za-z]{49}/g;

/** `<prefix>_<kind>_<secret><checksum>`, all of it in `[0-9A-Za-z_]`. */
export function mintToken(prefix: string, type: SessionType, random: Random): string {
  const body = `${prefix}_${KIND[type]}_${secret(random(SECRET_BYTES))}`;
  return body + checksum(body);
}

/** Tells a token of this deployment from a typing error or another's, without a look at the database. */
export function isWellFormed(token: string, prefix: string): boolean {
  const kind = KINDS.find((each) => token.startsWith(each, prefix.length + 1));
  if (kind === undefined || !token.startsWith(`${prefix}_`)) return false;
  const start = prefix.length + 1 + kind.length;
  const end = start + SECRET_LENGTH;
  if (token.length !== end + CHECKSUM_LENGTH || valueOf(token, start, end) === null) return false;
  return valueOf(token, end, token.length) === crc32(token.slice(0, end));
}

/** Whether anything in the text is shaped like a token of any deployment. */
export function hasToken(text: string): boolean {
  return text.search(TOKEN_SHAPED) !== -1;
}

/** The same where it begins at each place: what stands before a token must not hide it. */
const OVERLAPPING = /(?=([0-9A-Za-z]{1,16}_(?:login|app|api)_[0-9A-Za-z]{49}))/g;

/** The tokens of this deployment in a text, each once; also where marks or invisible characters split them. */
export function findTokens(text: string, prefix: string): readonly string[] {
  const tokens = new Set<string>();
  for (const version of [text, text.replaceAll(/[\p{Cf}\\*|~`]/gu, '')]) {
    for (const [, token = ''] of version.matchAll(OVERLAPPING)) tokens.add(token);
  }
  return [...tokens].filter((token) => isWellFormed(token, prefix));
}

/** SHA-256, all that is stored of a token: the secret is 256 random bits, there is nothing to guess. */
export function hashToken(token: string): Buffer {
  // Faster than asking for a Buffer: that allocates one outside the pool.
  return Buffer.from(hash('sha256', token, 'binary'), 'binary');
}

/** The last four characters, by which its owner recognises a token. */
export function hintOf(token: string): string {
  return token.slice(-HINT_LENGTH);
}

function secret(bytes: Uint8Array): string {
  return base62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), SECRET_LENGTH);
}

function checksum(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let index = 0; index < CHECKSUM_LENGTH; index += 1) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** What a part of a token says in base 62, as far as a number holds it; null if it is not base 62. */
function valueOf(token: string, start: number, end: number): number | null {
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = DIGITS[token.charCodeAt(index)] ?? -1;
    if (digit === -1) return null;
    value = value * ALPHABET.length + digit;
  }
  return value;
}

function base62(value: bigint, length: number): string {
  let rest = value;
  let digits = '';
  while (digits.length < length) {
    digits = ALPHABET.charAt(Number(rest % 62n)) + digits;
    rest /= 62n;
  }
  return digits;
}
