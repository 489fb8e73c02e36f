import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  hashToken,
  hintOf,
  isWellFormed,
  mintToken,
  TOKEN_PREFIX,
  TOKEN_SHAPED,
} from '../../../src/core/sessions/token.ts';
import { seededRandom } from '../../support/fixtures.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const random = seededRandom('token');
const token = mintToken('lk', 'api', random);

/** The checksum as DESIGN describes it, computed by another way than the product's. */
function expectedChecksum(body: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(body)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  const digits: string[] = [];
  for (let index = 0; index < 6; index += 1) {
    digits.unshift(ALPHABET.charAt(rest % 62));
    rest = Math.floor(rest / 62);
  }
  return digits.join('');
}

describe('a token', () => {
  it.each([
    ['login', 'login'],
    ['app_login', 'app'],
    ['api', 'api'],
  ] as const)('of type %s says so in its middle, and is well formed', (type, kind) => {
    const made = mintToken('club7', type, random);
    expect(made).toMatch(new RegExp(`^club7_${kind}_[0-9A-Za-z]{49}$`));
    expect(isWellFormed(made, 'club7')).toBe(true);
  });

  it('ends with the CRC-32 of all before it, in base 62', () => {
    expect(token.slice(-6)).toBe(expectedChecksum(token.slice(0, -6)));
  });

  it('spells out all 256 bits', () => {
    const least = mintToken('lk', 'api', () => new Uint8Array(32));
    expect(least).toMatch(/^lk_api_0{43}/);
    const most = mintToken('lk', 'api', () => new Uint8Array(32).fill(255));
    let value = 0n;
    for (const digit of most.slice(7, 50)) {
      value = value * 62n + BigInt(ALPHABET.indexOf(digit));
    }
    expect(value).toBe(2n ** 256n - 1n);
  });

  it('asks for 32 random bytes, once', () => {
    const asked: number[] = [];
    mintToken('lk', 'api', (length) => {
      asked.push(length);
      return new Uint8Array(length);
    });
    expect(asked).toEqual([32]);
  });

  it('is refused when any single character of it was changed to any other', () => {
    const taken: string[] = [];
    let tried = 0;
    for (let index = 0; index < token.length; index += 1) {
      for (const character of `${ALPHABET}_`) {
        if (character === token[index]) continue;
        const changed = token.slice(0, index) + character + token.slice(index + 1);
        tried += 1;
        if (isWellFormed(changed, 'lk')) taken.push(changed);
      }
    }
    expect(taken).toEqual([]);
    expect(tried).toBe(token.length * 62);
  });

  it('is refused when two neighbours changed places', () => {
    const taken: string[] = [];
    for (let index = 0; index < token.length - 1; index += 1) {
      const [one, other] = [token[index]!, token[index + 1]!];
      if (one === other) continue;
      const swapped = token.slice(0, index) + other + one + token.slice(index + 2);
      if (isWellFormed(swapped, 'lk')) taken.push(swapped);
    }
    expect(taken).toEqual([]);
  });

  it.each([
    ['with another prefix', mintToken('other', 'api', random)],
    ['with a prefix that begins with ours', mintToken('lk2', 'api', random)],
    ['with a prefix in other case', mintToken('LK', 'api', random)],
    ['of an unknown kind', `lk_root_${token.slice(7)}`],
    ['without its last character', token.slice(0, -1)],
    ['with one character more', `${token}0`],
    ['with a line break at the end', `${token}\n`],
    ['with a space before it', ` ${token}`],
    ['with its prefix twice', `lk_${token}`],
    ['that is empty', ''],
    ['that is the prefix only', 'lk_'],
    ['of a megabyte', `lk_api_${'a'.repeat(1_000_000)}`],
    ['that is not ASCII', `${token.slice(0, -1)}é`],
  ])('%s is refused', (_, wrong) => {
    expect(isWellFormed(wrong, 'lk')).toBe(false);
  });

  it.each([
    ['a secret that is too long', `lk_api_${'a'.repeat(44)}`],
    ['a secret that is too short', `lk_api_${'a'.repeat(42)}`],
    ['a character that is not in the alphabet', `lk_api_${'a'.repeat(42)}-`],
    ['a line break', `lk_api_${'a'.repeat(42)}\n`],
    ['no kind', `lk_${'a'.repeat(43)}`],
    ['an unknown kind', `lk_root_${'a'.repeat(43)}`],
  ])('with %s is refused though its checksum is right', (_, body) => {
    expect(isWellFormed(body + expectedChecksum(body), 'lk')).toBe(false);
  });

  it('is not well formed for a deployment with a shorter prefix', () => {
    expect(isWellFormed(mintToken('lk2', 'api', random), 'lk')).toBe(false);
    expect(isWellFormed(mintToken('lk', 'api', random), 'l')).toBe(false);
  });

  it('is hashed with SHA-256', () => {
    expect(hashToken(token)).toEqual(createHash('sha256').update(token).digest());
    expect(hashToken('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('is recognised by its last four characters', () => {
    expect(hintOf(token)).toBe(token.slice(token.length - 4));
    expect(hintOf(token)).toHaveLength(4);
  });

  it('does not come twice in 10,000, and uses each character about equally often', () => {
    const many = Array.from({ length: 10_000 }, () => mintToken('lk', 'api', random));
    expect(new Set(many).size).toBe(many.length);
    const counts = new Map<string, number>();
    // The first digit carries less than a whole one of the 256 bits.
    const digits = many.map((each) => each.slice(8, 50)).join('');
    for (const digit of digits) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    expect([...counts.keys()].toSorted().join('')).toBe(ALPHABET);
    const expected = digits.length / 62;
    const rare = [...counts].filter(([, amount]) => Math.abs(amount / expected - 1) > 0.1);
    expect(rare).toEqual([]);
  });
});

describe('what is hidden in logs', () => {
  it.each(['login', 'app_login', 'api'] as const)('covers tokens of type %s', (type) => {
    for (const prefix of ['lk', 'a', 'Community2026abcd']) {
      const made = mintToken(prefix.slice(0, 16), type, random);
      expect(`x ${made} y "${made}"`.replace(TOKEN_SHAPED, '#')).toBe('x # y "#"');
    }
  });
});

describe('a prefix', () => {
  it('has 1 to 16 letters and digits', () => {
    const good = ['l', 'lk', 'Club2026', 'a'.repeat(16)];
    const bad = ['', 'a'.repeat(17), 'a_b', 'a-b', 'é', 'lk\n', ' lk'];
    expect([...good, ...bad].filter((prefix) => TOKEN_PREFIX.test(prefix))).toEqual(good);
  });
});
