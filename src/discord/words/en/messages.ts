/** What members read in direct messages that they did not ask for. */
export const messages = {
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

  'suspended.told':
    "### Your tokens don't work for now\nYou need one of these roles: {roles}. Everything works again as soon as you have one; nothing was revoked.",
  'suspended.told.one':
    "### Your tokens don't work for now\nYou need the role {role}. Everything works again as soon as you have it; nothing was revoked.",

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
    '{count, plural, =0 {None of them was rotated: they have ended, or were rotated already.} one {Rotated # token; the new one is in your direct messages. The old one keeps working for a day.} other {Rotated # tokens; the new ones are in your direct messages. The old ones keep working for a day.}}',
  'notice.rotated_all.skipped':
    '{skipped, plural, one {# was left alone: it has ended, or was rotated already.} other {# were left alone: they have ended, or were rotated already.}}',
  'notice.rotated_all.closed':
    "Then Discord didn't let me message you anymore, so the rest are unchanged.",
  'notice.rotated_all.stopped': "I couldn't go on, so the rest are unchanged. {why}",
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
  'notice.revoked': '### A token was revoked\n{session} was revoked by someone who had it.',
  'notice.revoked.with':
    '### A token was revoked\n{session} was revoked by someone who had it, and so {count, plural, one {was # token made with it} other {were # tokens made with it}}.',
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
} as const;
