import { attack } from './campaign.ts'
import { flood } from './flood.ts'
import type { Order, Saying } from './order.ts'

/** A process of its own for one run: it is told what by its argument, and says how far it is and what it found. */
const say = (saying: Saying): void => void process.send?.(saying)

// Nobody would hear it any more.
process.once('disconnect', () => process.exit())

const order = JSON.parse(process.argv[2] ?? '') as Order
const progress = (done: number): void => say({ done })
say({ report: await (order.target === 'flood' ? flood(order, progress) : attack(order, progress)) })
process.disconnect()
