import type { Staff } from '../../../../core/actor.ts';
import type { Reply } from '../../../render/reply.ts';
import { LIMITS } from '../../../server/automod-rule.ts';
import type { CommandContext } from '../../command.ts';

/** `/admin guard action:` */
export async function setGuard({
  automodRule,
  actor,
  options,
  words,
}: CommandContext<Staff>): Promise<Reply> {
  switch (options.text('action')) {
    case 'on':
      return words((await automodRule.turnOn(actor)) ? 'guard.turned_on' : 'guard.on_already');
    case 'off':
      return words((await automodRule.turnOff(actor)) ? 'guard.turned_off' : 'guard.off_already');
    default: {
      const { on, exemptRoles, exemptChannels, keywordRules } = await automodRule.status();
      const whom = words.list([
        words('guard.managers'),
        ...exemptRoles.map((id) => `<@&${id}>`),
        ...exemptChannels.map((id) => `<#${id}>`),
      ]);
      const free = Math.max(LIMITS.keywordRules - keywordRules, 0);
      return [
        words(on ? 'guard.on' : 'guard.off'),
        words('guard.exempt', { whom }),
        words('guard.rules', { free }),
      ].join('\n');
    }
  }
}
