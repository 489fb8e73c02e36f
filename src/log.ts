import { type Logger, pino, stdTimeFunctions } from 'pino';
import { TOKEN_SHAPED } from './core/token.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child'>;

const HIDDEN = '[redacted]';

// Discord's interaction tokens stand in the addresses that its errors quote.
const IN_ADDRESS = /(\/(?:interactions|webhooks)\/\d+\/)[^/?"\s\\]+/g;

export interface LogOptions {
  readonly level: string;
  /** Values that must never be written, whole. */
  readonly secrets: readonly string[];
  /** Takes one line at a time, with its line break. */
  readonly write: (line: string) => void;
}

/** Only what names an error: libraries hang requests, with their bodies and headers, on theirs. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const { code, status } = error as { code?: unknown; status?: unknown };
  return { name, message, code, status, stack, cause: cause && describe(cause) };
}

/** A logger whose lines are redacted by key, by the shape of our tokens and by the secrets' values. */
export function createLog({ level, secrets, write }: LogOptions): Log {
  const redact = (line: string) => {
    let clean = line.replace(TOKEN_SHAPED, HIDDEN).replace(IN_ADDRESS, `$1${HIDDEN}`);
    for (const secret of secrets) {
      clean = clean.replaceAll(JSON.stringify(secret).slice(1, -1), HIDDEN);
    }
    return clean;
  };
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: describe },
      redact: {
        paths: ['token', '*.token', '*.authorization', '*.*.authorization'],
        censor: HIDDEN,
      },
    },
    { write: (line: string) => write(redact(line)) },
  );
}
