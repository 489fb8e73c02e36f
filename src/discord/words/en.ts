/**
 * Every word that members and staff read in Discord, in English, which is the source for all other languages.
 * ICU MessageFormat: see {@link ./message-format.ts}. A branch has whole clauses, never a single word, by
 * which its text is told from a value's name. `</token rotate>` becomes a command that can be pressed.
 * `{session}` is the name of a token or login with its last characters; times are Discord's own. Terms are in
 * docs/words.md.
 */
export const en = {
  'list.two': '{first} and {last}',
  'list.comma': '{before}, {next}',
  'list.last': '{before} and {last}',
  'list.more': '{before} and {count} more',

  'kind.api': 'API token',
  'kind.login': 'login',
  'kind.app_login': 'app login',
  'kinds.api': 'API tokens',
  'kinds.login': 'logins',
  'kinds.app_login': 'app logins',
  'count.api': '{count, plural, one {# API token} other {# API tokens}}',
  'count.login': '{count, plural, one {# login} other {# logins}}',
  'count.app_login': '{count, plural, one {# app login} other {# app logins}}',
  'count.bold': '**{what}**',

  // One token or login. Logins have no name.
  'session.named': '**{name}** `…{hint}`',
  'session.unnamed': '**{kind}** `…{hint}`',
  'session.gone': 'a token `…{hint}`',
  'session.choice': '{name} …{hint} · {use}',
  'session.choice.unnamed': '{kind} …{hint} · {use}',
  'session.used': 'last used {when}',
  'session.unused': 'never used',
  'session.row': '{session}\n-# {use} · expires {when}',
  'session.row.rotated': '{session}\n-# {use} · rotated, works until {when}',
  'session.row.kind': '{session} · {kind}\n-# {use} · expires {when}',

  'button.back': 'Back',
  'button.cancel': 'Cancel',
  'button.open_message': 'Open the message',
  'button.list': 'Show my tokens',
  'button.newest': 'Newest',
  'button.newer': 'Newer',
  'button.older': 'Older',
  'button.notices': 'Notifications',
  'button.not_me': "This wasn't me",
  'button.try_again': 'Try again',
  'button.rotate': 'Rotate',

  'time.in_words': '{date} ({relative})',
  'time.latest': '31 Dec 9999, the latest there is',
  'time.preview': '{typed} ({when})',
  'time.none': "That's no time at all.",
  'time.no_such_date': "There's no such date.",
  'time.past': "That's in the past.",
  'time.not_understood': "I don't understand that time.",
  'time.no_unit': 'That number has no unit.',
  'time.which_unit': 'That number has no unit: {likeliest}? {next}?',
  'time.try': 'Try `7d`, `36h`, `2 weeks`, `1y` or a date like `{date}`.',
  'time.try_span': 'Try `90m`, `36h`, `7d`, `2 weeks`, `3mo` or `1y`.',
  'time.try.plain': 'Try 7d, 36h, 2 weeks, 1y or {date}',
  'time.try_span.plain': 'Try 7d, 36h, 2 weeks or 1y',
  'time.last': 'the last {span}',

  'choice.more': '… {count} more: type a part of the name',

  // Refusals, under their codes.
  'refusal.banned':
    "Your account is banned here: none of its tokens work, and you can't create new ones. The staff of this community can tell you more.",
  'refusal.not_found':
    "I can't find that one; it may have expired or been revoked. </session list> shows what works.",
  'refusal.dm_closed': "I couldn't message you, so nothing was created or changed.",
  'refusal.unavailable': "I can't save changes right now. Nothing was changed; try again soon.",
  'refusal.invalid.expiry': "That's too short or too long. Choose at least a second.",
  'refusal.invalid.ban_over':
    'The end of that ban has passed. Nothing was done; run the command again.',
  'refusal.invalid.name_missing': 'Give the token a name of 1 to {max} characters.',
  'refusal.invalid.name_too_long': 'That name is {length} characters long; the limit is {max}.',
  'refusal.invalid.name_unprintable':
    "That name has a character that can't be shown: a line break, a control character or one that changes the direction of writing. Use letters, digits, punctuation and emoji.",
  'refusal.invalid.name_marks':
    'That name has too many marks on one character; the limit is {max}.',
  'refusal.invalid.name_has_token':
    'That name contains a token, and staff can see names. Choose another, and revoke that token.',
  'refusal.restricted.members_only': "This is for members of the community's Discord server only.",
  'refusal.restricted.staff_only': 'Only the staff can do that.',
  'refusal.restricted.superseded':
    'You replaced this token. Until it stops working it can only look, revoke itself and repeat its rotation: use the new one for anything else.',
  'refusal.restricted.api_only': 'Only API tokens can be rotated. To renew a login, log in again.',
  'refusal.restricted.confirmed_before':
    'This was answered already, or is too old. Nothing was done; run the command again.',
  'refusal.limit_reached':
    "You've reached the limit of {max, plural, one {# active API token} other {# active API tokens}}. Revoke one you don't need to make room.",
  'refusal.rate_limited.created':
    "That's the limit: {max, plural, one {# new token} other {# new tokens}} an hour.",
  'refusal.rate_limited.rotated':
    "That's the limit: {max, plural, one {# rotation} other {# rotations}} an hour.",
  'refusal.rate_limited.exported':
    'You can export your data {max, plural, one {# time} other {# times}} an hour.',
  'refusal.rate_limited.erased':
    'You can erase your data {max, plural, one {# time} other {# times}} an hour.',
  'refusal.rate_limited.reported':
    'You can report {max, plural, one {# message} other {# messages}} an hour. Tell the staff if there are more.',
  'refusal.conflict.rotated_first':
    'Another request just rotated this token. Look for the newer one.',
  'refusal.conflict.rotating':
    "You rotated this token a moment ago. If the new one didn't arrive, try again in a few seconds.",
  'refusal.conflict.rotated_twice':
    "You've already replaced this token, and its replacement too. Rotate the newest one.",
  'refusal.conflict.successor_in_use':
    "You've already replaced this token, and the new one is in use. Rotate that one.",
  'refusal.conflict.rotated_elsewhere':
    'This token was already rotated, {where, select, discord {in Discord} other {over HTTP with another token}}. Only whoever did that can repeat it. Rotate or revoke the new one instead: it ends in {hint}.',
  'refusal.undelivered.retracted':
    "It took too long to send the token, so I cancelled it: the one you got doesn't work. Try again.",
  'refusal.undelivered.held':
    'Discord is limiting how many messages I may send, so no token was created. Try again in a few minutes.',
  'refusal.undelivered.refused': 'Discord refused the message, so no token was created. Try again.',
  'refusal.undelivered.unanswered':
    "Discord isn't answering right now, so no token was created. Try again soon.",
  'refusal.undelivered.not_sent': "Discord didn't deliver the message. Try again later.",
  'refusal.unconfirmed.token':
    "I can't tell whether Discord delivered your token, so I cancelled it. If one arrived, it doesn't work. Try again.",
  'refusal.unconfirmed.message':
    "I can't tell whether Discord delivered the message. Look for it, and try again if it isn't there.",
  'refusal.upstream.discord': "Discord isn't answering right now. Try again soon.",
  'refusal.upstream.membership':
    "Discord can't confirm right now that you're a member of the server. Try again soon.",
  'refused.until': '{why} Try again {when}.',

  failure:
    'Something went wrong. If it happens again, tell the staff this reference: `{reference}`.',
  not_yours: 'These buttons belong to someone else. Run the command to get your own.',
  outdated: 'This button is from an older version of me. Run the command again.',
  nothing_active:
    'You have no tokens or logins. </token create> makes a token and sends it to you in a direct message.',
  none_of_kind: 'You have no {kinds}.',
  lapsing: '-# The button stops working {when}.',

  // Direct messages are closed.
  'closed.steps':
    "I couldn't message you, so nothing was created or changed.\n1. Tap **{server}** › Privacy Settings and turn on Direct Messages.\n2. Make sure you haven't blocked me.\n3. Press the button.",
  'closed.steps.nameless':
    "I couldn't message you, so nothing was created or changed.\n1. Tap the name of a server that we share › Privacy Settings and turn on Direct Messages.\n2. Make sure you haven't blocked me.\n3. Press the button.",
  'closed.notice':
    "⚠️ **Discord refused my last message to you**, {when}: you won't get reminders. Tap **{server}** › Privacy Settings and turn on Direct Messages, then press the button.",
  'closed.notice.nameless':
    "⚠️ **Discord refused my last message to you**, {when}: you won't get reminders. Tap the name of a server that we share › Privacy Settings and turn on Direct Messages, then press the button.",
  'closed.over': 'It worked: I can message you again.',
  greeting: 'It worked: I can message you again. </session notify> chooses what I tell you.',

  // Bans.
  'ban.told': '### You are banned here',
  'ban.until': 'Until {when}.',
  'ban.for_good': 'Until the staff lift the ban.',
  'ban.by_server': 'As long as you are banned in the Discord server.',
  'ban.reason': 'Reason: {reason}',
  'ban.paused': 'Your tokens and logins are paused; they work again after the ban.',
  'ban.revoked': 'Your tokens and logins were revoked.',
  'ban.appeal': '-# Questions, or a mistake? {url}',
  'ban.no_appeal': '-# Questions? Ask the staff of this community.',
  'ban.refused': "You are banned here, so I can't do that.",
  'unban.told': '### Your ban is over\nWhat was paused works again. </session list> shows it.',

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
  'mine.title.unused': '### Not used for 30 days\n{position}',
  'mine.title.search': '### Your tokens with “{typed}”\n{position}',
  'mine.some': '{total} active · {first}–{last} shown, newest first',
  'mine.best': '{total, plural, one {# matches} other {# match}} · the best {shown} shown',
  'mine.rows': '{total} active, newest first',
  'mine.none_unused': 'Everything you have was used, or made, within 30 days.',
  'mine.none_found': 'None of your tokens has “{typed}” in its name.',
  'mine.manage': 'Manage',
  'mine.unused': 'Only unused',
  'mine.all_button': 'Show all',
  'mine.search': 'Search…',
  'mine.search.title': 'Search your tokens',
  'mine.search.label': 'Part of a name, or the last four characters',

  'one.title': '### {session}\n{kind} · expires {when}',
  'one.title.rotated': '### {session}\n{kind} · rotated, the old one works until {when}',
  'one.made': 'Created {created} · {use}',
  'one.made_by': 'Made with {session}',
  'one.made_others':
    '{count, plural, one {# token made with it works.} other {# tokens made with it work.}}',
  'one.rename': 'Rename…',
  'one.rename.title': 'Rename the token',
  'one.rename.label': 'New name',
  'one.revoke': 'Revoke…',
  'one.renamed': 'It is called **{name}** now.',

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
    "### Revoke everything?\n{what} will stop working immediately, and so will anything that uses them. This can't be undone.",
  'revoke_all.button': 'Revoke everything',
  'revoke_all.late':
    'That button has expired. Nothing was revoked; run </session revoke-all> again.',
  'revoke_all.done': 'Revoked {what}.',

  'meant.none':
    'None of your {kinds} has that name or ending. Pick one from the list that opens while you type.',
  'meant.none.any':
    'None of your tokens and logins has that name or ending. Pick one from the list that opens while you type.',
  'meant.none.member':
    "Nothing of {member}'s has that name or ending. Pick one from the list that opens while you type.",
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
  'notices.rotation.meaning': 'When an API token is rotated over HTTP, once a day for each',
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

  'sent.created': 'Your token **{name}** is in your direct messages.',
  'sent.created.here': 'Your token **{name}** is in the message below.',
  'sent.rotated': 'The new token for **{name}** is in your direct messages.',
  'sent.rotated.here': 'The new token for **{name}** is in the message below.',
  'sent.until': 'It works until {when}.',
  'sent.until.default': 'It works until {when}: 90 days, as you chose nothing else.',
  'sent.until.capped': 'It works until {when}, the latest date there is.',
  'sent.old_until': 'The old one, `…{hint}`, works until {when}.',
  'sent.old_revoked': 'The old one, `…{hint}`, is revoked.',
  'sent.old_unused': 'You rotated it earlier, too; that unused token is now revoked.',
  'sent.missed': '-# Missed it? </token rotate> sends a new one.',
  'sent.deleted': "-# I'll delete that message {when}. Missed it? </token rotate> sends a new one.",
  'sent.how': 'How do I use it?',
  'how.text':
    "Send the token in the `Authorization` header of each request:\n```sh\nTOKEN='paste it here'\ncurl -H \"Authorization: Bearer $TOKEN\" '{url}'\n```\nKeep it where only your program can read it, not in code that you share. </session list> shows what you have, and </session revoke> ends a token that leaked.",
  'same_name.ask':
    'You already have a token called {session}. Rotate it to get a new one in its place, or keep both?',
  'same_name.rotate': 'Rotate that one',
  'same_name.keep': 'Keep both',

  'dm.title': '**{name}**, API token, works until {when}',
  'dm.title.new': '**{name}**, new API token, works until {when}',
  'dm.care':
    '-# Anyone who has it can act as you, so never post it. Send it in the `Authorization` header. If it leaks: </session revoke>. This is the only time you’ll see it: save it now.',
  'dm.deleted': '-# I’ll delete this message {when}.',
  'dm.alone': 'Show it alone, to copy',
  'dm.hide': 'Hide',
  'dm.saved': 'Saved, delete this message',
  'dm.retracted':
    "This token doesn't work: I couldn't save it after I sent it. Run the command again.",

  // Notices in direct messages.
  'notice.expiring.one': '### {name} expires {when}\nAPI token `…{hint}`, {date}',
  'notice.expiring.many': '### {count} API tokens expire soon',
  'notice.expiring.line': '{session} expires {when}',
  'notice.expiring.more': '… and {count} more: use </token rotate> for those.',
  'notice.expiring.how': '-# *Rotate* sends you a new token; the old one keeps working for a day.',
  'notice.expiring.let': 'Let it expire',
  'notice.expiring.rotate_one': 'Rotate one of these…',
  'notice.expiring.let_one': 'Let one of these expire…',
  'notice.expiring.rotate_all': 'Rotate all',
  'notice.let_expire': "It expires {when}. I won't remind you of it again.",
  'notice.rotated_all':
    '{count, plural, =0 {None of them could be rotated.} one {Rotated # token; the new one is in your direct messages. The old one keeps working for a day.} other {Rotated # tokens; the new ones are in your direct messages. The old ones keep working for a day.}}',
  'notice.rotated_not': '{session}: {why}',
  'notice.expired.line': '{session} expired {when}. It was still in use.',
  'notice.expired.more': '… and {count} more.',
  'notice.expired.how': 'If something still needs it, </token create> makes a new one.',
  'notice.first_used':
    '### First use\n{session} was used for the first time, {when}. You created it {created}.',
  'notice.login':
    '### New login\nSomeone logged in as you {when}: {kind} `…{hint}`, until {until}. If that was you, ignore this.',
  'notice.reused':
    '### An old token is still in use\nSomething tried {session}, which you replaced. It was refused. Update whatever still uses it.',
  'notice.reused.not_me': "I didn't rotate it",
  'notice.rotated':
    '### A token was rotated\n{session} replaced an older token {when}. That was done over HTTP.',
  'notice.rotated.with':
    '### A token was rotated\n{session} replaced an older token {when}. That was done over HTTP, with `…{hint}`.',
  'notice.contested':
    '### Something tried to rotate an old token\n{session} was already rotated, and something that still has it tried to rotate it again. I refused; the new token is unchanged.',
  'notice.contested.how':
    'If that was a program of yours, give it the new token. If not, press the button: it revokes the old one immediately, and everything made with it.',
  'notice.revoked': '### A token was revoked\n{session} was revoked by someone who has it.',
  'notice.revoked.with':
    '### A token was revoked\n{session} was revoked by someone who has it, and so {count, plural, one {was # token made with it} other {were # tokens made with it}}.',
  'notice.revoked.how':
    "Programs do that when you log out of them. If you don't know who it was, someone found it; it no longer works, so there's nothing left to do.",
  'notice.leaked':
    '### {count, plural, one {A token of yours leaked} other {Tokens of yours leaked}}\n{count, plural, one {Your token {hints} was posted, so I revoked it and everything made with it.} other {Your tokens {hints} were posted, so I revoked them and everything made with them.}}',
  'notice.leaked.in':
    '### {count, plural, one {A token of yours leaked} other {Tokens of yours leaked}}\n{count, plural, one {Your token {hints} was posted in {channel}, so I revoked it and everything made with it.} other {Your tokens {hints} were posted in {channel}, so I revoked them and everything made with them.}}',
  'notice.leaked.found':
    '### {count, plural, one {A token of yours leaked} other {Tokens of yours leaked}}\n{count, plural, one {Your token {hints} was found in the open and reported, so I revoked it and everything made with it.} other {Your tokens {hints} were found in the open and reported, so I revoked them and everything made with them.}}',
  'notice.leaked.how': 'If something still needs a token, </token create> makes a new one.',

  'unrecognized.over': 'It had already stopped working.',
  'unrecognized.done':
    '{count, plural, one {Revoked it.} =2 {Revoked it and one token made with it.} other {Revoked it and everything made with it, # in all.}}',
  'unrecognized.parent':
    'It was made with {session}, which still works, so someone else has that token.',
  'unrecognized.successor': '{session} replaced it and still works.',
  'unrecognized.too': 'Revoke that too',
  'unrecognized.how':
    "If you don't know who that was, someone may be using your Discord account: change its password, then run </session revoke-all>.",

  // Revoke leaked token
  'command.report': 'Revoke leaked token',
  'report.none': "I found no token in that message. (I can't look inside files.)",
  'report.thanks':
    'Thank you. If there was a working token in that message, it no longer works, and its owner will be told.',

  // /admin
  'command.admin': 'For the staff, in the staff channel',
  'command.admin.user': 'Everything about a member',
  'command.admin.member': 'The member',
  'command.admin.ban': 'Ban an account from the API (asks first)',
  'command.admin.ban.reason': 'The member sees it, and it is kept in the audit log',
  'command.admin.ban.duration': 'For how long; if you leave it out, until someone lifts it',
  'command.admin.ban.sessions': 'Pause their tokens (default), or revoke them for good',
  'command.admin.ban.sessions.keep': 'pause until the unban',
  'command.admin.ban.sessions.end': 'revoke for good',
  'command.admin.unban': 'Lift a ban',
  'command.admin.unban.reason': 'For the audit log; the member does not see it',
  'command.admin.revoke': 'Revoke one token or login of a member, or all (asks first)',
  'command.admin.revoke.session':
    'Part of its name, or its last four characters; if you leave it out, everything',
  'command.admin.sessions': "All members' tokens and logins",
  'command.admin.sessions.type': 'Only logins, app logins or API tokens',
  'command.admin.sessions.expiring': 'Only those that expire within this time, such as 7d',
  'command.admin.sessions.unused': 'Only those unused for this long, such as 90d',
  'command.admin.audit': 'The audit log',
  'command.admin.audit.action': 'Only events of this kind',
  'command.admin.audit.since': 'How far back, such as 7d',
  'command.admin.stats': 'Counts of accounts, tokens and logins',
  'command.admin.export': "All members' tokens and logins, as a file",
  'command.admin.export.format': 'CSV for a spreadsheet (default), or JSON',
  'command.admin.export.csv': 'CSV',
  'command.admin.export.json': 'JSON',
  'command.admin.guard': 'Let Discord block messages that have a token in them',
  'command.admin.guard.action': 'Turn it on or off, or see how it is set',
  'command.admin.guard.on': 'on',
  'command.admin.guard.off': 'off',
  'command.admin.guard.status': 'status',
  'command.look_up': 'Look up',

  'staff.elsewhere': 'Staff commands work in the staff channel only.',
  'staff.not_staff': 'Only the staff can do that.',
  'staff.nothing_done': 'Nothing was done.',
  'staff.no_member': 'Name a member: `user` is missing.',
  'staff.not_self': "You can't ban yourself.",
  'staff.bot': 'Bots have no account here.',
  'staff.is_staff': '{member} is staff. Remove their staff role or permission first.',
  'staff.reason_has_token':
    'There is a token in that reason. Nothing was done: leave it out, and revoke it with *Revoke leaked token* where it was posted.',

  'member.title': '### {member}\n`{id}`',
  'member.active': '**Active** {what}',
  'member.nothing': '**Active** nothing',
  'member.banned': '**Banned** until {until}, by {by} {when}',
  'member.banned.for_good': '**Banned** by {by} {when}',
  'member.banned.server': '**Banned** in the Discord server, since {when}',
  'member.banned.unknown': '**Banned** since {when}',
  'member.reason': '-# Reason: {reason}',
  'member.ban': 'Ban…',
  'member.unban': 'Lift the ban',
  'member.revoke_all': 'Revoke all…',
  'member.sessions': 'Tokens and logins',
  'member.audit': 'Audit',
  'member.recent': '**Lately**',
  'member.sessions.title':
    "### {member}'s tokens and logins\n{first}–{last} of {total}, newest first",
  'member.sessions.none': '{member} has no more tokens or logins.',

  'ban.ask': '### Ban {member}?',
  'ban.ask.replaces': 'They are banned already; this replaces that ban.',
  'ban.ask.until': 'Nothing on this account works until {when}.',
  'ban.ask.for_good': 'Nothing on this account works until someone lifts the ban.',
  'ban.ask.pause':
    '{count, plural, =0 {It has nothing active.} one {Its # session stops now and works again after the ban.} other {Its # sessions stop now and work again after the ban.}}',
  'ban.ask.end':
    '{count, plural, =0 {It has nothing active.} one {Its # session is revoked for good.} other {Its # sessions are revoked for good.}}',
  'ban.ask.reason': 'They are told: {reason}',
  'ban.ask.no_reason': 'They are told, without a reason.',
  'ban.button': 'Ban',
  'ban.modal.title': 'Ban a member',
  'ban.modal.reason': 'Reason (the member sees it)',
  'ban.modal.duration': 'How long? 7d, 2 weeks… (empty: until lifted)',
  'ban.modal.sessions': 'What becomes of their tokens?',
  'ban.done': 'Banned {member}.',
  'ban.done.until': 'Banned {member} until {when}.',
  'ban.done.paused':
    '{count, plural, =0 {They had nothing active.} one {Their # session is paused.} other {Their # sessions are paused.}}',
  'ban.done.ended':
    '{count, plural, =0 {They had nothing active.} one {Revoked their # session.} other {Revoked their # sessions.}}',
  'unban.done': 'Unbanned {member}. Their paused sessions work again.',
  'unban.not_banned': '{member} is not banned.',

  'staff_revoke.ask':
    "Revoke {session} of {member}? It stops working immediately. This can't be undone.",
  'staff_revoke.all.ask':
    "### Revoke everything {member} has?\n**{count, plural, one {# session} other {# sessions}}** will stop working immediately. This can't be undone.",
  'staff_revoke.all.button': 'Revoke everything',
  'staff_revoke.all.none': '{member} has no tokens or logins.',
  'staff_revoke.all.done':
    "{count, plural, one {Revoked # session of {member}'s.} other {Revoked # sessions of {member}'s.}}",
  'staff_revoke.done': 'Revoked {session} of {member}.',
  'staff_revoke.done.made': 'Revoked {session} of {member} and everything made with it.',
  'staff_revoke.left':
    '{count, plural, one {# token made with it still works: see </admin user>.} other {# tokens made with it still work: see </admin user>.}}',

  'inventory.title': "### All members' tokens and logins, newest first",
  'inventory.title.kind': "### All members' {kinds}, newest first",
  'inventory.row': '{member} · {row}',
  'inventory.none': 'There are no such tokens or logins.',

  'stats.title': '### Statistics',
  'stats.accounts': '**Accounts** {count}, {banned} banned',
  'stats.active': '**Active** {what}',
  'stats.day':
    '**Last 24 hours** {made, plural, one {# API token created} other {# API tokens created}} · {used, plural, one {# session used} other {# sessions used}}',

  'inventory.export':
    "{count, plural, one {# session.} other {# sessions.}} It has members' ids and token names in it: share it only with people who need it.",
  'inventory.export.cut':
    "The newest {count, plural, one {# session} other {# sessions}}; there are more. It has members' ids and token names in it: share it only with people who need it.",

  'guard.turned_on':
    'The guard is on: Discord blocks messages with one of these tokens in them, before anyone sees them.',
  'guard.on_already': 'The guard is already on.',
  'guard.turned_off': 'The guard is off.',
  'guard.off_already': 'The guard is already off.',
  'guard.on': 'The guard is **on**.',
  'guard.off': 'The guard is **off**.',
  'guard.exempt': 'Exempt: {whom}',
  'guard.managers': 'members with Manage Server',
  'guard.rules':
    '{free, plural, =0 {This server has no room for another keyword rule.} one {This server has room for # more keyword rule.} other {This server has room for # more keyword rules.}}',
  'guard.no_server': 'The server is not known yet. Try again in a moment.',
  'guard.permission':
    'I need the permission **Manage Server** for that: AutoMod rules belong to the server. Give it to my role, and take it away again afterwards if you like.',
  'guard.refused': 'Discord refused the AutoMod rule: {why}',
  'guard.blocked':
    'That message has an API token in it, so nobody saw it. Never share tokens; /token rotate gives you a new one.',

  'audit.title': '### Audit',
  'audit.title.member': '### Audit of {member}',
  'audit.title.kind': '### Audit: {kind}',
  'audit.title.member.kind': '### Audit of {member}: {kind}',
  'audit.day': '**{date}**',
  'audit.line': '-# {time} {sentence}',
  'audit.none': 'No matching events.',
  'audit.more': '-# … and {count} more',
  'audit.no_such_kind':
    'There is no such kind of event. Pick one from the list that opens while you type.',
  'feed.bullet': '• {sentence}',
  'feed.more': '… and {count} more: </admin audit>',
  'feed.look_up': 'Look up',
  'feed.look_up_one': 'Look up a member…',

  // An event in a sentence, for staff. {actor} and {owner} are members.
  'event.session.created.api': '{actor} created an API token',
  'event.session.created.login': '{actor} logged in',
  'event.session.created.odd': '{actor} created an API token: {why}',
  'event.odd.many': 'many within an hour',
  'event.odd.fresh': 'the Discord account is younger than a week',
  'event.odd.long': 'it lasts longer than a year',
  'event.session.rotated.own': '{actor} rotated their own API token',
  'event.session.rotated': "{actor} rotated {owner}'s API token",
  'event.rotation.refused':
    "Another rotation of {owner}'s API token `…{hint}` was refused: it was already rotated",
  'event.token.expiring': "{owner}'s API token `…{hint}` expires soon",
  'event.token.expired': "{owner}'s API token `…{hint}` expired while in use",
  'event.token.first_used': "{owner}'s API token `…{hint}` was used for the first time",
  'event.token.reused': "{owner}'s old API token `…{hint}` was used after it was replaced",
  'event.token.undelivered': 'A token for {owner} could not be delivered ({why})',
  'event.token.reported':
    "{actor} reported {owner}'s token `…{hint}`: {count, plural, =0 {it had already stopped working} one {# session revoked} other {# sessions revoked}}",
  'event.token.reported.in':
    "{actor} reported {owner}'s token `…{hint}` in {channel}: {count, plural, =0 {it had already stopped working} one {# session revoked} other {# sessions revoked}}",
  'event.token.revoked':
    "{actor} revoked {owner}'s token `…{hint}`: {count, plural, one {# session ended} other {# sessions ended}}",
  'event.session.ended.revoked.own': '{actor} revoked their own session `…{hint}`',
  'event.session.ended.revoked': "{actor} revoked {owner}'s session `…{hint}`",
  'event.session.ended.leaked': "{owner}'s token `…{hint}` was revoked as leaked",
  'event.session.ended.rotated': "{owner}'s token `…{hint}` ended: it was rotated",
  'event.session.ended.displaced': "{owner}'s oldest login `…{hint}` ended: they have too many",
  'event.session.ended.left': "{owner}'s session `…{hint}` ended: they left the server",
  'event.session.ended.banned': "{owner}'s session `…{hint}` ended with a ban",
  'event.sessions.ended.revoked.own':
    '{actor} revoked {count, plural, one {# session of their own} other {# sessions of their own}}',
  'event.sessions.ended.revoked':
    "{actor} revoked {count, plural, one {# session of {owner}'s} other {# sessions of {owner}'s}}",
  'event.sessions.ended.leaked':
    "{count, plural, one {# session of {owner}'s was revoked as leaked} other {# sessions of {owner}'s were revoked as leaked}}",
  'event.sessions.ended.rotated':
    "{count, plural, one {# session of {owner}'s ended: it was rotated} other {# sessions of {owner}'s ended: they were rotated}}",
  'event.sessions.ended.displaced':
    "{count, plural, one {# login of {owner}'s ended: they have too many} other {# logins of {owner}'s ended: they have too many}}",
  'event.sessions.ended.left':
    "{count, plural, one {# session of {owner}'s ended: they left the server} other {# sessions of {owner}'s ended: they left the server}}",
  'event.sessions.ended.banned':
    "{count, plural, one {# session of {owner}'s ended with a ban} other {# sessions of {owner}'s ended with a ban}}",
  'event.token.renamed': '{actor} renamed their API token `…{hint}`',
  'event.message.deleted': "{actor} had {owner}'s message with a token deleted",
  'event.message.deleted.in': "{actor} had {owner}'s message with a token deleted in {channel}",
  'event.login.refused': '{owner} was refused a login ({why})',
  'event.guard.blocked': 'AutoMod blocked a message with a token from {owner}',
  'event.guard.blocked.in': 'AutoMod blocked a message with a token from {owner} in {channel}',
  'event.guard.changed.on': '{actor} turned the guard on',
  'event.guard.changed.off': '{actor} turned the guard off',
  'event.account.banned': '{actor} banned {owner}',
  'event.account.banned.until': '{actor} banned {owner} until {until}',
  'event.account.banned.server': '{owner} was banned in the server, so here too',
  'event.account.unbanned': '{actor} unbanned {owner}',
  'event.account.unbanned.server': '{owner} was unbanned in the server, so here too',
  'event.account.unbanned.expired': "{owner}'s ban is over",
  'event.account.exported': '{owner} exported their data',
  'event.account.forgotten': 'A member had their data erased',
  'event.sessions.exported': "{actor} exported all members' tokens and logins",
  'event.viewed.member': '{actor} looked at the account of {owner}',
  'event.viewed.sessions': '{actor} looked at the sessions of {owner}',
  'event.viewed.own': '{actor} looked at their own account',
  'event.viewed.sessions.all': "{actor} looked at all members' sessions",
  'event.viewed.audit': '{actor} looked at the audit of {owner}',
  'event.staff.refused': '{actor} was refused `{command}`: {why}',
  'event.reason': '{sentence}: {reason}',
  'event.ended_too':
    '{sentence}; {count, plural, one {# session revoked} other {# sessions revoked}}',
  'who.latchkey': 'Latchkey',
  'who.holder': 'Someone who had it',
  'who.forgotten': 'a forgotten member',
  'who.server': 'the server',
  'who.named': '<@{id}> ({name})',
  'who.with': '{member} (with `…{hint}`)',
  'who.with_gone': '{member} (with a token that is gone)',

  // Kinds of event, where staff pick one.
  'kind_of.group': '{group}: all {count} kinds',
  'group.account': 'Accounts',
  'group.session': 'Tokens and logins',
  'group.token': 'What happens to tokens',
  'group.rotation': 'Rotations',
  'group.message': 'Messages',
  'group.login': 'Logins',
  'group.guard': 'Guard',
  'group.staff': 'Staff',
  'action.session.created': 'created a token or login',
  'action.session.rotated': 'rotated a token',
  'action.rotation.refused': 'a second rotation refused',
  'action.session.ended': 'one session ended',
  'action.sessions.ended': 'several sessions ended',
  'action.token.expiring': 'a token expires soon',
  'action.token.expired': 'a token expired while in use',
  'action.token.first_used': 'a token used for the first time',
  'action.token.reused': 'an old token used',
  'action.token.undelivered': 'a token not delivered',
  'action.token.reported': 'a leaked token reported',
  'action.token.revoked': 'a token revoked by who has it',
  'action.token.renamed': 'a token renamed',
  'action.message.deleted': 'a message with a token deleted',
  'action.login.refused': 'a login refused',
  'action.guard.blocked': 'a message blocked by AutoMod',
  'action.guard.changed': 'the guard turned on or off',
  'action.account.banned': 'a ban',
  'action.account.unbanned': 'an unban',
  'action.account.exported': 'a member exported their data',
  'action.account.forgotten': 'a member had their data erased',
  'action.sessions.exported': 'staff exported the sessions',
  'action.staff.viewed': 'staff looked at something',
  'action.staff.refused': 'somebody refused a staff command',
} as const;
