/** What staff read in their channel. */
export const staff = {
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
  'command.look_up': 'Look up',
  'command.admin.guard': 'Let Discord block messages that have a token in them',
  'command.admin.guard.action': 'Turn it on or off, or see how it is set',
  'command.admin.guard.on': 'on',
  'command.admin.guard.off': 'off',
  'command.admin.guard.status': 'status',

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
  'member.roles': 'Roles that count: {roles} · last seen {when}',
  'member.roles.none': 'None of the roles that count · last seen {when}',
  'member.roles.unseen': 'Roles not seen yet',
  'member.suspended': '**Tokens refused** without one of these roles: {roles}',
  'member.held': '**Lost, but held** {roles}: counts until staff or time decide',
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

  'ban.modal.title': 'Ban a member',
  'ban.modal.reason': 'Reason (the member sees it)',
  'ban.modal.duration': 'How long? 7d, 2 weeks… (empty: until lifted)',
  'ban.modal.sessions': 'What becomes of their tokens?',
  'ban.ask': '### Ban {member}?',
  'ban.ask.replaces': 'They are banned already; this replaces that ban.',
  'ban.ask.until': 'Nothing on this account works until {when}.',
  'ban.ask.for_good': 'Nothing on this account works until someone lifts the ban.',
  'ban.ask.pause':
    '{count, plural, =0 {It has nothing active.} one {Its one session stops now and works again after the ban.} other {Its # sessions stop now and work again after the ban.}}',
  'ban.ask.end':
    '{count, plural, =0 {It has nothing active.} one {Its one session is revoked for good.} other {Its # sessions are revoked for good.}}',
  'ban.ask.reason': 'They are told: {reason}',
  'ban.ask.no_reason': 'They are told, without a reason.',
  'ban.button': 'Ban',
  'ban.done': 'Banned {member}.',
  'ban.done.until': 'Banned {member} until {when}.',
  'ban.done.paused':
    '{count, plural, =0 {They had nothing active.} one {Their one session is paused.} other {Their # sessions are paused.}}',
  'ban.done.ended':
    '{count, plural, =0 {They had nothing active.} one {Revoked their one session.} other {Revoked their # sessions.}}',
  'unban.done': 'Unbanned {member}. Their paused sessions work again.',
  'unban.not_banned': '{member} is not banned.',

  'staff_revoke.ask':
    "Revoke {member}'s {session}? It stops working immediately. This can't be undone.",
  'staff_revoke.all.ask':
    "### Revoke everything {member} has?\n**{count, plural, one {# session} other {# sessions}}** will stop working immediately. This can't be undone.",
  'staff_revoke.all.button': 'Revoke everything',
  'staff_revoke.all.none': '{member} has no tokens or logins.',
  'staff_revoke.all.done':
    "{count, plural, one {Revoked {member}'s one session.} other {Revoked {member}'s # sessions.}}",
  'staff_revoke.done': "Revoked {member}'s {session}.",
  'staff_revoke.done.made': "Revoked {member}'s {session} and everything made with it.",
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

  'stats.roles': '**Roles** oldest look at a member whose token was used since: {when}',
  'stats.roles.never': '**Roles** not seen yet of a member whose token was used',
  'stats.roles.none': '**Roles** seen of everybody since their tokens were last used',
  'stats.roles.held':
    '**Held** {count, plural, one {# member} other {# members}} lost {roles}, which counts until staff or time decide',

  'held.none': 'Nothing is held any more: it took effect, or the roles came back.',
  'held.applied':
    '{count, plural, one {It counts now that # member lost {roles}.} other {It counts now that # members lost {roles}.}}',
  'held.kept':
    '{count, plural, one {# member keeps {roles} for 24 hours more.} other {# members keep {roles} for 24 hours more.}} *Apply* works until then.',

  'inventory.export':
    "{count, plural, one {# session.} other {# sessions.}} The file has members' ids and token names in it: share it only with people who need it.",
  'inventory.export.cut':
    "The newest {count, plural, one {# session} other {# sessions}}; there are more. The file has members' ids and token names in it: share it only with people who need it.",

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
} as const;
