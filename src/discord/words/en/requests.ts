/** What members and staff read of tokens that staff approve. */
export const requests = {
  // A member asks.
  'request.choice': '{name} · needs approval',
  'request.ask': 'The staff have to approve **{name}** first, since it could do this: {says}.',
  'request.ask.how':
    'I can ask them for you. You get the token once they approve, or another one now that can do all but that.',
  'request.ask.alone': 'I can ask them for you. You get the token once they approve.',
  'request.ask.button': 'Ask the staff…',
  'request.without': 'Go on without it',
  'request.modal.title': 'Ask the staff',
  'request.modal.why': 'Why do you need it?',
  'request.why_missing': 'Say in a few words why you need it. The staff were not asked yet.',
  'request.why_has_token':
    "There's a token in what you wrote, and the staff would see it. They were not asked; leave it out, and revoke that token if others saw it.",
  'request.asked':
    'I asked the staff for **{name}**. They have until {when}; you hear from me in a direct message.',
  'request.mine.open': '**Waiting for the staff** {name} ({names}), lapses {when}',
  'request.mine.approved': '**Approved** {name} ({names}), lapses {when}',
  'request.fetch': 'Get the token',
  'request.dm': 'The staff approved this one.',

  // The staff answer.
  'request.post': '### {member} asks for an API token',
  'request.short': '**Request** {name}: {says}',
  'request.short.why': '-# Why: {why}',
  'request.post.waits': '-# Approved; the member has not got the token yet. Lapses {when}.',
  'request.post.needs': 'To approve: **{says}**',
  'request.post.besides': 'It can also: {says}',
  'request.post.token': 'Name: {name} · would work until {when}',
  'request.post.why': 'Why: {why}',
  'request.post.lapses': '-# Lapses {when}.',
  'request.approve': 'Approve',
  'request.deny': 'Deny…',
  'request.deny.title': 'Deny a request',
  'request.deny.reason': 'Reason (the member sees it)',
  'request.approved': '**Approved** by {who}. {member} has the token in a direct message.',
  'request.approved.undelivered':
    '**Approved** by {who}. {why} {member} can get the token with </session me> until {when}.',
  'request.denied': '**Denied** by {who}. {member} is told.',
  'request.denied.reason': '**Denied** by {who}. {member} is told: {reason}',
  'approve.closed': "Discord doesn't let me message {member}.",
  'approve.failed': "The message with the token didn't reach {member}.",
  'approve.refused':
    '{why} Nothing was approved, and {member} was told nothing. The request stays open: approve it later, or deny it.',
  'approve.banned': '{member} is banned here.',
  'approve.limit':
    '{member} has reached the limit of {max, plural, one {# active API token} other {# active API tokens}}.',
  'approve.created':
    '{member} has created {max, plural, one {# token} other {# tokens}} within an hour, which is the limit.',
  'approve.holders': '{member} has none of the roles that may hold tokens: {roles}.',
  'approve.scope_role': '{member} has none of the roles for the scope **{scope}**: {roles}.',
  'approve.members_only': "{member} is not in the community's Discord server.",
  'approve.policy_changed': 'The policy no longer has what {member} asked for.',
  'stats.requests':
    '**Requests** {count, plural, one {# waits for the staff} other {# wait for the staff}}',

  // Its member is told.
  'notice.request.denied':
    "### Your request was denied\nThe staff didn't approve **{name}**: {says}.",
  'notice.request.undelivered':
    "### Your request was approved\nI couldn't send you the token **{name}**. You can get it until {when}.",
  'notice.request.lapsed':
    "### Nobody answered your request\nThe staff didn't answer within a week, so **{name}** wasn't created. </token create> asks them again.",
  'notice.request.lapsed.approved':
    "### An approval has ended\nThe staff approved **{name}**, but you didn't get the token within a week. </token create> asks them again.",
} as const;
