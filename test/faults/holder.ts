import type { Exchange, LocalMember, LocalMessage } from 'local-discord';
import type { Chance } from './chance.ts';

/** The product as a member reaches it just now. */
export interface Access {
  /** Where HTTP answers; another one each time, if there are several. */
  readonly url: () => string;
  /** Whether the bot hears interactions. */
  readonly online: () => boolean;
  /** Aborted when the process that could still answer is gone. */
  readonly gone: () => AbortSignal;
  /** Whether the database may be away: then a member may be told so. */
  readonly mayLackDatabase?: boolean;
}

/** A session of which its owner knows. */
interface Held {
  readonly name: string;
  /** Absent where the answer that carried it was lost. */
  readonly token?: string;
  id?: string | undefined;
  live: boolean;
  rotated: boolean;
  /** When it ends at the latest, by a grace. */
  endsBy?: number;
  /** Told of since it was looked at last. */
  fresh: boolean;
}

/** An act whose outcome its member was not told. */
interface OpenAct {
  readonly what: string;
  /** What a session that it made would be called. */
  readonly makes?: string;
  readonly ends: readonly Held[];
  /** For a rotation: how long the old one would go on. */
  graceMs?: number | undefined;
  readonly sentAt: number;
}

type Outcome =
  | { readonly is: 'done'; readonly token?: string; readonly id?: string }
  | { readonly is: 'refused' }
  | { readonly is: 'unknown' };

const REFUSED: Outcome = { is: 'refused' };
const UNKNOWN: Outcome = { is: 'unknown' };

const TOKEN = /[0-9A-Za-z]+_api_[0-9A-Za-z]{49}/;
const NAMED = /^\*\*(\w+)\*\*, (?:new )?API token/;
/** What a member reads when nothing came of it. */
const NOTHING =
  /(?:nothing|no token) was (?:created|changed|revoked)|cancelled it|rotated this token a moment ago/i;
/** And where nobody knows what came of it. */
const UNCERTAIN = /can't tell whether|did not say whether/;
const CREATED = /is in your direct messages/;
const GRACES = { now: 0, '1h': 3_600_000 } as const;
const LIFETIME_S = 30 * 86_400;
const MOST = 12;

/** How many acts of each kind ended how, over all holders. */
export class Tally {
  readonly counts = new Map<string, number>();
  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
  sum(pattern: RegExp): number {
    return [...this.counts].reduce((sum, [what, n]) => (pattern.test(what) ? sum + n : sum), 0);
  }
}

/**
 * A member who makes, rotates and revokes tokens in Discord and over HTTP, one act after the other, and
 * remembers what they were told. `verify` holds that against what they find.
 */
export class Holder {
  readonly member: LocalMember;
  /** What must not have happened. */
  readonly faults: string[] = [];
  readonly #access: Access;
  readonly #chance: Chance;
  readonly #tally: Tally;
  readonly #keepsOne: boolean;
  readonly #held: Held[] = [];
  readonly #open: OpenAct[] = [];
  readonly #seen = new Set<string>();
  #names = 0;

  /** Who keeps one has always a token to look with. */
  constructor(
    member: LocalMember,
    access: Access,
    { chance, tally, keepsOne }: { chance: Chance; tally: Tally; keepsOne: boolean },
  ) {
    this.member = member;
    this.#access = access;
    this.#chance = chance;
    this.#tally = tally;
    this.#keepsOne = keepsOne;
  }

