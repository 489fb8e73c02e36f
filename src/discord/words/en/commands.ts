/** What members read where they use commands. */
export const commands = {
  // /session
  'command.session': 'Your tokens and logins',
  'command.session.me': 'Your account at a glance',
  'command.session.list': 'List your tokens and logins',
  'command.session.list.type': 'Only logins, app logins or API tokens',
  'command.session.revoke': 'Revoke one token or login, immediately',
  'command.session.revoke.session': 'Part of its name, or its last four characters',
  'command.session.revoke_all': 'Revoke all your tokens and logins (asks first)',
  'command.session.notify': 'What I tell you: reminders, first use, logins',
  'command.session.export': 'Everything stored about you, in a direct message',
  'command.session.forget': 'Erase everything stored about you, and revoke everything',
  'command.session.forget.confirm': 'Your own username',

  'account.title': '### Your account',
  'account.tokens': '**API tokens** {count} of {max}',
  'account.tokens.rotated':
    '**API tokens** {count} of {max}, plus {rotated, plural, one {# old one that still works} other {# old ones that still work}}',
  'account.logins': '**Logins** {login} · **App logins** {app}',
  'account.start': 'You have no API token. </token create> makes one.',
  'account.next': 'Next to expire: {session}, {when}',
  'account.next.date': 'Next to expire: {when}',
  'account.login':
    '-# Last login with Discord: {when}. To remove what you allowed there: User Settings › Authorized Apps. That does not log you out here.',

  'mine.title': '### Your tokens and logins\n{position}',
  'mine.title.kind': '### Your {kinds}\n{position}',
  'mine.title.unused': '### Active, but unused for 30 days\n{position}',
  'mine.title.search': '### Your tokens with “{typed}”\n{position}',
  'mine.found': '{total, plural, one {# found} other {# found}}',
  'mine.found.some': '{total} found, the best {shown} shown',
  'mine.none_found': 'Nothing of yours has “{typed}” in its name or at its end.',
  'mine.some': '{total} active · {first}–{last} shown, newest first',
  'mine.rows': '{total} active, newest first',
  'mine.none_unused': 'Everything you have was used or made in the last 30 days.',
  'mine.search': 'Search…',
  'mine.search.title': 'Search your tokens',
  'mine.search.label': 'Part of a name, or the last four characters',
  'mine.manage': 'Manage',
  'mine.unused': 'Only unused',
  'mine.all_button': 'Show all',

  'one.title': '### {session}\n{kind} · expires {when}',
  'one.title.rotated': '### {session}\n{kind} · rotated, works until {when}',
  'one.made': 'Created {created} · {use}',
  'one.made_by': 'Made with {session}',
  'one.made_others':
    '{count, plural, one {# token made with it works.} other {# tokens made with it work.}}',
  'one.revoke': 'Revoke…',
  'one.rename': 'Rename…',
  'one.rename.title': 'Rename the token',
  'one.rename.label': 'New name',
  'one.renamed': "It's called **{name}** now.",

  'revoke.ask': "Revoke {session}? It stops working immediately. This can't be undone.",
  'revoke.button': 'Revoke it',
  'revoke.button.made':
    '{count, plural, one {Revoke it and # made with it} other {Revoke it and # made with it}}',
  'revoke.done': 'Revoked {session}. It no longer works.',
  'revoke.done.made': 'Revoked {session} and everything made with it. None of it works anymore.',
  'revoke.left':
    '{count, plural, one {# token made with it still works.} other {# tokens made with it still work.}}',
  'revoke.those_too': '{count, plural, one {Revoke that too} other {Revoke those too}}',
  'revoke.those_done':
    '{count, plural, =0 {They had already stopped working.} one {Revoked that one too.} other {Revoked those # too.}}',

  'revoke_all.ask':
    "### Revoke everything?\n{what} will stop working immediately, and so will every program that relies on that. This can't be undone.",
  'revoke_all.button': 'Revoke everything',
  'revoke_all.late':
    'That button has expired. Nothing was revoked; run </session revoke-all> again.',
  'revoke_all.done': 'Revoked {what}.',

  'meant.none':
    'None of your {kinds} has that name or ending. Pick one from the list that opens while you type.',
  'meant.none.any':
    'None of your tokens and logins has that name or ending. Pick one from the list that opens while you type.',
  'meant.none.member':
    '{member} has nothing with that name or ending. Pick one from the list that opens while you type.',
  'meant.gone.member':
    '{member} has no such token or login; it may have expired or been revoked. See </admin user>, or pick one from the list that opens while you type in </admin revoke>.',
  'meant.many':
    '{count} match “{typed}”. Pick one from the list that opens while you type, or type the last four characters of its token.',
  'meant.part':
    'That is only a part of a name. Type the whole name, or pick it from the list that opens while you type.',

  // /session notify
  'notices.title': '### Notifications',
  'notices.line.on': '**{name}**: on\n-# {meaning}',
  'notices.line.off': '**{name}**: off\n-# {meaning}',
  'notices.turn_on': 'Turn on',
  'notices.turn_off': 'Turn off',
  'notices.expiry': 'Expiry',
  'notices.expiry.meaning':
    'Before an API token expires (14 days, 7 days, 1 day), and afterwards, if it was still in use',
  'notices.firstUse': 'First use',
  'notices.firstUse.meaning': 'When an API token is used for the first time',
  'notices.login': 'Logins',
  'notices.login.meaning': 'When someone logs in as you, or a program ends a login',
  'notices.rotation': 'Rotations',
  'notices.rotation.meaning': 'When an API token is rotated over HTTP, at most once a day for each',
  'notices.deletion': 'Clean-up',
  'notices.deletion.meaning': 'I delete my messages with a token after an hour',
  'notices.always':
    '-# You always hear about leaked tokens, about old tokens still in use, and about bans.',

  // /session export, /session forget
  'export.content':
    "Everything stored about you here. Your tokens aren't in it, because they aren't stored.",
  'export.content.cut':
    "What is stored about you here, without the oldest tokens and events: all of it is too large for a file in Discord. Ask the staff if you need the rest. Your tokens aren't in it, because they aren't stored.",
  'export.done': 'Your data is in your direct messages.',
  'forget.confirm':
    'Nothing was erased. This erases everything stored about you and revokes all your tokens and logins. To confirm, put your username, `{username}`, into `confirm`.',
  'forget.done':
    'Everything stored about you is erased, and all your tokens and logins are revoked. If you are banned here, the ban stays. For an hour I still know how many tokens you created; then that goes too.',

  // /token
  'command.token': 'API tokens',
  'command.token.create': 'Create an API token; you get it in a direct message',
  'command.token.create.name': "What it's for, so that you know it again",
  'command.token.create.scopes': 'What it may do; left out, you choose from a menu',
  'command.token.create.expires':
    'When it ends: 36h, 7d, 2 weeks, 1y or a date like 2027-01-31; 90 days if you leave it out',
  'command.token.rotate': 'Replace an API token with a new one of the same name and lifetime',
  'command.token.rotate.token': 'Part of its name, or its last four characters',
  'command.token.rotate.grace':
    'How long the old one keeps working; if you choose nothing, it stops at once',
  'command.token.rename': 'Give an API token another name',
  'command.token.rename.token': 'Part of its name, or its last four characters',
  'command.token.rename.name': 'The new name',
  'grace.now': 'now: the old one stops at once',
  'grace.1h': '1h: the old one works for another hour',
  'grace.24h': '24h: the old one works for another day',
  'grace.7d': '7d: the old one works for another week',
  'grace.choose': 'Choose how long the old one keeps working: now, 1h, 24h or 7d.',

  'scopes.ask': 'What may **{name}** do?',
  'scopes.placeholder': 'Choose what it may do',
  'scopes.create': 'Create',
  'scopes.can': 'It can: {says}.',
  'scopes.more': '{count} more things',
  'scopes.line': '-# {names}',
  'scopes.no_names': 'no scope',
  'scopes.none': 'It can do nothing but look at itself.',
  'sent.created': 'Your token **{name}** is in your direct messages.',
  'sent.created.here': 'Your token **{name}** is in the message below.',
  'sent.rotated': 'The new token for **{name}** is in your direct messages.',
  'sent.rotated.here': 'The new token for **{name}** is in the message below.',
  'sent.until': 'It works until {when}.',
  'sent.until.default': 'It works until {when}: without `expires`, a token gets 90 days.',
  'sent.until.capped': 'It works until {when}, the latest date there is.',
  'sent.until.shorter': "That's sooner than you asked: what it can do allows no longer.",
  'sent.old_until': 'The old one, `…{hint}`, works until {when}.',
  'sent.old_revoked': 'The old one, `…{hint}`, is revoked.',
  'sent.old_unused': 'You rotated it earlier, too; that unused token is now revoked.',
  'sent.missed': '-# Missed it? </token rotate> sends a new one.',
  'sent.deleted': "-# I'll delete that message {when}. Missed it? </token rotate> sends a new one.",
  'sent.how': 'How do I use it?',
  'how.text':
    'Send the token in the `Authorization` header of each request:\n```sh\nTOKEN=\'paste it here\'\ncurl -H "Authorization: Bearer $TOKEN" "{url}"\n```\nKeep it where only your program can read it, not in code that you share. </session list> shows what you have, and </session revoke> ends a token that leaked.',
  'same_name.ask':
    'You already have a token called {session}. Rotate it to get a new one in its place, or keep both?',
  'same_name.rotate': 'Rotate that one',
  'same_name.keep': 'Keep both',

  'dm.title': '**{name}**, API token, works until {when}',
  'dm.title.new': '**{name}**, new API token, works until {when}',
  'dm.care':
    "-# Anyone who has it can act as you, so never post it. Send it in the `Authorization` header. If it leaks: </session revoke>. This is the only time you'll see it: save it now.",
  'dm.deleted': "-# I'll delete this message {when}.",
  'dm.alone': 'Show it alone, to copy',
  'dm.hide': 'Hide',
  'dm.saved': 'Saved, delete this message',
  'dm.retracted':
    "This token doesn't work: I couldn't save it after I sent it. Run the command again.",

  // Revoke leaked token
  'command.report': 'Revoke leaked token',
  'report.none': "I found no token in that message. (I can't look inside files.)",
  'report.thanks':
    'Thank you. If there was a working token in that message, it no longer works, and its owner will be told.',
} as const;
