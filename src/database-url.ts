/** Where the database is: an SQLite file, or a PostgreSQL server. */
export type DatabaseAddress =
  | { readonly file: string }
  /** `url` as the driver reads it; `password` as it is, or empty. */
  | { readonly url: string; readonly password: string };

/** What may stand behind the `?`: nothing that has to be sent when a connection starts, which poolers refuse. */
const OPTIONS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host', 'user', 'application_name'];

/** The address that `DATABASE_URL` means, or what is wrong with it. */
export function readDatabaseUrl(text: string): DatabaseAddress | { readonly problem: string } {
  if (/^postgres(?:ql)?:\/\//.test(text)) return readPostgres(text);
  const file = /^file:(.+)$/.exec(text)?.[1];
  if (file === ':memory:') {
    return { problem: 'must be a file: what is in memory is gone when Latchkey stops' };
  }
  if (file !== undefined) return { file };
  return {
    problem:
      'must be file: and the path of an SQLite file, as in file:./data/latchkey.db, or postgres://user:password@host/database',
  };
}

function readPostgres(text: string): DatabaseAddress | { readonly problem: string } {
  const url = URL.parse(text);
  const password = url && decoded(url.password);
  if (url === null || password === null || url.hash !== '') {
    return {
      problem:
        'must be postgres://user:password@host:port/database, with what is special in a name or the password percent-encoded',
    };
  }
  if (url.hostname.includes(',')) {
    return {
      problem: 'must be one address, which always leads to the primary: Latchkey tries no others',
    };
  }
  const wrong = [...url.searchParams.keys()].find((name) => !OPTIONS.includes(name));
  if (wrong !== undefined) {
    return { problem: `must be without options but for ${OPTIONS.join(', ')}` };
  }
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && mode !== 'verify-full' && mode !== 'disable') {
    return {
      problem:
        'must be with sslmode=verify-full, and sslrootcert=FILE where the authority is your own, or with sslmode=disable',
    };
  }
  return { url: text, password };
}

/** Null if it is not what percent-encoding makes. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
