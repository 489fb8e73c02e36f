import { createHmac, hash } from 'node:crypto';
import Database from 'better-sqlite3';
import createStore from 'better-sqlite3-session-store';
import session from 'express-session';
import { answer } from './answer.js';

const SECRET = 'a secret of forty characters, or so, here';
const idOf = (index) => hash('sha256', `session ${index}`).slice(0, 32);

export const data = 'express-session';
export const header = (index) => {
  const id = idOf(index);
  const signature = createHmac('sha256', SECRET).update(id).digest('base64').replace(/=+$/, '');
  return ['Cookie', `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`];
};

function openStore(file) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  const SqliteStore = createStore(session);
  // Its timer looks at every row; not while we measure.
  const store = new SqliteStore({ client: database, expired: { intervalMs: 2 ** 31 - 1 } });
  return { database, store };
}

export async function fill(file, rows) {
  const { database } = openStore(file);
  database.pragma('synchronous = OFF');
  const add = database.prepare('insert into sessions (sid, sess, expire) values (?, ?, ?)');
  database.transaction(() => {
    for (let index = 0; index < rows; index += 1) {
      const cookie = { originalMaxAge: null, expires: null, httpOnly: true, path: '/' };
      const sess = { cookie, userId: `user${index % (rows / 10)}` };
      add.run(idOf(index), JSON.stringify(sess), '2999-01-01T00:00:00.000Z');
    }
  })();
  database.pragma('wal_checkpoint(truncate)');
  database.close();
}

export function open(file) {
  const { database, store } = openStore(file);
  return {
    check(index) {
      let found = null;
      store.get(idOf(index), (_error, row) => (found = row));
      return found !== null;
    },
    close: () => database.close(),
  };
}

export function serve(file) {
  const { store } = openStore(file);
  const middleware = session({ secret: SECRET, store, resave: false, saveUninitialized: false });
  return (request, response) =>
    middleware(request, response, () => {
      const { userId, id } = request.session;
      answer(response, userId !== undefined, { user_id: userId, id, type: 'session' });
    });
}
