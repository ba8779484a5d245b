import type { Fault } from './fault.ts'
import { freezeNode, thawNode } from './world.ts'

const SECOND = 1_000
const HOUR = 3_600_000

/** To a node whose clock differs by an hour, new codes and tokens of the others have expired, or the other way round. */
const WRONG_HOUR =
  /^(inactive|401 invalid_token Token (expired|not yet valid)|400 (invalid_grant|expired_token) .*)$/

/** What can go wrong with a node, on every database. */
export const NODE_FAULTS: readonly Fault[] = [
  {
    name: 'a node frozen for 20 s',
    duration: 20 * SECOND,
    begin: ({ nodes: [node] }) => freezeNode(node),
    end: ({ nodes: [node] }) => thawNode(node),
  },
  {
    name: "a node's clock set back by an hour",
    duration: 5 * SECOND,
    begin: ({ nodes: [node] }) => node.process.setClock(-HOUR),
    end: ({ nodes: [node] }) => node.process.setClock(0),
    expected: WRONG_HOUR,
  },
  {
    name: "a node's clock an hour ahead",
    duration: 5 * SECOND,
    begin: ({ nodes: [node] }) => node.process.setClock(HOUR),
    end: ({ nodes: [node] }) => node.process.setClock(0),
    expected: WRONG_HOUR,
  },
]
