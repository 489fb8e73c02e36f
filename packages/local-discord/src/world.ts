import type { APIUser, ChannelType } from 'discord-api-types/v10';
import { randomBytes } from 'node:crypto';
import { type ApplicationInit, type LocalApplication, newApplication } from './applications.ts';
import type { Json } from './json.ts';
import { Channel } from './numbers.ts';
import { type Announce, LocalServer, type ServerChannel, type ServerInit } from './server.ts';
import { snowflake } from './snowflake.ts';
import { newUser } from './users.ts';

/** The answers with which Discord refuses a direct message. */
export type ClosedDmCode = 50007 | 50278;

export interface DmChannel {
  readonly kind: 'dm';
  readonly id: string;
  readonly recipient: Person;
}

export type LocalChannel = DmChannel | ServerChannel;

/** A channel as Discord describes it; which members there are depends on the type. */
export type DescribedChannel = Json & { readonly id: string; readonly type: ChannelType };

/** A user as Discord knows them, before any hand is put on their keyboard. */
export interface Person {
  readonly user: APIUser;
  readonly dm: DmChannel;
  closedDms: ClosedDmCode | undefined;
}

/** Who and what exists: users, servers and channels. */
export class World {
  readonly application = newApplication({ name: 'local-bot' });
  readonly applicationId = this.application.id;
  readonly bot: APIUser = newUser(this.applicationId, this.application.name, null, true);
  /** Owns the application. */
  readonly owner: APIUser = newUser(snowflake(), 'owner', null, false);
  readonly botToken = [
    Buffer.from(this.applicationId).toString('base64url'),
    randomBytes(4).toString('base64url'),
    randomBytes(28).toString('base64url'),
  ].join('.');
  readonly applications = new Map([[this.applicationId, this.application]]);
  readonly people = new Map<string, Person>();
  readonly servers = new Map<string, LocalServer>();
  readonly channels = new Map<string, LocalChannel>();
  readonly #announce: Announce;

  constructor(announce: Announce) {
    this.#announce = announce;
  }

  addServer(init: ServerInit = {}): LocalServer {
    const server = new LocalServer(init, {
      bot: this.bot,
      announce: this.#announce,
      describe: (channel) => this.describeChannel(channel),
      register: (channel) => this.channels.set(channel.id, channel),
      unregister: (id) => this.channels.delete(id),
    });
    this.servers.set(server.id, server);
    server.appear();
    return server;
  }

  addApplication(init: ApplicationInit): LocalApplication {
    const application = newApplication(init);
    this.applications.set(application.id, application);
    return application;
  }

  addPerson(username: string, globalName?: string, bot = false): Person {
    const user = newUser(snowflake(), username, globalName ?? null, bot);
    // A channel knows its recipient and a person their channel.
    const person: { -readonly [member in keyof Person]: Person[member] } = {
      user,
      // Set right below.
      dm: undefined as unknown as DmChannel,
      closedDms: undefined,
    };
    person.dm = { kind: 'dm', id: snowflake(), recipient: person };
    this.people.set(user.id, person);
    this.channels.set(person.dm.id, person.dm);
    return person;
  }

  /** `GET /channels/{id}`, also what an interaction carries as its `channel`. */
  describeChannel(channel: LocalChannel): DescribedChannel {
    if (channel.kind === 'dm') {
      return {
        id: channel.id,
        type: Channel.Dm,
        flags: 0,
        last_message_id: null,
        recipients: [channel.recipient.user],
      };
    }
    return {
      id: channel.id,
      type: channel.type ?? Channel.Text,
      flags: 0,
      guild_id: channel.server.id,
      name: channel.name,
      position: channel.server.channels.indexOf(channel),
      parent_id: channel.parentId ?? null,
      topic: null,
      nsfw: false,
      rate_limit_per_user: 0,
      last_message_id: null,
      permission_overwrites: [],
    };
  }
}
