import process from 'node:process';
import { Client, MessageFlags } from 'discord.js';

// A bot of one line: it defers, as a command must that asks a database, and answers the same each time.
// Where a database is given, it answers what `/session me` does, from the same look-ups.
const client = new Client({
  intents: [],
  rest: { api: process.env['DISCORD_API_URL'] ?? '' },
});
client.on('interactionCreate', (interaction) => {
  if (!interaction.isChatInputCommand()) return;
  void interaction
    .deferReply({ flags: MessageFlags.Ephemeral })
    .then(() => interaction.editReply(answerTo(interaction.user.id)));
});
const [, , file = ''] = process.argv;
const answerTo = file === '' ? () => ({ content: 'ok' }) : await openAccounts(file);
await client.login(process.env['DISCORD_TOKEN'] ?? '');

/** By the bare driver, which the empty handler does not load. */
async function openAccounts(path) {
  const { default: Database } = await import('better-sqlite3');
  const database = new Database(path);
  database.pragma('cache_size = -65536');
  const now = Date.now();
  const live = database.prepare(
    `select type, count(*) as count, min(expires_at) as next from sessions
     where user_id = +? and ended_at is null and expires_at > ${now} group by type`,
  );
  const others = [
    'select * from accounts where user_id = +?',
    'select * from authorizations where user_id = +?',
    'select * from notices where user_id = +?',
    'select * from settings where name = +?',
  ].map((query) => database.prepare(query));
  return (user) => {
    for (const query of others) query.get(user);
    const [{ count, next }] = live.all(user);
    const components = [
      text(`### Your account\nState: normal · <@${user}>`),
      { type: 14 },
      text(
        `**API tokens** ${count} of at most 100\n**Logins** 0 · **App logins** 0\nThe next API token expires <t:${next}:f> (<t:${next}:R>)`,
      ),
      {
        type: 1,
        components: [
          { type: 2, style: 2, label: 'Show my sessions', custom_id: `v1:list:${user}:all:first` },
        ],
      },
    ];
    return { components: [{ type: 17, components }], flags: MessageFlags.IsComponentsV2 };
  };
}

function text(content) {
  return { type: 10, content };
}
