import { inspect } from 'node:util';
import { type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

const HIDDEN = '[redacted]';

// Addresses are often in other addresses, encoded once for each. What stands before a token's first
// underscore is no secret: without it nothing that looks like a token can hide one behind it, nor can
// half of an escape in the JSON of a line be cut off.
const TOKEN = /(?:_|%(?:25)*5F)(?:login|app|api)(?:_|%(?:25)*5F)[0-9A-Za-z]{49}/gi;

// Discord's interaction tokens stand in the addresses that its errors quote.
const INTERACTION_TOKEN =
  /(?<=(?:interactions|webhooks)(?:\/|%(?:25)*2F)\d{1,20}(?:\/|%(?:25)*2F))[^/?"\s\\]+/gi;

const LONGEST = { path: 200, message: 2_000, stack: 4_000 };
const MOST_CAUSES = 5;
/** Of a secret in base64. Fewer are too often something else. */
const SHORTEST_DIGITS = 8;

export interface LogOptions {
  readonly level: string;
  /** Values that must never be written, whole. */
  readonly secrets: readonly string[];
  /** Takes one line at a time, with its line break. */
  readonly write: (line: string) => void;
}

/** A logger whose lines are redacted by key, by the shape of our tokens and by the secrets' values. */
export function createLog({ level, secrets, write }: LogOptions): Log {
  const hidden = secrets.flatMap(spellings);
  function redact(text: string): string {
    let clean = text.replace(TOKEN, HIDDEN).replace(INTERACTION_TOKEN, HIDDEN);
    for (const secret of hidden) clean = clean.replaceAll(secret, HIDDEN);
    return clean;
  }

  /** Redacted first: the half of a secret has another shape. */
  function cut(value: unknown, longest: number): unknown {
    if (typeof value === 'number' || typeof value === 'undefined') return value;
    const text = redact(typeof value === 'string' ? value : inspect(value, { depth: 0 }));
    return text.length > longest ? `${text.slice(0, longest)}…` : text;
  }

  /** Only what names an error: libraries hang requests, with their bodies and headers, on theirs. */
  function describe(error: unknown, causes = 0): unknown {
    if (!(error instanceof Error)) return cut(error, LONGEST.message);
    const { name, message, stack, cause } = error;
    const { code, status } = error as { code?: unknown; status?: unknown };
    return {
      name: cut(name, LONGEST.message),
      message: cut(message, LONGEST.message),
      code: code && cut(code, LONGEST.message),
      status: status && cut(status, LONGEST.message),
      stack: stack && cut(stack, LONGEST.stack),
      cause: cause && causes < MOST_CAUSES ? describe(cause, causes + 1) : undefined,
    };
  }

  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: {
        err: (error: unknown) => describe(error),
        path: (path: unknown) => cut(path, LONGEST.path),
      },
      hooks: {
        logMethod(args, method) {
          try {
            method.apply(this, args);
          } catch {
            // Whoever logs is often about to mend something, and must not fail over it.
            const message = args.find((each) => typeof each === 'string') ?? '';
            method.call(this, `${message} (the rest cannot be written)`);
          }
        },
      },
      redact: {
        paths: ['token', '*.token', '*.authorization', '*.*.authorization'],
        censor: HIDDEN,
      },
    },
    { write: (line: string) => write(redact(line)) },
  );
}

/** How a secret may stand in a line: as it is, in JSON, in an address or a form, in base64. */
function spellings(secret: string): string[] {
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const plain = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), inForm];
  const inLowerCase = plain.map((text) =>
    text.replaceAll(/%[\dA-F]{2}/g, (escaped) => escaped.toLowerCase()),
  );
  const all = new Set([...plain, ...inLowerCase, ...[secret, inForm].flatMap(inBase64)]);
  // The longest first: one may be a part of another.
  return [...all].toSorted((one, other) => other.length - one.length);
}

/** As it stands in the base64 of something longer, such as `id:secret`: it depends on where it begins. */
function inBase64(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    // The first digits are those of what is before, in part, and the last those of what is behind.
    const [first, last] = [Math.ceil((before * 4) / 3), Math.floor((bytes.length * 4) / 3)];
    const digits = bytes.toString('base64').slice(first, last);
    if (digits.length < SHORTEST_DIGITS) return [];
    return [digits, digits.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
