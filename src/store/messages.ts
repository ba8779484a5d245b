/** A message from one node to the others. */
export interface StoredMessage {
  /** Increases with each message of a store. A message can become visible after one with a higher ID. */
  readonly id: number
  readonly text: string
}

/** Messages between the nodes of a server that have no other way. They are kept for minutes. */
export interface MessageStore {
  /** Inserts a message of at most 60,000 ASCII characters. */
  insert(text: string): Promise<void>
  /** Lists messages with a higher ID, by ID in ascending order: at most `limit`. */
  listSince(id: number, limit: number): Promise<readonly StoredMessage[]>
  /** Deletes the message with this ID and all with a lower one. */
  deleteUpTo(id: number): Promise<void>
}
