import type { Effect } from '../core/policy/effect.ts';
import type { Policy, ScopeRule } from '../core/policy/policy.ts';

const all = new Intl.ListFormat('en', { type: 'conjunction' });
const DAY_MS = 86_400_000;

/** What a policy says, in plain words: a line each. */
export function describePolicy({ roles, holders, scopes }: Policy): readonly string[] {
  return [
    'Who may hold tokens',
    holders === null
      ? '  Any member.'
      : `  Members with ${oneOf(holders)}: nobody else can create any, and theirs are refused.`,
    ...roles.map(({ name, id }) => `  ${name} is the role ${id}.`),
    '',
    'What tokens may do',
    ...scopes.map((scope) => `  ${scope.name}: ${describeScope(scope)}`),
  ];
}

function describeScope({ says, given, roles, longestMs, approval }: ScopeRule): string {
  return [
    `"${says}".`,
    roles === null ? 'For everybody who may hold tokens.' : `Needs ${oneOf(roles)}.`,
    given ? 'Given: ticked from the start.' : 'Only for who asks for it.',
    ...(approval ? ['Staff approve each token with it.'] : []),
    ...(longestMs === null ? [] : [`No token with it lives longer than ${duration(longestMs)}.`]),
  ].join(' ');
}

/** What it does to the tokens and logins that there are. */
export function describeEffect(policy: Policy, effect: Effect): readonly string[] {
  const { live, older, suspended, unseen, scopes } = effect;
  const { holders } = policy;
  const given = policy.written(null);
  const lines = [`Live: ${live.sessions}, of ${people(live.members)}.`];
  if (older > 0) {
    lines.push(
      `From before there was a policy: ${older}. They have what is given: ${given.length === 0 ? 'nothing' : all.format(given)}.`,
    );
  }
  if (holders !== null) {
    lines.push(
      `Refused until their owner has ${oneOf(holders)}: ${suspended.sessions}, of ${people(suspended.members)}.`,
    );
    if (unseen.sessions > 0) {
      lines.push(
        `Not refused before Latchkey next sees their owner's roles, which it has not yet: ${unseen.sessions}, of ${people(unseen.members)}.`,
      );
    }
  }
  for (const { name, isKnown, written, works, worked } of scopes) {
    const now = worked === null || worked === works ? '' : ` (now in ${worked})`;
    const missing = written - works;
    const why = isKnown
      ? missing === 0
        ? ''
        : `; ${missing} that have it lack a role for it, as far as is known`
      : `: it is not in this policy, and is written in ${written}`;
    lines.push(`${name} works in ${works}${now}${why}.`);
  }
  return [
    'What changes for the tokens and logins that there are',
    ...lines.map((each) => `  ${each}`),
  ];
}

function oneOf(roles: readonly string[]): string {
  return roles.length === 1 ? `the role ${roles[0]}` : `one of the roles ${all.format(roles)}`;
}

function people(count: number): string {
  return count === 1 ? '1 member' : `${count} members`;
}

function duration(ms: number): string {
  const [count, unit] =
    ms % DAY_MS === 0
      ? [ms / DAY_MS, 'day']
      : ms % 3_600_000 === 0
        ? [ms / 3_600_000, 'hour']
        : [ms / 60_000, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
