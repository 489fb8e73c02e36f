import type { HouseRules } from 'local-discord';

/** What Latchkey holds itself to beyond Discord's rules. */
export const HOUSE_RULES: HouseRules = { privateAnswers: true, noPings: true };