  /** Those that came by direct message, whatever became of them. */
  get delivered(): readonly string[] {
    this.#readMessages();
    return [...this.#seen];
  }

  /** One act, of any kind. */
  async act(): Promise<void> {
    await this.#useNew();
    const busy = new Set(this.#open.flatMap(({ ends }) => ends));
    const free = this.#held.filter((held) => held.live && held.id !== undefined && !busy.has(held));
    const key = free.find(({ token }) => token !== undefined);
    const others = free.filter((held) => held !== key);
    const target = others.length > 0 ? this.#chance.pick(others) : undefined;
    const chosen = this.#chance.next();
    const online = this.#access.online();
    if (key === undefined || (online && chosen < 0.02 && !this.#keepsOne)) {
      if (!online) return;
      if (key === undefined) return this.#createInDiscord();
      return this.#revokeAllInDiscord();
    }
    const inDiscord = online && this.#chance.next() < 0.5;
    if (chosen < 0.04 && others.length > 4) return this.#revokeOthersOverHttp(key);
    if (target === undefined || (chosen < 0.5 && others.length < MOST)) {
      return inDiscord ? this.#createInDiscord() : this.#createOverHttp(key);
    }
    if (chosen < 0.75 && !target.rotated) {
      const grace = this.#chance.pick(['now', '1h'] as const);
      return inDiscord
        ? this.#rotateInDiscord(target, grace)
        : this.#rotateOverHttp(key, target, grace);
    }
    return inDiscord ? this.#revokeInDiscord(target) : this.#revokeOverHttp(key, target);
  }

  /**
   * Looks what became of the acts without an answer, and whether all is as the member was told. While no
   * act is under way, and after the process that could have gone on with one has ended.
   */
  async verify(everything: boolean): Promise<void> {
    for (const message of this.#readMessages()) this.#hold(message, false);
    const found = new Map<Held, { status: number; id: string | undefined }>();
    for (const held of this.#held) {
      const isCertain = held.live && held.id !== undefined && !held.fresh;
      if (held.token === undefined || (isCertain && !everything)) continue;
      if (!held.live && !held.fresh && !everything) continue;
      found.set(held, await this.#check(held.token));
    }
    for (const [held, { status, id }] of found) {
      if (status !== 200) continue;
      held.id ??= id;
      if (held.id !== id) this.#fault(`${held.name} opens ${id} instead of ${held.id}`);
    }
    const listed = await this.#list();
    this.#settle(found, listed);
    this.#compare(found, listed);
    for (const held of this.#held) held.fresh = false;
  }

  #settle(
    found: ReadonlyMap<Held, { status: number }>,
    listed: ReadonlyMap<string, { name: string; expiry: number | undefined }>,
  ): void {
    for (const act of this.#open.splice(0)) {
      const made: Held[] = [];
      for (const held of this.#held) {
        if (held.name !== act.makes || held.live || !held.fresh) continue;
        if (found.get(held)?.status !== 200) continue;
        held.live = true;
        made.push(held);
      }
      for (const [id, { name }] of listed) {
        if (name !== act.makes || this.#held.some((held) => held.id === id)) continue;
        const lost: Held = { name, id, live: true, rotated: false, fresh: true };
        this.#held.push(lost);
        made.push(lost);
      }
      if (made.length > 1) this.#fault(`${act.what} made ${made.length} sessions`);
      for (const held of act.ends) {
        const row = listed.get(held.id ?? '');
        held.live = row !== undefined;
        held.fresh = true;
        const { graceMs } = act;
        if (graceMs === undefined) continue;
        // Both or neither: a new one beside an old one that goes on as before is nobody's wish.
        const retired =
          row === undefined ||
          (row.expiry !== undefined && row.expiry < act.sentAt + LIFETIME_S * 500);
        const known = row === undefined || row.expiry !== undefined;
        if (known && retired !== made.length > 0) {
          this.#fault(
            `${act.what}: ${made.length} new, the old one is ${retired ? '' : 'not '}over`,
          );
        }
        if (retired) held.rotated = true;
      }
    }
  }

  #compare(
    found: ReadonlyMap<Held, { status: number }>,
    listed: ReadonlyMap<string, { name: string; expiry: number | undefined }>,
  ): void {
    for (const held of this.#held) {
      const is = found.get(held)?.status;
      const should = held.live ? 200 : 401;
      if (is !== undefined && is !== should) {
        this.#fault(`${held.name} (${held.id}) answers ${is}, ${should} was promised`);
      }
      if (held.id === undefined) continue;
      const row = listed.get(held.id);
      if ((row !== undefined) !== held.live) {
        this.#fault(`${held.name} (${held.id}) is ${held.live ? 'not ' : ''}listed`);
      }
      if (held.endsBy !== undefined && (row?.expiry ?? 0) > held.endsBy) {
        this.#fault(`${held.name} (${held.id}) goes on beyond its grace`);
      }
    }
    for (const [id, { name }] of listed) {
      if (!this.#held.some((held) => held.id === id))
        this.#fault(`nobody asked for ${name} (${id})`);
    }
  }

  /** A direct message does not say the id of its session; who uses the token is told. */
  async #useNew(): Promise<void> {
    for (const held of this.#held) {
      const { token } = held;
      if (!held.live || held.id !== undefined || token === undefined) continue;
      const answer = await this.#check(token).catch(() => undefined);
      if (answer?.status === 200) held.id = answer.id;
    }
  }

  async #createInDiscord(): Promise<void> {
    const name = this.#newName();
    const options = { name, expires: `${LIFETIME_S}s` };
    const outcome = await this.#slash('token create', options, CREATED);
    this.#note({ what: 'create in Discord', makes: name, ends: [] }, outcome);
  }

  async #rotateInDiscord(old: Held, grace: keyof typeof GRACES): Promise<void> {
    const sentAt = Date.now();
    const outcome = await this.#slash('token rotate', { token: old.id!, grace }, CREATED);
    this.#noteRotation('rotate in Discord', old, grace, outcome, sentAt);
  }

  async #revokeInDiscord(held: Held): Promise<void> {
    const outcome = await this.#slash('session revoke', { session: held.id! }, /^Revoked /);
    this.#note({ what: 'revoke in Discord', ends: [held] }, outcome);
  }

  async #revokeAllInDiscord(): Promise<void> {
    const ends = this.#held.filter(({ live }) => live);
    this.#forgetGraces();
    const asked = await this.#told(() =>
      this.member.slash('session revoke-all', {}, { until: 'sent' }),
    );
    if (asked?.reply === undefined || !asked.text.includes('Revoke everything')) return;
    const { reply } = asked;
    const label = 'Revoke everything';
    const told = await this.#told(() => this.member.press(reply, label, { until: 'sent' }));
    const outcome = this.#outcomeOf(told, /^Revoked /);
    this.#note({ what: 'revoke all in Discord', ends }, outcome);
  }

  async #createOverHttp(key: Held): Promise<void> {
    const name = this.#newName();
    const body = { name, type: 'api', expiry: LIFETIME_S };
    const outcome = await this.#call('POST', '/sessions', key, body);
    this.#note({ what: 'create over HTTP', makes: name, ends: [] }, outcome);
  }

  async #rotateOverHttp(key: Held, old: Held, grace: keyof typeof GRACES): Promise<void> {
    const sentAt = Date.now();
    const outcome = await this.#call('POST', `/sessions/${old.id}/rotate`, key, { grace });
    this.#noteRotation('rotate over HTTP', old, grace, outcome, sentAt);
  }

  async #revokeOverHttp(key: Held, held: Held): Promise<void> {
    const outcome = await this.#call('DELETE', `/sessions/${held.id}`, key);
    this.#note({ what: 'revoke over HTTP', ends: [held] }, outcome);
  }

  async #revokeOthersOverHttp(key: Held): Promise<void> {
    const ends = this.#held.filter((held) => held.live && held !== key);
    this.#forgetGraces();
    const outcome = await this.#call('DELETE', '/sessions?except=current', key);
    this.#note({ what: 'revoke all over HTTP', ends }, outcome);
  }

  #noteRotation(
    what: string,
    old: Held,
    grace: keyof typeof GRACES,
    outcome: Outcome,
    sentAt: number,
  ): void {
    const graceMs = GRACES[grace];
    const ends = graceMs === 0 ? [old] : [];
    if (outcome.is === 'unknown') {
      this.#note({ what, makes: old.name, ends: [old], graceMs, sentAt }, outcome);
      return;
    }
    this.#note({ what, makes: old.name, ends }, outcome);
    if (outcome.is !== 'done') return;
    old.rotated = true;
    old.fresh = true;
    if (graceMs > 0) old.endsBy = Date.now() + graceMs;
  }

  #note(act: Omit<OpenAct, 'sentAt'> & { sentAt?: number }, outcome: Outcome): void {
    this.#tally.count(`${act.what}: ${outcome.is}`);
    const arrived = this.#readMessages();
    for (const message of arrived) {
      const isTold = outcome.is === 'done' && TOKEN.exec(message.content)?.[0] === outcome.token;
      this.#hold(message, isTold);
    }
    switch (outcome.is) {
      case 'unknown':
        this.#open.push({ sentAt: Date.now(), ...act });
        return;
      case 'refused':
        return;
      case 'done':
        for (const held of act.ends) Object.assign(held, { live: false, fresh: true });
        if (act.makes === undefined) return;
        if (outcome.token === undefined) this.#fault(`${act.what}: no token came`);
        if (this.#held.some(({ token }) => token === outcome.token)) return;
        this.#held.push({
          ...outcome,
          name: act.makes,
          live: true,
          rotated: false,
          fresh: true,
        });
    }
  }

  /** What a rotation made and what it ended may both be over now. */
  #forgetGraces(): void {
    for (const act of this.#open) act.graceMs = undefined;
  }

  #hold(message: LocalMessage, live: boolean): void {
    const { content } = message;
    const token = TOKEN.exec(content)![0];
    const name = NAMED.exec(content)?.[1] ?? '';
    this.#held.push({ name, token, live, rotated: false, fresh: true });
  }

  /** Those with a token that were not there before. */
  #readMessages(): readonly LocalMessage[] {
    return this.member.dmHistory.filter(({ content }) => {
      const token = TOKEN.exec(content)?.[0];
      if (token === undefined || this.#seen.has(token)) return false;
      this.#seen.add(token);
      return true;
    });
  }

  async #slash(line: string, options: Record<string, string>, done: RegExp): Promise<Outcome> {
    const told = await this.#told(() => this.member.slash(line, options, { until: 'sent' }));
    return this.#outcomeOf(told, done);
  }

  #outcomeOf(told: Exchange | undefined, done: RegExp): Outcome {
    if (told === undefined) return UNKNOWN;
    if (done.test(told.text)) {
      const url = told.reply?.buttons.find((button) => button.url !== undefined)?.url;
      const id = url?.split('/').at(-1);
      const message = this.member.dmHistory.find((each) => each.id === id);
      const token = TOKEN.exec(message?.content ?? '')?.[0];
      return token === undefined ? { is: 'done' } : { is: 'done', token };
    }
    if (this.#access.mayLackDatabase && UNCERTAIN.test(told.text)) return UNKNOWN;
    if (!NOTHING.test(told.text)) this.#fault(`the answer in Discord was: ${told.text}`);
    return REFUSED;
  }

  /** Undefined where the member was not answered. */
  async #told(act: () => Promise<Exchange>): Promise<Exchange | undefined> {
    const gone = this.#access.gone();
    if (gone.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const onGone = () => resolve(undefined);
    gone.addEventListener('abort', onGone, { once: true });
    try {
      const { settled } = await act();
      return await Promise.race([settled, promise]);
    } catch {
      return undefined;
    } finally {
      gone.removeEventListener('abort', onGone);
    }
  }

  async #call(method: string, path: string, key: Held, body?: unknown): Promise<Outcome> {
    const gone = this.#access.gone();
    let status: number;
    let answer: { token?: string; session_id?: string; message?: string };
    try {
      const response = await fetch(this.#access.url() + path, {
        method,
        signal: gone,
        headers: {
          Authorization: key.token!,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.status;
      const text = await response.text();
      answer = text === '' ? {} : (JSON.parse(text) as typeof answer);
    } catch {
      return UNKNOWN;
    }
    if (status === 200 || status === 204) {
      const { token, session_id: id } = answer;
      return { is: 'done', ...(token === undefined ? {} : { token }), ...(id && { id }) };
    }
    const { message = '' } = answer;
    if (this.#access.mayLackDatabase && status === 503) {
      if (UNCERTAIN.test(message)) return UNKNOWN;
      if (NOTHING.test(message)) return REFUSED;
    }
    this.#fault(`${method} ${path} answered ${status}: ${message}`);
    return REFUSED;
  }

  async #check(token: string): Promise<{ status: number; id: string | undefined }> {
    const response = await fetch(`${this.#access.url()}/sessions/@me`, {
      headers: { Authorization: token },
    });
    const { id, user_id: userId } = (await response.json()) as { id?: string; user_id?: string };
    const { status } = response;
    if (status === 200 && userId !== this.member.id) this.#fault(`${id} is of ${userId}`);
    return { status, id };
  }

  /** What is live, as the member sees it: over HTTP if they have a token, else in Discord. */
  async #list(): Promise<ReadonlyMap<string, { name: string; expiry: number | undefined }>> {
    for (const { token } of this.#held.toReversed()) {
      if (token === undefined) continue;
      const response = await fetch(`${this.#access.url()}/sessions`, {
        headers: { Authorization: token },
      });
      const body = (await response.json()) as {
        sessions?: { id: string; name: string; expiry: string }[];
      };
      if (body.sessions === undefined) continue;
      return new Map(
        body.sessions.map(({ id, name, expiry }) => [id, { name, expiry: Date.parse(expiry) }]),
      );
    }
    const choices = await this.member.autocomplete('session revoke', 'session', '');
    return new Map(
      choices.map(({ name, value }) => [
        String(value),
        { name: /t\d+/.exec(name)?.[0] ?? name, expiry: undefined },
      ]),
    );
  }

  #newName(): string {
    this.#names += 1;
    return `t${this.#names}`;
  }

  #fault(text: string): void {
    this.faults.push(`${this.member.username}: ${text}`);
  }
}
