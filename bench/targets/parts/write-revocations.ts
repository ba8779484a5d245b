/** Writes 100 revocations a second into a database, like a busy second node: `node write-revocations.ts <file>`. */
import { canPin, LOAD_CORE, pinThisProcess } from '../../cores.ts'
import { insertRevocations } from './revocations.ts'

const file = process.argv[2] ?? ''
if (canPin()) pinThisProcess(LOAD_CORE)
setInterval(() => insertRevocations(file, 10), 100)
process.on('disconnect', () => process.exit())
