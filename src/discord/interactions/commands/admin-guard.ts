import type { Staff } from '../../../core/actor.ts';
import type { Reply } from '../../render/reply.ts';
import { LIMITS } from '../../server/automod-rule.ts';
import type { CommandContext } from '../command.ts';

/** `/admin guard action:` */
export async function setGuard({
  automodRule,
  actor,
  options,
}: CommandContext<Staff>): Promise<Reply> {
  switch (options.getString('action')) {
    case 'on':
      return (await automodRule.turnOn(actor))
        ? 'The guard is on: Discord blocks messages that have one of our tokens in them, before anybody sees them.'
        : 'The guard is on already.';
    case 'off':
      return (await automodRule.turnOff(actor)) ? 'The guard is off.' : 'The guard is off already.';
    default: {
      const { on, exemptRoles, exemptChannels, keywordRules, patternLength } =
        await automodRule.status();
      const exempt = [
        'members with Manage Server',
        ...exemptRoles.map((id) => `<@&${id}>`),
        ...exemptChannels.map((id) => `<#${id}>`),
      ];
      return [
        `The guard is **${on ? 'on' : 'off'}**.`,
        `Discord never blocks: ${exempt.join(', ')}.`,
        `This server has ${keywordRules} of at most ${LIMITS.keywordRules} keyword rules. Our rule uses 1 of ${LIMITS.patterns} patterns; the pattern has ${patternLength} of ${LIMITS.patternLength} characters.`,
      ].join('\n');
    }
  }
}
