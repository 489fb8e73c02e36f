import type { Act } from '../../src/core/audit/audit.ts';
import { AppError } from '../../src/core/errors.ts';
import type { NewSession } from '../../src/core/sessions/minted-token.ts';
import type { Store } from '../../src/core/store.ts';
import { atMost, banBy, member, newSession, STAFF, START } from '../support/fixtures.ts';

type Fate = 'live' | 'ended' | 'absent';

interface Known {
  readonly fresh: NewSession;
  fate: Fate;
  /** What else it may be, since nobody could tell; with whom it shares that. */
  open?: { readonly otherwise: Fate; readonly act: number } | undefined;
}

const LIMITS = atMost(100_000);
const NO_GRACE = { rotatedAt: null, graceEndsAt: START };

let acts = 0;

/**
 * A member who makes, rotates, ends and checks sessions through a store, one act after the other, is banned
 * now and then, and remembers what was answered.
 */
export class Client {
  readonly userId: string;
  readonly #store: Store;
  readonly #chance: () => number;
  readonly #known: Known[] = [];
  /** Undefined where nobody could tell. */
  #isBanned: boolean | undefined = false;
  /** Answers that go against what was acknowledged before. */
  readonly contradictions: string[] = [];
  acknowledged = 0;
  refused = 0;
  uncertain = 0;

  constructor(userId: string, store: Store, chance: () => number) {
    this.userId = userId;
    this.#store = store;
    this.#chance = chance;
  }

  async act(): Promise<void> {
    if (this.#isBanned !== false) return this.#unban();
    const chosen = this.#chance();
    const live = this.#known.filter(({ fate, open }) => fate === 'live' && open === undefined);
    const one = live[Math.floor(this.#chance() * live.length)];
    if (chosen < 0.3 || one === undefined) return this.#add();
    if (chosen < 0.5) return this.#replace(one);
    if (chosen < 0.7) return this.#end(one);
    if (chosen < 0.98) return this.#check();
    return this.#ban(live);
  }

  /**
   * What is otherwise than it was acknowledged or refused. What nobody could tell is as it is found, but a
   * rotation is done as a whole or not at all.
   */
  async verify(): Promise<readonly string[]> {
    const found = await Promise.all(this.#known.map(({ fresh }) => this.#look(fresh)));
    const faults: string[] = [];
    const whole = new Map<number, Set<boolean>>();
    for (const [index, known] of this.#known.entries()) {
      const is = found[index]!;
      const { open, fate, fresh } = known;
      if (open !== undefined && (is === fate || is === open.otherwise)) {
        const kept = whole.get(open.act) ?? new Set();
        whole.set(open.act, kept.add(is === open.otherwise));
      } else if (is !== fate) {
        faults.push(`${this.userId}: ${fresh.session.id} is ${is}, and was said to be ${fate}`);
      }
      known.fate = is;
      known.open = undefined;
    }
    for (const [act, kept] of whole) {
      if (kept.size > 1) faults.push(`${this.userId}: act ${act} was done by half`);
    }
    const account = await this.#store.findAccount(this.userId);
    const banned = account !== null && account.ban !== null;
    if (this.#isBanned !== undefined && this.#isBanned !== banned) {
      faults.push(`${this.userId}: was said to be ${this.#isBanned ? '' : 'not '}banned`);
    }
    this.#isBanned = banned;
    return faults;
  }

  async #look({ tokenHash }: NewSession): Promise<Fate> {
    const row = await this.#store.findByToken(tokenHash);
    if (row === null) return 'absent';
    return row.endReason === null ? 'live' : 'ended';
  }

  async #add(): Promise<void> {
    const fresh = newSession({ userId: this.userId });
    const known: Known = { fresh, fate: 'absent' };
    this.#known.push(known);
    await this.#do([[known, 'live']], (act) => this.#store.add(act, fresh, LIMITS));
  }

  async #replace(old: Known): Promise<void> {
    const fresh = newSession({ userId: this.userId, replaces: old.fresh.session.id });
    const known: Known = { fresh, fate: 'absent' };
    this.#known.push(known);
    const become = [
      [known, 'live'],
      [old, 'ended'],
    ] as const;
    await this.#do(become, (act) => this.#store.replace(act, fresh, NO_GRACE, LIMITS));
  }

  async #end(old: Known): Promise<void> {
    const one = { one: old.fresh.session.id, includeDescendants: false };
    await this.#do([[old, 'ended']], async (act) => {
      const ended = await this.#store.end(act, this.userId, one, 'revoked');
      return { is: ended.length === 1 ? 'stored' : `${ended.length} ended` };
    });
  }

  async #check(): Promise<void> {
    const known = this.#known[Math.floor(this.#chance() * this.#known.length)]!;
    const { fate, open } = known;
    try {
      const is = await this.#look(known.fresh);
      if (is !== fate && is !== open?.otherwise) {
        this.contradictions.push(`a check says ${is}, and ${fate} was acknowledged`);
      }
    } catch (error) {
      this.#codeOf(error);
    }
  }

  async #ban(live: readonly Known[]): Promise<void> {
    const become = live.map((known) => [known, 'ended'] as const);
    this.#isBanned = undefined;
    const outcome = await this.#do(become, async (act) => {
      const staff = { ...act, actor: { ...STAFF, requestId: `ban ${acts}` } };
      await this.#store.ban(staff, this.userId, banBy(staff), true);
      return { is: 'stored' };
    });
    if (outcome !== 'uncertain') this.#isBanned = outcome === 'done';
  }

  async #unban(): Promise<void> {
    const outcome = await this.#do([], async (act) => {
      const staff = { ...act, actor: { ...STAFF, requestId: `unban ${acts}` } };
      await this.#store.unban(staff, this.userId, null, null);
      return { is: 'stored' };
    });
    if (outcome === 'done') this.#isBanned = false;
    if (outcome === 'uncertain') this.#isBanned = undefined;
  }

  async #do(
    become: readonly (readonly [Known, Fate])[],
    work: (act: Act) => Promise<{ readonly is: string }>,
  ): Promise<'done' | 'refused' | 'uncertain'> {
    acts += 1;
    const number = acts;
    const actor = { ...member(this.userId), requestId: `request ${number}` };
    try {
      const { is } = await work({ actor, at: START });
      if (is !== 'stored') {
        this.contradictions.push(`act ${number} was answered ${is}`);
        return 'refused';
      }
    } catch (error) {
      if (this.#codeOf(error) === 'unavailable') return 'refused';
      for (const [known, otherwise] of become) known.open = { otherwise, act: number };
      return 'uncertain';
    }
    for (const [known, fate] of become) known.fate = fate;
    this.acknowledged += 1;
    return 'done';
  }

  #codeOf(error: unknown): 'unavailable' | 'uncertain' {
    const code = error instanceof AppError ? error.code : undefined;
    if (code !== 'unavailable' && code !== 'uncertain') throw error;
    this[code === 'unavailable' ? 'refused' : 'uncertain'] += 1;
    return code;
  }
}
