import { Client } from 'pg';

/** The reference system's check, as its statements and not its code. */
export async function connect(host, port, user) {
  const client = new Client({ host, port, user, database: 'postgres' });
  await client.connect();
  return {
    async fill(rows) {
      await client.query(`
        create table users (id bigint primary key, state text not null);
        create table sessions (
          id uuid primary key default gen_random_uuid(), token text not null unique, name text,
          user_id bigint not null references users, type text not null,
          created_at timestamptz not null default now(), expiry timestamptz not null);
        insert into users select n, 'normal' from generate_series(0, ${rows / 10}) n;
        insert into sessions (token, name, user_id, type, expiry)
          select encode(sha256(n::text::bytea), 'hex'), 'token ' || n, n / 10, 'api', '2999-01-01'
          from generate_series(0, ${rows - 1}) n;
        create index on sessions (expiry);
        analyze`);
    },
    async check(token) {
      await client.query({ name: 'sweep', text: 'delete from sessions where expiry < now()' });
      const { rows } = await client.query({
        name: 'session',
        text: 'select id, user_id, type, expiry from sessions where token = $1',
        values: [token],
      });
      const [session] = rows;
      if (session === undefined) return null;
      const { rows: users } = await client.query({
        name: 'state',
        text: 'select state from users where id = $1',
        values: [session.user_id],
      });
      return { ...session, state: users[0]?.state };
    },
    close: () => client.end(),
  };
}
