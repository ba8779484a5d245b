import { Socket } from 'node:net'
import { openStore } from '../../../src/store/url.ts'

/** Migrates a database, and kills itself after it has sent this many packets. */
const [url = '', limit] = process.argv.slice(2)

const { write } = Socket.prototype
let count = 0
Socket.prototype.write = function (this: Socket, ...args: Parameters<Socket['write']>) {
  const result = write.apply(this, args)
  count += 1
  if (count === Number(limit)) process.kill(process.pid, 'SIGKILL')
  return result
} as Socket['write']

const store = openStore(url)
await store.migrate()
await store.close()
