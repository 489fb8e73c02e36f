import { describe, expect, it } from 'vitest';
import { type PolicyProblems, readPolicy, readPolicyFile } from '../src/policy-file.ts';
import { MOST_POLICY_BYTES } from '../src/policy-file.ts';
import { temporaryFolder } from './support/fixtures.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PATRON = '112233445566778899';
const DEV = '998877665544332211';

const problemsIn = (policy: unknown) => {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
  const read = readPolicy(text);
  return 'problems' in read ? read.problems : [];
};

const scopesOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, { says: 'x' }]));

describe('a policy file', () => {
  it('says which roles count, who may hold tokens, and what tokens may do', () => {
    const text = JSON.stringify({
      roles: { patron: PATRON, dev: DEV },
      holders: ['patron', 'dev'],
      scopes: {
        'lamps:read': { says: ' See your lamps ', given: true },
        'lamps:all': { says: "Everyone's lamps", roles: ['dev'], approval: true, longest: '30d' },
        'latchkey:read': { given: false },
      },
    });
    expect(readPolicy(text)).toEqual({
      roles: [
        { name: 'patron', id: PATRON },
        { name: 'dev', id: DEV },
      ],
      holders: ['patron', 'dev'],
      scopes: [
        {
          name: 'latchkey:read',
          says: 'List your tokens and logins',
          given: false,
          roles: null,
          longestMs: null,
          approval: false,
        },
        {
          name: 'lamps:read',
          says: 'See your lamps',
          given: true,
          roles: null,
          longestMs: null,
          approval: false,
        },
        {
          name: 'lamps:all',
          says: "Everyone's lamps",
          given: false,
          roles: ['dev'],
          longestMs: 30 * 86_400_000,
          approval: true,
        },
      ],
    });
  });

  it('may leave out every part', () => {
    expect(readPolicy('{}')).toEqual({ roles: [], holders: null, scopes: [] });
  });

  it.each([
    ['', 'line 1, column 1: this is not JSON'],
    ['{"scopes": }', 'line 1, column 12: this is not JSON'],
    ['{\n  "roles": {},\n}', 'line 3, column 1: this is not JSON'],
    ['{} // yes', 'comments are not allowed'],
    ['[]', 'line 1, column 1: the file must be a JSON object'],
    ['null', 'the file must be a JSON object'],
    [{ rates: { anyone: '60/1m' } }, '"rates" is not known here'],
    [{ roles: { Patron: PATRON } }, '"roles" › "Patron" must be 1 to 40 of a-z 0-9 _ -'],
    [{ roles: { patron: '12' } }, 'must be the id of a Discord role'],
    [{ roles: { patron: 12 } }, 'must be the id of a Discord role'],
    [{ roles: { patron: PATRON, backer: PATRON } }, '"backer" is the same role as "patron"'],
    [`{"roles": {"a": "${PATRON}", "a": "${DEV}"}}`, '"roles" › "a" is there twice'],
    [{ holders: [] }, 'must name one role or more'],
    [{ holders: ['patron'] }, '"holders" › entry 1 names "patron", which is not in "roles"'],
    [{ roles: { a: PATRON }, holders: ['a', 'a'] }, '"holders" › entry 2 names "a" again'],
    [{ scopes: { read: {} } }, '"says" must be there: what a token with it may do'],
    [{ scopes: { read: { says: ' ' } } }, '"says" must be there'],
    [{ scopes: { read: { says: 'x'.repeat(101) } } }, '"says" must have 100 characters at most'],
    [{ scopes: { 'lamps all': { says: 'x' } } }, '"lamps all" is no name of a scope'],
    [{ scopes: { 'a"b': { says: 'x' } } }, 'is no name of a scope'],
    [{ scopes: { read: { says: 'x', longest: '0' } } }, 'must be a duration from 1m to 100y'],
    [{ scopes: { read: { says: 'x', longest: '0d' } } }, 'must be a duration from 1m to 100y'],
    [{ scopes: { read: { says: 'x', longest: '101y' } } }, 'must be a duration from 1m to 100y'],
    [{ scopes: { read: { says: 'x', roles: ['b'] } } }, 'names "b", which is not in "roles"'],
    [{ scopes: { read: { says: 'x', approval: 'yes' } } }, '"approval" must be true or false'],
    [
      { scopes: { read: { says: 'x', given: true, approval: true } } },
      '"approval" cannot be true beside "given"',
    ],
    [
      { scopes: { 'latchkey:read': { given: true, approval: true } } },
      '"approval" is not known here',
    ],
    [{ scopes: { read: { says: 'x', approved: true } } }, '"approved" is not known here'],
    [{ scopes: { 'latchkey:read': { given: true, roles: ['a'] } } }, 'is not known here'],
    [{ scopes: { 'latchkey:write': {} } }, '"given" must be true or false'],
  ])('is refused for %j, with the place', (policy, problem) => {
    const problems = problemsIn(policy);
    expect(problems.join('\n')).toContain(problem);
    expect(problems.every((each) => /^line \d+, column \d+: /.test(each))).toBe(true);
  });

  it('names every problem, in the order of the file, each once', () => {
    const text = `{
  "roles": { "a": "1" },
  "scopes": {
    "read": {},
    "write": { "says": "x", "longest": "0" }
  }
}`;
    expect(problemsIn(text).map((each) => each.slice(0, each.indexOf(':')))).toEqual([
      'line 2, column 19',
      'line 4, column 13',
      'line 5, column 40',
    ]);
  });

  it('has as many scopes as a menu can show beside our own two', () => {
    expect(problemsIn({ scopes: scopesOf(23) })).toEqual([]);
    expect(problemsIn({ scopes: scopesOf(24) })[0]).toContain('has 24 scopes; 23 is the most');
  });

  it('that is too large, or cannot be read, is not looked at', () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'policy.json');
    writeFileSync(file, ' '.repeat(MOST_POLICY_BYTES + 1));
    const { problems } = readPolicyFile(file) as PolicyProblems;
    expect(problems).toEqual(['is larger than a policy may be (65536 bytes)']);
    const missing = readPolicyFile(join(folder.path, 'none.json')) as PolicyProblems;
    expect(missing.problems[0]).toContain('cannot be read (ENOENT');
    folder.remove();
  });
});
