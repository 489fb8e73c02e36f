import { describeOwnApplication } from './applications.ts';
import { ConsentError, consentPage, errorPage } from './consent.ts';
import type { OAuth2 } from './oauth2.ts';
import { type Answer, bot, ok, open, type Route } from './route.ts';
import type { World } from './world.ts';

export function oauth2Routes(world: World, oauth2: OAuth2): Route[] {
  const application = (): Answer =>
    ok(
      describeOwnApplication(world.application, {
        bot: world.bot,
        owner: world.owner,
        servers: world.servers.size,
      }),
    );
  return [
    open('GET', '/oauth2/authorize', ({ query }) => {
      try {
        return { status: 200, page: consentPage(oauth2.consent(query)) };
      } catch (error) {
        if (!(error instanceof ConsentError)) throw error;
        return { status: 400, page: errorPage(error) };
      }
    }),
    open('POST', '/oauth2/token', ({ form, authorization }) =>
      ok(oauth2.token(form, authorization)),
    ),
    open('POST', '/oauth2/token/revoke', ({ form, authorization }) => {
      oauth2.revoke(form, authorization);
      return ok({});
    }),
    open('GET', '/oauth2/@me', ({ authorization }) => ok(oauth2.describe(authorization))),
    bot('GET', '/applications/@me', application),
    bot('GET', '/oauth2/applications/@me', application),
  ];
}
