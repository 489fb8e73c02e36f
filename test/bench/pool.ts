import { Pool } from 'pg';

export interface PooledRow {
  readonly id: string;
  readonly user_id: string;
  readonly type: string;
  /** As texts, which is how the driver gives what might not fit into a number. */
  readonly expires_at: string;
  readonly ended_at: string | null;
}

/** A check as one statement, prepared, on whichever of eight connections is free. */
export function createPool(url: string) {
  const pool = new Pool({ connectionString: url, max: 8 });
  const query = {
    name: 'check',
    text: `select s.id, s.user_id, s.type, s.expires_at, s.ended_at, a.banned_at
      from sessions s join accounts a on a.user_id = s.user_id where s.token_hash = $1`,
  };
  return {
    async find(tokenHash: Uint8Array): Promise<PooledRow | undefined> {
      const { rows } = await pool.query<PooledRow>({ ...query, values: [tokenHash] });
      return rows[0];
    },
    ask: async () => void (await pool.query({ name: 'one', text: 'select 1' })),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
