import process from 'node:process';
import { Client, MessageFlags } from 'discord.js';

// A bot of one line: it defers, as a command must that asks a database, and answers the same each time.
const client = new Client({
  intents: [],
  rest: { api: process.env['DISCORD_API_URL'] ?? '' },
});
client.on('interactionCreate', (interaction) => {
  if (!interaction.isChatInputCommand()) return;
  void interaction
    .deferReply({ flags: MessageFlags.Ephemeral })
    .then(() => lookUp(interaction.user.id))
    .then(() => interaction.editReply({ content: 'ok' }));
});
const [, , file = ''] = process.argv;
const lookUp = file === '' ? () => {} : await openLookUp(file);
await client.login(process.env['DISCORD_TOKEN'] ?? '');

/** By the bare driver, which the empty handler does not load. */
async function openLookUp(path) {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(path);
  database.pragma('cache_size = -65536');
  const now = Date.now();
  const queries = [
    database.prepare('select * from accounts where user_id = +?'),
    database.prepare(
      `select type, count(*), min(expires_at) from sessions
       where user_id = +? and ended_at is null and expires_at > ${now} group by type`,
    ),
    database.prepare('select * from authorizations where user_id = +?'),
    database.prepare('select * from notices where user_id = +?'),
    database.prepare('select * from settings where name = +?'),
  ];
  return (user) => queries.map((query) => query.all(user));
}
