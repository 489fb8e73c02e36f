import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createPolicy, type PolicyRules } from '../../src/core/policy/policy.ts';
import { readPolicy } from '../../src/policy-file.ts';
import { communityMember } from '../support/fixtures.ts';
import { createHttpHarness } from '../support/http-harness.ts';

const PAGE = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');

/** Blocks of code on the page, in their order. */
const blocks = Array.from(PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm), ([, is, text]) => ({
  is,
  text: text ?? '',
}));

/** Each request on the page, with the answer that stands below it. */
const exchanges = blocks.flatMap(({ is, text }, index) =>
  is === 'http' ? [[text.trim(), blocks[index + 1]?.text ?? ''] as const] : [],
);

/** Each policy on the page. */
const policies = blocks.flatMap(({ is, text }, index) =>
  is === 'json' && blocks[index - 1]?.is !== 'http' ? [text] : [],
);

function rulesOf(text: string): PolicyRules {
  const read = readPolicy(text);
  if ('problems' in read) throw new Error(read.problems.join('\n'));
  return read;
}

describe('docs/policy.md', () => {
  it('has policies and exchanges', () => {
    expect(policies.length).toBeGreaterThan(1);
    expect(exchanges.length).toBeGreaterThan(1);
  });

  it.each(policies)('shows a policy that can be used: %s', (text) => {
    expect(rulesOf(text).scopes.length).toBeGreaterThan(0);
  });

  it.each(exchanges)('shows what is answered: %s', async (request, answer) => {
    const rules = rulesOf(policies[0] ?? '');
    const patron = rules.roles.find(({ name }) => name === 'patron')?.id ?? '';
    const harness = createHttpHarness({
      policy: createPolicy(rules),
      findMember: async () => communityMember(patron),
    });
    onTestFinished(() => harness.close());
    const { token } = await harness.token();
    const [method = '', path = ''] = request.split(' ');
    const response = await harness.call(method, path, token);
    const shown = JSON.parse(answer) as Record<string, unknown>;
    const body = (await response.json()) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(Object.keys(shown));
    // Those are other ones each time.
    for (const varying of ['user_id', 'id', 'expiry', 'created_at']) delete shown[varying];
    expect(body).toMatchObject(shown);
  });
});
