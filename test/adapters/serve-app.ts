import { builtInUsers, clientCredentials, createAuthorizationServer, secretsFromDirectory } from 'consulate'
import { serve } from 'consulate/node'
import { openStore } from '../../src/store/url.ts'

/** An app that answers /slow only after SIGTERM. Its settings come from the environment. */
const { STORE = '', SECRETS = '', PORT, HOST = '', CLOSE } = process.env

function close(): void {
  if (CLOSE === 'fails') throw new Error('The app cannot close')
  process.stdout.write('closed\n')
}

/** Never loads. */
const hangingSecrets = {
  description: 'nowhere',
  load: () => new Promise<never>(() => setInterval(() => process.stdout.write('starting\n'), 100)),
}

const server = createAuthorizationServer({
  issuer: 'https://shop.example',
  secrets: SECRETS === 'hang' ? hangingSecrets : secretsFromDirectory(SECRETS),
  store: openStore(STORE),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [clientCredentials()],
})

await serve(
  server,
  (_request, response) => {
    process.stdout.write('open\n')
    process.once('SIGTERM', () => setImmediate(() => response.end('done')))
  },
  { port: Number(PORT), host: HOST, close },
)
process.stdout.write('listening\n')
