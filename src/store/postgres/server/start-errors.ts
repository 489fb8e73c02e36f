import { messageOf, StoreError } from '../../store-error.ts';
import { DatabaseFailure } from './failures.ts';

/** The server may be there in a moment. */
class NotYet extends StoreError {}

export function isTemporary(error: unknown): boolean {
  return error instanceof NotYet;
}

/** What ended a start, as a sentence with the way out. What the server said of it holds no password. */
export function toStoreError(error: unknown): StoreError {
  const { state, cause } = error instanceof DatabaseFailure ? error : new DatabaseFailure(error);
  const said = sentenceOf(cause);
  const { code } = cause as { code?: unknown };
  switch (state) {
    case '28P01':
      return new StoreError(
        `The database refuses the user or the password in DATABASE_URL: ${said}`,
      );
    case '28000':
      return new StoreError(
        `The database refuses the connection: ${said} If it asks for encryption, add sslmode=verify-full to DATABASE_URL.`,
      );
    case '3D000':
      return new StoreError(`The server has no such database: ${said} Make it with createdb.`);
    case '42501':
      return new StoreError(
        `The user in DATABASE_URL may not make tables: ${said} Let it own the database, or grant it create on schema public.`,
      );
    case '53300':
      return new NotYet(`The server takes no more connections (max_connections): ${said}`);
    case '57P03':
      return new NotYet(`The database is not up yet: ${said}`);
    default:
  }
  if (state === '' && said.includes('client password must be')) {
    return new StoreError('The database asks for a password, and DATABASE_URL has none.');
  }
  if (state === '' && said.includes('does not support SSL')) {
    return new StoreError('The server has no encryption: DATABASE_URL has sslmode=verify-full.');
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new StoreError(
      `The certificate of the database server is for another name: ${said} Name the server in DATABASE_URL as its certificate does.`,
    );
  }
  if (typeof code === 'string' && /CERT|SIGNATURE/.test(code)) {
    return new StoreError(
      `The certificate of the database server is not trusted: ${said} Name its authority with sslrootcert=FILE in DATABASE_URL.`,
    );
  }
  if (code === 'ENOENT' && !said.includes('connect')) {
    return new StoreError(`A file that DATABASE_URL names is not there: ${said}`);
  }
  if (state === '' || state.startsWith('08')) {
    return new NotYet(`The server in DATABASE_URL cannot be reached: ${said}`);
  }
  return new StoreError(`The database cannot be used: ${said} (SQLSTATE ${state})`);
}

/** Where a name has several addresses, what was met at the first of them. */
function sentenceOf(cause: unknown): string {
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const text = messageOf(first);
  return text.endsWith('.') ? text : `${text}.`;
}
