/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number;

/** The time, as milliseconds since the Unix epoch. */
export type Clock = () => Instant;
