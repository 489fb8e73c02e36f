import type { KnownAuthorization } from '../accounts/authorization.ts';
import type { Act } from '../audit/audit.ts';
import type { NewSession } from '../sessions/minted-token.ts';
import type { StoreOutcome } from '../tokens/store.ts';

export interface LoginStore {
  /** Stores a login and what Discord said; ends the oldest logins beyond `maxLogins`. */
  addLogin(
    act: Act,
    fresh: NewSession,
    authorization: KnownAuthorization,
    maxLogins: number,
  ): Promise<StoreOutcome>;
}
