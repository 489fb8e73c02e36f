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
    .then(() => interaction.editReply({ content: 'ok' }));
});
await client.login(process.env['DISCORD_TOKEN'] ?? '');
