/** Why something is not done. */
export const refusals = {
  'refusal.banned':
    "Your account is banned here: none of its tokens work, and you can't create new ones. The staff of this community can tell you more.",
  'refusal.not_found':
    "I can't find that one; it may have expired or been revoked. </session list> shows what works.",
  'refusal.dm_closed': "I couldn't message you, so nothing was created or changed.",
  'refusal.unavailable': "I can't save changes right now. Nothing was changed; try again soon.",
  'refusal.uncertain.change':
    "I can't tell whether that was saved: the database stopped answering. Check before you try again; </session list> shows what works.",
  'refusal.uncertain.token':
    "I sent you the token, but I can't tell whether it was saved. If it wasn't, its message will say so within a few minutes.",
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
  'refusal.invalid.scopes_missing': 'Name at least one scope, with spaces between them.',
  'refusal.invalid.scopes_many': "That's too many scopes; the limit is {max}.",
  'refusal.invalid.scope_malformed':
    'No scope can have that name. Names are letters, digits and : . _ / - with spaces between them.',
  'refusal.invalid.scope_unknown': 'There is no scope **{scope}**. There are {known}.',
  'refusal.restricted.holders':
    "You can only have tokens here with a role that you don't have now. Any of these will do: {roles}.",
  'refusal.restricted.scope_role':
    "You'd need another role for the scope **{scope}**. Any of these will do: {roles}.",
  'refusal.restricted.rotation_wider':
    "Rotating can't add scopes: that token doesn't have {scopes}. Create a new one instead.",
  'refusal.restricted.needs_approval':
    'The staff have to approve a token with the scope **{scope}** first. </token create> asks them.',
  'refusal.restricted.own_request': "You can't approve your own request; another of the staff can.",
  'refusal.restricted.requests_open':
    '{max, plural, one {A request of yours is} other {# requests of yours are}} open already; that is the limit. </session me> shows what you asked for.',
  'refusal.conflict.request_over':
    'That request was answered already, or nobody answered it in time.',
  'refusal.conflict.policy_changed':
    'What tokens may do here has changed since you asked. Ask again with </token create>.',
  'refusal.restricted.outlives':
    'The new token would live longer than the one that asks for it. Nothing was changed.',
  'refusal.conflict.roles_changed': 'Your roles changed at this moment. Try again.',
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
    '{max, plural, one {You can export your data once an hour.} other {You can export your data # times an hour.}}',
  'refusal.rate_limited.erased':
    '{max, plural, one {You can erase your data once an hour.} other {You can erase your data # times an hour.}}',
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
} as const;
