/** What is live, by scopes and roles; `now` is how the engine writes its only parameter. */
export const HELD_SESSIONS = (
  now: string,
) => `select scope, roles, cast(count(*) as integer) as count from sessions
  where ended_at is null and expires_at > ${now} group by scope, roles`;

export const HELD_MEMBERS = (now: string) =>
  `select roles, cast(count(distinct user_id) as integer) as count from sessions
  where ended_at is null and expires_at > ${now} group by roles`;
