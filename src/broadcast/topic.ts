/** What a message is about: a revocation that was written, or a failed guess. */
export type Topic = 'revocation' | 'failure'

/** Returns whether a message is about a topic, without verifying it. */
export const isAbout = (topic: Topic, message: string): boolean => message.startsWith(`${topic}.`)
